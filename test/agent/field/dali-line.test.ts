import t, { type Test } from 'tap';
import { createDaliPlant, type DaliPlant, type DaliPlantOptions } from '../../street/dali-plant.ts';
import { d4iBanks, setFailure } from '../../street/units/dali-gear.ts';

/** Slow registers of few gears are read each minute, the first time up to a minute after the gear is met. */
const BANKS_MS = 130_000;

async function started(t: Test, options: DaliPlantOptions, forMs = 15_000): Promise<DaliPlant> {
  const plant = createDaliPlant(options);
  t.teardown(() => plant.field.stop());
  void plant.field.start();
  await plant.clock.advance(forMs);
  return plant;
}

const targets = ({ sim }: DaliPlant, from = 0) => sim.levels.slice(from).map(({ target, level }) => ({ target, level }));

t.test('set-up writes failure levels, fade time and the groups of the cabinet file, and no other group stays', async (t) => {
  const plant = createDaliPlant({ count: 4, perGroup: 2, rampUpMs: 1_400 });
  t.teardown(() => plant.field.stop());
  for (const gear of plant.gear) gear.groups = 0b1000_0000_0000_0010;
  void plant.field.start();
  await plant.clock.advance(15_000);
  t.same(
    plant.gear.map(({ groups, settings: { failure, powerOn, fadeTime } }) => ({ groups, failure, powerOn, fadeTime })),
    [1, 1, 2, 2].map((groups) => ({ groups, failure: 241, powerOn: 241, fadeTime: 3 })),
  );
  t.same(plant.events, []);
});

t.test('without groups in the cabinet file the memberships of the gear stay', async (t) => {
  const plant = createDaliPlant({ count: 2 });
  t.teardown(() => plant.field.stop());
  for (const gear of plant.gear) gear.groups = 0b101;
  void plant.field.start();
  await plant.clock.advance(15_000);
  t.same(
    plant.gear.map(({ groups }) => groups),
    [0b101, 0b101],
  );
});

t.test('lamps of one group get one frame, and each is read back', async (t) => {
  const plant = await started(t, { count: 4, perGroup: 2 });
  const results = [2, 3].map((n) => plant.write(n, 50));
  await plant.clock.advance(2_000);
  t.match(await Promise.all(results), [{ state: 'verified' }, { state: 'verified' }]);
  t.same(
    targets(plant),
    Array.from({ length: 2 }, () => ({ target: { group: 1 }, level: 229 })),
    'twice, because no gear acknowledges it',
  );
  t.same(
    plant.gear.map(({ level }) => level),
    [254, 254, 229, 229],
  );
});

t.test('all lamps of the line get one broadcast; one lamp alone gets its own frame', async (t) => {
  const plant = await started(t, { count: 3, perGroup: 2 });
  const all = [0, 1, 2].map((n) => plant.write(n, 20));
  await plant.clock.advance(2_000);
  t.match(await Promise.all(all), [{ state: 'verified' }, { state: 'verified' }, { state: 'verified' }]);
  t.match(targets(plant)[0], { target: 'all', level: 195 });
  const from = plant.sim.levels.length;
  const one = plant.write(0, 80);
  await plant.clock.advance(2_000);
  t.match(await one, { state: 'verified' });
  t.same(targets(plant, from), [{ target: { gear: 0 }, level: 246 }], 'short address 0 is a lamp and no broadcast');
});

t.test('a gear that missed the frame of its group gets its own', async (t) => {
  const plant = await started(t, { count: 4, perGroup: 4 });
  const gear = plant.gear[1];
  const results = [0, 1, 2, 3].map((n) => plant.write(n, 40));
  if (gear !== undefined) gear.missFrames = 3;
  await plant.clock.advance(3_000);
  t.match(
    await Promise.all(results),
    Array.from({ length: 4 }, () => ({ state: 'verified' })),
  );
  t.equal(gear?.level, 220);
});

