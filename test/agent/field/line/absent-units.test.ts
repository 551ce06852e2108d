import t from 'tap';
import type { Profile } from '../../../../agent/core/profile.ts';
import { createRandom } from '../../../street/random.ts';
import { pace } from '../pace.ts';
import { createPlant, LAMP, type Plant, point, profile, SENSOR } from '../plant.ts';
import { eventsOf, many } from './line-plant.ts';

/** A device type as anybody may write it: the longest wait and the most retries that a profile can have. */
const patient = (points: number, over: Partial<Profile['quirks']> = {}): Profile =>
  profile(
    'patient',
    Array.from({ length: points }, (_, i) => point(`p${i}`, { semantic: 'presence', table: 'holding', address: 16 + 3 * i, poll: 'fast' })),
    { quirks: { ...LAMP.quirks, singleOnly: [[0, 65_535]], responseTimeoutMs: 5_000, retries: 9, ...over } },
  );

interface Street {
  readonly lamps: number;
  readonly absent: number;
  readonly points: number;
  readonly quirks?: Partial<Profile['quirks']>;
}

/** A street whose configuration lists units that do not exist on the line, from the start. */
async function streetOf({ lamps, absent, points, quirks }: Street): Promise<Plant> {
  const plant = createPlant({ devices: { ...many(lamps, LAMP), S1: SENSOR, ...many(absent, patient(points, quirks), 'X') } });
  for (let i = 1; i <= absent; i++) plant.sim.silence(plant.addressOf(`X${i}`));
  await plant.field.start();
  return plant;
}

/** Time until the last lamp has its level. Units: ms. */
async function lightAll({ clock, write }: Plant, lamps: number, order: { lane: 'urgent' | 'command'; levelPct: number }): Promise<number> {
  const startMono = clock.monoMs();
  let [lastMono, sent] = [startMono, 0];
  const onSent = (sentMono: number): void => {
    lastMono = Math.max(lastMono, sentMono);
    sent++;
  };
  for (let i = 1; i <= lamps; i++) void write(`L${i}`, order.levelPct, { lane: order.lane, ttlMs: 60_000, onSent });
  while (sent < lamps && clock.monoMs() < startMono + 60_000) await clock.advance(5);
  return lastMono - startMono + (sent < lamps ? 60_000 : 0);
}

/** So many orders for all lamps, at random times; the longest last. Units: ms. */
async function ordersOf(plant: Plant, lamps: number, count = 100): Promise<readonly number[]> {
  const random = createRandom(lamps + plant.units.size);
  const took: number[] = [];
  for (let turn = 0; turn < count; turn++) {
    took.push(await lightAll(plant, lamps, { lane: turn % 2 === 0 ? 'urgent' : 'command', levelPct: 30 + (turn % 70) }));
    await plant.clock.advance(200 + 6_000 * random());
  }
  return took.toSorted((a, b) => a - b);
}

const mostOf = (took: readonly number[]): number => took.at(-1) ?? Number.POSITIVE_INFINITY;

for (const lamps of [12, 35]) {
  for (const absent of [1, 3]) {
    for (const points of [1, 40]) {
      t.test(`${lamps} lamps have each emergency and override within 1 s with ${absent} absent units of ${points} points`, async (t) => {
        const plant = await streetOf({ lamps, absent, points });
        t.teardown(() => plant.field.stop());
        await plant.clock.advance(2_500);
        const most = mostOf(await ordersOf(plant, lamps));
        t.ok(most <= 1_000, `${most.toFixed(0)} ms`);
      });
    }
  }
}

t.test('the lamps keep their time, whatever the profile of an absent unit specifies, from the first second', async (t) => {
  for (const responseTimeoutMs of [20, 200, 500, 1_000, 5_000]) {
    for (const [retries, startupSilenceMs] of [
      [0, 0],
      [9, 60_000],
    ] as const) {
      const plant = await streetOf({ lamps: 12, absent: 3, points: 10, quirks: { responseTimeoutMs, retries, startupSilenceMs } });
      t.teardown(() => plant.field.stop());
      await plant.clock.advance(300);
      const most = mostOf(await ordersOf(plant, 12, 30));
      t.ok(most <= 1_000, `${responseTimeoutMs} ms, ${retries} retries: ${most.toFixed(0)} ms`);
    }
  }
});

t.test('with 100 absent units too, and the sensor of the street is polled all the time', async (t) => {
  const plant = await streetOf({ lamps: 12, absent: 100, points: 40 });
  t.teardown(() => plant.field.stop());
  await plant.clock.advance(2_500);
  const most = mostOf(await ordersOf(plant, 12, 40));
  t.ok(most <= 1_000, `${most.toFixed(0)} ms`);
  const polls = plant.unit('S1').asked.map(({ atMono }) => atMono);
  const gapMs = Math.max(...polls.slice(1).map((atMono, i) => atMono - (polls[i] as number)));
  t.ok(polls.length > 50 && gapMs < 2_000, `${polls.length} polls; the longest time without a poll was ${gapMs.toFixed(0)} ms`);
});

