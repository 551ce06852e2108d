import t from 'tap';
import { renderPredict } from '../../../../../agent/console/commands/light/predict-page.ts';
import type { Page } from '../../../../../agent/console/text/page.ts';
import { evidenceOf, type LampPrediction } from '../../../../../agent/core/wear-view.ts';
import { trendText, usedText } from '../../../../../agent/diagnosis/wear/wear-texts.ts';

const PAGE: Page = { widthCols: 80, colour: false, atMs: 0, timezone: 'Europe/Paris' };
const BASE: LampPrediction = {
  ...{ lamp: 'L01', pole: 'P01', state: 'no-sign', withinWeeks: null, earliestWeeks: null, latestWeeks: null, confidence: null },
  ...{ nights: 200, neededNights: 56, sinceNight: '2026-05-01', signs: [] },
};
const power = trendText('power', { change: -9.2, level: -11.4, limit: -15, weeks: 13, unit: '%' });
const warm = trendText('temperature', { change: 12.6, level: 14, limit: 27, weeks: 24, unit: 'K' });
const sign = (text: typeof power): LampPrediction['signs'][number] => ({
  sign: 'power',
  earliestWeeks: 4,
  latestWeeks: 31,
  confidence: 'medium',
  text,
});
const LAMPS: readonly LampPrediction[] = [
  BASE,
  {
    ...BASE,
    lamp: 'L07',
    pole: 'P07',
    state: 'listed',
    withinWeeks: 8,
    earliestWeeks: 11,
    latestWeeks: 20,
    confidence: 'high',
    signs: [sign(warm), sign(power)],
  },
  {
    ...BASE,
    lamp: 'L03',
    pole: 'P03',
    state: 'listed',
    withinWeeks: 4,
    earliestWeeks: 4.1,
    latestWeeks: 31.2,
    confidence: 'medium',
    signs: [sign(power)],
  },
  {
    ...{ ...BASE, lamp: 'L09', pole: '', state: 'listed', withinWeeks: 26, earliestWeeks: 30, latestWeeks: null, confidence: 'low' },
    signs: [sign(usedText('hours', 48_120, 50_000))],
  },
  { ...BASE, lamp: 'L04', state: 'too-little', nights: 23 },
  { ...BASE, lamp: 'L05', state: 'too-little', nights: 123 },
  { ...BASE, lamp: 'L06', state: 'no-data' },
];

t.test('the lamps to replace, the most urgent first, within 80 columns', async (t) => {
  const text = renderPredict({ lamps: LAMPS }, PAGE, { isAll: false, isCsv: false });
  t.equal(
    text,
    `Lamp  Pole  Within  Weeks  Sure    Because
L03   P03     4 wk   4-52  medium  power drifted by -9 % in 13 weeks, now -11 %,
                                   limit -15 %
L07   P07     8 wk  11-20  high    warmer by +13 K than the other lamps in 24
                                   weeks, now +14 K, limit +27 K; power drifted
                                   by -9 % in 13 weeks, now -11 %, limit -15 %
L09   -      26 wk    26+  low     48120 of 50000 rated hours

3 lamps to replace, 1 without a sign, 2 without enough nights (56 are needed), 1
that report nothing which shows wear`,
  );
});

t.test('all lamps, and none', async (t) => {
  const all = renderPredict({ lamps: LAMPS.slice(4) }, PAGE, { isAll: true, isCsv: false });
  t.match(all, /no statement: 23 of 56 nights/);
  t.match(all, /no statement: no night of the last weeks/);
  t.match(all, /the lamp reports nothing that shows wear/);
  t.equal(renderPredict({ lamps: [BASE] }, PAGE, { isAll: false, isCsv: false }), '0 lamps to replace, 1 without a sign');
});

t.test('CSV has every lamp, in whole weeks, and the evidence as one field', async (t) => {
  const lines = renderPredict({ lamps: LAMPS.slice(0, 2) }, PAGE, { isAll: false, isCsv: true }).split('\n');
  t.strictSame(lines.slice(0, 2), [
    'lamp,pole,state,within_weeks,earliest_weeks,latest_weeks,confidence,nights,since,signs,evidence',
    'L01,P01,no-sign,,,,,200,2026-05-01,,no sign in 200 nights',
  ]);
  t.match(lines[2], /^L07,P07,listed,8,11,20,high,200,2026-05-01,power power,"warmer by /);
});

t.test('an argument of a message is not translated: units and numbers', async (t) => {
  t.strictSame(power.args, ['-9', '%', 13, '-11', '%', '-15', '%']);
  t.match(String(evidenceOf({ signs: [sign(power), sign(warm)] })), /limit -15 %; warmer by/);
});
