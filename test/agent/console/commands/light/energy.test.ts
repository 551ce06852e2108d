import fc from 'fast-check';
import t from 'tap';
import { readEnergy } from '../../../../../agent/console/commands/light/energy.ts';
import { type EnergyAnswer, renderEnergy } from '../../../../../agent/console/commands/light/energy-page.ts';
import { COMMANDS } from '../../../../../agent/console/commands.ts';
import type { RawArgs } from '../../../../../agent/console/protocol/protocol.ts';
import type { Page } from '../../../../../agent/console/text/page.ts';
import { plain, toAscii } from '../../../../../agent/console/text/plain-text.ts';
import { AT_MS, TIMEZONE } from '../../fake-clock.ts';
import { energy as fakeEnergy, energyRow as fakeEnergyRow } from '../../fake-store.ts';
import { createFakeView } from '../../fake-view.ts';

const page: Page = { widthCols: 80, colour: false, atMs: AT_MS, timezone: TIMEZONE };
const answer = (changes: Partial<EnergyAnswer> = {}): EnergyAnswer => ({ ...fakeEnergy(), by: null, zone: null, ...changes });
const shown = (changes: Partial<EnergyAnswer> = {}): string => renderEnergy(plain(answer(changes)) as EnergyAnswer, page, 'table');

const park = fakeEnergyRow({ zone: 'jardin-des-plantes-nord', nights: 12, kwh: 4.2, baselineKwh: 20, savedKwh: 15.8, savedPct: 79 });
const night = fakeEnergyRow({
  period: '2026-11-30',
  nights: 1,
  litH: 14.04,
  kwh: 4.02,
  baselineKwh: 11.79,
  savedKwh: 7.77,
  savedPct: 65.9,
});

const sheets: [story: string, text: string, patterns: RegExp[], not?: RegExp][] = [
  [
    'a store without a whole night of a meter, which the cabinet may have all the same',
    shown({ meters: [] }),
    [/^Measured +nothing: no meter of this cabinet has counted one of these nights\n? +whole$/m],
    /has no meter/,
  ],
  [
    'a month of one zone',
    shown(),
    [
      /^30 nights, 2026-11-02 to 2026-12-01; the last one goes on$/m,
      /^bressigny +30 +391\.4 +56 % +6\.0 % +1234 +112\.4 +328\.8 +216\.4 +66$/m,
      /^bressigny +100 % +153\.5 +1\.00 +0\.0 % +-$/m,
      /^ +30 % +237\.9 +0\.33 +9\.8 % +0\.81$/m,
    ],
    /Unknown|Not seen|No time|^All/m,
  ],
  [
    'what is computed and what is measured are never mixed up',
    shown(),
    [
      /^Computed +from the rated power[\s\S]*not measured; 1\.98\n +kWh/m,
      /^Measured +M01 131\.2 kWh in 30 nights/m,
      /computed for the zones in the same nights 112\.4$/m,
    ],
  ],
  [
    'several zones have a sum',
    shown({ rows: [fakeEnergyRow(), park] }),
    [/^jardin-des-plan~ +12 /m, /^All +2468 +116\.6 +348\.8 +232\.2 +67$/m],
  ],
  [
    'night by night',
    shown({ by: 'night', rows: [night, fakeEnergyRow({ ...night, period: '2026-12-01' })] }),
    [/^2026-11-30 +bressigny +14\.0 /m, /^All +2468 +8\.04 +23\.6 +15\.5 +66$/m],
    /EN 13201-5|Nights/,
  ],
  [
    'month by month',
    shown({ by: 'month', rows: [{ ...night, period: '2026-11', nights: 30 }] }),
    [/^Month +Zone +Nights/m, /^2026-11 +bressigny +30 /m],
  ],
  ['one zone: the meter of the whole cabinet is left out', shown({ zone: 'bressigny' }), [/2026-12-01, bressigny; the last/], /Measured/],
  [
    'unknown energy and times are shown',
    shown({ rows: [fakeEnergyRow({ unknownLampH: 3.2, unknownSavedKwh: 0.14 })], awayH: 1.25, undatedH: 0.5 }),
    [
      /^Unknown +3\.20 lamp hours without an answer[\s\S]*0\.14 kWh of the saving/m,
      /^Not seen +1\.25 h: the agent did not run/m,
      /^No time +0\.50 h were counted/m,
    ],
  ],
  ['a zone that costs more than before says so', shown({ rows: [fakeEnergyRow({ savedKwh: -12.3, savedPct: -3.7 })] }), [/ -12\.3 +-4$/m]],
  [
    'nothing to compare is no saving of 100 %',
    shown({ rows: [fakeEnergyRow({ baselineKwh: 0, savedKwh: -1, savedPct: null, meanLevelPct: null, raisedPct: null, periods: [] })] }),
    [/ 391\.4 +- +- /, / -1\.00 +-$/m, /no hour at a level that is known/],
  ],
  ['before the first night', shown({ rows: [], firstNight: null, lastNight: null }), [/^Nothing +no night of this time was counted/]],
];
for (const [story, text, patterns, not] of sheets) {
  t.test(`${story}, on 80 columns of plain text`, async (t) => {
    for (const each of patterns) t.match(text, each);
    if (not !== undefined) t.notMatch(text, not);
    t.notMatch(text, /[^\n]{81}/, text);
    t.equal(text.replaceAll('\n', ''), toAscii(text.replaceAll('\n', '')));
    t.notMatch(text, / $/m);
  });
}