t.test('an absent unit has one turn, then no more than 2 % of the line together with the others', async (t) => {
  const busyPct = async (absent: number): Promise<number> => {
    const plant = await streetOf({ lamps: 6, absent, points: 40 });
    t.teardown(() => plant.field.stop());
    await plant.clock.advance(2_000 + 1_500 * absent);
    let sumPct = 0;
    for (let minute = 0; minute < 10; minute++) {
      await plant.clock.advance(60_000);
      sumPct += plant.field.lines()[0]?.busyPct ?? 0;
    }
    return sumPct / 10;
  };
  const withoutPct = await busyPct(0);
  for (const absent of [1, 3, 10]) {
    const sharePct = (await busyPct(absent)) - withoutPct;
    t.ok(sharePct < 2.3, `${absent}: ${sharePct.toFixed(1)} % of the line`);
  }
});

t.test('an absent unit is reported as silent once, whatever its profile specifies', async (t) => {
  const plant = await streetOf({ lamps: 2, absent: 1, points: 1 });
  t.teardown(() => plant.field.stop());
  await plant.clock.advance(15_000);
  t.same(eventsOf(plant, 'unit-silent'), ['X1 starts']);
});

t.test('a present unit is found within seconds however late it answers within its timeout, levels or not', async (t) => {
  for (const turnaroundMs of [5, 150, 450, 700, 950, 1_500, 3_000, 4_900]) {
    for (const everyMs of [1_000, 4_000, Number.POSITIVE_INFINITY]) {
      const plant = createPlant({ devices: { ...many(12, LAMP), S1: SENSOR, ...many(3, patient(40), 'X'), R1: patient(1) } });
      t.teardown(() => plant.field.stop());
      for (const id of ['X1', 'X2', 'X3']) plant.sim.silence(plant.addressOf(id));
      Object.assign(plant.unit('R1'), { turnaroundMs }).registers.set('holding:16', 1);
      await plant.field.start();
      const isGood = (): boolean => plant.readings.some(({ pointId, quality }) => pointId === 'R1.p0' && quality === 'good');
      let levelMono = 500;
      while (!isGood() && plant.clock.monoMs() < 120_000) {
        await plant.clock.advance(100);
        if (plant.clock.monoMs() < levelMono) continue;
        levelMono += everyMs;
        for (let i = 1; i <= 12; i++) void plant.write(`L${i}`, 30 + (Math.floor(levelMono / 1_000) % 70), { lane: 'command' });
      }
      const afterMs = plant.clock.monoMs();
      t.ok(afterMs < 60_000, `${turnaroundMs} ms, levels every ${everyMs} ms: after ${(afterMs / 1_000).toFixed(1)} s`);
      t.notOk(plant.readings.some(({ pointId, quality, value }) => pointId === 'R1.p0' && quality === 'good' && value !== 1));
      t.notOk(plant.readings.some(({ pointId, quality, value }) => pointId === 'S1.motion' && quality === 'good' && value !== 0));
    }
  }
});

t.test('a unit that answers for one of its registers alone does not hold up levels for the others', async (t) => {
  for (const points of [2, 10, 40]) {
    const plant = createPlant({ devices: { ...many(12, LAMP), S1: SENSOR, R1: patient(points) } });
    t.teardown(() => plant.field.stop());
    pace(plant.unit('R1'), ({ address }) => (address === 16 ? 3 : null));
    await plant.field.start();
    await plant.clock.advance(1_000);
    const most = mostOf(await ordersOf(plant, 12, 40));
    t.ok(most <= 1_000, `${points} points: ${most.toFixed(0)} ms`);
    await plant.clock.advance(120_000);
    t.match(plant.field.latest('R1.p0'), { quality: 'good' }, 'and that one is read once the others are known to be silent');
  }
});

t.test('dead lamps with the longest timeout and the most retries do not take their time from the others', async (t) => {
  for (const wereMet of [false, true]) {
    const dead = { ...LAMP, quirks: { ...LAMP.quirks, responseTimeoutMs: 5_000, retries: 9 } };
    const plant = createPlant({ devices: { ...many(12, LAMP), D1: dead } });
    t.teardown(() => plant.field.stop());
    const kill = (): void => plant.sim.silence(plant.addressOf('D1'));
    if (!wereMet) kill();
    await plant.field.start();
    await plant.clock.advance(30_000);
    kill();
    const took: number[] = [];
    for (let turn = 0; turn < 20; turn++) {
      const lane = turn % 2 === 0 ? 'urgent' : 'command';
      void plant.write('D1', 30 + turn, { lane, ttlMs: 60_000 });
      took.push(await lightAll(plant, 12, { lane, levelPct: 30 + turn }));
      await plant.clock.advance(3_000);
    }
    t.ok(Math.max(...took) <= 1_000, `${wereMet ? 'met before' : 'never met'}: ${Math.max(...took).toFixed(0)} ms`);
  }
});
