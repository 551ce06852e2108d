import { type Message, msg } from '../../core/message.ts';
/**
 * Why an update, or the return to an earlier release, is refused. `no-key`: it is signed with a key that is not accepted here, or no key is
 * accepted. `signature`: its signature is wrong. `older`: its serial is too low. `damaged`: the file or a part of it is not the expected
 * one. `unsafe`: not permitted or not possible, for example while lamps are lit or a release is on trial, or because of a path in the
 * archive.
 */
export type UpdateErrorCode =
  | 'not-an-update'
  | 'no-key'
  | 'signature'
  | 'architecture'
  | 'older'
  | 'damaged'
  | 'unsafe'
  | 'no-room'
  /** The disk failed after the release for the next start was changed. */
  | 'half-done'
  /** The service that unpacks it did not answer, refused, or unpacked another file. */
  | 'not-unpacked';

/** An update, or the return to an earlier release, is refused. `said` is for the person who requested it. */
export class UpdateError extends Error {
  override readonly name = 'UpdateError';
  /** The reason; `message` has the same text. */
  readonly said: Message;
  readonly code: UpdateErrorCode;

  constructor(code: UpdateErrorCode, said: Message, options?: ErrorOptions) {
    super(String(said), options);
    this.said = said;
    this.code = code;
  }
}

/** Codes of the decompression. Shape: their beginnings; `Z_BUF_ERROR` is a truncated archive, also one of Zstandard. */
const UNPACK_CODES = ['ERR_ZSTD', 'ZSTD', 'Z_BUF_ERROR'];

/**
 * Returns the sentence for the person who requested the update, for an error of the update, the disk or the archive. `incoming`: path of
 * the received file. Errors: rethrows an error that it does not recognise.
 */
export function updateFailureText(error: unknown, incoming: string): Message {
  if (error instanceof UpdateError) return error.said;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOSPC' || code === 'EDQUOT') return msg`the disk is full; make room`;
  if (code === 'ENOENT' && (error as NodeJS.ErrnoException).path === incoming) return msg`no update file was received: send the file first`;
  if (error instanceof Error && 'syscall' in error) return msg`the disk does not accept it (${code})`;
  if (UNPACK_CODES.some((begin) => code.startsWith(begin))) return msg`the archive in it is damaged`;
  throw error;
}
