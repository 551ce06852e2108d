/** Why no package could be made: bad words, or something that this machine or the world does not have. */
export type PackageErrorCode = 'usage' | 'unavailable';

/** Shape: the message says what to check. */
export class PackageError extends Error {
  readonly code: PackageErrorCode;

  constructor(code: PackageErrorCode, message: string) {
    super(message);
    this.name = 'PackageError';
    this.code = code;
  }
}