t.test('a level sent to a gear without power fails and does not make it seem alive', async (t) => {
  const plant = await started(t, { count: 2 });
  const gear = plant.gear[1];
  if (gear !== undefined) gear.isDead = true;
  await plant.clock.advance(30_000);
  t.match(
    plant.events.map(({ code, source, endMs }) => [code, source, endMs]),
    [['unit-silent', 'G1', null]],
  );
  const result = plant.write(1, 60, { ttlMs: 10_000 });
  await plant.clock.advance(20_000);
  t.match(await result, { state: 'failed' });
  t.equal(plant.field.devices()[1]?.state, 'silent');
  gear?.powerUp();
  await plant.clock.advance(60_000);
  t.equal(plant.field.devices()[1]?.state, 'ok');
  t.ok(plant.events.some(({ code, endMs }) => code === 'unit-silent' && endMs !== null));
});

t.test('a level sent to a gear that never answered counts as no answer of it in the statistics', async (t) => {
  const plant = createDaliPlant({ count: 2 });
  t.teardown(() => plant.field.stop());
  const gear = plant.gear[1];
  if (gear !== undefined) gear.isDead = true;
  void plant.field.start();
  await plant.clock.advance(30_000);
  void plant.write(1, 60, { ttlMs: 10_000 });
  await plant.clock.advance(300_000);
  const [line] = plant.field.bus.stats();
  t.match(line?.units[1], { state: 'silent', ok: 0, turnaroundMs: null });
  t.match(line?.advice.map(String), [/^G1 \(.*\) has never answered: /]);
});

t.test('a read past the end of a memory bank is refused, and does not repeat the last byte', async (t) => {
  const plant = createDaliPlant({ count: 1 });
  t.teardown(() => plant.field.stop());
  plant.gear[0]?.banks.set(
    100,
    Array.from({ length: 256 }, (_, location) => location),
  );
  void plant.field.start();
  await plant.clock.advance(15_000);
  const read = async (location: number, count: number): Promise<unknown> => {
    const request = { line: 'dali', unit: 0, table: 'input', address: 100 * 256 + location, count } as const;
    const done = plant.field.bus.read(request).then(
      ({ words }) => words,
      ({ code }) => code,
    );
    await plant.clock.advance(5_000);
    return done;
  };
  t.strictSame(await read(252, 4), [252, 253, 254, 255]);
  t.equal(await read(252, 6), 'illegal-address');
});

t.test('memory banks become values; MASK is no value', async (t) => {
  const plant = createDaliPlant({ count: 2 });
  t.teardown(() => plant.field.stop());
  const bank = plant.gear[1]?.banks.get(202);
  bank?.splice(5, 6, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff);
  void plant.field.start();
  await plant.clock.advance(BANKS_MS);
  const expected = {
    energy: 1.235,
    power: 42.3,
    driver_hours: 2,
    driver_starts: 7,
    supply_voltage: 230.5,
    power_factor: 0.95,
    lamp_hours: 2,
    driver_temperature: 40,
    lamp_temperature: 40,
    rated_hours: 100_000,
    power_rated: 60,
    light_rated: 7_500,
  };
  for (const [quantity, value] of Object.entries(expected)) t.equal(plant.valueOf(0, quantity), value, quantity);
  t.equal(plant.valueOf(1, 'energy'), null);
  t.equal(plant.valueOf(1, 'power'), 42.3);
});

t.test('a failure flag of a bank reaches its point, and its end too', async (t) => {
  const plant = await started(t, { count: 1 }, BANKS_MS);
  const [gear] = plant.gear;
  if (gear === undefined) throw new TypeError('no gear');
  t.equal(plant.valueOf(0, 'lamp_open'), 0);
  setFailure(gear, 206, 0x1a, 1);
  await plant.clock.advance(BANKS_MS);
  t.equal(plant.valueOf(0, 'lamp_open'), 1);
  setFailure(gear, 206, 0x1a, 0);
  await plant.clock.advance(BANKS_MS);
  t.equal(plant.valueOf(0, 'lamp_open'), 0);
});

t.test('a bank that a gear does not have is missing; the others are read', async (t) => {
  const banks = d4iBanks({ energyWh: 10, powerW: 5, onS: 60, temperatureC: 20, failures: [] });
  for (const bank of [1, 203, 204]) banks.delete(bank);
  const plant = await started(t, { count: 1, gear: { banks } }, 3 * BANKS_MS);
  t.equal(plant.valueOf(0, 'energy'), 0.01);
  t.equal(plant.valueOf(0, 'lamp_hours'), 0);
  t.not(plant.field.latest('G0.energy_load')?.quality, 'good');
  t.same(
    plant.events.filter(({ code }) => code !== 'unit-no-data'),
    [],
  );
});

