/**
 * The failures that the agent expects: closed lists of codes, each with the caller's reaction.
 *
 * A programming error is not in these lists: it ends the process, and systemd restarts it. Branch on `code` or `policy`, never on text.
 */
import { type Message, msg } from './message.ts';

/** What a failed request proves about its unit, and what the caller should do. Each BusError has the policy of its code. */
export interface FailurePolicy {
  /** The same request may succeed later. */
  readonly retry: boolean;
  /** Other requests to the unit may succeed. */
  readonly unitUsable: boolean;
  /** The unit refused the function or an address: it does not have all of these registers. */
  readonly excludePoint: boolean;
  /** The unit answered: with an exception, or with a reply that may be an older one. */
  readonly answered: boolean;
}

/**
 * Why a request on a line failed. `illegal-...` and `device-...`: the unit answered with an exception; on a DALI bus also for a register
 * that gear does not have. `port-...`: the port cannot be used.
 */
export type BusErrorCode =
  | 'timeout'
  | 'crc'
  | 'wrong-reply'
  /** The unit answered, but possibly to an older request. */
  | 'doubtful'
  /** A read ended early, so that a level could be sent. It proves nothing about the unit. */
  | 'interrupted'
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
  interrupted: { retry: true, unitUsable: true, excludePoint: false, answered: false },
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

/** A request on a line failed, because of the line or of the unit, or its port could not be opened. `policy` states how to react. */
export class BusError extends Error {
  override readonly name = 'BusError';
  /** What happened and what to check, for a person. */
  readonly said: Message;
  readonly code: BusErrorCode;
  readonly policy: FailurePolicy;
  /** The message without its advice, for a caller that has better advice; the whole message if no shorter one was given. */
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

/** Files that a person wrote cannot be used. `problems`: the mistakes found; `message` has one line for each. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map((problem) => formatProblem(problem)).join('\n'));
    this.problems = problems;
  }
}

/**
 * Returns the problem as `file:line:column: path: message`, which editors recognise as a link; without the path if it is empty. `show`
 * translates the message. Default: English.
 */
export function formatProblem({ file, line, column, path, message }: Problem, show: (said: Message) => string = String): string {
  return `${file}:${line}:${column}: ${path === '' ? '' : `${path}: `}${show(message)}`;
}

/** Returns the same text as `formatProblem`, as a message that can be translated later. */
export function problemMessage({ file, line, column, path, message }: Problem): Message {
  return msg`${`${file}:${line}:${column}: ${path === '' ? '' : `${path}: `}`}${message}`;
}

/**
 * Why this process may not use the folder of the store. `in-use`: another agent uses it; for a command, any other process. `held`: an erase,
 * restore or backup uses it until it ends. `erased`: an erase removed the data, and this run must not write it again.
 */
export type DataRefusal = 'in-use' | 'held' | 'erased';

/** Why the store failed. `foreign`: the file is not a database of this program; `future-version`: a newer program wrote it. */
export type StoreErrorCode = 'full' | 'read-only' | 'io' | 'corrupt' | 'foreign' | 'future-version' | 'worker-lost' | DataRefusal;

/** `quarantine`: the store can no longer use the file, so it renames the file and starts a new one. */
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

/** Returns whether the code means that this process may not use the folder of the store: `in-use`, `held` or `erased`. */
export function isDataRefusal(code: StoreErrorCode): code is DataRefusal {
  return code === 'in-use' || code === 'held' || code === 'erased';
}

/** The store failed, or its disk. `policy.quarantine`: the file is unusable, so the store renames it and starts a new one. */
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

/**
 * Why the connection to the broker failed. `refused`: the broker rejected it. `tls`: no secure connection. `secret`: a password or
 * certificate file cannot be used. `lost`: the connection ended. `taken-over`: another client connected with the same id. `too-large`: the
 * broker never accepts this message.
 */
export type UplinkErrorCode = 'unreachable' | 'refused' | 'tls' | 'secret' | 'lost' | 'taken-over' | 'too-large';

/** The connection to the broker failed. Every code ends or prevents the session, except `too-large`, which concerns one message. */
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
