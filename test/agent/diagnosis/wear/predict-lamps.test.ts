import t from 'tap';
import { type LampHistory, predictLamps } from '../../../../agent/diagnosis/wear/predict-lamps.ts';
import type { DatedNight, WearNight } from '../../../../agent/diagnosis/wear/wear-night.ts';
import { dateOfNight, lampWith, nightsOf, noise } from './wearing-lamps.ts';

const wobble = noise(1, 0.5);
/** Loses 0.5 % of its power a week, from night 100 on. */
const fading = (night: number): Partial<WearNight> => ({ driftPct: -Math.max(0, night - 100) / 14 + wobble() });

function predict(nights: readonly DatedNight[], lastNight: number) {
  const [found] = predictLamps([lampWith(nights)], dateOfNight(lastNight));
  if (found === undefined) throw new Error('no prediction');
  return found;
}

t.test('a power that falls is listed, with the weeks until it is no longer what it should be', async (t) => {
  const found = predict(nightsOf(340, fading), 339);
  t.match(found, { state: 'listed', lamp: 'L01', pole: 'P01', withinWeeks: 4 });
  const [sign] = found.signs;
  t.equal(sign?.sign, 'power');
  t.match(String(sign?.text), /^power drifted by -\d+ % in \d+ weeks, now -1[67] %, limit -15 %$/);
  // It is at -17.1 % and loses 0.5 % a week: 30 % are 26 weeks away.
  t.ok(
    found.earliestWeeks === 0 && (found.latestWeeks ?? 0) >= 26 && (found.latestWeeks ?? 99) < 52,
    `${found.earliestWeeks} to ${found.latestWeeks}`,
  );
});

const silent: [story: string, of: (night: number) => Partial<WearNight> | undefined, nights: number, state: string][] = [
  ['constant values', () => ({ driftPct: 0, temperatureC: 60, starts: 5, hours: 5 }), 400, 'no-sign'],
  ['noise only', () => ({ driftPct: 8 * wobble(), currentPct: 90 + 10 * wobble() }), 400, 'no-sign'],
  ['a season', (night) => ({ driftPct: 2 * Math.cos(night / 58), temperatureC: 50 - 15 * Math.cos(night / 58) }), 400, 'no-sign'],
  ['a step is no trend', (night) => ({ driftPct: (night < 200 ? 0 : -12) + wobble() }), 260, 'no-sign'],
  ['two steps, as before and after a repair', (night) => ({ driftPct: (night > 230 && night < 250 ? -12 : 0) + wobble() }), 260, 'no-sign'],
  ['a drift that is too slow to be known', (night) => ({ driftPct: -night / 200 }), 400, 'no-sign'],
  ['too few nights', fading, 40, 'too-little'],
  ['a lamp without any quantity', () => ({ ratedHours: 50_000 }), 400, 'no-data'],
  ['months without a night at the end', (night) => (night > 300 ? undefined : fading(night)), 400, 'too-little'],
  ['months without any quantity at the end', (night) => (night > 300 ? {} : fading(night)), 400, 'too-little'],
  [
    'months without the quantity that fades',
    (night) => (night > 300 ? { hours: night } : { ...fading(night), hours: night }),
    400,
    'no-sign',
  ],
  ['another lamp on the pole', (night) => ({ ...fading(night), kind: night < 330 ? 'L01 led 60' : 'L01 led 40' }), 340, 'too-little'],
  [
    'a driver exchanged: its counter starts over',
    (night) => ({ ...fading(night), starts: night < 330 ? 5_000 + night : night - 330 }),
    340,
    'too-little',
  ],
  ['hours of an older store', (night) => ({ ...fading(night), hours: night < 330 ? 5_000 + 10 * night : 100 + night }), 340, 'too-little'],
  ['hours stated after an exchange', (night) => ({ ...fading(night), hours: night < 330 ? null : 10 * (night - 330) }), 340, 'too-little'],
  ['a used driver: its counter jumps', (night) => ({ ...fading(night), starts: night < 330 ? night : 90_000 + night }), 340, 'too-little'],
];
for (const [story, of, nights, state] of silent) {
  t.test(`nothing is stated: ${story}`, async (t) => {
    t.match(predict(nightsOf(nights, of), nights - 1), { state, withinWeeks: null, confidence: null, signs: [] });
  });
}

