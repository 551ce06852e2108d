/**
 * The list of wishes in force: who holds which lamp, zone or cabinet at what level, and until when.
 *
 * Owns adding, releasing, ending, and what survives a restart. Pure: a list in, a list out; nothing here reads a clock or a disk. Ends are kept
 * in monotonic time; wall time is for people and for the disk.
 */
import type { MonoMs, WallMs } from '../../core/clock.ts';
import type { OverrideRequest } from '../../core/ports.ts';
import { type Intent, RANKS, type Rank, type Target } from '../../core/words.ts';

/** An instant on both clocks. */
export interface Moment {
  readonly nowMs: WallMs;
  readonly nowMono: MonoMs;
}

/** How long a wish may hold. Units: min. Source: design §6, every override is bounded. */
export const OVERRIDE_MINUTES = { min: 1, max: 24 * 60 };
const MINUTE_MS = 60_000;

/** The wish behind a request. The caller has checked its limits; the length is bounded here all the same. */
export function intentOf(request: OverrideRequest, { nowMs, nowMono }: Moment): Intent {
  const { commandId, target, levelPct, rank, source, reason, expiresMono } = request;
  const minutes = Math.min(Math.max(request.minutes, OVERRIDE_MINUTES.min), OVERRIDE_MINUTES.max);
  const lengthMs = minutes * MINUTE_MS;
  return {
    id: commandId,
    target,
    levelPct,
    rank,
    source,
    reason,
    sinceMs: nowMs,
    untilMs: Math.round(nowMs + lengthMs),
    untilMono: nowMono + lengthMs,
    ...(expiresMono === undefined ? {} : { startBy: { atMs: Math.round(nowMs + expiresMono - nowMono), atMono: expiresMono } }),
  };
}

/** The wishes, those named with no time left by which they must begin: a lamp follows them. */
export function begunIntents(intents: readonly Intent[], ids: ReadonlySet<string>): readonly Intent[] {
  return intents.map((intent) => {
    if (intent.startBy === undefined || !ids.has(intent.id)) return intent;
    const { startBy: _, ...begun } = intent;
    return begun;
  });
}

/** Adds a wish; it replaces an earlier one of the same source, target and rank. */
export function addIntent(intents: readonly Intent[], added: Intent): readonly Intent[] {
  return [...withoutSeat(intents, added), added];
}

/** The wishes that a newer one of its source, target and rank does not replace. */
export function withoutSeat<T extends StoredIntent>(intents: readonly T[], newer: StoredIntent): readonly T[] {
  return intents.filter((intent) => !sameSeat(intent, newer));
}

/** Whether a source may use maintenance rank, to set or to release it: only who can stand at the lamp. */
export function mayMaintain(source: string): boolean {
  return source.startsWith('console:');
}

export interface Release<T extends StoredIntent = StoredIntent> {
  readonly kept: readonly T[];
  readonly released: readonly T[];
  /** Aimed at the target as well, but above what this source may release. */
  readonly denied: readonly T[];
}

/** Takes away what is aimed at exactly this target, as far as the source may. */
export function releaseIntents<T extends StoredIntent>(intents: readonly T[], target: Target, source: string): Release<T> {
  const aimed = intents.filter((intent) => sameTarget(intent.target, target));
  const denied = aimed.filter(({ rank }) => rank === 'maintenance' && !mayMaintain(source));
  const released = aimed.filter((intent) => !denied.includes(intent));
  return { kept: intents.filter((intent) => !released.includes(intent)), released, denied };
}

/** The wishes with those of a target ending no later than this; `changed` are those that would have lasted longer, as far as the source may. */
export function shortenIntents(
  intents: readonly Intent[],
  {
    target,
    source,
    end,
    rank,
  }: { readonly target: Target; readonly source: string; readonly end: Moment; readonly rank?: Rank | undefined },
): { readonly intents: readonly Intent[]; readonly changed: readonly Intent[] } {
  const mayEnd = new Set(releaseIntents(intents, target, source).released.map(({ id }) => id));
  const isMeant = (intent: Intent): boolean => mayEnd.has(intent.id) && (rank === undefined || intent.rank === rank);
  const isLonger = (intent: Intent): boolean => isMeant(intent) && intent.untilMono > end.nowMono;
  const next = intents.map((intent) => (isLonger(intent) ? { ...intent, untilMs: Math.round(end.nowMs), untilMono: end.nowMono } : intent));
  return { intents: next, changed: next.filter((intent, i) => intent !== intents[i]) };
}

