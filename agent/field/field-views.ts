/**
 * Lines and devices as control, console and the tools of a line see them.
 *
 * Pure. Called by `field.ts`.
 */
import type { DeviceView, LineView } from '../core/ports.ts';
import type { BusLoad } from './bus-load.ts';
import type { BusToolsParts, RawLine } from './bus-tools.ts';
import type { FieldLine } from './field.ts';
import type { LineKeeper } from './line-keeper.ts';
import type { LineMemory } from './line-memory.ts';
import type { LineRunner } from './line-runner.ts';
import type { UartLine } from './uart-line.ts';
import { stateOf, type Unit } from './unit.ts';

/** A line at work with all its parts. */
export interface Runtime {
  readonly source: FieldLine;
  readonly keeper: LineKeeper;
  readonly load: BusLoad;
  readonly units: readonly Unit[];
  readonly runner: LineRunner | null;
  readonly memory: LineMemory | null;
  readonly uart: UartLine | null;
}

/** A line as the tools of a person at the cabinet need it; none for a line of raw bytes. */
export function busLine({ source, units, runner }: Runtime): BusToolsParts['lines'][number][] {
  if (source.kind !== 'modbus' || runner === null) return [];
  const { config, line } = source;
  return [{ config, line, units, runner, overruns: () => runner.overruns, requestsOf: (unit) => runner.requestsOf(unit) }];
}

export function rawLine({ source }: Runtime): RawLine[] {
  return source.kind === 'uart' ? [{ config: source.config, noiseBytes: () => source.driver.counters.noiseBytes }] : [];
}

export function lineView({ source, keeper, load }: Runtime): LineView {
  const { config } = source;
  const counters = source.kind === 'modbus' ? source.line.counters : null;
  return {
    id: config.id,
    kind: source.kind,
    port: config.port,
    state: keeper.reason === '' ? 'up' : 'down',
    reason: keeper.reason,
    baud: config.serial.baud,
    busyPct: load.busyPct(),
    transactions: counters?.transactions ?? 0,
    timeouts: counters?.timeouts ?? 0,
    crcErrors: counters?.crcErrors ?? 0,
    exceptions: counters?.exceptions ?? 0,
    lateReplies: counters?.lateReplies ?? 0,
    noiseBytes: counters?.noiseBytes ?? (source.kind === 'uart' ? source.driver.counters.noiseBytes : 0),
  };
}

export function deviceViews({ source, units, uart }: Runtime): DeviceView[] {
  const modbus = units.map((unit) => ({
    id: unit.device.id,
    line: source.config.id,
    unit: unit.device.unit,
    profile: unit.device.profile,
    pole: unit.device.pole,
    state: stateOf(unit),
    lastSeenMs: unit.seenMs,
    turnaroundMs: unit.health.turnaroundMs === null ? null : Math.round(unit.health.turnaroundMs.mean * 10) / 10,
    failures: unit.health.failures,
  }));
  if (uart === null) return modbus;
  const base = { line: source.config.id, unit: 0, state: uart.state, lastSeenMs: uart.seenMs, turnaroundMs: null, failures: 0 };
  return source.config.devices.map(({ id, profile, pole }) => ({ ...base, id, profile, pole }));
}
