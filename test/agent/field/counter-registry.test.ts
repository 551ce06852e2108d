import t, { type Test } from 'tap';
import { maxMeterKw } from '../../../agent/config/setup-values.ts';
import { HOUR_MS } from '../../../agent/core/durations.ts';
import { createEventTracker } from '../../../agent/core/event-tracker.ts';
import { createManualClock } from '../../../agent/core/manual-clock.ts';
import type { PointProfile } from '../../../agent/core/profile.ts';
import type { AgentEvent, Reading } from '../../../agent/core/words.ts';
import { CounterRegistry } from '../../../agent/field/counter-registry.ts';
import { KWH, POLL_S } from './energy-point.ts';
import { createPlant, type Plant, point, profile } from './plant.ts';

const RETRY_MS = 60_000;

// ── the registry ─────────────────────────────────────────────────────────────────────────────────────────────────────────

type Saved = Record<string, { offset: number; lastRaw: number; unit: string; atMs: number | null }>;

/** The store's small facts: what is saved is there for the next run; it may be slow to answer, or not able to. */
function memoryOf(facts: Record<string, unknown> = {}) {
  const memory = {
    facts,
    saves: 0,
    loads: 0,
    isBroken: false,
    /** Readers wait until it is let go. */
    gate: Promise.resolve(),
    async load(key: string, unread?: unknown) {
      memory.loads++;
      await memory.gate;
      return memory.isBroken ? unread : structuredClone(facts[key]);
    },
    async save(key: string, value: unknown) {
      if (memory.isBroken) return false;
      if (key === 'counters') memory.saves++;
      facts[key] = structuredClone(value);
      return true;
    },
    counters: () => facts['counters'] as Saved,
  };
  return memory;
}

const energy = (over: Partial<PointProfile> = {}): PointProfile => point('energy', { ...KWH, counter: { rolloverAt: null }, ...over });

function registryWith(
  t: Test,
  memory: ReturnType<typeof memoryOf>,
  points: Record<string, PointProfile> = { 'M1.energy': energy() },
  startMs = 0,
  maxPowerKw?: () => number,
) {
  const clock = createManualClock(Date.parse('2026-01-15T22:00:00Z') + startMs);
  const events: AgentEvent[] = [];
  const late: Reading[] = [];
  const registry = new CounterRegistry({
    points: Object.entries(points).map(([id, profile]) => ({ pointId: id as 'M1.energy', profile })),
    clock,
    events: createEventTracker(clock, (event) => events.push(event)),
    store: memory,
    maxPowerKw,
    onReadings: (readings) => late.push(...readings),
  });
  t.teardown(() => registry.stop());
  const read = (values: Record<string, number | null>): readonly Reading[] =>
    registry.counted(
      Object.entries(values).map(([id, value]) => ({
        pointId: id as 'M1.energy',
        value,
        quality: value === null ? 'missing' : 'good',
        atMono: clock.monoMs(),
        atMs: clock.wallMs(),
      })),
    );
  /** One poll later. */
  const poll = async (values: Record<string, number | null>): Promise<readonly Reading[]> => {
    await clock.advance(POLL_S * 1_000);
    return read(values);
  };
  return { clock, registry, events, late, read, poll };
}

const valuesOf = (readings: readonly Reading[]): (number | null)[] => readings.map(({ value }) => value);

t.test('other readings, and those that are not good, pass as they are', async (t) => {
  const { registry, clock, read } = registryWith(t, memoryOf());
  registry.start();
  await clock.advance(0);
  t.match(read({ 'M1.power': 12, 'M1.energy': null }), [
    { value: 12, quality: 'good' },
    { value: null, quality: 'missing' },
  ]);
  const stale = { pointId: 'M1.energy', value: 3, quality: 'stale', atMono: 0, atMs: 0 } as const;
  t.same(registry.counted([stale]), [stale]);
});

