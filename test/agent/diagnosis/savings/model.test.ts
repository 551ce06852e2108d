import t from 'tap';
import { fitQuality, rootSumSquares, studentQuantile90 } from '../../../../agent/diagnosis/savings/fit-quality.ts';
import { estimatedGap, TRIED_SLOTS, triedGaps } from '../../../../agent/diagnosis/savings/gap-estimate.ts';
import { LampSlots, SLOT_MS } from '../../../../agent/diagnosis/savings/lamp-slots.ts';
import { fitOf, learnedFit, modelWh } from '../../../../agent/diagnosis/savings/load-fit.ts';
import { loadSums } from '../../../../agent/diagnosis/savings/load-sums.ts';
import { MeterNight } from '../../../../agent/diagnosis/savings/meter-night.ts';
import { cutNights } from '../../../../bench/savings/cut-nights.ts';

const NO_LAMPS = new Float64Array(11);
const bands = (values: Readonly<Record<number, number>>): number[] => Array.from({ length: 11 }, (_, band) => values[band] ?? 0);

t.test('CV(RMSE) and NMBE are those of the definition', async (t) => {
  const pairs = [
    { measured: 10, modelled: 11 },
    { measured: 20, modelled: 19 },
    { measured: 30, modelled: 32 },
  ];
  const found = fitQuality(pairs, 1);
  t.ok(Math.abs((found?.cvPct ?? 0) - (100 * Math.sqrt(6 / 2)) / 20) < 1e-9);
  t.ok(Math.abs((found?.nmbePct ?? 0) - (100 * 2) / (2 * 20)) < 1e-9);
  t.equal(fitQuality(pairs, 3), null, 'as many parameters as pairs');
  t.equal(fitQuality([{ measured: 0, modelled: 1 }], 0), null, 'no energy');
});

t.test('the quantile of Student is that of the table', async (t) => {
  const table: [freedom: number, quantile: number][] = [
    [1, 6.314],
    [2, 2.92],
    [3, 2.353],
    [4, 2.132],
    [5, 2.015],
    [10, 1.812],
    [28, 1.701],
    [1_000, 1.646],
  ];
  for (const [freedom, expected] of table) t.ok(Math.abs(studentQuantile90(freedom) - expected) < 0.005, `${freedom}`);
  t.equal(studentQuantile90(0), Number.POSITIVE_INFINITY);
  t.equal(rootSumSquares([3, 4]), 5);
});

t.test('the model finds the load with dark lamps and the factor of each level', async (t) => {
  const nights = [1, 2, 3].map((more) => {
    const samples = Array.from({ length: 40 }, (_, at) => {
      const bandWh = at < 20 ? bands({ 10: 300 + 10 * more }) : bands({ 3: 100, 9: 5 * (at % 5) });
      return { hours: 0.25, bandWh, meterWh: 20 * 0.25 + 1.05 * (bandWh[10] ?? 0) + 0.95 * (bandWh[3] ?? 0) + 1.02 * (bandWh[9] ?? 0) };
    });
    const sum = (band: number): number => samples.reduce((wh, each) => wh + (each.bandWh[band] ?? 0), 0);
    const bandWh = bands({ 3: sum(3), 9: sum(9), 10: sum(10) });
    return {
      sums: loadSums(samples),
      hours: 24,
      litHours: 10,
      bandWh,
      meterWh: samples.reduce((wh, each) => wh + each.meterWh, 14 * 20),
      darkW: 20,
    };
  });
  const fit = learnedFit(nights);
  t.ok(fit);
  if (fit === null) return;
  t.equal(fit.otherW, 20);
  for (const [band, factor] of [
    [10, 1.05],
    [3, 0.95],
    [9, 1.02],
  ] as const)
    t.ok(Math.abs((fit.factors[band] ?? 0) - factor) < 0.005, `${band}: ${fit.factors[band]}`);
  const errors = fit.factorErrors ?? [];
  t.ok((errors[10] ?? 1) < 0.01 && (errors[3] ?? 1) < 0.01, `${errors[10]} where there was light`);
  t.ok((errors[7] ?? 0) > 0.09, `${errors[7]} at a level that no night had`);
  for (const night of nights) t.ok(Math.abs(modelWh(fitOf(fit, 20), night) / night.meterWh - 1) < 0.001);
  t.equal(learnedFit([]), null);
});

