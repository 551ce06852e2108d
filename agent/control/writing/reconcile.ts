/**
 * Which lamps must be written now, so that the street becomes what was decided?
 *
 * Owns following: what was last asked of a lamp, what it confirmed, how often it did not. A level, not an edge: a lamp found at another level,
 * or that no longer tells a valid one, is written again, each time after a longer wait, so that it does not flood its line. Pure: tracks in,
 * tracks and writes out.
 */
import type { MonoMs } from '../../core/clock.ts';
import type { LevelWrite } from '../../core/ports.ts';
import type { Decision, LevelPct, Rank, Reading } from '../../core/words.ts';

/** What is known of one lamp's obedience. */
export interface LampTrack {
  /** The write on its way; its result alone counts. */
  readonly inFlight: { readonly commandId: string; readonly levelPct: LevelPct; readonly sent: boolean } | null;
  /** How the newest finished write ended. */
  readonly last: {
    readonly levelPct: LevelPct;
    readonly endMono: MonoMs;
    readonly verified: boolean;
    readonly sent: boolean;
    readonly reason: string;
  } | null;
  /** Level the lamp was last read back at, by a write or by a poll; null while in doubt. */
  readonly confirmedPct: LevelPct | null;
  /** Writes in a row that failed. */
  readonly failures: number;
  /** Times in a row it was found elsewhere, or without a valid level, after a verified write. */
  readonly drifts: number;
  /** No repetition before this time; a changed wish does not wait. */
  readonly retryMono: MonoMs;
  /** It was there when last heard of; false from a lost poll until it tells its level again; null before either. */
  readonly answers: boolean | null;
}

export const NEW_TRACK: LampTrack = {
  inFlight: null,
  last: null,
  confirmedPct: null,
  failures: 0,
  drifts: 0,
  retryMono: 0,
  answers: null,
};

/** When a reading counts against a lamp, and how far off it may be. Units: ms and % of light, or the unit of another output. */
export interface Verification {
  readonly settleMs: number;
  readonly tolerance: number;
  /** What its values are for people, and how they end: `level` and ` %` unless given. */
  readonly noun?: string;
  readonly unit?: string;
}

/** Tries in a row after which a lamp counts as not following. Source: assumed; one lost frame is no news. */
const TRIES = 3;
/** Wait before a repetition. Units: ms. Source: assumed; the longest is the time within which a returning lamp is put right even if unseen. */
const BACKOFF_MS = { first: 1_000, max: 60_000 };
/** Ranks whose rise somebody in the street waits for; an override's lamps must not stand in the way of a detection. */
const URGENT_RANKS: readonly Rank[] = ['emergency', 'presence'];

/** A lamp as the tick sees it; an output is followed like one, its value in place of the level. */
export interface LampSituation {
  readonly decision: Pick<Decision, 'levelPct' | 'rank'>;
  readonly measured: Reading | undefined;
  readonly verification: Verification;
  readonly nowMono: MonoMs;
}

export interface LampStep {
  readonly track: LampTrack;
  /** Null when nothing is to be written. */
  readonly write: { readonly levelPct: LevelPct; readonly lane: LevelWrite['lane'] } | null;
}

/** One lamp at one tick: what its newest reading says about it, and what to write. */
export function reconcile(before: LampTrack, view: LampSituation): LampStep {
  const track = observe(before, view);
  const { levelPct, rank } = view.decision;
  if (!mustWrite(track, view)) return { track, write: null };
  const believedPct = track.inFlight?.levelPct ?? (track.last?.verified ? track.last.levelPct : null) ?? view.measured?.value ?? null;
  const rises = believedPct === null || levelPct > believedPct;
  return {
    track: { ...track, confirmedPct: null },
    write: { levelPct, lane: rises && URGENT_RANKS.includes(rank) ? 'urgent' : 'command' },
  };
}