t.test('after an exchange the drift counts from the first nights of the new driver', async (t) => {
  const night = (at: number): Partial<WearNight> => ({
    driftPct: at < 100 ? wobble() : -12 - (at - 100) / 50 + wobble(),
    starts: at < 100 ? 900 + at : at - 100,
  });
  t.match(predict(nightsOf(340, night), 339), { state: 'no-sign', nights: 240, sinceNight: dateOfNight(100) });
});

const same: [story: string, of: (night: number) => Partial<WearNight> | undefined][] = [
  ['a wrong reading of a counter', (night) => ({ ...fading(night), starts: night === 300 ? 0 : 100 + night })],
  ['a wrong power now and then', (night) => ({ ...fading(night), ...(night % 29 === 0 ? { driftPct: 250 } : {}) })],
  ['missing months', (night) => (night > 190 && night < 260 ? undefined : fading(night))],
  [
    'a counter over missing months',
    (night) => (night > 190 && night < 260 ? undefined : { ...fading(night), hours: 100 + 12 * night, starts: night }),
  ],
  ['every second night missing', (night) => (night % 2 === 0 ? undefined : fading(night))],
];
for (const [story, of] of same) {
  t.test(`the lamp is still listed: ${story}`, async (t) => {
    t.match(predict(nightsOf(340, of), 339), { state: 'listed', withinWeeks: 4 });
  });
}

t.test('nights in the future, from a clock that was wrong, are ignored', async (t) => {
  const nights = [...nightsOf(340, fading), ...nightsOf(900, () => ({ driftPct: 0 })).slice(700)];
  t.match(predict(nights, 339), { state: 'listed', withinWeeks: 4 });
});

const rated: [story: string, hours: number, perNight: number, expected: object][] = [
  ['rated life soon over', 48_000, 10, { state: 'listed', withinWeeks: 26, latestWeeks: null, confidence: 'low' }],
  ['rated life over', 60_000, 10, { state: 'listed', withinWeeks: 26, confidence: 'low' }],
  ['rated life far away', 20_000, 10, { state: 'no-sign' }],
  ['a lamp that never burns', 49_999, 0, { state: 'no-sign' }],
];
for (const [story, hours, perNight, expected] of rated) {
  t.test(story, async (t) => {
    const nights = nightsOf(100, (night) => ({ hours: hours - perNight * (99 - night), ratedHours: 50_000 }));
    const found = predict(nights, 99);
    t.match(found, expected);
    const [fromSite] = predictLamps(
      [{ ...lampWith(nights.map(({ date, night }) => ({ date, night: { ...night, ratedHours: null } }))), ratedHours: 50_000 }],
      dateOfNight(99),
    );
    t.match(fromSite, expected, 'from the file of the site');
    if (found.state === 'listed') t.equal(String(found.signs[0]?.text), `${hours} of 50000 rated hours`);
  });
}

t.test('a sign whose quantity is unknown for months is left out, beside one that is known', async (t) => {
  const nights = nightsOf(100, (night) => ({ ...(night < 30 ? { hours: 49_000 + 10 * night } : {}), driftPct: -night / 6 + wobble() }));
  const [found] = predictLamps([{ ...lampWith(nights), ratedHours: 50_000 }], dateOfNight(99));
  t.strictSame(
    found?.signs.map(({ sign }) => sign),
    ['power'],
  );
});

