/**
 * What is wrong with the store, since when, and when to try again, with the back-off. Pure: state in, event in, state out.
 */
import type { MonoMs, WallMs } from '../../core/clock.ts';
import type { EarlierLoss } from '../../core/ports.ts';
import type { AgentEvent } from '../../core/words.ts';
import type { LossReason } from '../messages.ts';

/** What can fail on its own. */
export type Part = 'telemetry.db' | 'state.db' | 'storage thread';

interface Trouble {
  readonly part: Part;
  readonly reason: string;
  readonly sinceMs: WallMs;
}

/** All present troubles. */
export interface Troubles {
  readonly list: readonly Trouble[];
  /** Failures in a row. */
  readonly failures: number;
  /** Not to be tried before this time. */
  readonly retryMono: MonoMs;
}

/** One failure of a part. */
export interface Failure {
  readonly part: Part;
  readonly reason: string;
  readonly atMs: WallMs;
  readonly atMono: MonoMs;
}

export const NO_TROUBLE: Troubles = { list: [], failures: 0, retryMono: 0 };

/** Wait before the next try. Units: ms. Source: assumed; a disk freed by a technician should be found while he is still there. */
const BACKOFF_MS = { first: 1_000, max: 30_000 };

/** After one more failure. The reason first found is kept with its start; a new reason replaces the text. */
export function afterFailure(troubles: Troubles, { part, reason, atMs, atMono }: Failure): Troubles {
  const known = troubles.list.find((trouble) => trouble.part === part);
  const others = troubles.list.filter((trouble) => trouble.part !== part);
  const failures = troubles.failures + 1;
  const waitMs = Math.min(BACKOFF_MS.first * 2 ** Math.min(failures - 1, 16), BACKOFF_MS.max);
  return { list: [...others, { part, reason, sinceMs: known?.sinceMs ?? atMs }], failures, retryMono: atMono + waitMs };
}

/** After this part did its work again. */
export function afterSuccess(troubles: Troubles, part: Part): Troubles {
  const list = troubles.list.filter((trouble) => trouble.part !== part);
  return list.length === 0 ? NO_TROUBLE : { ...troubles, list };
}

/** Whether this part is in trouble. */
export function isTroubled(troubles: Troubles, part: Part): boolean {
  return troubles.list.some((trouble) => trouble.part === part);
}

/** Everything wrong, in one line; empty when nothing is. */
export function troubleText(troubles: Troubles): string {
  return troubles.list.map(({ reason }) => reason).join(' · ');
}

/** The events of a change: starts of new troubles, ends of past ones. */
export function eventsBetween(before: Troubles, after: Troubles, atMs: WallMs): readonly AgentEvent[] {
  const started = after.list.filter(({ part }) => !isTroubled(before, part)).map((trouble) => toEvent(trouble, null));
  const ended = before.list.filter(({ part }) => !isTroubled(after, part)).map((trouble) => toEvent(trouble, atMs));
  return [...ended, ...started];
}

/** Readings that are gone; over at once. */
export function lossEvent(readings: number, reason: LossReason, atMs: WallMs): AgentEvent {
  const text = `${readings} readings lost (${reason}); the gap is recorded and reported`;
  return {
    id: `readings-lost:${reason}:${atMs}`,
    code: 'readings-lost',
    source: reason,
    severity: 'warning',
    text,
    startMs: atMs,
    endMs: atMs,
  };
}

/** Readings of a run that had no store; over with its return. */
export function storelessEvent({ readings, sinceMs }: EarlierLoss, atMs: WallMs): AgentEvent {
  const text = `safe mode ran without a store: ${readings} readings lost; the gap is recorded and reported`;
  return { ...lossEvent(readings, 'no-store', sinceMs), text, endMs: Math.max(sinceMs, atMs) };
}

/** A file that was replaced by a fresh one; over at once. */
export function replacedFileEvent(file: string, text: string, atMs: WallMs): AgentEvent {
  const id = `store-trouble:${file}:${atMs}:set-aside`;
  return { id, code: 'store-trouble', source: file, severity: 'alarm', text, startMs: atMs, endMs: atMs };
}

function toEvent({ part, reason, sinceMs }: Trouble, endMs: WallMs | null): AgentEvent {
  const text = endMs === null ? `readings wait in memory: ${reason}` : `${part} takes readings and facts again`;
  return { id: `store-trouble:${part}:${sinceMs}`, code: 'store-trouble', source: part, severity: 'alarm', text, startMs: sinceMs, endMs };
}
