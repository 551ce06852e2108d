/**
 * Lines and devices as control, console and the tools of a line see them.
 *
 * Pure.
 */
import type { LineCounters } from '../core/driver.ts';
import { serialOf } from '../core/line-port.ts';
import type { DeviceView, LineView } from '../core/ports.ts';
import { isNetwork } from './bus-tools/bus-bounds.ts';
import type { BusToolsParts, RawLine } from './bus-tools/bus-tools.ts';
import type { LineMemory } from './line/line-memory.ts';
import type { LineRunner } from './line/line-runner.ts';
import type { PortSupervisor } from './line/port-supervisor.ts';
import type { FieldLine } from './line-from-config.ts';
import type { BusLoad } from './stats/bus-load.ts';
import type { UartLine } from './uart/uart-line.ts';
import { type Unit, unitState } from './units/unit.ts';

/** A line at work with all its parts. */
export interface LineRuntime {
  readonly source: FieldLine;
  readonly keeper: PortSupervisor;
  readonly load: BusLoad;
  readonly units: readonly Unit[];
  readonly runner: LineRunner | null;
  readonly memory: LineMemory | null;
  readonly uart: UartLine | null;
}

/** A line as the tools of a person at the cabinet need it; none for a line of raw bytes. */
export function busLine({ source, units, runner, keeper }: LineRuntime): BusToolsParts['lines'][number][] {
  if (source.kind !== 'modbus' || runner === null) return [];
  const { config, line } = source;
  const [overruns, requestsOf] = [() => runner.overruns, (unit: Unit) => runner.requestsOf(unit)];
  return [{ config, line, units, runner, overruns, requestsOf, downReason: () => keeper.reason }];
}

export function rawLine({ source, keeper }: LineRuntime): RawLine[] {
  if (source.kind !== 'uart') return [];
  return [{ config: source.config, noiseBytes: () => source.driver.counters.noiseBytes, downReason: () => keeper.reason }];
}

/** `counters` are those of a Modbus line, without what the console caused. */
export function lineView({ source, keeper, load, runner }: LineRuntime, counters: LineCounters | null): LineView {
  const { config } = source;
  const isDead = runner?.isDead === true;
  return {
    id: config.id,
    kind: source.kind,
    port: config.port,
    state: keeper.reason !== '' ? 'down' : isDead ? 'reopening' : 'up',
    reason: keeper.reason !== '' || !isDead ? keeper.reason : deadLineText(config.id, config.port),
    baud: serialOf(config)?.baud ?? null,
    busyPct: load.busyPct(),
    transactions: counters?.transactions ?? 0,
    timeouts: counters?.timeouts ?? 0,
    crcErrors: counters?.crcErrors ?? 0,
    exceptions: counters?.exceptions ?? 0,
    lateReplies: counters?.lateReplies ?? 0,
    noiseBytes: counters?.noiseBytes ?? (source.kind === 'uart' ? source.driver.counters.noiseBytes : 0),
  };
}

/** What is said of a line none of whose units answers any more; without its port, what is true of any. */
export function deadLineText(lineId: string, port?: string): string {
  const wire = port === undefined ? 'its wires and what its port leads to' : 'wires A and B, the adapter';
  const where = port !== undefined && isNetwork(port) ? 'the gateway, its address and what is behind it' : `its supply, ${wire}`;
  return `no unit on line ${lineId} answers; check ${where} (its port is reopened now and then)`;
}

export function deviceViews({ source, units, uart }: LineRuntime): DeviceView[] {
  const modbus = units.map((unit) => ({
    id: unit.device.id,
    line: source.config.id,
    unit: unit.device.unit,
    profile: unit.device.profile,
    pole: unit.device.pole,
    state: unitState(unit),
    faults: [],
    lastSeenMs: unit.seenMs,
    turnaroundMs: unit.health.turnaroundMs === null ? null : Math.round(unit.health.turnaroundMs.mean * 10) / 10,
    failures: unit.health.failures,
  }));
  if (uart === null) return modbus;
  const base = { line: source.config.id, unit: 0, state: uart.state, faults: [], lastSeenMs: uart.seenMs, turnaroundMs: null, failures: 0 };
  return source.config.devices.map(({ id, profile, pole }) => ({ ...base, id, profile, pole }));
}
