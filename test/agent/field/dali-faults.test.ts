import t, { type Test } from 'tap';
import type { AgentEvent } from '../../../agent/core/words.ts';
import { createDaliPlant, type DaliPlant, type DaliPlantOptions } from '../../street/dali-plant.ts';
import { createRandom } from '../../street/random.ts';

const MINUTE_MS = 60_000;

async function started(t: Test, options: DaliPlantOptions, forMs = 15_000): Promise<DaliPlant> {
  const plant = createDaliPlant(options);
  t.teardown(() => plant.field.stop());
  void plant.field.start();
  await plant.clock.advance(forMs);
  return plant;
}

const open = ({ events }: DaliPlant, code: AgentEvent['code']): AgentEvent | undefined => {
  const last = events.filter((event) => event.code === code).at(-1);
  return last?.endMs === null ? last : undefined;
};

t.test('a converter without supply is an event with its cause, and the line returns by itself', async (t) => {
  const plant = await started(t, { count: 2 });
  plant.sim.isSilent = true;
  await plant.clock.advance(MINUTE_MS);
  t.match(String(open(plant, 'line-down')?.text), /converter at \/dev\/dali does not answer; check its supply/);
  t.match(await plant.write(0, 50), { state: 'failed' });
  plant.sim.isSilent = false;
  await plant.clock.advance(MINUTE_MS);
  t.equal(open(plant, 'line-down'), undefined);
  const result = plant.write(0, 50);
  await plant.clock.advance(3_000);
  t.match(await result, { state: 'verified' });
});

t.test('a bus without power, with mains on it, or with a defective supply is an event with its cause', async (t) => {
  const causes = [/has no power or is short-circuited/, /mains voltage/, /power supply of the bus is defective/];
  for (const [i, cause] of causes.entries()) {
    const plant = await started(t, { count: 2 });
    plant.sim.setPower(i + 1);
    await plant.clock.advance(20_000);
    t.match(String(open(plant, 'line-down')?.text), cause);
    t.same(
      plant.gear.map(({ level }) => level),
      [241, 241],
      'the gear is at its system failure level',
    );
    plant.sim.setPower(0);
    await plant.clock.advance(MINUTE_MS);
    t.equal(open(plant, 'line-down'), undefined);
  }
});

t.test('commands of another sender are an event that ends when it is quiet; events of sensors are not', async (t) => {
  const plant = await started(t, { count: 2 });
  plant.sim.inputEvent([1, 2, 3]);
  await plant.clock.advance(1_000);
  t.equal(open(plant, 'second-master'), undefined);
  plant.sim.foreign(0xfe, 100);
  await plant.clock.advance(1_000);
  t.match(String(open(plant, 'second-master')?.text), /another controller sends commands on the DALI bus of line dali/);
  await plant.clock.advance(11 * MINUTE_MS);
  t.equal(open(plant, 'second-master'), undefined);
});

t.test('another sender that changes the transfer registers never makes a wrong value', async (t) => {
  const plant = await started(t, { count: 1 });
  const random = createRandom(9);
  for (let i = 0; i < 2_000; i++) {
    await plant.clock.advance(50 + 300 * random());
    plant.sim.foreign(random() < 0.5 ? 0xa3 : 0xc3, Math.floor(256 * random()));
  }
  await plant.clock.advance(4 * MINUTE_MS);
  const expected = { energy: 1.235, power: 42.3, supply_voltage: 230.5, driver_temperature: 40, lamp_temperature: 40 };
  for (const [quantity, value] of Object.entries(expected)) {
    const found = plant.readings.filter(({ pointId, quality }) => pointId === `G0.${quantity}` && quality === 'good');
    t.ok(found.length > 0, quantity);
    t.same([...new Set(found.map((reading) => reading.value))], [value], quantity);
  }
});

t.test('lost frames never make a wrong value', async (t) => {
  const plant = await started(t, { count: 1 });
  const random = createRandom(4);
  const [gear] = plant.gear;
  for (let i = 0; i < 3_000; i++) {
    await plant.clock.advance(100);
    if (gear !== undefined && random() < 0.1) gear.missFrames = 1;
  }
  await plant.clock.advance(4 * MINUTE_MS);
  for (const [quantity, value] of Object.entries({ energy: 1.235, power: 42.3, energy_load: 1.235, driver_hours: 2, lamp_starts: 9 })) {
    const found = plant.readings.filter(({ pointId, quality }) => pointId === `G0.${quantity}` && quality === 'good');
    t.same([...new Set(found.map((reading) => reading.value))], [value], quantity);
  }
});

