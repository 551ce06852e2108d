/**
 * Operations on the list of intents in force: add, release, shorten, expire, store and resume.
 *
 * An intent specifies who keeps which lamp, zone or cabinet at what level, and until when. Pure: a list in, a list out; no clock, no disk.
 * Ends are kept in monotonic time; wall time is for people and for the disk.
 */

import type { MonoMs, WallMs } from '../../core/clock.ts';
import { MINUTE_MS } from '../../core/durations.ts';
import type { OverrideRequest, ReleaseRequest } from '../../core/ports.ts';
import { type Authorised, INTENT_AUTHORITIES, type Intent, type IntentAuthority, RANKS, type Target } from '../../core/words.ts';

/** One instant on both clocks: `nowMs` in wall time, `nowMono` in monotonic time. */
export interface Moment {
  readonly nowMs: WallMs;
  readonly nowMono: MonoMs;
}

/**
 * Shortest and longest duration that an `OverrideRequest` can give to its intent, both allowed. Units: min. Source: every
 * override is bounded.
 */
export const OVERRIDE_MINUTES = { min: 1, max: 24 * 60 };

/** Returns the intent of a request, from this moment on. Its duration is bounded to `OVERRIDE_MINUTES`; nothing else is checked. */
export function intentOf(request: Authorised<OverrideRequest>, { nowMs, nowMono }: Moment): Intent {
  const { commandId, target, levelPct, rank, authority, source, reason, expiresMono } = request;
  const minutes = Math.min(Math.max(request.minutes, OVERRIDE_MINUTES.min), OVERRIDE_MINUTES.max);
  const lengthMs = minutes * MINUTE_MS;
  return {
    id: commandId,
    target,
    levelPct,
    rank,
    authority,
    source,
    reason,
    sinceMs: nowMs,
    untilMs: Math.round(nowMs + lengthMs),
    untilMono: nowMono + lengthMs,
    ...(expiresMono === undefined ? {} : { startBy: { atMs: Math.round(nowMs + expiresMono - nowMono), atMono: expiresMono } }),
  };
}

/** Returns all the intents. Those with these ids lose `startBy`, so they no longer expire with their command. */
export function begunIntents(intents: readonly Intent[], ids: ReadonlySet<string>): readonly Intent[] {
  return intents.map((intent) => {
    if (intent.startBy === undefined || !ids.has(intent.id)) return intent;
    const { startBy: _, ...begun } = intent;
    return begun;
  });
}

/**
 * Returns the list with an intent appended. Earlier intents of its source, target and rank are removed. With the authority `anyone` it
 * lasts at least as long as those.
 */
export function addIntent(intents: readonly Intent[], added: Intent): readonly Intent[] {
  const others = intents.filter((intent) => !isReplacedBy(intent, added));
  const replaced = mayEndSooner(added.authority) ? [] : intents.filter((intent) => !others.includes(intent));
  const { untilMs, untilMono } = replaced.reduce((last, intent) => (intent.untilMono > last.untilMono ? intent : last), added);
  return [...others, { ...added, untilMs, untilMono }];
}

/**
 * Returns the stored intents without those that `newer` replaces: those of its source, target and rank. With the authority `anyone` it
 * replaces none.
 */
export function withoutReplaced(intents: readonly StoredIntent[], newer: StoredIntent): readonly StoredIntent[] {
  return mayEndSooner(newer.authority) ? intents.filter((intent) => !isReplacedBy(intent, newer)) : intents;
}

/** Whether a sender may end an intent early. Source: docs/trust.md, without a login only more light is possible. */
function mayEndSooner(authority: IntentAuthority): boolean {
  return authority !== 'anyone';
}

/** Returns true if a sender of this authority may set or release maintenance: only a `technician` may. */
export function mayMaintain(authority: IntentAuthority): boolean {
  return authority === 'technician';
}

/** The result of a release: the intents that stay (`kept`, with those of `denied`), and those that it ends. */
export interface Release<T extends StoredIntent = StoredIntent> {
  readonly kept: readonly T[];
  readonly released: readonly T[];
  /** Intents of maintenance that this authority may not end. */
  readonly denied: readonly T[];
}

/**
 * Separates the intents that a release ends (`released`) from those that stay (`kept`). The release aims at intents on exactly this target:
 * for a zone, not at those on its lamps. With `everywhere`, it aims at all. Those of maintenance require the authority `technician`.
 */
export function releaseIntents<T extends StoredIntent>(
  intents: readonly T[],
  target: Target,
  authority: IntentAuthority,
  everywhere = false,
): Release<T> {
  const aimed = intents.filter((intent) => everywhere || sameTarget(intent.target, target));
  const denied = aimed.filter(({ rank }) => rank === 'maintenance' && !mayMaintain(authority));
  const released = aimed.filter((intent) => !denied.includes(intent));
  return { kept: intents.filter((intent) => !released.includes(intent)), released, denied };
}

