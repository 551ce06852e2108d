/** A line with simulated units and its bus tools. */
import type { Test } from 'tap';
import type { ScanRequest } from '../../../../agent/core/bus-tools.ts';
import type { SerialSettings } from '../../../../agent/core/cabinet.ts';
import { createManualClock, type ManualClock } from '../../../../agent/core/manual-clock.ts';
import type { Field } from '../../../../agent/core/ports.ts';
import type { Profile, Table } from '../../../../agent/core/profile.ts';
import type { AgentEvent } from '../../../../agent/core/words.ts';
import { createField } from '../../../../agent/field/field.ts';
import { createModbusDriver } from '../../../../drivers/modbus/modbus-driver.ts';
import { createModbusLine } from '../../../../drivers/modbus/modbus-line.ts';
import { createRandom } from '../../../street/random.ts';
import { SimLine } from '../../../street/sim-line.ts';
import { ILLEGAL_ADDRESS, type SimUnit } from '../../../street/units/sim-unit.ts';
import { createWire } from '../../../street/wire.ts';
import { testDevice, testLine, testPoint, testProfile, writable } from '../../../support/profiles.ts';

export const AT_9600: SerialSettings = { baud: 9_600, parity: 'none', stopBits: 2, dataBits: 8 };

export const SCANNED_LAMP = testProfile('lamp', [
  testPoint('level', { semantic: 'level', table: 'holding', range: [0, 100], unit: '%', write: writable({ settleMs: 40 }) }),
  testPoint('temperature', { address: 10, poll: 'slow', unit: '°C' }),
]);

const SENSOR = testProfile('sensor', [testPoint('motion', { semantic: 'presence', address: 280, poll: 'fast' })]);

/** A shipped device type that is not in the cabinet; `WB` names it. */
const METER = testProfile('meter', [testPoint('power')], {
  identify: [{ table: 'holding', address: 200, count: 2, oneOf: [], text: 'WB', strength: 'strong' }],
});

export interface Registers extends SimUnit {
  turnaroundMs: number;
  readonly values: Map<string, number>;
  readonly writes: string[];
}

/**
 * A unit that can read the registers given (`table:address`, value) and those written; without `given` all, 0 at first.
 *
 * All writes succeed and are listed in `writes`.
 */
export function registers(turnaroundMs: number, given?: readonly (readonly [string, number])[]): Registers {
  const values = new Map(given);
  const writes: string[] = [];
  const has = (table: Table, address: number): boolean => given === undefined || values.has(`${table}:${address}`);
  return {
    turnaroundMs,
    values,
    writes,
    read(table, address, count) {
      const all = Array.from({ length: count }, (_, i) => address + i);
      return all.every((each) => has(table, each)) ? all.map((each) => values.get(`${table}:${each}`) ?? 0) : ILLEGAL_ADDRESS;
    },
    write(table, address, written) {
      writes.push(`${table}:${address}=${written}`);
      for (const [i, value] of written.entries()) values.set(`${table}:${address + i}`, value);
      return undefined;
    },
  };
}

interface Rig {
  readonly clock: ManualClock;
  readonly field: Field;
  readonly sim: SimLine;
  readonly units: ReadonlyMap<number, Registers>;
  readonly events: readonly AgentEvent[];
  /** Let time run until it is settled. */
  settled<T>(pending: Promise<T>): Promise<T>;
}

interface RigOptions {
  readonly lamps?: number;
  readonly sensors?: number;
  readonly unknownUnits?: ReadonlyMap<number, Registers>;
  readonly serial?: SerialSettings;
  readonly port?: string;
  readonly lampProfile?: Profile;
  /** Addresses that two units share: their answers hit each other. */
  readonly shared?: readonly number[];
  /** Units that speak otherwise. */
  readonly elsewhere?: { readonly serial: SerialSettings; readonly units: ReadonlyMap<number, Registers> };
  readonly latencyMs?: number;
  /** Bytes that arrive together. */
  readonly chunkBytes?: number;
}

/** Resolves once the field runs; it is stopped after the test. `clock` advances only by the test. */
export async function rigWith(t: Test, options: RigOptions): Promise<Rig> {
  const {
    lamps = 0,
    sensors = 0,
    chunkBytes = 2,
    unknownUnits = new Map(),
    serial = AT_9600,
    port = '/dev/north',
    lampProfile = SCANNED_LAMP,
    shared = [],
    elsewhere,
  } = options;
  const clock = createManualClock(Date.parse('2026-01-15T22:00:00Z'));
  const devices = [
    ...Array.from({ length: lamps }, (_, i) => testDevice(`L${i + 1}`, { unit: i + 1, profile: lampProfile.id })),
    ...Array.from({ length: sensors }, (_, i) => testDevice(`S${i + 1}`, { unit: lamps + i + 1, profile: 'sensor' })),
  ];
  const units = new Map<number, Registers>([...devices.map(({ unit }): [number, Registers] => [unit, registers(4)]), ...unknownUnits]);
  const sim = new SimLine({ serial, clock, units, chunkBytes });
  const home = createWire((bytes) => {
    if (shared.includes(bytes[0] as number)) sim.corruptNext(bytes[0] as number);
    sim.receive(bytes);
  });
  sim.end = home.end;
  const portFor = (at: SerialSettings) => {
    const isThere = at.baud === elsewhere?.serial.baud && at.parity === elsewhere.serial.parity;
    const other = new SimLine({ serial: at, clock, units: isThere ? elsewhere.units : new Map(), chunkBytes });
    const wire = createWire((bytes) => other.receive(bytes));
    other.end = wire.end;
    return wire.port;
  };
  const events: AgentEvent[] = [];
  const field = createField({
    lines: [
      {
        kind: 'modbus',
        config: testLine('north', devices, { port, serial }),
        line: createModbusLine({ port: home.port, serial, clock, portFor, isNetwork: port.includes('://') }),
        driverOf: (id) => createModbusDriver(id.startsWith('L') ? lampProfile : SENSOR),
      },
    ],
    clock,
    log: { event: () => {} },
    setupValuesOf: () => ({ rampUpMs: 1_500, rampDownMs: 5_000, failsafeTimeoutS: 60, failsafeLevelPct: 70 }),
    random: createRandom(3),
    profiles: () => [METER],
    adapterLatencyMs: () => options.latencyMs ?? null,
    onReadings: () => {},
    onAlive: () => {},
    onEvent: (event) => events.push(event),
  });
  t.teardown(() => field.stop());
  await field.start();
  return { clock, field, sim, units, events, settled: (pending) => settled(clock, pending) };
}

async function settled<T>(clock: ManualClock, pending: Promise<T>): Promise<T> {
  let isSettled = false;
  const end = (): void => {
    isSettled = true;
  };
  pending.then(end, end);
  for (let i = 0; i < 120_000 && !isSettled; i++) await clock.advance(5);
  if (!isSettled) throw new Error('not settled in 10 minutes');
  return pending;
}

export const SCAN: ScanRequest = { line: 'north', from: 1, to: 247, autoBaud: false, waitMs: null };
