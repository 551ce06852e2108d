/**
 * Time-based one-time codes that work without a network and with an untrusted clock. Only `createCodeCheck` has state.
 *
 * A code must be of a later step than the last accepted one, so no code works twice. With a trusted clock it must be of the present step,
 * or of an adjacent one. With an untrusted clock a single code proves little: its time is unknown, and each possible time is an additional
 * chance to guess it. Two consecutive codes, typed together, leave one chance in some millions for the month before and after the clock's
 * time. With a trusted clock two codes may be some minutes off, because that clock may have been set, or the clock of the authenticator may
 * be wrong.
 */
import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { type Clock, isTrusted, sleep, type WallMs } from '../core/clock.ts';
import type { Log } from '../core/ports.ts';

/** Source: RFC 6238 §4 and its default of authenticator apps: SHA-1, 30 s, 6 digits. */
const STEP_MS = 30_000;
const DIGITS = 6;
/** Source: RFC 4226 §4, 160 bits recommended. Units: bytes. */
const SECRET_BYTES = 20;
/** Steps that a code may be early or late. Source: RFC 6238 §5.2 recommends at most one. */
const DRIFT_STEPS = 1;
/**
 * How far an untrusted clock may be off. Units: steps; 30 days. Source: assumed; longer than a cabinet is without mains. Confirmed by: the
 * longest mains failure in a year of logs.
 */
const LOST_STEPS = 86_400;
/**
 * How far a trusted clock may differ from an authenticator's clock for two consecutive codes. Units: steps; 10 min. Source: assumed; a
 * phone without a network drifts by seconds a day. A guess has one chance in 24 thousand million, less than with a single code. Confirmed
 * by: the drift of phones over a month offline.
 */
const NEAR_STEPS = 20;
/**
 * Steps between two pauses of the search. Source: assumed; some milliseconds on a small processor, within one urgent write. Confirmed by:
 * bench of the code search on the gateway.
 */
const BREATH_STEPS = 500;
/** Block size of SHA-1. Units: bytes. Source: FIPS 180-4 §1. */
const BLOCK_BYTES = 64;
/** Source: RFC 4648 §6. */
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** The key of a user's codes. `lastStep`: the last used step, in periods of 30 s from 1970; -1 for none. */
export interface CodeState {
  /** Shape: base 32 in any case; other characters are skipped. */
  readonly secret: string;
  readonly lastStep: number;
}

/** Returns a new random key for a user's codes. Shape: 160 bits in base 32, as 32 capital letters and digits. */
export function newTotpSecret(): string {
  let bits = BigInt(`0x${randomBytes(SECRET_BYTES).toString('hex')}`);
  let text = '';
  for (let left = (SECRET_BYTES * 8) / 5; left > 0; left--) {
    text = `${BASE32[Number(bits & 31n)]}${text}`;
    bits >>= 5n;
  }
  return text;
}

/**
 * Returns the URI by which an authenticator app adds this key, as an account named `user@cabinetId` of the issuer `Luciole`. Source: the
 * key URI format of Google Authenticator.
 */
export function keyUri(secret: string, user: string, cabinetId: string): string {
  return `otpauth://totp/Luciole:${encodeURIComponent(`${user}@${cabinetId}`)}?secret=${secret}&issuer=Luciole`;
}

/**
 * Returns the code of a step, with leading zeros; empty for a negative step. `digits`: its length, by default 6. Shape: `secret` as in
 * `CodeState`. Units: `step` counts periods of 30 s from 1970. Source: RFC 4226 §5.3.
 */
export function codeAt(secret: string, step: number, digits = DIGITS): string {
  return codeOf(macWith(secret), step, digits);
}

/**
 * Returns the step of a code that is valid at `atMs`, give or take one step; null for a wrong code, or one not later than `lastStep`.
 * Shape: `code` has six digits and nothing else.
 */
export function stepOf(code: string, { secret, lastStep }: CodeState, atMs: WallMs): number | null {
  const macOf = macWith(secret);
  const now = stepAt(atMs);
  let found: number | null = null;
  // No early end: the duration must not show how close a guess was.
  for (let step = now - DRIFT_STEPS; step <= now + DRIFT_STEPS; step++) {
    if (isSame(codeOf(macOf, step, DIGITS), code) && step > lastStep) found = step;
  }
  return found;
}

interface PairSearch {
  readonly atMs: WallMs;
  readonly breathe: () => Promise<void>;
  readonly mostSteps?: number;
}

/**
 * Resolves with the step of the second of two consecutive codes; null if no pair later than `lastStep` matches. Searches `mostSteps`
 * before and after `atMs`, by default 30 days. `breathe` is awaited during a long search, so that other work can run. Units: steps of 30 s.
 * Shape: each code has six digits and nothing else.
 */
export async function stepOfPair(
  [first, second]: readonly [string, string],
  { secret, lastStep }: CodeState,
  { atMs, breathe, mostSteps = LOST_STEPS }: PairSearch,
): Promise<number | null> {
  const macOf = macWith(secret);
  const now = stepAt(atMs);
  for (let away = 0; away <= mostSteps; away++) {
    for (const step of away === 0 ? [now] : [now - away, now + away]) {
      if (step > lastStep && isSame(codeOf(macOf, step, DIGITS), first) && isSame(codeOf(macOf, step + 1, DIGITS), second)) return step + 1;
    }
    if (away % BREATH_STEPS === BREATH_STEPS - 1) await breathe();
  }
  return null;
}