t.test('a counter that rises while its bytes are read is never torn, with a latch and without', async (t) => {
  for (const hasLatch of [true, false]) {
    const plant = createDaliPlant({ count: 1, gear: { hasLatch } });
    const [gear] = plant.gear;
    if (gear === undefined) throw new TypeError('no gear');
    const seen: number[] = [];
    // Counts in 0.1 Wh around the carry of two bytes: a torn value is wrong by 65,536.
    let count = 0x1fff0;
    const tick = (): void => {
      count++;
      const bytes = Array.from({ length: 6 }, (_, i) => Math.floor(count / 256 ** (5 - i)) % 256);
      gear.banks.get(202)?.splice(5, 6, ...bytes);
    };
    void plant.field.start();
    for (let i = 0; i < 700; i++) {
      await plant.clock.advance(1_000);
      tick();
      const value = plant.field.latest('G0.energy')?.value;
      if (typeof value === 'number') seen.push(value);
    }
    await plant.field.stop();
    const atCounts = new Set(seen.map((kWh) => Math.round(kWh * 10_000)));
    t.ok(atCounts.size > 5, `${atCounts.size} readings`);
    for (const at of atCounts) t.ok(at >= 0x1fff0 - 10 && at <= count + 10, `${hasLatch ? 'latch' : 'twice'}: ${at}`);
  }
});

t.test('while banks are read, a level is on the bus within 100 ms, and the read goes on', async (t) => {
  const plant = await started(t, { count: 8, perGroup: 4 }, 40_000);
  const waits: number[] = [];
  for (let i = 0; i < 100; i++) {
    const from = plant.sim.levels.length;
    const startMono = plant.clock.monoMs();
    const level = i % 2 === 0 ? 90 : 30;
    const results = [0, 1, 2, 3].map((n) => plant.write(n, level));
    await plant.clock.advance(2_997);
    waits.push((plant.sim.levels[from]?.atMono ?? Number.POSITIVE_INFINITY) - startMono);
    t.match(
      await Promise.all(results),
      Array.from({ length: 4 }, () => ({ state: 'verified' })),
    );
  }
  t.ok(Math.max(...waits) <= 100, `${Math.max(...waits)} ms`);
  for (let n = 0; n < 8; n++) t.equal(plant.valueOf(n, 'lamp_temperature'), 40, `G${n} was read to its end`);
});

t.test('a scan finds the short addresses, their types, and gear that is not in the cabinet', async (t) => {
  const plant = createDaliPlant({ count: 2, extraGear: [{ shortAddress: 63 }] });
  t.teardown(() => plant.field.stop());
  void plant.field.start();
  await plant.clock.advance(10_000);
  const scan = plant.field.bus.scan({ line: 'dali', from: 1, to: 247, autoBaud: false, waitMs: null }, () => {});
  await plant.clock.advance(30_000);
  const { found, missing, damaged, isDali } = await scan;
  t.match(found, [
    { unit: 0, device: 'G0', profiles: [{ id: 'dali-d4i-driver', strength: 'strong' }] },
    { unit: 1, device: 'G1' },
    { unit: 63, device: null, profiles: [{ id: 'dali-dt6', strength: 'plausible' }] },
  ]);
  t.same([missing, damaged, isDali], [[], [], true]);
  await t.rejects(
    plant.field.bus.scan({ line: 'dali', from: 1, to: 247, autoBaud: true, waitMs: null }, () => {}),
    /one speed/,
  );
  await t.rejects(plant.field.bus.read({ line: 'dali', unit: 64, table: 'holding', address: 0xa0, count: 1 }), /0 to 63/);
  const read = plant.field.bus.read({ line: 'dali', unit: 0, table: 'input', address: 0xca04, count: 12 });
  await plant.clock.advance(5_000);
  t.match(await read, { words: [0xff, 0, 0, 0, 0, 0x30, 0x39, 0xff, 0, 0, 1, 0xa7] });
});
