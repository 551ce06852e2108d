/**
 * Every failure the agent expects, as a closed list with what to do about it.
 *
 * Owns codes and policies. A programming error is none of these: it ends the process and systemd restarts it.
 * Branch on `code` or `policy`, never on text.
 */

/** What a caller does after a failure. */
export interface FailurePolicy {
  /** Worth trying the same thing again. */
  readonly retry: boolean;
  /** The unit may be asked other things. */
  readonly unitUsable: boolean;
  /** The point leaves the plan until the unit is met again. */
  readonly excludePoint: boolean;
  /** The unit spoke, if only to refuse: it is there. */
  readonly answered: boolean;
}

export type BusErrorCode =
  | 'timeout'
  | 'crc'
  | 'wrong-reply'
  /** It answered, but the answer may be that to an older request. */
  | 'doubtful'
  | 'illegal-function'
  | 'illegal-address'
  | 'illegal-value'
  | 'device-failure'
  | 'device-busy'
  | 'port-missing'
  | 'port-busy'
  | 'port-refused'
  | 'port-closed'
  | 'expired'
  | 'superseded';

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
  expired: { retry: false, unitUsable: true, excludePoint: false, answered: false },
  superseded: { retry: false, unitUsable: true, excludePoint: false, answered: false },
};

/** A failure of a line or of a unit on it. */
export class BusError extends Error {
  override readonly name = 'BusError';
  readonly code: BusErrorCode;
  readonly policy: FailurePolicy;
  /** What was found, without advice, for who knows better what to check; the message where there is no more in it. */
  readonly finding: string;

  constructor(code: BusErrorCode, message: string, options?: ErrorOptions & { readonly finding?: string }) {
    super(message, options);
    this.code = code;
    this.policy = BUS_POLICY[code];
    this.finding = options?.finding ?? message;
  }
}

/** One thing wrong in a file a person wrote: where, what was found, what is allowed. */
export interface Problem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Where in the document, as a person would say it: `lines[0].devices[2].unit`. */
  readonly path: string;
  readonly message: string;
}

/** A file that cannot be used; carries all its problems at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(formatProblem).join('\n'));
    this.problems = problems;
  }
}

/** `file:line:column: path: message`, the form editors jump to. */
export function formatProblem({ file, line, column, path, message }: Problem): string {
  return `${file}:${line}:${column}: ${path === '' ? '' : `${path}: `}${message}`;
}

export type StoreErrorCode = 'full' | 'read-only' | 'io' | 'corrupt' | 'foreign' | 'future-version' | 'worker-lost';

/** Whether the store can go on by itself (`retry`) or must set the file aside and start afresh (`quarantine`). */
const STORE_POLICY: Readonly<Record<StoreErrorCode, { readonly retry: boolean; readonly quarantine: boolean }>> = {
  full: { retry: true, quarantine: false },
  'read-only': { retry: true, quarantine: false },
  io: { retry: true, quarantine: false },
  corrupt: { retry: false, quarantine: true },
  foreign: { retry: false, quarantine: true },
  'future-version': { retry: false, quarantine: true },
  'worker-lost': { retry: true, quarantine: false },
};

export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;
  readonly policy: (typeof STORE_POLICY)[StoreErrorCode];

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.policy = STORE_POLICY[code];
  }
}

/** `taken-over`: another client came with our id. `secret`: a file of the configuration cannot be used. */
export type UplinkErrorCode = 'unreachable' | 'refused' | 'tls' | 'secret' | 'lost' | 'taken-over' | 'unproven' | 'too-large';

/** Every uplink failure ends the session and is tried again after a back-off, except a message the broker can never take. */
const UPLINK_POLICY: Readonly<Record<UplinkErrorCode, { readonly retry: boolean }>> = {
  unreachable: { retry: true },
  refused: { retry: true },
  tls: { retry: true },
  secret: { retry: true },
  lost: { retry: true },
  'taken-over': { retry: true },
  unproven: { retry: true },
  'too-large': { retry: false },
};

export class UplinkError extends Error {
  override readonly name = 'UplinkError';
  readonly code: UplinkErrorCode;
  readonly policy: (typeof UPLINK_POLICY)[UplinkErrorCode];

  constructor(code: UplinkErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.policy = UPLINK_POLICY[code];
  }
}