/** Start of a step, by the clock that made the code. */
function stepStartMs(step: number): WallMs {
  return step * STEP_MS;
}

function stepAt(atMs: WallMs): number {
  return Math.floor(atMs / STEP_MS);
}

function codeOf(macOf: MacOf, step: number, digits: number): string {
  if (step < 0) return '';
  const mac = macOf(step);
  const offset = (mac.at(-1) ?? 0) & 15;
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 10 ** digits).padStart(digits, '0');
}

function isSame(code: string, typed: string): boolean {
  return code.length === typed.length && timingSafeEqual(Buffer.from(code), Buffer.from(typed));
}

type MacOf = (step: number) => Buffer;

/**
 * HMAC-SHA-1 of a step number with this key, computed with whole hashes: the library's HMAC object takes five times as long, and a search
 * needs a hundred thousand of them.
 *
 * Source: RFC 2104 §2, for keys of at most one block.
 */
function macWith(secret: string): MacOf {
  const key = decoded(secret).subarray(0, BLOCK_BYTES);
  const inner = Buffer.alloc(BLOCK_BYTES + 8, 0x36);
  const outer = Buffer.alloc(BLOCK_BYTES + 20, 0x5c);
  inner.fill(0, BLOCK_BYTES);
  key.forEach((byte, at) => {
    inner[at] = byte ^ 0x36;
    outer[at] = byte ^ 0x5c;
  });
  return (step) => {
    inner.writeBigUInt64BE(BigInt(step), BLOCK_BYTES);
    hash('sha1', inner, 'buffer').copy(outer, BLOCK_BYTES);
    return hash('sha1', outer, 'buffer');
  };
}

/** Characters outside the alphabet are skipped, because people group the letters. */
function decoded(secret: string): Buffer {
  let bits = '';
  for (const letter of secret.toUpperCase()) {
    const value = BASE32.indexOf(letter);
    if (value >= 0) bits += value.toString(2).padStart(5, '0');
  }
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}

/**
 * Checks the codes that a person types. It accepts a code of a user only once; after a restart of the agent, only the stored `lastStep`
 * prevents a second use.
 */
export interface CodeCheck {
  /** How many consecutive codes the person must type now: one while the clock is trusted, otherwise two. */
  codesNeeded(): 1 | 2;
  /**
   * Resolves with the step of the last typed code, which the caller stores. Null for a wrong code, one not later than the last used one, or
   * fewer codes than `codesNeeded`. One code may differ from the clock by one step; two codes by 10 min, or by 30 days while the clock is
   * not trusted. Shape: `typed` is one code, or two consecutive ones with any characters between that are not digits.
   */
  stepOf(user: string, typed: string, state: CodeState): Promise<number | null>;
}

/**
 * A smaller error of the clock is not logged. Units: ms. Source: assumed; two steps of a code. Confirmed by: a year of `clock-off` entries.
 */
const CLOCK_OFF_MS = 60_000;

/**
 * Creates the check of typed codes. One code is enough while the clock is trusted, otherwise two consecutive ones are required. `log`
 * receives a warning if two accepted codes differ from the clock by more than a minute.
 */
export function createCodeCheck({ clock, log }: { readonly clock: Clock; readonly log: Log }): CodeCheck {
  /** The newest used step by user, for one key; the file may not contain it if it could not be saved. */
  const taken = new Map<string, { readonly secret: string; readonly step: number }>();
  const codesNeeded = (): 1 | 2 => (isTrusted(clock.quality()) ? 1 : 2);

  async function stepOfTyped(typed: string, state: CodeState): Promise<number | null> {
    const [first = '', second, ...more] = typed.split(/[^0-9]+/).filter((part) => part !== '');
    const isOne = codesNeeded() === 1;
    if (more.length > 0 || (second === undefined && !isOne)) return null;
    if (second === undefined) return stepOf(first, state, clock.wallMs());
    const mostSteps = isOne ? NEAR_STEPS : LOST_STEPS;
    return stepOfPair([first, second], state, { atMs: clock.wallMs(), breathe: () => sleep(clock, 0), mostSteps });
  }

  return {
    codesNeeded,
    stepOf: async (user, typed, { secret, lastStep }) => {
      const before = taken.get(user);
      const step = await stepOfTyped(typed, { secret, lastStep: Math.max(lastStep, before?.secret === secret ? before.step : -1) });
      // Another attempt may have used the same code during the search.
      const latest = taken.get(user);
      if (step === null || (latest?.secret === secret && step <= latest.step)) return null;
      taken.set(user, { secret, step });
      const offMs = stepStartMs(step) - clock.wallMs();
      if (Math.abs(offMs) > CLOCK_OFF_MS) log.event('clock-off', { byS: Math.round(offMs / 1_000), toldBy: 'two codes' }, 'warning');
      return step;
    },
  };
}