t.test('a night without any light teaches nothing', async (t) => {
  const sums = loadSums(Array.from({ length: 90 }, () => ({ hours: 0.25, bandWh: bands({}), meterWh: 5 })));
  t.equal(learnedFit([{ sums, hours: 24, litHours: 0, bandWh: bands({}), meterWh: 480, darkW: 20 }]), null);
});

t.test('lamps are counted in slots, and a part that was not counted is like its neighbours', async (t) => {
  const lamps = new LampSlots(0);
  lamps.add(0, 2 * SLOT_MS, bands({ 5: 20 }));
  lamps.add(3 * SLOT_MS, 4 * SLOT_MS, bands({ 5: 30 }));
  t.equal(lamps.between(0, SLOT_MS).bandWh[5], 10);
  t.equal(lamps.between(SLOT_MS / 2, 1.5 * SLOT_MS).bandWh[5], 10);
  const { bandWh, knownShare } = lamps.between(2 * SLOT_MS, 4 * SLOT_MS);
  t.equal(knownShare, 0.5);
  t.equal(bandWh[5], 30 + 20, 'half of 10 and half of 30 for the slot between them');
  const again = new LampSlots(0);
  again.restore(JSON.parse(JSON.stringify(lamps.packed())));
  t.same(again.between(0, 4 * SLOT_MS), lamps.between(0, 4 * SLOT_MS));
  again.restore([[1e9, 300], ['x'], null, [0, -5]]);
  t.same(again.between(0, 4 * SLOT_MS), lamps.between(0, 4 * SLOT_MS), 'nonsense is left out');
});

t.test('hours that were not counted are like those of the last counted night, not like the minutes before them', async (t) => {
  const usual = new LampSlots(0);
  for (let slot = 0; slot < 288; slot++) usual.add(slot * SLOT_MS, (slot + 1) * SLOT_MS, slot > 60 ? bands({ 10: 50 }) : bands({ 0: 1 }));
  const lamps = new LampSlots(0, usual);
  lamps.add(0, SLOT_MS, bands({ 0: 1 }));
  const night = lamps.between(0, 288 * SLOT_MS);
  t.ok((night.bandWh[10] ?? 0) > 220 * 50, `${night.bandWh[10]} Wh`);
  t.ok(night.knownShare < 0.01);
  t.equal(lamps.between(2 * SLOT_MS, 4 * SLOT_MS).bandWh[10], 0, 'minutes are like those before them');
  // A meter that is silent while the agent does not run: the sum of the lamps has nothing of that time.
  const gap = { fromMs: SLOT_MS, toMs: 288 * SLOT_MS, why: 'meter-silent', bandWh: bands({}) } as const;
  const fit = { otherW: 0, litW: 0, factors: bands({}).map(() => 1) };
  const found = estimatedGap(gap, { lamps, slotWh: new Float32Array(300).fill(Number.NaN) }, fit, []);
  t.ok(found.wh > 220 * 50 && found.halfWh > 0.45 * found.wh, `${found.wh} Wh`);
});

t.test('a tried part that begins before dusk is compared with the ratio of the other slots with light', (t) => {
  const lamps = new LampSlots(0);
  const slotWh = new Float32Array(300).fill(Number.NaN);
  for (let slot = 0; slot < 120; slot++) {
    const wh = slot >= 60 && slot < 92 ? 50 : 0;
    lamps.add(slot * SLOT_MS, (slot + 1) * SLOT_MS, bands({ 10: wh }));
    slotWh[slot] = 1.05 * wh;
  }
  const errors = triedGaps({ lamps, slotWh }, { otherW: 0, litW: 0, factors: bands({}).map(() => 1) });
  const ofDusk = (errors[TRIED_SLOTS.indexOf(24)] ?? []).filter(([start]) => start < 60 && start + 24 - 60 <= 20);
  t.ok(ofDusk.length > 5, `${ofDusk.length} parts`);
  for (const [start, error] of ofDusk) t.ok(error < 1e-6, `part from slot ${start}: ${error}`);
  t.end();
});

