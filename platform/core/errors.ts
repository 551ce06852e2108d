/**
 * The failures that the host expects, as a closed list of codes, each with what follows from it.
 */

/**
 * How a service usually handles the failure: `exit` ends it with the exit code, `retry` tries again until it succeeds, `drop` counts and
 * leaves out what failed. A command that a person runs usually ends instead, whatever the kind.
 */
export type HostFailurePolicy = { readonly kind: 'exit'; readonly code: number } | { readonly kind: 'retry' | 'drop' };

/** Source: sysexits.h for 69, unavailable, and 78, configuration; 2 for wrong usage, as the utilities of GNU and Debian do. */
const POLICIES = {
  usage: { kind: 'exit', code: 2 },
  'program-missing': { kind: 'exit', code: 69 },
  'broker-files': { kind: 'exit', code: 78 },
  'schema-missing': { kind: 'exit', code: 78 },
  'schema-newer': { kind: 'exit', code: 78 },
  'schema-changed': { kind: 'exit', code: 78 },
  'database-unavailable': { kind: 'retry' },
  'data-rejected': { kind: 'drop' },
} as const satisfies Record<string, HostFailurePolicy>;

/** The code of a `PlatformFailure`: what failed. Each code has one `HostFailurePolicy`. */
export type FailureCode = keyof typeof POLICIES;

/** A failure that the host expects. `policy`: how a service usually handles it. Most other errors end the process. */
export class PlatformFailure extends Error {
  readonly code: FailureCode;

  constructor(code: FailureCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }

  get policy(): HostFailurePolicy {
    return POLICIES[this.code];
  }
}
