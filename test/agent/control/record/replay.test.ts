import t from 'tap';
import { replayRecord } from '../../../../agent/control/record/replay.ts';
import type { PhotocellConfig, Rule, WaveConfig } from '../../../../agent/core/cabinet.ts';
import { wholeMicroseconds } from '../../../../agent/core/clock.ts';
import { createManualClock } from '../../../../agent/core/manual-clock.ts';
import type { LightingStreet } from '../../../../agent/lighting/lighting.ts';
import { makeStreet, PRESENCE, RESIDENTIAL, sensor, step, winter } from '../../lighting/street.ts';
import { type FakeStreet, makeFakeStreet } from '../fake-street.ts';
import { createRecordKit, replayDifferences } from './record-kit.ts';

const WAVE: WaveConfig = { mode: 'poles', speedKmh: 6, lookAheadS: 10, leastAheadM: 30, behindM: 20 };
const CELL: PhotocellConfig = {
  ...{ device: 'PC1', point: 'lux', onBelowLux: 20, offAboveLux: 40, dwellS: 5, staleS: 300, windowMin: 60, seesOwnLight: false },
};
const FOG: Rule = {
  id: 'fog',
  when: { kind: 'below', point: 'W1.visibility', value: 200, clearsAt: 400, forS: 5 },
  raise: { zones: ['rue'], levelPct: 70 },
};

/** More seeds and longer nights find more; these take two seconds. */
const SEEDS = Array.from({ length: Number(process.env['RECORD_SEEDS'] ?? 1) }, (_, index) => index + 1);
const MINUTES = Number(process.env['RECORD_MINUTES'] ?? 60);

/** Numbers from 0, below 1, that are the same for each run. */
function createDice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** `source`: decides some lamp at some time, which shows that the night contains the feature. */
const FEATURES: readonly { readonly name: string; readonly street: LightingStreet; readonly source: string }[] = [
  { name: 'presence', street: makeStreet(), source: 'S01' },
  { name: 'wave', street: makeStreet({ zone: { presence: { ...PRESENCE, wave: WAVE, reachM: 10 } } }), source: 'wave' },
  {
    name: 'dark',
    source: 'S02',
    street: makeStreet({
      zone: { dark: { warnPct: 30, warnS: 20 }, minPct: 0 },
      programme: { id: 'residential', steps: [step('dusk', 80), step({ hour: 23, minute: 0 }, 0), step({ hour: 6, minute: 0 }, 90)] },
    }),
  },
  { name: 'photocell', street: makeStreet({ zone: { photocell: CELL } }), source: 'PC1' },
  {
    name: 'rules and constant light',
    source: 'fog',
    street: makeStreet({
      zone: { constantLight: { newPct: 80, fullAtH: 50 } },
      street: {
        rules: [FOG],
      },
    }),
  },
];

/** An evening to the morning with people, requests, a clock step and lost readings; `dice` decides. Units: minutes. */
async function playNight(street: FakeStreet, dice: () => number, minutes: number): Promise<void> {
  const { clock } = street;
  for (let second = 0; second < minutes * 60; ) {
    const throwOf = dice();
    if (throwOf < 0.3) street.sense('S01', dice() < 0.5 ? 80 : 0);
    else if (throwOf < 0.55) street.sense('S02', dice() < 0.5 ? 80 : 0);
    else if (throwOf < 0.6) street.sense('PC1', dice() * 60, 'lux');
    else if (throwOf < 0.65) street.sense('W1', dice() * 600, 'visibility');
    else if (throwOf < 0.67) street.lose('S01');
    else if (throwOf < 0.68)
      void street.override({
        levelPct: Math.floor(dice() * 101),
        minutes: 1 + Math.floor(dice() * 20),
        source: dice() < 0.5 ? 'platform' : 'console:marie',
      });
    else if (throwOf < 0.685) void street.override({ levelPct: 60, minutes: 5, target: { kind: 'lamp', id: 'L3' } });
    else if (throwOf < 0.69)
      void street.control.release({
        commandId: `r${second}`,
        target: { kind: 'zone', id: 'rue' },
        authority: 'platform',
        source: 'platform',
      });
    else if (throwOf < 0.7) street.poll();
    else if (throwOf < 0.703) clock.stepWall((dice() - 0.5) * 600_000);
    else if (throwOf < 0.706) clock.setQuality(dice() < 0.5 ? 'none' : 'synced');
    const waitMs = Math.floor(dice() * 40_000) + (dice() < 0.5 ? 0 : 0.25);
    await clock.advance(waitMs);
    second += waitMs / 1_000;
  }
  clock.setQuality('synced');
}

