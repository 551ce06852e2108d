/**
 * The failures that the agent expects: closed lists of codes, each with the caller's reaction.
 *
 * A programming error is not in these lists: it ends the process, and systemd restarts it. Branch on `code` or `policy`, never on text.
 */
import { type Message, msg } from './message.ts';

/** What a failed request proves about its unit, and what the caller should do. */
export interface FailurePolicy {
  /** The same request may succeed later. */
  readonly retry: boolean;
  /** Other requests to the unit may succeed. */
  readonly unitUsable: boolean;
  /** The unit refused the function or an address, or does not have it. */
  readonly excludePoint: boolean;
  /** The unit answered with an exception, or with values that are in doubt (`doubtful`). False also for a damaged or wrong reply. */
  readonly answered: boolean;
}

/** Why a request on a line, or the opening of its port, failed. */
export type BusErrorCode =
  /** No reply in time, or the gateway does not reach the unit. */
  | 'timeout'
  /** The reply was damaged. */
  | 'crc'
  /** The reply broke off, or does not fit the request. */
  | 'wrong-reply'
  /** The unit answered, but possibly to an older request, or the values changed during the read. */
  | 'doubtful'
  /** A read ended early, so that a level could be sent or read back. It proves nothing about the unit. */
  | 'interrupted'
  | 'illegal-function'
  | 'illegal-address'
  | 'illegal-value'
  | 'device-failure'
  | 'device-busy'
  /** The serial port does not exist, or the host of a network port was not found or reached. */
  | 'port-missing'
  /** Another program, or another client of the gateway, seems to use the port. */
  | 'port-busy'
  /** The port cannot be used for another reason, such as a missing right. */
  | 'port-refused'
  /** The port is not open, or was closed or lost during the request. */
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

/** A request on a line, or the opening of its port, failed. `policy` states how to react. */
export class BusError extends Error {
  override readonly name = 'BusError';
  /** What happened and what to check, for a person. */
  readonly said: Message;
  readonly code: BusErrorCode;
  readonly policy: FailurePolicy;
  /** The message without its advice, as far as there is a shorter one. */
  readonly finding: Message;

  constructor(code: BusErrorCode, said: Message, options?: ErrorOptions & { readonly finding?: Message }) {
    super(String(said), options);
    this.said = said;
    this.code = code;
    this.policy = BUS_POLICY[code];
    this.finding = options?.finding ?? said;
  }
}

/**
 * One mistake in a file that a person wrote, or a warning about it: its place, and a message. Shape: `line` and `column` from 1; both are 1
 * if the place is not known.
 */
export interface Problem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Path in the document, such as `lines[0].devices[2].unit`; may be empty. */
  readonly path: string;
  readonly message: Message;
}

/** A cabinet file or a device profile cannot be read or used. `problems`: the reasons, each with its place and a line of the message. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map((problem) => formatProblem(problem)).join('\n'));
    this.problems = problems;
  }
}

/** Returns the problem as `file:line:column: path: message`, without an empty path. `show` translates the message; default: English. */
export function formatProblem({ file, line, column, path, message }: Problem, show: (said: Message) => string = String): string {
  return `${file}:${line}:${column}: ${path === '' ? '' : `${path}: `}${show(message)}`;
}

/** Returns the same text as `formatProblem`, as a message that can be translated later. */
export function problemMessage({ file, line, column, path, message }: Problem): Message {
  return msg`${`${file}:${line}:${column}: ${path === '' ? '' : `${path}: `}`}${message}`;
}

/**
 * Why this process may not use the folder of the store. `in-use`: another process uses it. `held`: an erase, restore or backup uses it.
 * `erased`: an erase removed the data.
 */
export type DataRefusal = 'in-use' | 'held' | 'erased';

/**
 * Why the store failed. `foreign`: the file is empty or a database of another program, or was removed or replaced in use.
 * `future-version`: a newer program wrote it, and this one cannot use it. `corrupt`: also for a file that is no database.
 */
export type StoreErrorCode = 'full' | 'read-only' | 'io' | 'corrupt' | 'foreign' | 'future-version' | 'worker-lost' | DataRefusal;

/** `quarantine`: the store can no longer use the file, so it renames the file and continues with a sound copy or a new one. */
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

/**
 * The store or its disk failed, stored bytes cannot be read, or this process may not use the folder of the store. `policy`: how the store
 * reacts if the use of one of its files fails with this code.
 */
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
 * Why the connection to the broker or a test of it failed, or a message was not sent. `refused`: the broker refused the connection or a
 * subscription; in a test also: the primary host is not online. `secret`: a file with a password, key or certificate cannot be read or may
 * not be used, or the key is not that of the certificate. `tls`: also for a key or certificate that cannot be parsed. `taken-over`: another
 * client connected with the same id. `too-large`: a message is too large for the broker.
 */
export type UplinkErrorCode =
  | 'unreachable'
  | 'refused'
  | 'tls'
  | 'secret'
  | 'lost'
  /** In a session: the broker, the network or the platform did not answer for too long; the connection was still open. */
  | 'silent'
  | 'taken-over'
  | 'too-large';

/** The connection to the broker or a test of it failed or could not be prepared, or the broker does not accept a message. */
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
