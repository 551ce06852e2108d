/** Why no package was made. `usage`: a wrong option or file; `unavailable`: something that this machine or npm does not provide. */
export type PackageErrorCode = 'usage' | 'unavailable';

/** No package was made. The message states what to check. */
export class PackageError extends Error {
  readonly code: PackageErrorCode;

  constructor(code: PackageErrorCode, message: string) {
    super(message);
    this.name = 'PackageError';
    this.code = code;
  }
}