/** Parts what still holds from what is over: past its end, or not begun in time. */
export function expireIntents(
  intents: readonly Intent[],
  nowMono: MonoMs,
): { readonly kept: readonly Intent[]; readonly ended: readonly Intent[] } {
  const isOver = ({ untilMono, startBy }: Intent): boolean => nowMono >= untilMono || (startBy !== undefined && nowMono >= startBy.atMono);
  return { kept: intents.filter((intent) => !isOver(intent)), ended: intents.filter(isOver) };
}

/** The same wishes with wall ends as the wall clock now has them; to be called when it was set. */
export function rebaseIntents(intents: readonly Intent[], { nowMs, nowMono }: Moment): readonly Intent[] {
  const wallOf = (mono: MonoMs): WallMs => Math.round(nowMs + mono - nowMono);
  return intents.map((intent) => {
    const { untilMono, startBy } = intent;
    const untilMs = wallOf(untilMono);
    const rebased = { ...intent, sinceMs: untilMs - lengthOf(intent), untilMs };
    return startBy === undefined ? rebased : { ...rebased, startBy: { ...startBy, atMs: wallOf(startBy.atMono) } };
  });
}

/** What goes to disk: all but the monotonic end, which means nothing after a restart. */
export type StoredIntent = Omit<Intent, 'untilMono'>;

export function toStored(intents: readonly Intent[]): readonly StoredIntent[] {
  return intents.map(({ untilMono: _, ...stored }) => stored);
}

/** The wishes among what the disk holds; it may hold what it likes, the street is lit by programme then. */
export function readStored(stored: unknown): readonly StoredIntent[] {
  return Array.isArray(stored) ? stored.filter(isStoredIntent) : [];
}

/**
 * Parts what of a stored list still holds from what is over.
 *
 * To be called with a trusted wall clock only: the rest of each is what its stored end leaves, and never longer than was requested, whatever
 * the clock said then.
 */
export function resumeIntents(
  stored: readonly StoredIntent[],
  { nowMs, nowMono }: Moment,
): { readonly kept: readonly Intent[]; readonly ended: readonly StoredIntent[] } {
  const isOver = ({ untilMs, startBy }: StoredIntent): boolean => untilMs <= nowMs || (startBy !== undefined && startBy.atMs <= nowMs);
  const kept = stored
    .filter((entry) => !isOver(entry))
    .map((entry): Intent => {
      const restMs = Math.min(entry.untilMs - nowMs, lengthOf(entry), OVERRIDE_MINUTES.max * MINUTE_MS);
      const untilMs = Math.round(nowMs + restMs);
      const resumed = { ...entry, sinceMs: untilMs - lengthOf(entry), untilMs, untilMono: nowMono + restMs };
      const { startBy } = entry;
      return startBy === undefined ? resumed : { ...resumed, startBy: { atMs: startBy.atMs, atMono: nowMono + startBy.atMs - nowMs } };
    });
  return { kept, ended: stored.filter(isOver) };
}

/** How long an intent was requested for. Units: ms; the longest allowed where the disk holds an end before the start. */
function lengthOf({ sinceMs, untilMs }: StoredIntent): number {
  return untilMs > sinceMs ? untilMs - sinceMs : OVERRIDE_MINUTES.max * MINUTE_MS;
}

function sameTarget(a: Target, b: Target): boolean {
  return a.kind === b.kind && (a.kind === 'cabinet' || a.id === b.id);
}

function sameSeat(a: StoredIntent, b: StoredIntent): boolean {
  return a.source === b.source && a.rank === b.rank && sameTarget(a.target, b.target);
}

function isStoredIntent(entry: unknown): entry is StoredIntent {
  if (typeof entry !== 'object' || entry === null) return false;
  const { id, target, levelPct, rank, source, reason, sinceMs, untilMs, startBy } = entry as Partial<Record<keyof StoredIntent, unknown>>;
  const texts = [id, source, reason].every((text) => typeof text === 'string');
  return (
    texts &&
    isTarget(target) &&
    isLevel(levelPct) &&
    RANKS.slice(0, 3).some((each) => each === rank) &&
    [sinceMs, untilMs].every(Number.isFinite) &&
    (startBy === undefined || isInstant(startBy))
  );
}

function isInstant(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'atMs' in value && Number.isFinite(value.atMs);
}

function isTarget(value: unknown): value is Target {
  if (typeof value !== 'object' || value === null) return false;
  const { kind, id } = value as Partial<Record<keyof Target, unknown>>;
  return typeof id === 'string' && (kind === 'lamp' || kind === 'zone' || kind === 'cabinet');
}

/** Whether a number is a level: an integer from 0 to 100. */
export function isLevel(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 100;
}
