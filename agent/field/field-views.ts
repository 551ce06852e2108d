/**
 * Lines, devices and points in the form that control, the console and the bus tools use.
 *
 * Pure.
 */
import type { CabinetPoint } from '../core/cabinet-points.ts';
import type { MonoMs } from '../core/clock.ts';
import type { LineCounters } from '../core/driver.ts';
import { serialOf } from '../core/line-port.ts';
import type { DeviceView, Field, LineView } from '../core/ports.ts';
import type { PointProfile } from '../core/profile.ts';
import type { PointView } from '../core/views.ts';
import type { PointId } from '../core/words.ts';
import type { BusToolsParts, RawLine } from './bus-tools/bus-tools.ts';
import { deadLineText, type LineRuntime } from './line-runtime.ts';
import { type Unit, unitState } from './units/unit.ts';

/** Returns a list with the Modbus line or DALI bus as the bus tools need it; empty for a line of raw bytes. */
export function busLine({ source, units, runner, supervisor }: LineRuntime): BusToolsParts['lines'][number][] {
  if (source.kind !== 'modbus' || runner === null) return [];
  const { config, line } = source;
  const [overruns, requestsOf] = [() => runner.overruns, (unit: Unit) => runner.requestsOf(unit)];
  return [{ config, line, units, runner, overruns, requestsOf, downReason: () => supervisor.reason }];
}

/** Returns a list with the line of raw bytes as the bus tools need it; empty for any other line. */
export function rawLine({ source, supervisor }: LineRuntime): RawLine[] {
  if (source.kind !== 'uart') return [];
  return [{ config: source.config, noiseBytes: () => source.driver.counters.noiseBytes, downReason: () => supervisor.reason }];
}

/**
 * Returns the state, load and counters of a line as the console shows them. `counters`: those of a line with units; null for a line of raw
 * bytes, of which only noise bytes are counted.
 */
export function lineView({ source, supervisor, load, runner }: LineRuntime, counters: LineCounters | null): LineView {
  const { config } = source;
  const isDead = runner?.isDead === true;
  return {
    id: config.id,
    kind: config.kind,
    port: config.port,
    state: supervisor.isDown ? 'down' : isDead ? 'reopening' : 'up',
    reason: supervisor.isDown || !isDead ? supervisor.reason : deadLineText(config.id, config.port, config.kind),
    baud: serialOf(config)?.baud ?? null,
    busyPct: load.busyPct(),
    transactions: counters?.transactions ?? 0,
    timeouts: counters?.timeouts ?? 0,
    crcErrors: (counters?.crcErrors ?? 0) + (counters?.truncated ?? 0),
    exceptions: counters?.exceptions ?? 0,
    lateReplies: counters?.lateReplies ?? 0,
    noiseBytes: counters?.noiseBytes ?? (source.kind === 'uart' ? source.driver.counters.noiseBytes : 0),
  };
}

/**
 * Returns the devices of a line with their state. `faults` is empty and `hasNoSupply` absent: both are added later. Units:
 * `turnaroundMs` is a mean in ms; null if unknown.
 */
export function deviceViews({ source, units, uart }: LineRuntime): DeviceView[] {
  const modbus = units.map((unit) => ({
    id: unit.device.id,
    line: source.config.id,
    unit: unit.device.unit,
    ...(source.config.kind === 'dali' ? { isShortAddress: true as const } : {}),
    profile: unit.device.profile,
    pole: unit.device.pole,
    state: unitState(unit),
    faults: [],
    lastSeenMs: unit.seenMs,
    turnaroundMs: unit.health.turnaroundMs === null ? null : Math.round(unit.health.turnaroundMs.mean * 10) / 10,
    failures: unit.health.failures,
    ...(unit.nameplate.texts.size === 0 ? {} : { nameplate: Object.fromEntries(unit.nameplate.texts) }),
  }));
  if (uart === null) return modbus;
  const base = { line: source.config.id, unit: 0, state: uart.state, faults: [], lastSeenMs: uart.seenMs, turnaroundMs: null, failures: 0 };
  return source.config.devices.map(({ id, profile, pole }) => ({ ...base, id, profile, pole }));
}

/**
 * Returns the newest value, quality and age of the points whose id contains `filter` in upper or lower case, without text points and
 * points with `poll: never`. Without a reading, value and age are null and the quality is `missing`. The value is also null where the
 * newest reading has none. Units: `ageS` in s.
 */
export function pointViews(
  points: ReadonlyMap<PointId, CabinetPoint>,
  field: Pick<Field, 'readings'>,
  { filter, nowMono }: { readonly filter: string; readonly nowMono: MonoMs },
): PointView[] {
  const text = filter.toLowerCase();
  const readings = new Map(field.readings().map((reading) => [reading.pointId, reading]));
  const wanted = [...points.values()].filter(({ pointId, profile }) => isShown(profile) && pointId.toLowerCase().includes(text));
  return wanted.map(({ pointId, profile: { unit, decimals } }) => {
    const reading = readings.get(pointId);
    const ageS = reading === undefined ? null : Math.max(0, Math.round((nowMono - reading.atMono) / 100) / 10);
    return { pointId, value: reading?.value ?? null, unit, decimals, quality: reading?.quality ?? 'missing', ageS };
  });
}

/** A text is shown with its panel; its value is a checksum. */
function isShown({ poll, type }: PointProfile): boolean {
  return poll !== 'never' && type !== 'text';
}