t.test('two gears with one short address are damaged answers, and the scan names the address', async (t) => {
  const plant = await started(t, { count: 1, extraGear: [{ shortAddress: 7 }, { shortAddress: 7 }] });
  const scan = plant.field.bus.scan({ line: 'dali', from: 1, to: 247, autoBaud: false, waitMs: null }, () => {});
  await plant.clock.advance(MINUTE_MS);
  const { found, damaged } = await scan;
  t.same([found.map(({ unit }) => unit), damaged], [[0], [7]]);
});

t.test('a confirmation that never comes is one lost request; the line goes on', async (t) => {
  const plant = await started(t, { count: 2 });
  plant.sim.dropConfirmations = 1;
  await plant.clock.advance(10_000);
  t.equal(open(plant, 'line-down'), undefined);
  t.equal(plant.field.lines()[0]?.timeouts, 1);
  const result = plant.write(1, 70);
  plant.sim.dropConfirmations = 1;
  await plant.clock.advance(5_000);
  t.match(await result, { state: 'verified' });
});

t.test('hostile bytes on the serial line change no value and do not stop the line', async (t) => {
  const plant = await started(t, { count: 2 });
  const random = createRandom(6);
  const bytes = (count: number): Buffer => Buffer.from(Array.from({ length: count }, () => Math.floor(256 * random())));
  for (let i = 0; i < 400; i++) {
    plant.sim.noise(
      i % 3 === 0 ? Buffer.concat([Buffer.from([1]), Buffer.from('0123456789ABCDEF'.repeat(4))]) : bytes(1 + Math.floor(40 * random())),
    );
    await plant.clock.advance(200);
  }
  await plant.clock.advance(3 * MINUTE_MS);
  t.equal(open(plant, 'line-down'), undefined);
  t.ok((plant.field.lines()[0]?.noiseBytes ?? 0) > 1_000);
  for (const [quantity, value] of Object.entries({ level: 100, energy: 1.235, lamp_temperature: 40 })) {
    const found = plant.readings.filter(({ pointId, quality }) => pointId === `G1.${quantity}` && quality === 'good');
    t.same([...new Set(found.map((reading) => reading.value))], [value], quantity);
  }
});

t.test('frames forged with right checksums cannot answer a request that is not theirs', async (t) => {
  const plant = await started(t, { count: 1 });
  const hex = (data: readonly number[]): Buffer => {
    const sum = ~data.reduce((all, byte) => all + byte, 0) & 0xff;
    return Buffer.from(`\x01${[...data, sum].map((byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join('')}\x17`, 'latin1');
  };
  for (let i = 0; i < 300; i++) {
    plant.sim.noise(hex([0x0d, 16, 8, 0x7f, 0xa0, i & 255]));
    plant.sim.noise(hex([0x0e, 24, 1, 2, 3]));
    plant.sim.noise(hex([0x05, 9]));
    plant.sim.noise(hex([0x07, 2, 4, 6]));
    await plant.clock.advance(300);
  }
  t.equal(open(plant, 'line-down'), undefined);
  t.same([...new Set(plant.readings.filter(({ pointId }) => pointId === 'G0.level').map(({ value }) => value))], [100]);
});

t.test('a restart of the gear in the middle of a bank read gives no mixed value', async (t) => {
  const plant = await started(t, { count: 1 });
  const [gear] = plant.gear;
  const random = createRandom(8);
  for (let i = 0; i < 120 && gear !== undefined; i++) {
    await plant.clock.advance(500 + 3_000 * random());
    gear.powerUp();
  }
  await plant.clock.advance(5 * MINUTE_MS);
  for (const [quantity, value] of Object.entries({ energy: 1.235, power: 42.3, driver_starts: 7, lamp_hours: 2 })) {
    const found = plant.readings.filter(({ pointId, quality }) => pointId === `G0.${quantity}` && quality === 'good');
    t.same([...new Set(found.map((reading) => reading.value))], [value], quantity);
  }
});

t.test('an unplugged converter is found again, and a level of that time fails with the cause', async (t) => {
  const plant = await started(t, { count: 1 });
  plant.wire.end.unplug();
  await plant.clock.advance(1_000);
  t.match(await plant.write(0, 30), { state: 'failed' });
  plant.wire.end.replug();
  await plant.clock.advance(MINUTE_MS);
  const result = plant.write(0, 30);
  await plant.clock.advance(3_000);
  t.match(await result, { state: 'verified' });
});