for (const { name, street, source } of FEATURES) {
  t.test(`a recorded night with ${name} gives the same decisions again`, async (t) => {
    for (const seed of SEEDS) {
      const kit = createRecordKit();
      const clock = createManualClock(winter('16:40'));
      const dice = createDice(seed);
      const disk = new Map<string, unknown>();
      // A restart in the middle, then another configuration of the same street.
      const other: LightingStreet = {
        ...street,
        programmes: [{ ...RESIDENTIAL, steps: [step('dusk', 60), step({ hour: 22, minute: 0 }, 20)] }],
      };
      for (const [run, each] of [street, street, other].entries()) {
        const fake = makeFakeStreet({ street: each, clock, disk, recorder: kit.next(each, run), foundPct: run === 0 ? 0 : 50 });
        await fake.control.start();
        fake.poll();
        await playNight(fake, dice, MINUTES);
        await fake.control.stop();
        await clock.advance(90_000);
      }
      const records = kit.records();
      t.same(kit.log, []);
      t.ok(records.length >= 3, 'each start begins a segment');
      t.same(replayDifferences(records, kit.ticks).slice(0, 5), [], `seed ${seed}`);
      if (seed === 1)
        t.ok(
          kit.ticks.some(({ decisions }) => decisions.some((each) => each.source === source)),
          `${source} decides in the night`,
        );
      t.comment(`${name}, seed ${seed}: ${kit.bytes()} bytes, ${records.length} segments, ${kit.ticks.length} ticks`);
    }
  });
}

t.test('what the store refuses is counted, and the record goes on with all inputs', async (t) => {
  let accepts = true;
  const kit = createRecordKit(() => accepts);
  const clock = createManualClock(winter('22:00'));
  const fake = makeFakeStreet({ clock, recorder: kit.next(makeStreet()) });
  await fake.control.start();
  fake.poll();
  await playNight(fake, createDice(5), 30);
  accepts = false;
  await playNight(fake, createDice(6), 30);
  accepts = true;
  const from = kit.parts.length;
  await playNight(fake, createDice(7), 30);
  await fake.control.stop();
  const later = kit.parts.slice(from);
  t.ok((later[0]?.lost ?? 0) > 0, `${later[0]?.lost} instants lost`);
  t.ok(later[0]?.basis, 'a new segment');
  const fromMono = later[0]?.fromMono ?? 0;
  t.same(
    replayDifferences(
      kit.records().slice(-1),
      kit.ticks.filter(({ nowMono }) => nowMono >= fromMono),
    ),
    [],
  );
});