t.test('CSV has the bands, one row a zone and period, and dots', async (t) => {
  const [titles = '', first, second, ...rest] = renderEnergy(answer({ by: 'night', rows: [night, park] }), page, 'csv').split('\n');
  t.match(
    first,
    /^2026-11-30,bressigny,1,12,14\.04,55\.9,5\.98,1234,4\.02,106\.88,1\.98,11\.79,7\.77,65\.9,0\.57,0,0,0,0,0,2573\.2,0,0,0,0,281\.2,0,1842\.4$/,
  );
  t.match(second, /^all,jardin-des-plantes-nord,12,/);
  t.strictSame(rest, []);
  t.equal(titles.split(',').length, first?.split(',').length);
});

t.test('any sums fit 80 columns', async (t) => {
  const number = fc.double({ min: 0, max: 99_999, noNaN: true });
  const row = fc.record({
    litH: number,
    kwh: number,
    baselineKwh: number,
    savedKwh: number,
    unknownLampH: number,
    activations: fc.nat(999_999),
    period: fc.constant('2026-12-01'),
  });
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 4 }), fc.constantFrom(null, 'night' as const, 'month' as const), (rows, by) => {
      const text = renderEnergy(answer({ by, rows: rows.map((each) => fakeEnergyRow({ ...each, zone: 'x'.repeat(32) })) }), page, 'table');
      return text.split('\n').every((line) => line.length <= 80);
    }),
  );
  t.pass('held for all generated sums');
});

const command = COMMANDS.find(({ name }) => name === 'energy');
const job = {
  source: 'console:tech',
  caller: { user: 'tech', role: 'admin', socketKind: 'agent' } as const,
  report: () => true,
  signal: new AbortController().signal,
  clock: { wallMs: () => AT_MS, monoMs: () => 0, after: () => ({ cancel: () => {} }) },
  timezone: TIMEZONE,
};
const ask = (args: RawArgs, view = createFakeView()) =>
  command?.kind === 'agent' ? command.answer(view, args, job) : Promise.reject(new Error('no command'));

t.test('without arguments it shows the last thirty days as a total', async (t) => {
  const view = createFakeView();
  t.match(await ask({}, view), { by: null, zone: null, rows: [{ zone: 'bressigny' }] });
  t.strictSame(view.asked, [{ fromMs: AT_MS - 30 * 86_400_000, toMs: AT_MS, by: null, zone: null }]);
});

t.test('zone names ignore case, and days are days of the cabinet', async (t) => {
  const view = createFakeView();
  await ask({ zone: 'BRESSIGNY', since: '2026-11-01', until: '2026-12-01', by: 'Night' }, view);
  const [fromMs, toMs] = [Date.parse('2026-10-31T23:00Z'), Date.parse('2026-11-30T23:00Z')];
  t.strictSame(view.asked, [{ fromMs, toMs, by: 'night', zone: 'bressigny' }]);
});

const refused: [args: RawArgs, message: RegExp][] = [
  [{ by: 'week' }, /bad --by "week": write night or month/],
  [{ since: 'dusk' }, /bad time "dusk"/],
  [{ zone: true }, /zone is missing/],
];
for (const [args, message] of refused) {
  t.test(`${JSON.stringify(args)} is refused as usage`, async (t) => t.throws(() => readEnergy(args), { code: 'usage', message }));
}

t.test('an unknown zone and a disk that does not answer are reported', async (t) => {
  await t.rejects(ask({ zone: 'bresigny' }), { code: 'unknown-name', message: /did you mean bressigny\?/ });
  await t.rejects(ask({ by: 'month' }), { code: 'failed', message: /`luciole store` shows what is wrong/ });
  await t.rejects(ask({ zoen: 'x' }), { code: 'usage', message: /did you mean zone\?/ });
});
