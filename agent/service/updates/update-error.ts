/** Why an update is refused. Branch on the code, never on the text. */
export type UpdateErrorCode = 'not-an-update' | 'no-key' | 'signature' | 'architecture' | 'older' | 'damaged' | 'unsafe' | 'no-room';

/** An update that is refused; the message is for the person who brought it. Nothing has been changed. */
export class UpdateError extends Error {
  override readonly name = 'UpdateError';
  readonly code: UpdateErrorCode;

  constructor(code: UpdateErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
