/**
 * Births: what the metrics of a node and its devices are called, and the numbers (aliases) that stand for them in data. Pure.
 *
 * A store of an agent never gives the alias of one metric to another. So the aliases of an epoch only grow, and a message can be decoded
 * with the aliases of its own epoch in any order, on any worker. Source: docs/platform.md, "First contact", step 3.
 */
import { isTime } from './times.ts';
import type { MessageOrigin } from './topic.ts';
import type { HostMetric, HostPayload } from './wire.ts';

/**
 * One metric by its names: a series of readings, or a property if `isReading` is false for its name. `device` is empty for the node
 * itself. `datatype`: its Sparkplug type, 0 if unknown.
 */
export interface BornMetric {
  readonly device: string;
  readonly name: string;
  readonly datatype: number;
  /** The number of its series in the database; null for a property. */
  readonly series: number | null;
}

/**
 * A quantity that has readings; `device` is empty for one of the node itself. `unit`: empty without one. `datatype`: as `soundType`. `low`,
 * `high`: its plausible range; null where none is given. `talq`: its name in the TALQ data model; empty without one.
 */
export interface SeriesShape {
  readonly device: string;
  readonly quantity: string;
  readonly unit: string;
  readonly datatype: number;
  readonly low: number | null;
  readonly high: number | null;
  readonly talq: string;
}

/** What an NBIRTH says about the session that begins. Units: `bornMs` ms UTC, when it was sent, or else received. */
export interface SessionStart {
  /** The first 8 characters of the epoch, as in `Sync/Rows`; empty for a node that is not an agent of ours. */
  readonly epoch: string;
  /** `Sync/Cursor`: rows up to this one count as delivered; 0 for none. */
  readonly cursor: number;
  /** Number of the session, modulo 256; 0 if the birth has none. */
  readonly bdSeq: number;
  readonly bornMs: number;
  /** Whether the node packs its backlog for this host already. */
  readonly isPacked: boolean;
  /** Whether the birth has `Sync/Log`: the node sends its audit log. */
  readonly hasLog: boolean;
}

/** Source: docs/platform.md, "Rows": the length of an epoch in `Sync/Rows`. Units: characters. */
const EPOCH_LENGTH = 8;
/** The value of `Sync/Accept` with which a node packs its backlog. Source: docs/platform.md, "Packed backlog". */
export const PACKED_BACKLOG = 'segments/1';
/** An older NBIRTH that arrives late is younger than this; beyond it the clock of the node was set. Units: ms. Source: assumed; workers of one platform are seconds apart. Confirmed by: the lag of the workers under load. */
const LATE_BIRTH_MS = 60_000;

/** True if the metric's values arrive in rows: no slash in its name, and not `bdSeq`. Source: docs/platform.md, "First contact", step 4. */
export function isReading(name: string): boolean {
  return !name.includes('/') && name !== 'bdSeq';
}

/**
 * Reads the session of an NBIRTH. `receivedMs`: when it arrived; it becomes `bornMs` if the birth has no valid time of sending. A metric
 * that is missing gives an empty text, 0 or false. Units: ms UTC.
 */
export function readSession({ metrics, sentMs }: HostPayload, receivedMs: number): SessionStart {
  const find = (name: string): HostMetric | undefined => metrics.find((metric) => metric.name === name);
  const number = (name: string): number => {
    const value = find(name)?.value;
    return typeof value === 'number' ? value : 0;
  };
  const epoch = find('Sync/Epoch')?.value;
  return {
    epoch: typeof epoch === 'string' ? epoch.slice(0, EPOCH_LENGTH) : '',
    cursor: Math.max(0, number('Sync/Cursor')),
    bdSeq: number('bdSeq') % 256,
    bornMs: sentMs !== undefined && isTime(sentMs) ? sentMs : receivedMs,
    isPacked: find('Sync/Accept')?.value === PACKED_BACKLOG,
    hasLog: find('Sync/Log') !== undefined,
  };
}

/** The properties of a metric in a birth that are stored with its series. */
export const SERIES_PROPERTIES = ['engUnit', 'engLow', 'engHigh', 'talq'] as const;

/**
 * Returns the series that a birth declares: one for each metric whose name `isReading`, also if it has no value. `device`: empty for the
 * node. A property of the wrong type counts as absent.
 */
export function birthSeries({ device }: Pick<MessageOrigin, 'device'>, { metrics }: HostPayload): SeriesShape[] {
  return metrics.flatMap(({ name, datatype = 0, properties }) => {
    if (name === undefined || !isReading(name)) return [];
    const [unit, low, high, talq] = SERIES_PROPERTIES.map((key) => properties.get(key));
    const number = (value: unknown): number | null => (typeof value === 'number' ? value : null);
    const text = (value: unknown): string => (typeof value === 'string' ? value : '');
    return [
      { device, quantity: name, unit: text(unit), datatype: soundType(datatype), low: number(low), high: number(high), talq: text(talq) },
    ];
  });
}

/** The type as the standard numbers it, 0 for a number that it does not have. Source: Sparkplug 3.0 §6.4.16: 1 to 34. */
export function soundType(datatype: number): number {
  return datatype >= 0 && datatype <= 34 ? datatype : 0;
}

/**
 * Whether an NBIRTH replaces the known session; `knownMs` null: none is known. One that is older by up to a minute only arrived late, so it
 * does not. One that is older by more does: the clock of the node was set. Units: ms UTC.
 */
export function isNewerBirth(bornMs: number, knownMs: number | null): boolean {
  return knownMs === null || bornMs >= knownMs || knownMs - bornMs > LATE_BIRTH_MS;
}

/**
 * The epoch to which a device's birth belongs: that of the last NBIRTH sent before it. `sessions`: newest first. Empty before any NBIRTH.
 * If the birth is older than the newest NBIRTH by more than a minute, the clock of the node was set, and the newest epoch counts.
 *
 * Null for any other birth that is older than all `sessions`: its aliases must not mix with those of another store. Units: ms UTC.
 */
export function birthEpoch(sentMs: number, sessions: readonly { readonly epoch: string; readonly bornMs: number }[]): string | null {
  const [newest] = sessions;
  if (newest === undefined) return '';
  const isClockSet = newest.bornMs - sentMs > LATE_BIRTH_MS;
  return isClockSet ? newest.epoch : (sessions.find(({ bornMs }) => bornMs <= sentMs)?.epoch ?? null);
}