t.test('a lamp that is compared with the others has no sign if they are unknown for months', async (t) => {
  const lamps = street(180, (night) => ({ deratedPct: Math.max(0, night - 40) / 3 }));
  const later = lamps.map((lamp, at) => ({ ...lamp, nights: at === 0 ? lamp.nights : lamp.nights.slice(0, 130) }));
  t.match(predictLamps(later, dateOfNight(129))[0], { signs: [{ sign: 'derating' }] });
  t.match(predictLamps(later, dateOfNight(179))[0], { state: 'no-sign', signs: [] });
});

/** Six lamps in the same weather. `change` adds to the first one. */
function street(nights: number, change: (night: number) => Partial<WearNight>): readonly LampHistory[] {
  return ['L01', 'L02', 'L03', 'L04', 'L05', 'L06'].map((id, lamp) => {
    const own = noise(lamp + 10, 1);
    const of = (night: number): Partial<WearNight> => {
      const temperatureC = 40 + lamp - 12 * Math.cos(night / 58) + own();
      const usual = { temperatureC, deratedPct: 0, starts: 100 + night };
      const more = lamp === 0 ? change(night) : {};
      return { ...usual, ...more, temperatureC: temperatureC + (more.temperatureC ?? 0) };
    };
    return lampWith(nightsOf(nights, of), id);
  });
}

t.test('a lamp that becomes warmer than the others is listed; summer alone lists none', async (t) => {
  const summer = predictLamps(
    street(180, () => ({})),
    dateOfNight(179),
  );
  t.strictSame(
    summer.map(({ state }) => state),
    Array(6).fill('no-sign'),
  );
  const [dusty, ...others] = predictLamps(
    street(180, (night) => ({ temperatureC: night / 18 })),
    dateOfNight(179),
  );
  t.match(dusty, { state: 'listed', signs: [{ sign: 'temperature' }] });
  t.match(String(dusty?.signs[0]?.text), /^warmer by \+\d+ K than the other lamps in \d+ weeks, now \+\d+ K, limit \+\d K$/);
  t.ok(others.every(({ state }) => state === 'no-sign'));
});

t.test('derating that grows is listed', async (t) => {
  const [found] = predictLamps(
    street(180, (night) => ({ deratedPct: Math.max(0, night - 90) / 3 })),
    dateOfNight(179),
  );
  t.match(found, { state: 'listed', signs: [{ sign: 'derating' }] });
});

t.test('a driver that restarts more and more often is listed; one that always did so is not', async (t) => {
  const [failing] = predictLamps(
    street(180, (night) => ({ starts: 100 + night + Math.max(0, night - 150) })),
    dateOfNight(179),
  );
  t.match(failing, { state: 'listed', withinWeeks: 4, confidence: 'low', signs: [{ sign: 'starts' }] });
  const [busy] = predictLamps(
    street(180, (night) => ({ starts: 100 + 3 * night })),
    dateOfNight(179),
  );
  t.match(busy, { state: 'no-sign' });
  const together = street(180, () => ({})).map((lamp) => ({
    ...lamp,
    nights: lamp.nights.map(({ date, night }) => ({
      date,
      night: { ...night, starts: (night.starts ?? 0) * (date > dateOfNight(150) ? 2 : 1) },
    })),
  }));
  t.ok(
    predictLamps(together, dateOfNight(179)).every(({ state }) => state === 'no-sign'),
    'mains cuts are starts of all lamps',
  );
});

t.test('two signs are more certain than one', async (t) => {
  const one = street(180, (night) => ({ driftPct: -night / 14 + wobble() }));
  const two = street(180, (night) => ({ driftPct: -night / 14 + wobble(), deratedPct: Math.max(0, night - 90) / 2 }));
  const order = ['low', 'medium', 'high'];
  const [alone, both] = [one, two].map((lamps) => predictLamps(lamps, dateOfNight(179))[0]?.confidence ?? 'low');
  t.ok(order.indexOf(both ?? '') >= order.indexOf(alone ?? ''), `${alone} and ${both}`);
});