t.test(
  'what a point reported before the saved state was known is dropped with the point, else it would be published without its offset',
  async (t) => {
    const memory = memoryOf({ counters: { 'M1.energy': { offset: 700, lastRaw: 1, unit: 'kWh', atMs: null } } });
    const gate = Promise.withResolvers<void>();
    memory.gate = gate.promise;
    const { registry, clock, late, read } = registryWith(t, memory, { 'M1.energy': energy(), 'M2.energy': energy() });
    registry.start();
    t.same(read({ 'M1.energy': 5, 'M2.energy': 7 }), []);
    registry.exchange([{ pointId: 'M2.energy', profile: energy() }]);
    gate.resolve();
    await clock.advance(RETRY_MS);
    t.strictSame(
      late.map(({ pointId }) => pointId),
      ['M2.energy'],
    );
  },
);

t.test('a cabinet without counters reads nothing from the disk', async (t) => {
  const memory = memoryOf();
  const { registry, clock } = registryWith(t, memory, { 'M1.power': point('power') });
  registry.start();
  await clock.advance(2 * HOUR_MS);
  registry.stop();
  t.match(memory, { loads: 0, saves: 0 });
});

t.test('totals are written once an hour for all points together, an offset at once, nothing when nothing was counted', async (t) => {
  const memory = memoryOf();
  const { registry, clock, poll } = registryWith(t, memory, { 'M1.energy': energy(), 'M2.energy': energy() });
  registry.start();
  for (let i = 0; i < 119; i++) await poll({ 'M1.energy': 700 + i / 100, 'M2.energy': 50 + i / 100 });
  t.equal(memory.saves, 0);
  for (let i = 119; i < 125; i++) await poll({ 'M1.energy': 700 + i / 100, 'M2.energy': 50 + i / 100 });
  t.equal(memory.saves, 1);
  t.match(memory.counters(), { 'M1.energy': { offset: 0, unit: 'kWh' }, 'M2.energy': { offset: 0 } });
  await poll({ 'M1.energy': 3 });
  t.equal(memory.saves, 1, 'not before it is known');
  await poll({ 'M1.energy': 3.5 });
  t.equal(memory.saves, 2);
  t.match(memory.counters(), { 'M1.energy': { offset: 701.24 - 3, lastRaw: 3.5 } });
  await clock.advance(10 * HOUR_MS);
  t.equal(memory.saves, 2);
  await poll({ 'M1.energy': 4 });
  registry.stop();
  t.equal(memory.saves, 3, 'and the rest at stop');
});

t.test('a disk that does not store an offset gets it again', async (t) => {
  const memory = memoryOf();
  const { registry, clock, poll } = registryWith(t, memory);
  registry.start();
  for (const raw of [700, 700, 2]) await poll({ 'M1.energy': raw });
  memory.isBroken = true;
  await poll({ 'M1.energy': 2 });
  await clock.advance(3 * RETRY_MS);
  memory.isBroken = false;
  await clock.advance(RETRY_MS);
  t.match(memory.counters(), { 'M1.energy': { offset: 698, lastRaw: 2 } });
});