t.test('what the meter counted in a silence is measured, whenever it answers again', async (t) => {
  const night = new MeterNight(0, { lastMs: -20_000, lastWh: 1_000, assignedWh: 0 });
  night.read(60_000, 1_010, NO_LAMPS);
  night.read(10 * SLOT_MS, 1_500, NO_LAMPS);
  t.match(night.sums(), { startWh: 1_000, endWh: 1_500, measuredWh: 500 });
  t.same(night.end(10 * SLOT_MS, NO_LAMPS), []);
  t.match(night.end(20 * SLOT_MS, NO_LAMPS), [{ fromMs: 10 * SLOT_MS, toMs: 20 * SLOT_MS, why: 'meter-silent' }]);
});

t.test('the estimate of a silence at noon is taken from the total of the next night, so that no energy is counted twice', async (t) => {
  const night = new MeterNight(0, { lastMs: -SLOT_MS, lastWh: 1_000, assignedWh: 120 });
  night.read(SLOT_MS, 1_200, NO_LAMPS);
  t.equal(night.sums().measuredWh, 80);
});

t.test('a counter that restarts leaves a gap, whether it falls or is reported', async (t) => {
  for (const isReported of [true, false]) {
    const night = new MeterNight(0, { lastMs: -20_000, lastWh: 1_000, assignedWh: 0 });
    night.read(60_000, 1_100, NO_LAMPS);
    if (isReported) night.restarted();
    night.read(SLOT_MS, isReported ? 9_000 : 5, new Float64Array(11).fill(2));
    night.read(2 * SLOT_MS, isReported ? 9_050 : 55, NO_LAMPS);
    t.equal(night.sums().measuredWh, 150);
    t.match(night.end(2 * SLOT_MS, NO_LAMPS), [
      { fromMs: 60_000, toMs: SLOT_MS, why: 'meter-restarted', bandWh: Array.from({ length: 11 }, () => 2) },
    ]);
    const again = new MeterNight(0, null);
    again.restore(JSON.parse(JSON.stringify(night.packed())));
    t.match(again.sums(), { measuredWh: 150 });
  }
});

t.test('a counter that restarts and is silent until noon counts as measured in neither night', async (t) => {
  for (const lastMs of [10 * SLOT_MS, 20 * SLOT_MS - 20_000]) {
    const night = new MeterNight(0, { lastMs: -20_000, lastWh: 1_000, assignedWh: 0 });
    night.read(lastMs, 1_100, NO_LAMPS);
    night.restarted();
    const again = new MeterNight(0, null);
    again.restore(JSON.parse(JSON.stringify(night.packed())));
    for (const one of [night, again])
      t.match(one.end(20 * SLOT_MS, NO_LAMPS), [{ fromMs: lastMs, toMs: 20 * SLOT_MS, why: 'meter-restarted' }]);
    const next = new MeterNight(20 * SLOT_MS, JSON.parse(JSON.stringify(night.carry)));
    next.read(25 * SLOT_MS, 1_900, NO_LAMPS);
    next.read(26 * SLOT_MS, 1_950, NO_LAMPS);
    t.match(next.sums(), { measuredWh: 50 }, 'its total is not compared with that before the restart');
    t.match(next.end(26 * SLOT_MS, NO_LAMPS), [{ fromMs: 20 * SLOT_MS, toMs: 25 * SLOT_MS, why: 'meter-restarted' }]);
    t.match(next.carry, { isRestarted: false });
  }
});

t.test('a meter that was never read is one gap', async (t) => {
  t.match(new MeterNight(0, null).end(24 * 3_600_000, NO_LAMPS), [{ fromMs: 0, toMs: 24 * 3_600_000, why: 'no-meter' }]);
});

t.test('cuts of 5 to 120 min lie in their interval about nine times of ten', async (t) => {
  const cuts = cutNights(71, 200);
  const inside = cuts.filter(({ wh, halfWh, truthWh }) => Math.abs(wh - truthWh) <= halfWh).length / cuts.length;
  t.ok(inside >= 0.84 && inside <= 0.99, `${100 * inside} %`);
});
