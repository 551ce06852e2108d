/** What a person should do about a database that refuses this program. */
import { PlatformFailure } from '../core/errors.ts';

/** A sentence about an error for the person at the terminal, and the exit code of the program. */
export interface Advice {
  readonly sentence: string;
  readonly exitCode: number;
}

/** Source: sysexits.h, EX_CONFIG. */
const WRONG_CONFIGURATION = 78;
const ADDRESS = 'Give its address with --database URL, or in PGHOST, PGPORT, PGDATABASE, PGUSER and PGPASSWORD. The demo prints its own';

/** By SQLSTATE. Source: PostgreSQL, appendix A. */
const REFUSALS: Readonly<Record<string, string>> = {
  '28000': ADDRESS,
  '28P01': ADDRESS,
  '3D000': `${ADDRESS}. A new one: createdb NAME, then npm run platform -- migrate`,
  '42P01': 'Make the tables: npm run platform -- migrate',
  '42703': 'Its tables are older than this program: npm run platform -- migrate',
  '42501': 'Give this user the right, or use the owner of the tables',
};

/**
 * Returns the advice about a PlatformFailure, or about a refusal of the database that a person can correct, such as a wrong password or
 * missing tables. Undefined for any other error.
 */
export function adviceAbout(error: unknown): Advice | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error instanceof PlatformFailure) {
    const { policy } = error;
    if (error.code !== 'database-unavailable') return { sentence: error.message, exitCode: policy.kind === 'exit' ? policy.code : 1 };
    return { sentence: `the database does not answer (${reasonOf(error)}). ${ADDRESS}`, exitCode: 1 };
  }
  const advice = 'code' in error && typeof error.code === 'string' ? REFUSALS[error.code] : undefined;
  return advice === undefined
    ? undefined
    : { sentence: `the database refuses: ${error.message}. ${advice}`, exitCode: WRONG_CONFIGURATION };
}

/** An address with two forms (IPv4 and IPv6) fails with an error without text. */
function reasonOf({ message, cause }: PlatformFailure): string {
  if (message !== '') return message;
  return cause instanceof AggregateError
    ? cause.errors.map((one) => (one instanceof Error ? one.message : String(one))).join(', ')
    : 'no reason given';
}