t.test('after a restart the first reading is compared with what was saved', async (t) => {
  const saved = (): ReturnType<typeof memoryOf> =>
    memoryOf({ counters: { 'M1.energy': { offset: 698, lastRaw: 2, unit: 'kWh', atMs: Date.parse('2026-01-15T21:00:00Z') } } });
  const first = async (raws: number[], quality: 'synced' | 'none' = 'synced', memory = saved(), profile = energy()) => {
    const { registry, clock, events, poll } = registryWith(t, memory, { 'M1.energy': profile });
    clock.setQuality(quality);
    registry.start();
    const totals: (number | null)[] = [];
    for (const raw of raws) totals.push(...valuesOf(await poll({ 'M1.energy': raw })));
    return { totals, events, memory };
  };
  t.same((await first([12])).totals, [710], 'the same meter goes on at once');
  const lower = await first([0.5, 0.6]);
  t.same(lower.totals, [null, 700.1], 'one that was replaced meanwhile goes on from the saved total');
  t.equal(lower.events.length, 1);
  t.same((await first([1_000, 1_000.1])).totals, [null, 700.1], 'also when it stands higher than an hour can bring');
  t.same((await first([1_000], 'none')).totals, [1_698], 'where no clock can tell, it may have been a day');
  const ahead = memoryOf({ counters: { 'M1.energy': { offset: 698, lastRaw: 2, unit: 'kWh', atMs: Date.parse('2026-01-16T00:00:00Z') } } });
  t.same((await first([1_000], 'synced', ahead)).totals, [1_698], 'nor one that was set back');
  t.same((await first([9_000, 9_000.1], 'none')).totals, [null, 700.1], 'but not a year');
  t.same(
    (await first([12_000], 'synced', saved(), energy({ unit: 'Wh', scale: 1, decimals: 0 }))).totals,
    [710_000],
    'in another unit too',
  );
  t.same(
    (await first([12, 13], 'synced', saved(), energy({ unit: '', semantic: 'count' }))).totals,
    [null, 13],
    'not in one of another kind',
  );
  const bad = memoryOf({ counters: { 'M1.energy': { offset: 'x', lastRaw: null } } });
  t.same((await first([12, 13], 'synced', bad)).totals, [null, 13], 'what makes no sense is forgotten');
});

t.test('a meter exchanged while the agent was off adds no more than the installed lamps can have drawn', async (t) => {
  // 35 lamps of 60 W, off for ten hours.
  const installed = { lamps: Array.from({ length: 35 }, () => ({ ratedPowerW: 60 })) } as unknown as Parameters<typeof maxMeterKw>[0];
  const maxKw = maxMeterKw(installed);
  const awayMs = 10 * 3_600_000;
  const after = async (raws: number[], kw: number): Promise<{ totals: (number | null)[]; codes: string[] }> => {
    const atMs = Date.parse('2026-01-15T22:00:00Z') - awayMs;
    const memory = memoryOf({ counters: { 'M1.energy': { offset: 0, lastRaw: 700, unit: 'kWh', atMs } } });
    const { registry, events, poll } = registryWith(t, memory, undefined, 0, () => kw);
    registry.start();
    const totals: (number | null)[] = [];
    for (const raw of raws) totals.push(...valuesOf(await poll({ 'M1.energy': raw })));
    return { totals, codes: events.map(({ code }) => code) };
  };
  const exchanged = await after([1_069, 1_069.1, 1_069.2], maxKw);
  t.same(exchanged.totals, [null, 700.1, 700.2], "its 369 kWh are another street's");
  t.same(exchanged.codes, ['counter-restarted'], 'and the exchange is reported');
  t.same((await after([721, 721.1], maxKw)).totals, [721, 721.1], 'the night of all lamps at full power counts');
  t.same((await after([700 + 10 * 2 * 2.1, 743], maxKw)).totals, [742, 743], 'also with as much again beside the lamps');
  for (const factor of [0.1, 10]) {
    const limitKwh = 10 * factor * maxKw + 1;
    t.same((await after([700 + limitKwh * 0.99], factor * maxKw)).totals[0], 700 + Math.round(limitKwh * 990) / 1_000, 'what fits counts');
    t.equal((await after([700 + limitKwh * 1.01], factor * maxKw)).totals[0], null, `${factor} of the power: what does not, does not`);
  }
  t.same((await after([1_069], maxMeterKw({ lamps: [] }))).totals, [1_069], 'a cabinet without lamps has the bound of the largest feed');
});

