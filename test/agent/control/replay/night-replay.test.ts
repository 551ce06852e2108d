import t from 'tap';
import { replayRecord } from '../../../../agent/control/record/replay.ts';
import { DARK_LIMITS } from '../../../../agent/control/replay/dark-moments.ts';
import { type NightFigures, NightReplay, type ReplaySettings } from '../../../../agent/control/replay/night-replay.ts';
import type { StoredRecord } from '../../../../agent/core/decision-record.ts';
import { createManualClock } from '../../../../agent/core/manual-clock.ts';
import { powerW } from '../../../../agent/diagnosis/energy.ts';
import type { LightingStreet } from '../../../../agent/lighting/lighting.ts';
import { makeStreet, PRESENCE, winter } from '../../lighting/street.ts';
import { makeFakeStreet } from '../fake-street.ts';
import { createRecordKit } from '../record/record-kit.ts';

const NIGHT = { date: '2026-01-15', fromMs: winter('12:00'), toMs: winter('12:00', '2026-01-16') };

function withHold(holdS: number): ReplaySettings {
  const zone = { presence: { ...PRESENCE, holdS } };
  return { id: `hold ${holdS}`, streetFor: () => makeStreet({ zone }) };
}

/** An hour from 23:30, in which S01 detects someone for 4 s every `everyS`. */
async function hour(everyS: number, street: LightingStreet = makeStreet()) {
  const kit = createRecordKit();
  const clock = createManualClock(winter('23:30'));
  const fake = makeFakeStreet({ street, clock, recorder: kit.next(street) });
  await fake.control.start();
  fake.poll();
  for (let second = 0; second < 3_600; second += everyS) {
    fake.sense('S01', 80);
    await clock.advance(4_000);
    fake.sense('S01', 0);
    await clock.advance((everyS - 4) * 1_000);
  }
  await fake.control.stop();
  return { kit, records: kit.records() };
}

function replayed(records: readonly StoredRecord[], settings: readonly ReplaySettings[], limits = DARK_LIMITS) {
  const replay = new NightReplay({ windows: [NIGHT], settings, powerOf: powerW, limits });
  for (const record of records) for (const _ of replay.segment(record));
  const nights = replay.figures().map(({ nights: [night] }) => night as NightFigures);
  return { own: replay.ownReplay(), nights };
}

function lampH({ levelLampH }: NightFigures): number {
  return Object.values(levelLampH).reduce((sum, h) => sum + h, 0);
}

t.test('the own settings give the recorded decisions, and the energy of the recorded levels', async (t) => {
  const { kit, records } = await hour(60);
  const {
    own,
    nights: [recorded, same],
  } = replayed(records, [{ id: 'same', streetFor: (street) => street }]);
  t.equal(own.differing, 0);
  t.ok(own.decisions > 500, `${own.decisions} decisions`);
  // The ticks as they were decided, second by second.
  let wh = 0;
  kit.ticks.forEach((tick, at) => {
    const hours = ((kit.ticks[at + 1]?.nowMono ?? tick.nowMono) - tick.nowMono) / 3_600_000;
    for (const { levelPct } of tick.decisions) wh += powerW(60, levelPct) * hours;
  });
  t.ok(Math.abs((recorded?.kwh ?? 0) * 1_000 - wh) < wh * 1e-4, `${recorded?.kwh} kWh of ${wh / 1_000}`);
  t.ok(Math.abs((recorded?.kwh ?? 0) - (same?.kwh ?? 0)) < 0.005 * (recorded?.kwh ?? 0), 'as replayed settings, to a second of each fall');
  t.match(recorded, { late: 0, detections: 60 });
});

t.test('a shorter hold uses less and leaves people in the dark, a longer one the other way round', async (t) => {
  const { records } = await hour(60);
  const { nights } = replayed(records, [withHold(5), withHold(20), withHold(300)]);
  const [recorded, short, same, long] = nights as [NightFigures, NightFigures, NightFigures, NightFigures];
  t.ok(short.kwh < recorded.kwh && recorded.kwh < long.kwh, `${short.kwh} < ${recorded.kwh} < ${long.kwh}`);
  t.same(
    [recorded, same, long].map(({ darkMoments }) => darkMoments),
    [59, 59, 0],
    'in 15 s of hold and 41 s of low light each',
  );
  t.equal(short.darkMoments, 59);
  t.ok(short.missingS > recorded.missingS, 'the light is missing for longer');
  for (const night of nights) t.ok(Math.abs(lampH(night) - lampH(recorded)) < 0.01, 'every lamp is counted all the time');
});

t.test('who comes long after the light fell is another person', async (t) => {
  const { records } = await hour(300);
  const { nights } = replayed(records, [withHold(5)]);
  t.same(
    nights.map(({ darkMoments }) => darkMoments),
    [0, 0],
  );
  const { nights: wide } = replayed(records, [], { ...DARK_LIMITS, samePersonS: 600 });
  t.equal(wide[0]?.darkMoments, 11);
});

