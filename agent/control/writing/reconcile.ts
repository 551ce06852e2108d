/**
 * Decides which lamps must be written now, so that the street has the decided levels.
 *
 * A track records what was last written to a lamp, what it confirmed and how often it did not. The decision is a level, not an edge: a lamp
 * found at another level, or without a valid level, is written again, each time after a longer wait, so that it does not flood its line.
 * Pure: tracks in, tracks and writes out.
 */
import type { MonoMs } from '../../core/clock.ts';
import { type Message, msg } from '../../core/message.ts';
import type { LevelWrite } from '../../core/ports.ts';
import type { Decision, LevelPct, Rank, Reading } from '../../core/words.ts';

/** The write history of one lamp or output, and what its readings have confirmed. */
export interface LampTrack {
  /**
   * The write in flight; results of earlier writes are ignored. `sent`: it is known to have been sent, see `LevelWrite.onSent`.
   * Always false for an output.
   */
  readonly inFlight: { readonly commandId: string; readonly levelPct: LevelPct; readonly sent: boolean } | null;
  /** How the newest finished write ended; null before one, and after `nudge` of an unconfirmed track. A later drift changes it. */
  readonly last: {
    readonly levelPct: LevelPct;
    readonly endMono: MonoMs;
    readonly verified: boolean;
    readonly sent: boolean;
    readonly reason: Message;
  } | null;
  /** The decided level that a verified write or a reading within the tolerance confirmed; null while in doubt. */
  readonly confirmedPct: LevelPct | null;
  /** Failed writes since a write or a reading last confirmed the level. */
  readonly failures: number;
  /**
   * Drifts from a verified level since a reading last agreed with the decision. One found by the first valid level after a silence does not
   * count.
   */
  readonly drifts: number;
  /** No repetition before this time, except after `nudge`; a changed decision does not wait. */
  readonly retryMono: MonoMs;
  /** True after a good reading, false after a missing one; other readings do not change it. Null before the first of them. */
  readonly answers: boolean | null;
}

/** The track of a lamp or output before anything is known of it. */
export const NEW_TRACK: LampTrack = { inFlight: null, last: null, confirmedPct: null, failures: 0, drifts: 0, retryMono: 0, answers: null };

/**
 * How a reading is compared with a level. `settleMs`: a value read up to this long after the end of a write is no evidence about it.
 * `tolerance`: the largest difference that agrees. Units: ms; % of light, or the unit of an output.
 */
export interface Verification {
  readonly settleMs: number;
  readonly tolerance: number;
  /** The value of an output, not a level in %. */
  readonly isValue?: true;
}

/**
 * Tries in a row after which a lamp counts as not following. Source: assumed; one lost frame is normal. Confirmed by: repeated writes of
 * healthy lamps in a week of logs.
 */
const TRIES = 3;
/**
 * Wait before a repetition. Units: ms. Source: assumed; the longest is the time within which a returning lamp gets its level even if its
 * return is not noticed. Confirmed by: the time until returning lamps follow in a week of logs.
 */
const BACKOFF_MS = { first: 1_000, max: 60_000 };
/** Ranks whose rise a person in the street waits for; the lamps of an override must not delay a detection. */
const URGENT_RANKS: readonly Rank[] = ['emergency', 'presence'];

/** The state of a lamp at one tick. An output is followed like a lamp, with its value in place of the level. */
export interface LampSituation {
  readonly decision: Pick<Decision, 'levelPct' | 'rank' | 'isHeld'>;
  /** The newest reading of the lamp's level, or of the point that proves the output; undefined before the first one. */
  readonly measured: Reading | undefined;
  readonly verification: Verification;
  readonly nowMono: MonoMs;
}

/** The result of `reconcile` for one lamp at one tick. */
export interface LampStep {
  /** The track after the newest reading; `write` is not in it. */
  readonly track: LampTrack;
  /** Null if nothing is to be written now. */
  readonly write: { readonly levelPct: LevelPct; readonly lane: LevelWrite['lane'] } | null;
}

/**
 * Returns the track of a lamp after its newest reading, and the write that is needed now. If `write` is null, the lamp need not have its
 * level. For example, a write may be in flight, a repetition may have to wait, or the lamp may have become silent. Call `afterSend` if
 * the write is passed to the field.
 */
export function reconcile(before: LampTrack, view: LampSituation): LampStep {
  const track = observe(before, view);
  const { levelPct, rank, isHeld } = view.decision;
  if (!mustWrite(track, view)) return { track, write: null };
  const believedPct = track.inFlight?.levelPct ?? (track.last?.verified ? track.last.levelPct : null) ?? view.measured?.value ?? null;
  const rises = believedPct === null || levelPct > believedPct;
  return {
    track: { ...track, confirmedPct: null },
    write: { levelPct, lane: rises && (isHeld === true || URGENT_RANKS.includes(rank)) ? 'urgent' : 'command' },
  };
}

/**
 * Returns the track with the write `commandId` in flight, in place of an earlier one. Call it when that write is passed to the field.
 * For an output, `levelPct` is its value.
 */
export function afterSend(track: LampTrack, commandId: string, levelPct: LevelPct): LampTrack {
  return { ...track, inFlight: { commandId, levelPct, sent: false } };
}

/**
 * Returns the track once it is known that the write `commandId` was sent (see `LevelWrite.onSent`). Unchanged for a write that is not in
 * flight any more.
 */