t.test('a reading that arrives before the memory is loaded waits for it', async (t) => {
  const memory = memoryOf({ counters: { 'M1.energy': { offset: 698, lastRaw: 2, unit: 'kWh', atMs: null } } });
  const { promise, resolve } = Promise.withResolvers<void>();
  memory.gate = promise;
  const { registry, clock, late, read } = registryWith(t, memory, { 'M1.energy': energy(), 'M2.energy': energy() });
  registry.start();
  t.match(read({ 'M1.energy': 2.5, 'M1.power': 12 }), [{ pointId: 'M1.power', value: 12 }]);
  t.same(read({ 'M2.energy': 50 }), []);
  t.match(read({ 'M2.energy': null }), [{ quality: 'missing' }], 'what is newer goes first, and the older is dropped');
  await clock.advance(2_000);
  t.same(late, []);
  resolve();
  await clock.advance(0);
  t.equal(late.length, 1);
  t.match(late, [{ pointId: 'M1.energy', value: 700.5, quality: 'good', atMono: 0 }], 'as of its own time');
});

t.test('a memory that answers after a stop, or twice, changes nothing', async (t) => {
  const memory = memoryOf({ counters: { 'M1.energy': { offset: 698, lastRaw: 2, unit: 'kWh', atMs: null } } });
  const first = Promise.withResolvers<void>();
  memory.gate = first.promise;
  const { registry, clock, late, read } = registryWith(t, memory);
  registry.start();
  read({ 'M1.energy': 2.5 });
  registry.stop();
  first.resolve();
  await clock.advance(0);
  t.same(late, []);
  const second = Promise.withResolvers<void>();
  memory.gate = second.promise;
  registry.start();
  registry.stop();
  registry.start();
  second.resolve();
  await clock.advance(0);
  t.match(late, [{ value: 700.5 }]);
  t.match(read({ 'M1.energy': 2.4 }), [{ value: null, quality: 'bad' }], 'what was read since is not forgotten');
});

t.test('an untrusted time is not saved as trusted', async (t) => {
  const memory = memoryOf();
  const { registry, clock, poll } = registryWith(t, memory);
  clock.setQuality('restored');
  registry.start();
  for (const raw of [700, 700]) await poll({ 'M1.energy': raw });
  registry.stop();
  t.equal(memory.counters()['M1.energy']?.atMs, null);
});

t.test('while the memory cannot be read the total is unknown, and nothing is overwritten', async (t) => {
  const memory = memoryOf({ counters: { 'M1.energy': { offset: 698, lastRaw: 2, unit: 'kWh', atMs: null }, 'M9.energy': { offset: 5 } } });
  memory.isBroken = true;
  const { registry, clock, late, read, poll } = registryWith(t, memory);
  registry.start();
  t.same(read({ 'M1.energy': 2.5 }), []);
  await clock.advance(0);
  t.match(late, [{ value: null, quality: 'bad' }]);
  t.match(await poll({ 'M1.energy': 2.6 }), [{ value: null, quality: 'bad' }]);
  memory.isBroken = false;
  await clock.advance(RETRY_MS);
  t.equal(memory.saves, 0);
  t.match(await poll({ 'M1.energy': 2.7 }), [{ value: 700.7, quality: 'good' }]);
  registry.stop();
  t.match(
    memory.counters(),
    { 'M1.energy': { offset: 698, lastRaw: 2.7 }, 'M9.energy': { offset: 5 } },
    'a device that is away for a while is kept',
  );
});

t.test('a replaced meter is reported once, with its whole count', async (t) => {
  const points = { 'M1.energy': energy(), 'M1.starts': point('starts', { semantic: 'count', counter: { rolloverAt: null } }) };
  const { registry, events, poll } = registryWith(t, memoryOf(), points);
  registry.start();
  for (const i of [0, 1]) await poll({ 'M1.energy': 700.25 + i, 'M1.starts': 40 });
  for (const i of [0, 1]) await poll({ 'M1.energy': 0.5 + i, 'M1.starts': 3 });
  t.match(events, [
    {
      code: 'counter-restarted',
      source: 'M1',
      severity: 'warning',
      text: /^M1 was reset or replaced: energy continues from 701\.25 kWh, the device now reports 0\.5 kWh, starts continues from 40, the device now reports 3$/,
    },
  ]);
  t.ok(events.length === 1 && events[0]?.endMs === events[0]?.startMs, 'the event ends when it starts');
  for (const i of [0, 1]) await poll({ 'M1.energy': 2, 'M1.starts': i });
  t.match(events[1], { severity: 'info' }, 'what is no energy is only noted');
});

