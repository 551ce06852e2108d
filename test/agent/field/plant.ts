/**
 * A field module on one simulated line with test units, whose values, refusals and replies a test can change.
 *
 * Drivers are the real ones, the wire is simulated; only the device types are invented.
 */
import type { SerialSettings } from '../../../agent/core/cabinet.ts';
import type { BytePort, ModbusDriver, ModbusLine } from '../../../agent/core/driver.ts';
import { createManualClock, type ManualClock } from '../../../agent/core/manual-clock.ts';
import type { Field, WriteResult } from '../../../agent/core/ports.ts';
import type { Profile, Table } from '../../../agent/core/profile.ts';
import type { AgentEvent, Reading } from '../../../agent/core/words.ts';
import { createField, type FieldOptions } from '../../../agent/field/field.ts';
import { POLL_PERIOD_MS } from '../../../agent/field/polls/poll-plan.ts';
import { createModbusDriver } from '../../../drivers/modbus/modbus-driver.ts';
import { createModbusLine } from '../../../drivers/modbus/modbus-line.ts';
import { createRandom } from '../../street/random.ts';
import { SimLine } from '../../street/sim-line.ts';
import type { SimUnit } from '../../street/units/sim-unit.ts';
import { createWire } from '../../street/wire.ts';
import { SERIAL_8N2, testDevice, testLine, testPoint, testProfile, writable } from '../../support/profiles.ts';

export const PLANT_SERIAL = SERIAL_8N2;
/** Default wall time at which a plant starts. */
export const PLANT_START_MS = Date.parse('2026-01-15T22:00:00Z');

export { testPoint as point, testProfile as profile };

/** Level at holding 0; temperature, load and fault at input 10 to 12; two set-up registers. */
export const LAMP = testProfile(
  'lamp',
  [
    testPoint('level', {
      semantic: 'level',
      table: 'holding',
      invalid: [0xffff],
      range: [0, 100],
      write: writable({ settleMs: 40 }),
    }),
    testPoint('temperature', { address: 10, poll: 'slow' }),
    testPoint('load', { address: 11, poll: 'slow' }),
    testPoint('fault', { address: 12, poll: 'slow' }),
  ],
  {
    setup: [
      { table: 'holding', address: 100, value: 7, why: 'a fixed value' },
      { table: 'holding', address: 101, value: 'rampUpMs', why: 'a value of the site' },
    ],
  },
);
export const SENSOR = testProfile('sensor', [testPoint('motion', { semantic: 'presence', address: 280, poll: 'fast' })]);

/** A test unit. By default all registers exist and contain 0. */
export interface TestUnit extends SimUnit {
  turnaroundMs: number;
  /** Keys are `table:address`. */
  readonly registers: Map<string, number>;
  /** Exception codes for registers it refuses, to read or to write. Keys are `table:address`. */
  readonly refusals: Map<string, number>;
  /** All requests, oldest first: `read holding:0+2`, `write holding:0=40`. */
  readonly asked: { readonly atMono: number; readonly what: string }[];
  /** Acknowledges writes without executing them. */
  deaf: boolean;
}

function testUnit(clock: ManualClock, turnaroundMs = 3): TestUnit {
  const registers = new Map<string, number>();
  const refusals = new Map<string, number>();
  const asked: { atMono: number; what: string }[] = [];
  const refusalOf = (table: Table, address: number, count: number): { exception: number } | undefined => {
    for (let i = 0; i < count; i++) {
      const exception = refusals.get(`${table}:${address + i}`);
      if (exception !== undefined) return { exception };
    }
    return undefined;
  };
  const unit: TestUnit = {
    turnaroundMs,
    registers,
    refusals,
    asked,
    deaf: false,
    read(table, address, count) {
      asked.push({ atMono: clock.monoMs(), what: `read ${table}:${address}+${count}` });
      return refusalOf(table, address, count) ?? Array.from({ length: count }, (_, i) => registers.get(`${table}:${address + i}`) ?? 0);
    },
    write(table, address, values) {
      asked.push({ atMono: clock.monoMs(), what: `write ${table}:${address}=${values}` });
      const refusal = refusalOf(table, address, values.length);
      if (refusal !== undefined) return refusal;
      if (!unit.deaf) for (const [i, value] of values.entries()) registers.set(`${table}:${address + i}`, value);
      return undefined;
    },
  };
  return unit;
}

export interface PlantOptions {
  /** Devices by id, each with its own profile; units count from 1. */
  readonly devices: Readonly<Record<string, Profile>>;
  readonly serial?: SerialSettings;
  readonly periodsMs?: typeof POLL_PERIOD_MS;
  readonly memory?: NonNullable<FieldOptions['memory']>;
  /** Wall time at the start. */
  readonly startMs?: number;
  /** Ramp of its zone. Units: ms. */
  readonly rampUpMs?: number;
  readonly broadcast?: boolean;
}