t.test('between the recorded instants the same settings change no level', async (t) => {
  const kit = createRecordKit();
  const clock = createManualClock(winter('22:30'));
  const street = FEATURES[2]?.street ?? makeStreet();
  const fake = makeFakeStreet({ street, clock, recorder: kit.next(street) });
  await fake.control.start();
  fake.poll();
  for (let round = 0; round < 60; round++) {
    fake.sense('S01', round % 3 === 0 ? 80 : 0);
    await clock.advance(30_000);
  }
  await fake.control.stop();
  const levelsOf = (decisions: readonly { readonly levelPct: number }[]): string =>
    JSON.stringify(decisions.map(({ levelPct }) => levelPct));
  const seconds = Map.groupBy(kit.ticks, ({ nowMono }) => Math.floor(nowMono / 1_000));
  let [count, others] = [0, 0];
  for (const record of kit.records())
    for (const { nowMono, decisions } of replayRecord(record, { stepMs: 1_000 })) {
      count++;
      const then = seconds.get(Math.floor(nowMono / 1_000)) ?? [];
      if (!then.some((tick) => levelsOf(tick.decisions) === levelsOf(decisions))) others++;
    }
  t.ok(count > 1_700, `${count} instants`);
  t.equal(others, 0);
  const dimmer = makeStreet({ zone: { presence: { ...PRESENCE, holdS: 300 } } });
  const [record] = kit.records();
  const long = record === undefined ? [] : [...replayRecord(record, { street: dimmer, stepMs: 1_000 })];
  const boosted = long.filter(({ decisions }) => decisions[1]?.rank === 'presence').length;
  t.ok(boosted > 900, `a longer hold raises L2 for ${boosted} s`);
});

t.test('a day is recorded without sensors, and costs little', async (t) => {
  const kit = createRecordKit();
  const clock = createManualClock(winter('10:00'));
  const fake = makeFakeStreet({ clock, recorder: kit.next(makeStreet()) });
  await fake.control.start();
  fake.poll();
  await playNight(fake, createDice(9), 5);
  const before = kit.bytes();
  for (let round = 0; round < 200; round++) {
    fake.sense('S01', round % 2 === 0 ? 80 : 0);
    await clock.advance(5_000);
  }
  await clock.advance(60_000);
  t.ok(kit.bytes() - before < 2_000, `${kit.bytes() - before} bytes`);
  const inputs = Buffer.concat(kit.parts.map((part) => part.inputs)).toString('latin1');
  await fake.control.stop();
  t.notMatch(inputs, /s:S01/, 'who passes by day is not recorded');
});

t.test('movers that fit each other equally well are replayed as they were joined', async (t) => {
  const street = makeStreet({
    zone: { presence: { ...PRESENCE, sensors: ['S01', 'S02', 'S03', 'S04'].map((id) => sensor(id)), wave: WAVE, reachM: 10 } },
    street: { lines: [{ devices: [1, 2, 4, 5].map((pole, at) => ({ id: `S0${at + 1}`, pole: `P${pole}` })) }] },
  });
  const kit = createRecordKit();
  const exact = createManualClock(winter('22:30'));
  // As the system clock.
  const clock = { ...exact, monoMs: () => wholeMicroseconds(exact.monoMs()) };
  const fake = makeFakeStreet({ street, clock, recorder: kit.next(street) });
  await fake.control.start();
  fake.poll();
  const dice = createDice(4);
  // People of one speed, in both directions, who start at thirds of a second: their ways take the same time.
  const passages = Array.from({ length: 120 }, (_, person) => {
    const startS = Math.floor(dice() * 3_000) / 3;
    const isUp = dice() < 0.5;
    return [1, 2, 4, 5].map((pole, at) => ({
      id: `S0${at + 1}`,
      atS: startS + ((isUp ? pole : 6 - pole) * 25) / (person % 2 === 0 ? 1.5 : 6),
    }));
  }).flat();
  const edges = passages.flatMap(({ id, atS }) => [
    { id, atS, value: 80 },
    { id, atS: atS + 1, value: 0 },
  ]);
  for (const { id, atS, value } of edges.toSorted((a, b) => a.atS - b.atS)) {
    const nowS = (clock.wallMs() - winter('22:30')) / 1_000;
    if (atS > nowS) await clock.advance((atS - nowS) * 1_000);
    fake.sense(id, value);
  }
  await fake.control.stop();
  t.same(replayDifferences(kit.records(), kit.ticks).slice(0, 3), []);
});
