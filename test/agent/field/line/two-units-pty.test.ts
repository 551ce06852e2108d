import { setTimeout as wait } from 'node:timers/promises';
import t, { type Test } from 'tap';
import type { SerialSettings } from '../../../../agent/core/cabinet.ts';
import type { ModbusDriver } from '../../../../agent/core/driver.ts';
import { createSystemClock } from '../../../../agent/core/system-clock.ts';
import { createField } from '../../../../agent/field/field.ts';
import { POLL_PERIOD_MS } from '../../../../agent/field/polls/poll-plan.ts';
import { createModbusDriver } from '../../../../drivers/modbus/modbus-driver.ts';
import { createModbusLine } from '../../../../drivers/modbus/modbus-line.ts';
import { createSerialPort } from '../../../../drivers/serial-port.ts';
import { createPtyCable } from '../../../street/pty.ts';
import { SimLine } from '../../../street/sim-line.ts';
import type { SimUnit } from '../../../street/units/sim-unit.ts';
import { testDevice, testLine } from '../../../support/profiles.ts';
import { LAMP } from '../plant.ts';
import { MULTISENSOR, type Trouble, trouble, twice, underUnit } from './troubles.ts';

const SERIAL: SerialSettings = { baud: 19_200, parity: 'none', stopBits: 2, dataBits: 8 };
const SENSOR_UNIT = 5;
/** Limit for a detection: it takes 2.5 s on a quiet machine, longer on a busy one. Units: ms. */
const SEEN_WITHIN_MS = 20_000;
/** Further time for each ms in which the machine did not run this process: its replies come late then, and late replies are doubted. */
const PER_LATE_MS = 10;

function registers(): SimUnit & { readonly held: Map<string, number> } {
  const held = new Map<string, number>();
  return {
    held,
    turnaroundMs: 3,
    read: (table, address, count) => Array.from({ length: count }, (_, i) => held.get(`${table}:${address + i}`) ?? 0),
    write: (table, address, values) => {
      for (const [i, value] of values.entries()) held.set(`${table}:${address + i}`, value);
      return undefined;
    },
  };
}

t.jobs = 2;

for (const [name, what] of [
  ['to which two units answer', twice(20)],
  ['that replies under another number', underUnit(() => 3, 0)],
] as const)
  t.test(`through a pseudo-terminal, a lamp ${name} does not blind a sensor`, (t) => seenOnPty(t, what));

async function seenOnPty(t: Test, what: Trouble): Promise<void> {
  const clock = createSystemClock({ quality: () => 'synced' });
  const units = new Map(Array.from({ length: SENSOR_UNIT }, (_, i) => [i + 1, registers()]));
  const sim = new SimLine({ serial: SERIAL, clock, units });
  const cable = createPtyCable((bytes) => sim.receive(bytes));
  sim.end = cable.end;
  const profileOf = (id: string) => (id === 'S1' ? MULTISENSOR : LAMP);
  const devices = ['L1', 'L2', 'L3', 'L4', 'S1'].map((id, i) => testDevice(id, { unit: i + 1, profile: profileOf(id).id }));
  const drivers = new Map<string, ModbusDriver>(devices.map(({ id }) => [id, createModbusDriver(profileOf(id))]));
  const field = createField({
    lines: [
      {
        kind: 'modbus',
        config: testLine('north', devices, { port: cable.path, serial: SERIAL }),
        line: createModbusLine({ port: createSerialPort(cable.path, SERIAL), serial: SERIAL, clock }),
        driverOf: (id) => drivers.get(id) as ModbusDriver,
      },
    ],
    clock,
    setupValuesOf: () => ({ rampUpMs: 1_500, rampDownMs: 5_000, failsafeTimeoutS: 60, failsafeLevelPct: 70 }),
    random: Math.random,
    periodsMs: POLL_PERIOD_MS,
    log: { event: () => {} },
    onReadings: () => {},
    onAlive: () => {},
    onEvent: () => {},
  });
  t.teardown(async () => {
    await field.stop();
    cable.close();
  });
  await field.start();
  const sees = async (value: number): Promise<boolean> => {
    units.get(SENSOR_UNIT)?.held.set('input:280', value);
    let endMono = clock.monoMs() + SEEN_WITHIN_MS;
    while (field.latest('S1.motion')?.value !== value && clock.monoMs() < endMono) {
      const fromMono = clock.monoMs();
      await wait(20);
      endMono += PER_LATE_MS * Math.max(0, clock.monoMs() - fromMono - 25);
    }
    return field.latest('S1.motion')?.value === value;
  };
  t.ok(await sees(100), 'before the trouble');
  trouble({ sim, clock }, 1, { untilMono: Number.POSITIVE_INFINITY, what, sensorUnit: SENSOR_UNIT });
  const { requests } = sim.stats;
  while (sim.stats.requests < requests + 30) await wait(20);
  for (const value of [200, 300, 400]) t.ok(await sees(value), `in the trouble: ${value}`);
}
