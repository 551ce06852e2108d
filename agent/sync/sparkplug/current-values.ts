/**
 * The current value of every metric, for births and for the agent's own metrics.
 *
 * Stores the values of metrics without a point; values of points are read when a birth needs them.
 */
import type { Clock, MonoMs } from '../../core/clock.ts';
import type { UplinkValue } from '../../core/ports.ts';
import type { PointId, Reading } from '../../core/words.ts';
import {
  COMMAND_METRIC,
  CONFIG_METRIC,
  DEFAULT_EMERGENCY_MINUTES,
  DEFAULT_OVERRIDE_MINUTES,
  DEFAULT_PROGRAMME_MINUTES,
  DEFAULT_TRIAL_MINUTES,
  EMERGENCY_METRIC,
  IDENTIFY_METRIC,
  OVERRIDE_METRIC,
  PROGRAMME_METRIC,
  RELEASE_AT_METRIC,
  UPDATE_METRIC,
} from '../commands/command-metrics.ts';
import { type MetricEntry, type MetricTable, ROWS_METRIC } from './metric-table.ts';

/** The value of each while nothing is requested and nothing was sent; null for all others of the node, and for those of commands. */
const AT_REST: ReadonlyMap<string, UplinkValue['value']> = new Map<string, UplinkValue['value']>([
  ...[COMMAND_METRIC, EMERGENCY_METRIC, OVERRIDE_METRIC, PROGRAMME_METRIC]
    .flatMap(Object.values<string>)
    .map((name) => [name, null] as const),
  [EMERGENCY_METRIC.on, false],
  [EMERGENCY_METRIC.minutes, DEFAULT_EMERGENCY_MINUTES],
  [OVERRIDE_METRIC.minutes, DEFAULT_OVERRIDE_MINUTES],
  [OVERRIDE_METRIC.release, false],
  [PROGRAMME_METRIC.choice, ''],
  [PROGRAMME_METRIC.minutes, DEFAULT_PROGRAMME_MINUTES],
  [IDENTIFY_METRIC.seconds, 0],
  [RELEASE_AT_METRIC, ''],
  [CONFIG_METRIC.minutes, DEFAULT_TRIAL_MINUTES],
  [CONFIG_METRIC.confirm, 'auto'],
  [UPDATE_METRIC.force, false],
  [ROWS_METRIC, ''],
]);
/** Two values of a metric with the same time are separated by a millisecond, within this window. Units: ms. */
const TIE_WINDOW_MS = 1_000;

/** The current value of each metric. It stores those of metrics without a point. */
export type CurrentValues = ReturnType<typeof createCurrentValues>;

/**
 * Creates the table of current values, for births. A metric without a stored value or reading is null with quality `missing`. `latest`:
 * returns the newest reading of a point; undefined if there is none.
 */
export function createCurrentValues(
  table: Pick<MetricTable, 'node' | 'devices'>,
  clock: Pick<Clock, 'wallMs'>,
  latest: (pointId: PointId) => Reading | undefined,
) {
  const own = new Map<MetricEntry, UplinkValue>();
  for (const entry of [...table.node, ...[...table.devices.values()].flatMap(({ metrics }) => metrics)]) {
    if (entry.pointId !== null || !(entry.deviceId === null || AT_REST.has(entry.name))) continue;
    own.set(entry, { value: AT_REST.get(entry.name) ?? null, quality: 'good', atMs: clock.wallMs() });
  }
  /** Stores a value and returns it as it must be sent, even if it has not changed. */
  const put = (entry: MetricEntry, value: UplinkValue): UplinkValue => {
    const lastMs = own.get(entry)?.atMs ?? Number.NEGATIVE_INFINITY;
    const tied = value.atMs <= lastMs && lastMs - value.atMs < TIE_WINDOW_MS;
    const next = tied ? { ...value, atMs: lastMs + 1 } : value;
    own.set(entry, next);
    return next;
  };
  return {
    put,
    /** The current value of a metric, as a birth contains it. */
    get: (entry: MetricEntry): UplinkValue => {
      const known = entry.pointId === null ? own.get(entry) : latest(entry.pointId);
      const current: UplinkValue = known ?? { value: null, quality: 'missing', atMs: clock.wallMs() };
      // A transient metric returns to rest after its message: the resting value must not be older than the message (`…-dbirth-order`).
      return entry.isTransient ? { ...current, atMs: clock.wallMs() } : current;
    },
    /** When the current reading of a point was taken; undefined if there is none. */
    readMono: ({ pointId }: MetricEntry): MonoMs | undefined => (pointId === null ? undefined : latest(pointId)?.atMono),
    /** Stores a value if it or its quality has changed, and returns it as it must be sent; otherwise returns undefined. */
    set: (entry: MetricEntry, value: UplinkValue): UplinkValue | undefined => {
      const before = own.get(entry);
      if (before !== undefined && before.value === value.value && before.quality === value.quality) return undefined;
      return put(entry, value);
    },
  };
}
