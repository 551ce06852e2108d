/**
 * The lines of the cabinet as one: readings out, writes in.
 *
 * Owns what was last read. Never decides about light, never opens a port itself. Called by `app.ts` and, through ports, by control.
 */
import type { LineConfig } from '../core/cabinet.ts';
import { type Clock, every, type Timer } from '../core/clock.ts';
import type { BytePort, ModbusDriver, ModbusLine, UartDriver } from '../core/driver.ts';
import { createEventBook } from '../core/event-book.ts';
import type { DeviceView, Field, LineView, Log, WriteResult } from '../core/ports.ts';
import type { AgentEvent, PointId, Reading } from '../core/words.ts';
import { type BusLoad, createBusLoad } from './bus-load.ts';
import { createBusTools } from './bus-tools.ts';
import { createLineKeeper, type LineKeeper } from './line-keeper.ts';
import { createLineRunner, type LineRunner } from './line-runner.ts';
import { POLL_PERIOD_MS } from './poll-plan.ts';
import { createUartLine, type UartLine } from './uart-line.ts';
import { createUnit, type SetupValues, stateOf, type Unit } from './unit.ts';

/** A reading is stale when it is older than this many periods. Source: assumed; two lost polls in a row are noise. */
const STALE_PERIODS = 3;
/** How often the bus load is looked at. Units: ms. */
const LOAD_SAMPLE_MS = 5_000;

/** One line with its drivers, as `app.ts` has put it together. */
export type FieldLine =
  | {
      readonly kind: 'modbus';
      readonly config: LineConfig;
      readonly line: ModbusLine;
      readonly driverOf: (deviceId: string) => ModbusDriver;
      /** Caps a poll so that an urgent write need not wait longer than the latency budget. Units: registers. */
      readonly maxRegisters: number;
    }
  | { readonly kind: 'uart'; readonly config: LineConfig; readonly port: BytePort; readonly driver: UartDriver };

export interface FieldOptions {
  readonly lines: readonly FieldLine[];
  readonly clock: Clock;
  readonly log: Log;
  /** Set-up values of a device, from the policy of its zone. */
  readonly setupValuesOf: (deviceId: string) => SetupValues;
  readonly random: () => number;
  readonly periodsMs?: typeof POLL_PERIOD_MS;
  readonly onReadings: (readings: readonly Reading[]) => void;
  readonly onAlive: (deviceId: string, alive: boolean) => void;
  readonly onEvent: (event: AgentEvent) => void;
}

interface Runtime {
  readonly source: FieldLine;
  readonly keeper: LineKeeper;
  readonly load: BusLoad;
  readonly units: readonly Unit[];
  readonly runner: LineRunner | null;
  readonly uart: UartLine | null;
}

export function createField(options: FieldOptions): Field {
  const { lines, clock, onReadings, onEvent, periodsMs = POLL_PERIOD_MS } = options;
  const events = createEventBook(clock, onEvent);
  const latest = new Map<PointId, Reading>();
  const staleMs = new Map<PointId, number>();
  const note = (readings: readonly Reading[]): void => {
    for (const reading of readings) latest.set(reading.pointId, reading);
    onReadings(readings);
  };
  const runtimes = lines.map((source): Runtime => (source.kind === 'modbus' ? modbusRuntime(source) : uartRuntime(source)));
  let sampler: Timer | undefined;

  return {
    async start() {
      sampler ??= every(clock, LOAD_SAMPLE_MS, sample);
      sample();
      await Promise.all(runtimes.map(({ keeper }) => keeper.start()));
    },
    async stop() {
      sampler?.cancel();
      sampler = undefined;
      for (const { runner, uart } of runtimes) {
        runner?.stop();
        uart?.stop();
      }
      await Promise.all(runtimes.map(({ keeper }) => keeper.stop()));
    },
    write(write) {
      const dot = write.pointId.indexOf('.');
      const [deviceId, quantity] = [write.pointId.slice(0, dot), write.pointId.slice(dot + 1)];
      for (const { runner, units } of runtimes) {
        const unit = units.find(({ device }) => device.id === deviceId);
        if (unit !== undefined && runner !== null) return runner.write(write, unit, quantity);
      }
      return Promise.resolve<WriteResult>({ state: 'failed', reason: `no device ${deviceId} on any line`, sentMono: null });
    },
    latest: (pointId) => aged(latest.get(pointId)),
    readings: () => [...latest.values()].map((reading) => aged(reading) as Reading),
    lines: () => runtimes.map(lineView),
    devices: () => runtimes.flatMap(deviceViews),
    bus: createBusTools(),
  };

  function modbusRuntime(source: FieldLine & { kind: 'modbus' }): Runtime {
    const { config, line, driverOf, maxRegisters } = source;
    const units = config.devices.map((device) =>
      createUnit({ device, driver: driverOf(device.id), maxRegisters, setupValues: options.setupValuesOf(device.id) }),
    );
    for (const { device, plan } of units) {
      for (const block of plan)
        for (const quantity of block.quantities) staleMs.set(`${device.id}.${quantity}`, STALE_PERIODS * periodsMs[block.poll] + 1_000);
    }
    const runner = createLineRunner({ ...options, lineId: config.id, line, units, events, periodsMs, onReadings: note });
    const onUp = (): void => {
      runner.start();
      runner.up();
    };
    const keeper = createLineKeeper({ ...options, lineId: config.id, port: line, events, onUp });
    line.onLost = (cause) => {
      runner.lost();
      keeper.lost(cause);
    };
    return { source, keeper, load: createBusLoad(), units, runner, uart: null };
  }

  function uartRuntime(source: FieldLine & { kind: 'uart' }): Runtime {
    const { config, port, driver } = source;
    const [device] = config.devices;
    if (device === undefined) throw new TypeError(`line ${config.id} has no device`);
    for (const { id } of driver.profile.points) staleMs.set(`${device.id}.${id}`, driver.silenceMs);
    const uart = createUartLine({ ...options, device, driver, port, events, onReadings: note });
    const keeper = createLineKeeper({ ...options, lineId: config.id, port, events, onUp: () => uart.start() });
    port.onLost = (cause) => {
      uart.lost();
      keeper.lost(cause);
    };
    return { source, keeper, load: createBusLoad(), units: [], runner: null, uart };
  }

  function sample(): void {
    for (const { source, load } of runtimes) if (source.kind === 'modbus') load.sample(clock.monoMs(), source.line.counters.busyMs);
  }

  function aged(reading: Reading | undefined): Reading | undefined {
    if (reading?.quality !== 'good') return reading;
    const limitMs = staleMs.get(reading.pointId) ?? Number.POSITIVE_INFINITY;
    return clock.monoMs() - reading.atMono > limitMs ? { ...reading, quality: 'stale' } : reading;
  }
}

function lineView({ source, keeper, load }: Runtime): LineView {
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

function deviceViews({ source, units, uart }: Runtime): DeviceView[] {
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