t.test('less light for people is a late moment for each detection, unless less is needed', async (t) => {
  const { records } = await hour(300);
  const dim: ReplaySettings = { id: 'dim', streetFor: () => makeStreet({ zone: { presence: { ...PRESENCE, boostPct: 60 } } }) };
  const { nights } = replayed(records, [dim]);
  t.match(nights[1], { darkMoments: 12, late: 12 });
  t.ok(
    Math.abs((nights[1]?.missingS ?? 0) - 12 * 3 * 0.4) < 1,
    `${nights[1]?.missingS} s: 3 of 5 s are beyond the delay, 40 % of the light is missing`,
  );
  t.match(replayed(records, [dim], { ...DARK_LIMITS, needPct: 60 }).nights[1], { darkMoments: 0 });
  t.match(replayed(records, [dim], { ...DARK_LIMITS, delayS: 5 }).nights[1], { darkMoments: 0 });
});

t.test('changes by time alone are found as by steps of a second, with a wave too', async (t) => {
  const wave = { mode: 'poles', speedKmh: 6, lookAheadS: 10, leastAheadM: 30, behindM: 20 } as const;
  const street = makeStreet({ zone: { presence: { ...PRESENCE, wave, reachM: 10 } } });
  const { records } = await hour(97, street);
  const other = makeStreet({ zone: { presence: { ...PRESENCE, wave, reachM: 10, holdS: 45 } } });
  const { nights } = replayed(records, [{ id: 'longer', streetFor: () => other }]);
  let wh = 0;
  for (const record of records) {
    let before: { readonly nowMono: number; readonly w: number } | null = null;
    for (const { nowMono, decisions } of replayRecord(record, { street: other, stepMs: 1_000 })) {
      if (before !== null) wh += (before.w * (nowMono - before.nowMono)) / 3_600_000;
      before = { nowMono, w: decisions.reduce((sum, { levelPct }) => sum + powerW(60, levelPct), 0) };
    }
  }
  t.ok(Math.abs((nights[1]?.kwh ?? 0) * 1_000 - wh) < 0.003 * wh, `${nights[1]?.kwh} kWh, ${wh / 1_000} in steps`);
});

t.test('someone who is in the dark when the record ends is a dark moment', async (t) => {
  const street = makeStreet();
  const kit = createRecordKit();
  const clock = createManualClock(winter('23:30'));
  const fake = makeFakeStreet({ street, clock, recorder: kit.next(street) });
  await fake.control.start();
  fake.poll();
  await clock.advance(60_000);
  fake.sense('S01', 80);
  await clock.advance(10_000);
  await fake.control.stop();
  const without = (own: LightingStreet): LightingStreet => ({ ...own, zones: own.zones.map((zone) => ({ ...zone, presence: null })) });
  const { nights } = replayed(kit.records(), [{ id: 'no presence', streetFor: without }]);
  t.match(nights, [{ late: 0 }, { late: 1 }]);
  t.ok((nights[1]?.missingS ?? 0) > 1, `${nights[1]?.missingS} s`);
});

const wave = { mode: 'poles', speedKmh: 6, lookAheadS: 10, leastAheadM: 30, behindM: 20 } as const;
const streets: [story: string, street: LightingStreet][] = [
  ['presence', makeStreet()],
  ['a wave', makeStreet({ zone: { presence: { ...PRESENCE, wave, reachM: 10 } } })],
  ['a zone that may be dark', makeStreet({ zone: { presence: PRESENCE, minPct: 0, dark: { warnPct: 10, warnS: 20 } } })],
  ['constant light', makeStreet({ zone: { presence: PRESENCE, constantLight: { newPct: 80, fullAtH: 50_000 } } })],
];

for (const [story, street] of streets)
  t.test(`decisions that lamps share have the levels of their own: ${story}`, async (t) => {
    const { records } = await hour(97, street);
    const lamps = street.lamps.map((lamp, at) => ({ ...lamp, minPct: at % 3 === 0 ? 15 : lamp.minPct, maxPct: at % 2 === 0 ? 80 : 100 }));
    const other = { ...street, lamps };
    const levelsOf = (onlyLevels: { readonly onlyLevels?: true }): unknown[] =>
      records.flatMap((record) =>
        [...replayRecord(record, { street: other, findsChanges: true, ...onlyLevels })].map(({ nowMono, decisions, zones }) => [
          nowMono,
          decisions.map(({ lampId, levelPct, rank, reason }) => `${lampId} ${levelPct} ${rank} ${reason}`),
          zones.map(({ night }) => night),
        ]),
      );
    const shared = levelsOf({ onlyLevels: true });
    t.ok(shared.length > 20);
    t.same(shared, levelsOf({}));
  });
