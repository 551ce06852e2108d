import type { BusErrorCode } from '../core/errors.ts';
import type { Message } from '../core/message.ts';

/** What can go wrong between a person's command and the agent's answer, each with the exit code scripts see. */
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

/** Source: sysexits.h, EX_USAGE 64, EX_UNAVAILABLE 69 and EX_NOPERM 77; 1 for a command that was understood and failed. */
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

/** Exit code of a file that cannot be used. Source: sysexits.h, EX_CONFIG. */
export const EXIT_BAD_CONFIG = 78;

/** A command that cannot be carried out; its message is for the person who typed it. */
export class ConsoleError extends Error {
  override readonly name = 'ConsoleError';
  /** What to tell the person. */
  readonly said: Message;
  readonly code: ConsoleErrorCode;
  /** What went wrong on the line, when that was it. */
  readonly bus: BusErrorCode | null;

  constructor(code: ConsoleErrorCode, said: Message, options?: ErrorOptions & { readonly bus?: BusErrorCode }) {
    super(String(said), options);
    this.said = said;
    this.code = code;
    this.bus = options?.bus ?? null;
  }
}

/** Whether a word from the wire is one of the codes. */
export function isConsoleErrorCode(word: unknown): word is ConsoleErrorCode {
  return typeof word === 'string' && Object.hasOwn(CONSOLE_EXIT, word);
}
