/**
 * The failures that the agent expects: closed lists of codes, each with the caller's reaction.
 *
 * A programming error is not in these lists: it ends the process, and systemd restarts it. Branch on `code` or `policy`, never on text.
 */
import { type Message, msg } from './message.ts';

/** How a caller reacts to a failure. */
export interface FailurePolicy {
  /** The same request may succeed later. */
  readonly retry: boolean;
  /** Other requests to the unit may succeed. */
  readonly unitUsable: boolean;
  /** The point is excluded from polling until the unit is found again. */
  readonly excludePoint: boolean;
  /** The unit answered, even if only with an exception. */
  readonly answered: boolean;
}

export type BusErrorCode =
  | 'timeout'
  | 'crc'
  | 'wrong-reply'
  /** The unit answered, but possibly to an older request. */
  | 'doubtful'
  | 'illegal-function'
  | 'illegal-address'
  | 'illegal-value'
  | 'device-failure'
  | 'device-busy'
  | 'port-missing'
  | 'port-busy'
  | 'port-refused'
  | 'port-closed';

const BUS_POLICY: Readonly<Record<BusErrorCode, FailurePolicy>> = {
  timeout: { retry: true, unitUsable: true, excludePoint: false, answered: false },
  crc: { retry: true, unitUsable: true, excludePoint: false, answered: false },
  'wrong-reply': { retry: true, unitUsable: true, excludePoint: false, answered: false },
  doubtful: { retry: true, unitUsable: true, excludePoint: false, answered: true },
  'illegal-function': { retry: false, unitUsable: true, excludePoint: true, answered: true },
  'illegal-address': { retry: false, unitUsable: true, excludePoint: true, answered: true },
  'illegal-value': { retry: false, unitUsable: true, excludePoint: false, answered: true },
  'device-failure': { retry: true, unitUsable: true, excludePoint: false, answered: true },
  'device-busy': { retry: true, unitUsable: true, excludePoint: false, answered: true },
  'port-missing': { retry: true, unitUsable: false, excludePoint: false, answered: false },
  'port-busy': { retry: true, unitUsable: false, excludePoint: false, answered: false },
  'port-refused': { retry: true, unitUsable: false, excludePoint: false, answered: false },
  'port-closed': { retry: true, unitUsable: false, excludePoint: false, answered: false },
};

/** A failure of a line or of a unit on it. */
export class BusError extends Error {
  override readonly name = 'BusError';
  /** What happened and what to check, for a person. */
  readonly said: Message;
  readonly code: BusErrorCode;
  readonly policy: FailurePolicy;
  /** The message without its advice, for a caller that has better advice; the whole message if it contains none. */
  readonly finding: Message;

  constructor(code: BusErrorCode, said: Message, options?: ErrorOptions & { readonly finding?: Message }) {
    super(String(said), options);
    this.said = said;
    this.code = code;
    this.policy = BUS_POLICY[code];
    this.finding = options?.finding ?? said;
  }
}

/** One mistake in a file that a person wrote: where it is, what was found, and what is allowed. */
export interface Problem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Path in the document, in the form `lines[0].devices[2].unit`. */
  readonly path: string;
  readonly message: Message;
}

/** A file that cannot be used, with all its problems. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map((problem) => formatProblem(problem)).join('\n'));
    this.problems = problems;
  }
}

/** Formats `file:line:column: path: message`, which editors recognise as a link. */
export function formatProblem({ file, line, column, path, message }: Problem, show: (said: Message) => string = String): string {
  return `${file}:${line}:${column}: ${path === '' ? '' : `${path}: `}${show(message)}`;
}

/** A problem as part of a sentence. */
export function problemMessage({ file, line, column, path, message }: Problem): Message {
  return msg`${`${file}:${line}:${column}: ${path === '' ? '' : `${path}: `}`}${message}`;
}

/**
 * Why this process may not use the data. `in-use`: another process has it. `held`: an erase, restore or backup has it, which ends by itself.
 * `erased`: an erase removed it, and this run must not write its data again.
 */
export type DataRefusal = 'in-use' | 'held' | 'erased';

export type StoreErrorCode = 'full' | 'read-only' | 'io' | 'corrupt' | 'foreign' | 'future-version' | 'worker-lost' | DataRefusal;

/** `quarantine`: the store can no longer use the file, so it renames the file and starts a new one. Otherwise it retries. */
const STORE_POLICY: Readonly<Record<StoreErrorCode, { readonly quarantine: boolean }>> = {
  full: { quarantine: false },
  'read-only': { quarantine: false },
  io: { quarantine: false },
  corrupt: { quarantine: true },
  foreign: { quarantine: true },
  'future-version': { quarantine: true },
  'worker-lost': { quarantine: false },
  'in-use': { quarantine: false },
  held: { quarantine: false },
  erased: { quarantine: false },
};

/** Returns whether this process may not use the data. */
export function isDataRefusal(code: StoreErrorCode): code is DataRefusal {
  return code === 'in-use' || code === 'held' || code === 'erased';
}

/** A failure of the store or its disk. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  /** What happened and what to check, for a person. */
  readonly said: Message;
  readonly code: StoreErrorCode;
  readonly policy: (typeof STORE_POLICY)[StoreErrorCode];

  constructor(code: StoreErrorCode, said: Message, options?: ErrorOptions) {
    super(String(said), options);
    this.said = said;
    this.code = code;
    this.policy = STORE_POLICY[code];
  }
}

/** `taken-over`: another client connected with the same id. `secret`: a file that the configuration names cannot be used. */
export type UplinkErrorCode = 'unreachable' | 'refused' | 'tls' | 'secret' | 'lost' | 'taken-over' | 'too-large';

/** A failure of the connection to the broker. It ends the session, except `too-large`: a message that the broker never accepts. */
export class UplinkError extends Error {
  override readonly name = 'UplinkError';
  /** What happened and what to check, for a person. */
  readonly said: Message;
  readonly code: UplinkErrorCode;

  constructor(code: UplinkErrorCode, said: Message, options?: ErrorOptions) {
    super(String(said), options);
    this.said = said;
    this.code = code;
  }
}
