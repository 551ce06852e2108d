/**
 * What people have done about an event: who has acknowledged it, and the maintenance because of which it raised no alarm.
 */
import type { WallMs } from './clock.ts';
import { isRecord } from './is-record.ts';

/** An acknowledgement of an event: by whom, and when. It does not end the event. */
export interface Acknowledgement {
  /** `console:<user>`, `platform` or `platform:<user>`. */
  readonly by: string;
  /** By the clock of the cabinet. */
  readonly atMs: WallMs;
  /** The text that was sent with it; empty for none. */
  readonly note: string;
}

/**
 * The maintenance, by its id, because of which an event raised no alarm. `untilMs`: when the alarm was raised after all; null if it was
 * not.
 */
export interface Suppression {
  readonly maintenance: string;
  readonly untilMs: WallMs | null;
}

/** The handling of an event. Each part is absent if it does not apply. */
export interface EventHandling {
  readonly acknowledged?: Acknowledgement;
  readonly suppressed?: Suppression;
}

/** Whether an event raises no alarm because of maintenance; false once its alarm was raised after all. */
export function isSuppressed({ suppressed }: EventHandling): boolean {
  return suppressed !== undefined && suppressed.untilMs === null;
}

/** Returns the handling of an event without its other properties; an empty object if it has none. */
export function handlingOf({ acknowledged, suppressed }: EventHandling): EventHandling {
  return { ...(acknowledged === undefined ? {} : { acknowledged }), ...(suppressed === undefined ? {} : { suppressed }) };
}

/** Reads the handling from stored data. A part with another shape, as in damaged bytes, is left out. */
export function handlingIn({ acknowledged, suppressed }: Readonly<Record<string, unknown>>): EventHandling {
  return {
    ...(isAcknowledgement(acknowledged) ? { acknowledged } : {}),
    ...(isSuppression(suppressed) ? { suppressed } : {}),
  };
}

/** Returns whether stored data has the shape of an acknowledgement: texts `by` and `note`, and a finite number `atMs`. */
export function isAcknowledgement(value: unknown): value is Acknowledgement {
  return isRecord(value) && typeof value['by'] === 'string' && Number.isFinite(value['atMs']) && typeof value['note'] === 'string';
}

function isSuppression(value: unknown): value is Suppression {
  if (!isRecord(value)) return false;
  const { maintenance, untilMs } = value;
  return typeof maintenance === 'string' && (untilMs === null || Number.isFinite(untilMs));
}

/**
 * Returns the id of an event without `:` and the start time at its end: this names its condition. Returns the id itself if it does not end
 * with these.
 */
export function conditionOf({ id, startMs }: { readonly id: string; readonly startMs: WallMs }): string {
  const end = `:${startMs}`;
  return id.endsWith(end) ? id.slice(0, -end.length) : id;
}
