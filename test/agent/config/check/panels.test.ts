import t from 'tap';
import { checkAgainstProfiles } from '../../../../agent/config/check/check-profiles.ts';
import { asWritten } from '../../../../agent/config/edit/as-written.ts';
import { loadCabinet, readCabinet } from '../../../../agent/config/load/load.ts';
import { readPlacedYaml } from '../../../../agent/config/load/places.ts';
import { formatProblem } from '../../../../agent/core/errors.ts';
import { readProfiles } from '../../../../drivers/registry.ts';
import { changed, SMALL_STREET } from '../small-street.ts';

const PANELS = `${SMALL_STREET}rules:
  - { id: smog, point: AIR1.pm2_5, above: 50, clearsAt: 40 }
holidays:
  - { id: town, days: [06-24] }
panels:
  - id: square-panel
    device: PN1
    points: [text]
    fallback: "30"
    limits: { maxLength: 16 }
    values:
      - { id: air, point: AIR1.pm2_5, words: [{ below: 15, word: good }, { below: 35, word: fair }, { word: poor }] }
      - { id: kwh, point: M01.energy_import, today: true, decimals: 1, missing: "--" }
    rules:
      - { rule: smog, text: "AIR {air}" }
    schedule:
      - { text: "FETE", at: "18:00", until: "02:00", holidays: town }
      - { text: "{kwh}", at: "07:00", until: sunset+30, weekdays: [sat, sun], from: 06-01, to: 08-31 }
`.replace('- { id: M01,', '- { id: PN1, unit: 41, profile: dm36b06 }\n      - { id: M01,');
const { profiles } = readProfiles([], readPlacedYaml);
const complaints = (...changes: [from: string, to: string][]): string[] => {
  const { loaded, problems } = readCabinet('c.yaml', () => changed(PANELS, changes), 'new');
  const all =
    problems.length > 0 || loaded === null ? problems : checkAgainstProfiles(loaded, { profiles, broken: new Map(), searched: [] });
  return all.map((problem) => formatProblem(problem).replace(/^c.yaml:\d+:\d+: /, ''));
};

t.test('a cabinet with a panel loads, with its defaults, and is written as it was read', async (t) => {
  t.strictSame(complaints(), []);
  const { cabinet } = loadCabinet('c.yaml', () => PANELS);
  t.match(cabinet.panels[0], {
    limits: {
      maxLength: 16,
      changesPerMin: 4,
      changesPerHour: 60,
      characters: null,
      textFrom: ['console', 'platform'],
      emergencyFrom: ['console'],
    },
    values: [
      { today: false, decimals: 0, missing: null, words: [{ below: 15 }, { below: 35 }, { below: null, word: 'poor' }] },
      { missing: '--' },
    ],
    schedule: [
      { at: { hour: 18, minute: 0 }, until: { hour: 2 }, days: { weekdays: null, holidays: { id: 'town' } } },
      { until: { sun: 'sunset', offsetMin: 30 }, days: { weekdays: [6, 7], from: { month: 6, day: 1 }, to: { month: 8 } } },
    ],
  });
  t.match(asWritten(cabinet), {
    holidays: [{ id: 'town' }],
    panels: [
      {
        schedule: [
          { at: '18:00', until: '02:00', holidays: 'town' },
          { until: 'sunset+30', weekdays: ['sat', 'sun'], from: '06-01' },
        ],
      },
    ],
  });
});

const mistakes: readonly (readonly [what: string, from: string, to: string, problem: RegExp])[] = [
  ['an unknown device', 'device: PN1', 'device: PN2', /panels\[0\].device: unknown device "PN2"; did you mean "PN1"/],
  ['an unknown rule', 'rule: smog, text', 'rule: fog, text', /rules\[0\].rule: unknown rule "fog"; there are: smog/],
  ['an unknown value in a text', '{air}', '{aire}', /rules\[0\].text: "\{aire\}" is none of the values of this panel; did you mean "air"/],
  ['a value in the fallback', 'fallback: "30"', 'fallback: "{air}"', /fallback: the fallback has no values/],
  ['a text that is too long with its longest word', 'AIR {air}', 'AIR QUALITY NOW {air}', /has up to 20 characters, limits.maxLength of this panel is 16/],
  ['a text with characters that the site does not allow', 'maxLength: 16', 'maxLength: 16, characters: "AEFIRT0123456789"', /characters that limits.characters of this panel does not allow/],
  ['control characters', '"FETE"', '"FE\\tTE"', /does not allow/],
  ['words in another order', 'below: 35', 'below: 5', /words\[1\].below: found 5, the word above ends at 15; list the lowest first/],
  ['a word after the last', '{ word: poor }', '{ word: poor }, { below: 99, word: bad }', /words\[3\]: the word above has no limit/],
  ['an unknown list of holidays', 'holidays: town', 'holidays: city', /unknown list of holidays "city"/],
  ['a day that does not exist', 'to: 08-31', 'to: 06-31', /there is no 06-31/],
  ['a time that is no time', 'at: "07:00"', 'at: "7pm"', /at: found "7pm"/],
  ['the id of a device', 'id: square-panel', 'id: PN1', /PN1/],
  ['a point that measures', 'points: [text]', 'points: [none]', /profile "dm36b06" has no point "none"; points that show a text: text/],
  ['a device without texts', 'device: PN1', 'device: L01', /has no point "text"; points that show a text:/],
  ['a value that is not measured', 'point: AIR1.pm2_5, words', 'point: AIR1.pm9, words', /measures no "pm9"/],
  ['a value of an unknown device', 'point: AIR1.pm2_5, words', 'point: AIR9.pm2_5, words', /no device of this cabinet has the point "AIR9.pm2_5"/],
  ['a point twice', 'points: [text]', 'points: [text, text]', /"PN1.text" is already a line of a panel/],
  ['an output on a text', 'panels:', 'outputs: [{ id: o, device: PN1, point: text, rules: [{ rule: smog, value: 1 }] }]\npanels:', /"text" of profile "dm36b06" shows texts; write it under `panels:`/],
]; // biome-ignore format: a table
for (const [what, from, to, problem] of mistakes)
  t.test(`a panel with a mistake: ${what}`, async (t) => {
    const found = complaints([from, to]);
    t.ok(
      found.some((each) => problem.test(each)),
      `${problem} in ${found.join('\n')}`,
    );
  });

t.test('a value of a device whose profile is not known is no second problem', async (t) => {
  const found = complaints(['profile: nova-sds011', 'profile: nova-sds099']);
  t.match(found, [/unknown profile "nova-sds099"/]);
  t.equal(found.length, 1);
});

t.test('a word in braces is no name of a value: the limits of the site apply to it', async (t) => {
  const limits = ['maxLength: 16', 'maxLength: 16, characters: "ACDEFGHIMORTUY0123456789abdfgiopr-°"'] as [string, string];
  const wordsOf = (word: string): string[] => complaints(limits, ['{ word: poor }', `{ word: "${word}" }`]);
  t.strictSame(
    wordsOf('poor').filter((each) => each.includes('rules[0]')),
    [],
  );
  t.match(
    wordsOf('{worse}').join(),
    /rules\[0\].text: has characters that limits.characters of this panel does not allow: \{, w, s, e, \}/,
  );
});