export interface WriteOptions {
  readonly lane?: 'urgent' | 'command';
  readonly ttlMs?: number;
  readonly quantity?: string;
  readonly onSent?: (sentMono: number) => void;
}

/** What the field has reported. */
interface PlantRecord {
  readonly readings: Reading[];
  readonly events: AgentEvent[];
  /** `L1 up`, `L1 down`, in order. */
  readonly alive: string[];
  readonly log: { readonly name: string; readonly fields: Readonly<Record<string, unknown>> }[];
}

export interface Plant extends PlantRecord {
  readonly clock: ManualClock;
  readonly field: Field;
  readonly sim: SimLine;
  /** The agent's end of the cable. */
  readonly port: BytePort;
  readonly units: ReadonlyMap<string, TestUnit>;
  unit(deviceId: string): TestUnit;
  addressOf(deviceId: string): number;
  /** Removes the line and adds it again, as when its settings change. */
  reopen(): Promise<void>;
  write(deviceId: string, levelPct: number, over?: WriteOptions): Promise<WriteResult>;
  /** Requests of a device since this time. */
  askedSince(deviceId: string, mono: number): string[];
}

/** `field` is not started, and the caller stops it. */
export function createPlant({
  devices,
  serial = PLANT_SERIAL,
  periodsMs = POLL_PERIOD_MS,
  memory,
  startMs = PLANT_START_MS,
  rampUpMs = 1_500,
  broadcast = true,
}: PlantOptions): Plant {
  const clock = createManualClock(startMs);
  const ids = Object.keys(devices);
  const units = new Map(ids.map((id) => [id, testUnit(clock)]));
  const sim = new SimLine({ serial, clock, units: new Map(ids.map((id, i) => [i + 1, units.get(id) as TestUnit])) });
  const wire = createWire((bytes) => sim.receive(bytes));
  sim.end = wire.end;
  const record: PlantRecord = { readings: [], events: [], alive: [], log: [] };
  const lineAnew = (): FieldOptions['lines'][number] =>
    fieldLineOf(devices, { serial, broadcast, line: createModbusLine({ port: wire.port, serial, clock }) });
  const field = createField({
    lines: [lineAnew()],
    clock,
    setupValuesOf: () => ({ rampUpMs, rampDownMs: 5_000, failsafeTimeoutS: 60, failsafeLevelPct: 70 }),
    random: createRandom(3),
    ...(memory === undefined ? {} : { memory }),
    periodsMs,
    ...listenersOf(record),
  });
  let commands = 0;
  const unit = (id: string): TestUnit => units.get(id) as TestUnit;
  return {
    ...record,
    clock,
    field,
    sim,
    port: wire.port,
    units,
    unit,
    addressOf: (id) => ids.indexOf(id) + 1,
    reopen: () => field.exchange({ gone: ['north'], come: [lineAnew()], order: ['north'] }),
    write: (id, levelPct, { lane = 'urgent', ttlMs = 5_000, quantity = 'level', onSent = () => {} } = {}) =>
      field.write({
        commandId: `c${commands++}`,
        lampId: id,
        pointId: `${id}.${quantity}`,
        levelPct,
        lane,
        expiresMono: clock.monoMs() + ttlMs,
        onSent,
      }),
    askedSince: (id, mono) => unit(id).asked.flatMap(({ atMono, what }) => (atMono >= mono ? [what] : [])),
  };
}

function fieldLineOf(
  devices: PlantOptions['devices'],
  { serial, broadcast, line }: { readonly serial: SerialSettings; readonly broadcast: boolean; readonly line: ModbusLine },
): FieldOptions['lines'][number] {
  const drivers = new Map(Object.entries(devices).map(([id, profile]) => [id, createModbusDriver(profile)]));
  const units = Object.entries(devices).map(([id, { id: profile }], i) => testDevice(id, { unit: i + 1, profile }));
  return {
    kind: 'modbus',
    config: testLine('north', units, { port: '/dev/north', serial, broadcast }),
    line,
    driverOf: (id) => drivers.get(id) as ModbusDriver,
  };
}

function listenersOf({ readings, events, alive, log }: PlantRecord) {
  return {
    log: { event: (name: string, fields: Readonly<Record<string, unknown>> = {}) => void log.push({ name, fields }) },
    onReadings: (more: readonly Reading[]) => void readings.push(...more),
    onAlive: (id: string, isAlive: boolean) => void alive.push(`${id} ${isAlive ? 'up' : 'down'}`),
    onEvent: (event: AgentEvent) => void events.push(event),
  };
}