// ── through the field ────────────────────────────────────────────────────────────────────────────────────────────────

const METER = profile('meter', [energy({ poll: 'slow' }), point('power', { semantic: 'power', address: 2, poll: 'slow' })]);

async function plantWith(t: Test, memory: ReturnType<typeof memoryOf>, wh: number, laterMs = 0): Promise<Plant> {
  const plant = createPlant({ devices: { M1: METER }, memory });
  plant.clock.stepWall(laterMs);
  count(plant, wh);
  t.teardown(() => plant.field.stop());
  await plant.field.start();
  return plant;
}

function count(plant: Plant, wh: number): void {
  plant
    .unit('M1')
    .registers.set('input:0', wh >>> 16)
    .set('input:1', wh & 0xffff);
}

const reportedTotals = ({ readings }: Plant): (number | null)[] => valuesOf(readings.filter(({ pointId }) => pointId === 'M1.energy'));

t.test('a meter is replaced on the line and over a restart, and its energy survives both', async (t) => {
  const memory = memoryOf();
  const plant = await plantWith(t, memory, 700_000);
  const { clock, field } = plant;
  await clock.advance(40_000);
  t.match(field.latest('M1.energy'), { value: 700, quality: 'good' });
  count(plant, 1_500);
  await clock.advance(30_000);
  t.match(field.latest('M1.energy'), { value: null, quality: 'bad' });
  t.match(field.latest('M1.power'), { quality: 'good' }, 'what is no counter is not in doubt');
  count(plant, 1_750);
  await clock.advance(30_000);
  t.match(field.latest('M1.energy'), { value: 700.25, quality: 'good' });
  t.match(field.readings(), [{ pointId: 'M1.energy', value: 700.25 }, { pointId: 'M1.power' }], 'as the console and births see it');
  t.match(
    plant.events.filter(({ code }) => code === 'counter-restarted'),
    [{ source: 'M1', severity: 'warning' }],
  );
  const read = field.bus.read({ line: 'north', unit: 1, table: 'input', address: 0, count: 2 });
  await clock.advance(1_000);
  t.match(await read, { words: [0, 1_750] }, 'the register itself is there for who asks');
  await field.stop();

  const next = await plantWith(t, memory, 2_000, HOUR_MS);
  await next.clock.advance(10_000);
  t.match(next.field.latest('M1.energy'), { value: 700.5, quality: 'good' }, 'the first reading of the next run');
  await next.field.stop();

  const third = await plantWith(t, memory, 4_000_000, 2 * HOUR_MS);
  await third.clock.advance(10_000);
  t.match(third.field.latest('M1.energy'), { value: null, quality: 'bad' });
  await third.clock.advance(30_000);
  t.match(third.field.latest('M1.energy'), { value: 700.5, quality: 'good' }, 'a meter with another life is not the street’s');
  const totals = [plant, next, third].flatMap(reportedTotals).filter((total) => total !== null);
  t.same(
    totals,
    totals.toSorted((a, b) => a - b),
    'and never was there less',
  );
});

t.test('a meter that is absent for a while is missing, then continues', async (t) => {
  const plant = await plantWith(t, memoryOf(), 700_000);
  await plant.clock.advance(40_000);
  plant.sim.silence(1);
  await plant.clock.advance(120_000);
  t.match(plant.field.latest('M1.energy'), { value: null, quality: 'missing' });
  plant.sim.revive(1);
  count(plant, 705_000);
  await plant.clock.advance(120_000);
  t.match(plant.field.latest('M1.energy'), { value: 705, quality: 'good' });
});