/**
 * Returns the intents; those on a target, or all with `everywhere`, end at `end` at the latest, if the authority may release them.
 * `rank`: only those of this rank; absent: of any. `changed`: the intents with a new end.
 */
export function shortenIntents(
  intents: readonly Intent[],
  {
    target,
    authority,
    end,
    rank,
    everywhere,
  }: Authorised<Pick<ReleaseRequest, 'target' | 'rank' | 'everywhere'>> & { readonly end: Moment },
): { readonly intents: readonly Intent[]; readonly changed: readonly Intent[] } {
  const mayEnd = new Set(releaseIntents(intents, target, authority, everywhere).released);
  const isMeant = (intent: Intent): boolean => mayEnd.has(intent) && (rank === undefined || intent.rank === rank);
  const isLonger = (intent: Intent): boolean => isMeant(intent) && intent.untilMono > end.nowMono;
  const next = intents.map((intent) => (isLonger(intent) ? { ...intent, untilMs: Math.round(end.nowMs), untilMono: end.nowMono } : intent));
  return { intents: next, changed: next.filter((intent, i) => intent !== intents[i]) };
}

/** Separates the intents in force (`kept`) from those whose end or `startBy` has come (`ended`). */
export function expireIntents(
  intents: readonly Intent[],
  nowMono: MonoMs,
): { readonly kept: readonly Intent[]; readonly ended: readonly Intent[] } {
  const isOver = ({ untilMono, startBy }: Intent): boolean => nowMono >= untilMono || (startBy !== undefined && nowMono >= startBy.atMono);
  return { kept: intents.filter((intent) => !isOver(intent)), ended: intents.filter(isOver) };
}

/** Returns the intents with their wall times recomputed from their monotonic ends. Call it when the wall clock was set. */
export function rebaseIntents(intents: readonly Intent[], { nowMs, nowMono }: Moment): readonly Intent[] {
  const wallOf = (mono: MonoMs): WallMs => Math.round(nowMs + mono - nowMono);
  return intents.map((intent) => {
    const { untilMono, startBy } = intent;
    const untilMs = wallOf(untilMono);
    const rebased = { ...intent, sinceMs: untilMs - lengthOf(intent), untilMs };
    return startBy === undefined ? rebased : { ...rebased, startBy: { ...startBy, atMs: wallOf(startBy.atMono) } };
  });
}

/** An intent on disk: without the monotonic end, which has no meaning after a restart. Of `startBy` only `atMs` counts. */
export type StoredIntent = Omit<Intent, 'untilMono'>;

/** Returns the intents in their form on disk: without `untilMono`, otherwise unchanged. */
export function toStored(intents: readonly Intent[]): readonly StoredIntent[] {
  return intents.map(({ untilMono: _, ...stored }) => stored);
}

/**
 * Returns the well-formed intents of a stored list, also those that have ended; leaves out anything else. Empty if it is not a list. A
 * missing or unknown authority becomes `technician` if the source begins with `console:`, else `platform`.
 */
export function readStored(stored: unknown): readonly StoredIntent[] {
  return Array.isArray(stored) ? stored.filter(isStoredIntent).map(withAuthority) : [];
}

type FormerIntent = Omit<StoredIntent, 'authority'> & { readonly authority?: unknown };

/** A former release stored no authority. It stored intents of the console, whose source is `console:<user>`, and of the platform. */
function withAuthority(intent: FormerIntent): StoredIntent {
  const former = intent.source.startsWith('console:') ? 'technician' : 'platform';
  return { ...intent, authority: INTENT_AUTHORITIES.find((each) => each === intent.authority) ?? former };
}

/**
 * Separates stored intents (`kept`, with monotonic ends again, not later than their own length from now) from those whose end or `startBy`
 * has come (`ended`).
 *
 * Call it only with a trusted wall clock.
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

/** The requested duration of an intent. Units: ms; the longest allowed one if the stored end is before the start. */
function lengthOf({ sinceMs, untilMs }: StoredIntent): number {
  return untilMs > sinceMs ? untilMs - sinceMs : OVERRIDE_MINUTES.max * MINUTE_MS;
}

function sameTarget(a: Target, b: Target): boolean {
  return a.kind === b.kind && (a.kind === 'cabinet' || a.id === b.id);
}

function isReplacedBy(a: StoredIntent, b: StoredIntent): boolean {
  return a.source === b.source && a.rank === b.rank && sameTarget(a.target, b.target);
}

function isStoredIntent(entry: unknown): entry is FormerIntent {
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

/** Returns true for a level: a number that is an integer from 0 to 100. */
export function isLevel(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 100;
}