/** The track once its write was handed to the field. */
export function afterSend(track: LampTrack, commandId: string, levelPct: LevelPct): LampTrack {
  return { ...track, inFlight: { commandId, levelPct, sent: false } };
}

/** The track once that write has left for the lamp. */
export function afterSent(track: LampTrack, commandId: string): LampTrack {
  return track.inFlight?.commandId === commandId ? { ...track, inFlight: { ...track.inFlight, sent: true } } : track;
}

/** How the write ended that was handed over under `commandId`; a write that a newer one replaced counts for nothing. */
export function afterResult(track: LampTrack, commandId: string, end: Omit<NonNullable<LampTrack['last']>, 'levelPct'>): LampTrack {
  if (track.inFlight?.commandId !== commandId) return track;
  const { levelPct } = track.inFlight;
  const last = { ...end, levelPct };
  if (end.verified) return { ...track, inFlight: null, last, confirmedPct: levelPct, failures: 0 };
  const failures = track.failures + 1;
  return { ...track, inFlight: null, last, confirmedPct: null, failures, retryMono: end.endMono + backoffMs(failures) };
}

/** A person asks again: what is not confirmed is tried at once, whatever the back-off says. */
export function nudge(track: LampTrack): LampTrack {
  return track.confirmedPct === null ? { ...track, last: null } : track;
}

/** Whether a lamp has refused, or moved by itself, too often to be called following. */
export function isFollowing({ failures, drifts }: LampTrack): boolean {
  return failures < TRIES && drifts < TRIES;
}

/**
 * Whether what it does is known. What is not read any more, or has no valid value, may do anything, so it does not count as following;
 * before the first reading its writes alone say what it does.
 */
export function isKnown(measured: Reading | undefined): boolean {
  return measured === undefined || measured.quality === 'good';
}

/** Nearest to what raised it first, then the others as they stand in the cabinet. Sorting is stable. */
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

/** It is where it should be, as it was at the tick before. */
function isSettled(track: LampTrack, { decision: { levelPct }, measured, verification, nowMono }: LampSituation): boolean {
  const { answers, inFlight, confirmedPct, failures, drifts, retryMono } = track;
  const isQuiet = answers === true && inFlight === null && failures === 0 && drifts === 0 && retryMono <= nowMono;
  return isQuiet && confirmedPct === levelPct && measured?.value != null && Math.abs(measured.value - levelPct) <= verification.tolerance;
}

/** Not found where it had confirmed to be: a lamp that was away has lost its level, any other is faulty or moved by something else. */
function drift(track: LampTrack, { decision: { levelPct }, measured, verification, nowMono }: LampSituation, returned: boolean): LampTrack {
  if (track.last === null || !track.last.verified || track.last.levelPct !== levelPct) return track;
  const { unit = ' %', noun = 'level' } = verification;
  const found = measured?.value == null ? `gave no valid ${noun}` : `found at ${measured.value}${unit}`;
  const last = { ...track.last, verified: false, reason: `${found} after it had confirmed ${levelPct}${unit}` };
  if (returned) return { ...track, last, retryMono: nowMono };
  const drifts = track.drifts + 1;
  return { ...track, last, drifts, retryMono: nowMono + backoffMs(drifts) };
}

function mustWrite({ inFlight, last, confirmedPct, retryMono }: LampTrack, { decision: { levelPct }, nowMono }: LampSituation): boolean {
  if (inFlight !== null) return inFlight.levelPct !== levelPct;
  if (confirmedPct === levelPct) return false;
  if (last === null || last.levelPct !== levelPct) return true;
  return !last.verified && nowMono >= retryMono;
}

/** Only what was read after the newest write had settled says anything about it. */
function isNewer({ atMono }: Reading, { last }: LampTrack, settleMs: number): boolean {
  return last === null || atMono > last.endMono + settleMs;
}

function backoffMs(tries: number): number {
  return Math.min(BACKOFF_MS.first * 2 ** Math.min(tries - 1, 16), BACKOFF_MS.max);
}
