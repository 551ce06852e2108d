import type { BusErrorCode } from '../core/errors.ts';
import type { Message } from '../core/message.ts';

/**
 * Why a command failed, or why a socket or the data folder cannot be used. `bad-request`: a line that the protocol between console and
 * agent does not allow. `busy`: another process, client or change is in the way. `unreachable`: no agent answered; it may still have
 * carried out a request that was sent.
 */
export type ConsoleErrorCode =
  | 'usage'
  | 'unknown-command'
  | 'unknown-name'
  | 'bad-request'
  | 'too-large'
  | 'busy'
  | 'failed'
  | 'denied'
  | 'unreachable'
  | 'socket-in-use'
  | 'socket-refused'
  | 'data-in-use';

/**
 * Exit code of `luciole` for each error code. Source: sysexits.h, EX_USAGE 64, EX_UNAVAILABLE 69 and EX_NOPERM 77; 1 for every other code.
 */
export const CONSOLE_EXIT: Readonly<Record<ConsoleErrorCode, number>> = {
  usage: 64,
  'unknown-command': 64,
  'unknown-name': 1,
  'bad-request': 1,
  'too-large': 1,
  busy: 69,
  failed: 1,
  denied: 77,
  unreachable: 69,
  'socket-in-use': 1,
  'socket-refused': 1,
  'data-in-use': 1,
};

/**
 * Exit code for a cabinet or profile file that cannot be used. Some commands that need the cabinet file exit with 1 instead. Source:
 * sysexits.h, EX_CONFIG.
 */
export const EXIT_BAD_CONFIG = 78;

/** A failure of a command, a socket or the data folder, with a code. `said` is the text for the person, `message` its English text. */
export class ConsoleError extends Error {
  override readonly name = 'ConsoleError';
  /** The message for the person. */
  readonly said: Message;
  readonly code: ConsoleErrorCode;
  /** Error code of a failed request on a line; null for any other failure. */
  readonly bus: BusErrorCode | null;

  constructor(code: ConsoleErrorCode, said: Message, options?: ErrorOptions & { readonly bus?: BusErrorCode }) {
    super(String(said), options);
    this.said = said;
    this.code = code;
    this.bus = options?.bus ?? null;
  }
}

/** Returns true if a received value is one of the codes of `ConsoleErrorCode`. */
export function isConsoleErrorCode(word: unknown): word is ConsoleErrorCode {
  return typeof word === 'string' && Object.hasOwn(CONSOLE_EXIT, word);
}
