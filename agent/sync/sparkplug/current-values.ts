/**
 * The present value of every metric, for births and for the agent's own metrics.
 *
 * Stores the values of metrics without a point; values of points are read when a birth needs them.
 */
import type { Clock } from '../../core/clock.ts';
import type { UplinkValue } from '../../core/ports.ts';
import type { PointId, Reading } from '../../core/words.ts';
import { AT_REST } from '../commands/command-metrics.ts';
import { type MetricEntry, type MetricTable, OVERRIDE_METRIC, ROWS_METRIC } from './metric-table.ts';

export interface CurrentValues {
  get(entry: MetricEntry): UplinkValue;
  /** Stores a value. Returns it as it must be sent, or undefined when it has not changed. */
  set(entry: MetricEntry, value: UplinkValue): UplinkValue | undefined;
  /** Stores a value and returns it to be sent, even when it has not changed: an answer. */
  put(entry: MetricEntry, value: UplinkValue): UplinkValue;
}

/** Duration of an override when the platform gives none. Units: min. Source: design §6, "2 h unless said". */
export const DEFAULT_OVERRIDE_MINUTES = 120;
/** Two values of a metric with the same time are separated by a millisecond, within this window. Units: ms. */
const TIE_WINDOW_MS = 1_000;

/** All metrics at their resting values: no override, nothing read. */
export function createCurrentValues({
  table,
  clock,
  latest,
}: {
  readonly table: MetricTable;
  readonly clock: Clock;
  readonly latest: (pointId: PointId) => Reading | undefined;
}): CurrentValues {
  const own = new Map<MetricEntry, UplinkValue>();
  const begin = (entry: MetricEntry | undefined, value: UplinkValue['value']): void => {
    if (entry !== undefined) own.set(entry, { value, quality: 'good', atMs: clock.wallMs() });
  };
  for (const entry of table.node) begin(entry, entry.name === ROWS_METRIC ? '' : null);
  for (const device of table.devices.values()) {
    begin(device.byName.get(ROWS_METRIC), '');
    const rest = (name: string, value: UplinkValue['value']): void => {
      const entry = device.byName.get(name);
      if (entry !== undefined && device.target !== null) own.set(entry, { value, quality: 'good', atMs: clock.wallMs() });
    };
    for (const name of Object.values(OVERRIDE_METRIC)) rest(name, null);
    rest(OVERRIDE_METRIC.minutes, DEFAULT_OVERRIDE_MINUTES);
    rest(OVERRIDE_METRIC.release, false);
  }
  for (const entry of [...table.node, ...[...table.devices.values()].flatMap(({ metrics }) => metrics)]) {
    const value = AT_REST.get(entry.name);
    if (value !== undefined && entry.pointId === null) own.set(entry, { value, quality: 'good', atMs: clock.wallMs() });
  }
  const put = (entry: MetricEntry, value: UplinkValue): UplinkValue => {
    const lastMs = own.get(entry)?.atMs ?? Number.NEGATIVE_INFINITY;
    const tied = value.atMs <= lastMs && lastMs - value.atMs < TIE_WINDOW_MS;
    const next = tied ? { ...value, atMs: lastMs + 1 } : value;
    own.set(entry, next);
    return next;
  };
  return {
    put,
    get: (entry) => {
      const known = entry.pointId === null ? own.get(entry) : latest(entry.pointId);
      const current = known ?? { value: null, quality: 'missing', atMs: clock.wallMs() };
      // A transient metric is at rest again after its message: its rest must not be older than the message (`…-dbirth-order`).
      return entry.isTransient ? { ...current, atMs: clock.wallMs() } : current;
    },
    set: (entry, value) => {
      const before = own.get(entry);
      if (before !== undefined && before.value === value.value && before.quality === value.quality) return undefined;
      return put(entry, value);
    },
  };
}