export function afterSent(track: LampTrack, commandId: string): LampTrack {
  return track.inFlight?.commandId === commandId ? { ...track, inFlight: { ...track.inFlight, sent: true } } : track;
}

/** Returns the track after the write `commandId` ended. Unchanged for a write that is not in flight any more. */
export function afterResult(track: LampTrack, commandId: string, end: Omit<NonNullable<LampTrack['last']>, 'levelPct'>): LampTrack {
  if (track.inFlight?.commandId !== commandId) return track;
  const { levelPct } = track.inFlight;
  const last = { ...end, levelPct };
  if (end.verified) return { ...track, inFlight: null, last, confirmedPct: levelPct, failures: 0 };
  const failures = track.failures + 1;
  return { ...track, inFlight: null, last, confirmedPct: null, failures, retryMono: end.endMono + backoffMs(failures) };
}

/**
 * Returns the track without the result of the newest finished write, so that its back-off does not delay the next one. A track with a
 * confirmed level is returned unchanged.
 */
export function nudge(track: LampTrack): LampTrack {
  return track.confirmedPct === null ? { ...track, last: null } : track;
}

/** Returns false once `failures` or `drifts` of the track of a lamp or output has reached 3. */
export function isFollowing({ failures, drifts }: LampTrack): boolean {
  return failures < TRIES && drifts < TRIES;
}

/** Returns false if the newest reading of a lamp or output is not good, for example stale; true without a reading. */
export function isKnown(measured: Reading | undefined): boolean {
  return measured === undefined || measured.quality === 'good';
}

/** Compares two decisions for a sort by distance to a detection: the nearest first, those without a distance last. */
export function nearestFirst(a: Decision, b: Decision): number {
  const far = Number.MAX_VALUE;
  return (a.distanceM ?? far) - (b.distanceM ?? far);
}

function observe(before: LampTrack, view: LampSituation): LampTrack {
  const { decision, measured, verification, nowMono } = view;
  if (measured === undefined || measured.quality === 'stale') return before;
  if (measured.quality === 'bad') {
    if (before.inFlight !== null || !isNewer(measured, before, verification.settleMs)) return before;
    return { ...drift(before, view, false), confirmedPct: null };
  }
  if (measured.value === null) {
    return { ...before, answers: false, confirmedPct: isNewer(measured, before, 0) ? null : before.confirmedPct };
  }
  if (isSettled(before, view)) return before;
  const returned = before.answers !== true;
  const track: LampTrack = { ...before, answers: true, retryMono: returned ? Math.min(before.retryMono, nowMono) : before.retryMono };
  if (track.inFlight !== null || !isNewer(measured, track, verification.settleMs)) return track;
  const agrees = Math.abs(measured.value - decision.levelPct) <= verification.tolerance;
  if (agrees) return { ...track, confirmedPct: decision.levelPct, failures: 0, drifts: 0, retryMono: nowMono };
  return { ...drift(track, view, returned), confirmedPct: null };
}

/** Whether it has the decided level, as at the tick before. */
function isSettled(track: LampTrack, { decision: { levelPct }, measured, verification, nowMono }: LampSituation): boolean {
  const { answers, inFlight, confirmedPct, failures, drifts, retryMono } = track;
  const isQuiet = answers === true && inFlight === null && failures === 0 && drifts === 0 && retryMono <= nowMono;
  return isQuiet && confirmedPct === levelPct && measured?.value != null && Math.abs(measured.value - levelPct) <= verification.tolerance;
}

/**
 * Found at another level than confirmed: a lamp that was silent has lost its level, any other is faulty or was changed by something else.
 */
function drift(track: LampTrack, { decision: { levelPct }, measured, verification, nowMono }: LampSituation, returned: boolean): LampTrack {
  if (track.last === null || !track.last.verified || track.last.levelPct !== levelPct) return track;
  const reason =
    verification.isValue === true ? valueDrift(measured?.value ?? null, levelPct) : levelDrift(measured?.value ?? null, levelPct);
  const last = { ...track.last, verified: false, reason };
  if (returned) return { ...track, last, retryMono: nowMono };
  const drifts = track.drifts + 1;
  return { ...track, last, drifts, retryMono: nowMono + backoffMs(drifts) };
}

function levelDrift(found: number | null, confirmedPct: LevelPct): Message {
  return found === null
    ? msg`gave no valid level after it had confirmed ${confirmedPct} %`
    : msg`found at ${found} % after it had confirmed ${confirmedPct} %`;
}

function valueDrift(found: number | null, confirmed: number): Message {
  return found === null
    ? msg`gave no valid value after it had confirmed ${confirmed}`
    : msg`found at ${found} after it had confirmed ${confirmed}`;
}

function mustWrite({ inFlight, last, confirmedPct, retryMono }: LampTrack, { decision: { levelPct }, nowMono }: LampSituation): boolean {
  if (inFlight !== null) return inFlight.levelPct !== levelPct;
  if (confirmedPct === levelPct) return false;
  if (last === null || last.levelPct !== levelPct) return true;
  return !last.verified && nowMono >= retryMono;
}

/** Only a reading from after the newest write had settled is evidence about that write. */
function isNewer({ atMono }: Reading, { last }: LampTrack, settleMs: number): boolean {
  return last === null || atMono > last.endMono + settleMs;
}

function backoffMs(tries: number): number {
  return Math.min(BACKOFF_MS.first * 2 ** Math.min(tries - 1, 16), BACKOFF_MS.max);
}
