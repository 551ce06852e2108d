import fc from 'fast-check';
import t from 'tap';
import { loadCabinet, readCabinet } from '../../../../agent/config/load/load.ts';
import { ConfigError, formatProblem, type Problem } from '../../../../agent/core/errors.ts';
import { withTexts } from '../../../../agent/core/message-wire.ts';
import { editDistance, nearest } from '../../../../agent/core/suggestions.ts';
import { keysAndTypes, nameMistakes, SITE, values } from '../check/mistakes.ts';
import { SMALL_STREET, smallStreet } from '../small-street.ts';

function problemsOf(readFile: () => string): readonly Problem[] {
  try {
    loadCabinet('c.yaml', readFile);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}
const complaints = (text: string): string[] => problemsOf(() => text).map((p) => formatProblem(p).replace('c.yaml:', ''));

t.test('a small street loads with every default filled in', async (t) => {
  const { cabinet, place } = loadCabinet('c.yaml', () => SMALL_STREET);
  t.same(cabinet.lines[0]?.serial, { baud: 9600, parity: 'none', stopBits: 1, dataBits: 8 });
  t.match(cabinet, { id: 'test', clockTrust: 'auto', console: { socketPath: null }, profileDirs: ['/etc/luciole/profiles'] });
  t.match(cabinet.lines[1], { kind: 'uart', devices: [{ id: 'AIR1', unit: 0, pole: null }] });
  t.same(cabinet.lamps[0], { id: 'L01', device: 'L01', point: 'level', pole: 'P01', ratedPowerW: 60, minPct: 0, maxPct: 100 });
  t.same(cabinet.zones[0], {
    id: 'rue',
    lamps: ['L01'],
    kind: 'street',
    programme: 'residential',
    calendar: null,
    minPct: 10,
    designClass: null,
    sunBelowDeg: -2,
    onOffsetMin: 0,
    offOffsetMin: 0,
    photocell: null,
    dark: null,
    presence: {
      sensors: [
        {
          ...{ device: 'S01', point: 'motion', kind: 'motion', threshold: 50, ownHoldS: 5 },
          ...{ minPulseS: 0, offDelayS: 5, blankS: 0, stuckS: 3600, maxPerH: 300, listen: 'own' },
        },
      ],
      boostPct: 100,
      holdS: 30,
      rampUpS: 1,
      rampDownS: 10,
      reachM: 40,
      maxBoostS: 14_400,
      wave: null,
      relayedPct: null,
    },
    traffic: null,
    baseline: { levelPct: 100, lampPowerW: null },
    constantLight: null,
  });
  t.equal(cabinet.zones[1]?.presence, null);
  t.same(cabinet.programmes[0]?.steps[1], { at: { hour: 23, minute: 0 }, level: { pct: 30 }, boostPct: null });
  t.match(cabinet.uplink, { protocol: 5, node: 'test', primaryHost: null, certFile: null, keepaliveS: 30, birthJitterS: 30 });
  t.same(cabinet.store, {
    dir: '/var/lib/luciole',
    commitSeconds: 10,
    maxMegabytes: 512,
    maxDays: 400,
    peopleDays: 365,
    recordDays: 35,
    heartbeatS: 60,
  });
  t.same(place(['lines', 0, 'devices', 2, 'unit']), { line: 8, column: 26 });
  t.same(place(['lamps', 1, 'point']), { line: 20, column: 5 }, 'what was left out stands where its parent does');
});

t.test('sections may be left out or left empty, and written in the ways people do', async (t) => {
  const load = (...changes: [string, string][]) => loadCabinet('c.yaml', () => smallStreet(...changes)).cabinet;
  t.equal(load(['uplink:\n  broker: mqtt://127.0.0.1:1883\n  group: Angers\n', '']).uplink, null);
  t.equal(load(['uplink:', 'store:\nconsole:\nprofileDirs:\nuplink:']).store.commitSeconds, 10);
  t.equal(load(['group: Angers', 'group: Angers Loire\n  protocol: 3.1.1']).uplink?.protocol, 4);
  t.same(load(['"23:00"', '23:00']).programmes[0]?.steps[1]?.at, { hour: 23, minute: 0 }, 'an unquoted time is a time');
  t.equal(load(['mqtt://127.0.0.1:1883', 'mqtts://broker']).uplink?.broker, 'mqtts://broker');
  t.equal(load(['id: north', 'id: &n north'], ['id: rue', 'id: *n']).zones[0]?.id, 'north', 'an alias stands for its value');
  t.equal(load(['reachM: 40', 'boostPct: 30']).zones[0]?.presence?.boostPct, 30, 'a boost to the lowest step is none, but no mistake');
  const shared = smallStreet(['presence: {', 'presence: &p {'], ['lamps: [L02]', 'lamps: [L02]\n    presence: *p']);
  t.same(
    loadCabinet('c.yaml', () => shared).place(['zones', 1, 'presence', 'reachM']),
    { line: 25, column: 56 },
    'a place behind an alias',
  );
  t.equal(loadCabinet('c.yaml', () => SMALL_STREET.replaceAll('\n', '\r\n')).cabinet.lamps.length, 2);
});

for (const [story, changes, problems] of [...keysAndTypes, ...nameMistakes, ...values]) {
  t.test(`reported at its place: ${story}`, async (t) => t.strictSame(complaints(smallStreet(...changes)), problems));
}

t.test('places far from the meridian of their clock are accepted', async (t) => {
  // biome-ignore format: a table
  const places = [
    '39.47, longitudeDeg: 75.99, timezone: Asia/Shanghai',
    '27.15, longitudeDeg: -13.2, timezone: Africa/El_Aaiun',
    '64.18, longitudeDeg: -51.7, timezone: America/Nuuk',
    '1.87, longitudeDeg: -157.4, timezone: Pacific/Kiritimati',
    '78.2, longitudeDeg: 15.6, timezone: Europe/Oslo',
    '-33.9, longitudeDeg: 151.2, timezone: Australia/Sydney',
    '55.75, longitudeDeg: 37.6, timezone: Europe/Moscow',
  ];
  for (const place of places) t.strictSame(complaints(smallStreet([SITE, `latitudeDeg: ${place}`])), [], place);
});

const SAME_COLUMN = 'begin all keys of a section, and all "-" of a list, in the same column';

// biome-ignore format: a table
const broken: [story: string, text: string, problems: string[]][] = [
  ['an empty file', '', ['1:1: the file holds no settings; start from config/example-street.yaml']],
  ['only comments', '# lines:\n', ['1:1: the file holds no settings; start from config/example-street.yaml']],
  [
    'a bare word',
    'hello',
    [
      '1:1: found "hello"; allowed: a section with the keys cabinet, lines, poles, branches, lamps, zones, programmes, calendars, holidays, eventNights, rules, outputs, sound, panels, watch, energy, neighbours, uplink, store, recorder, console, service, trust, profileDirs',
    ],
  ],
  ['an open quote', 'a: "x\nb: 1\n', ['1:4: not YAML: this quote is not closed']],
  ['several syntax errors', 'a: @x\nb: "y" z\n\tc: d\n', ['1:4: not YAML: a text that begins with "@" needs quotes', '2:8: not YAML: this does not belong here; check indentation and quotes', '3:1: not YAML: there is a tab here; indent with spaces']],
  ['a line too far right', 'lines:\n  - id: a\n     port: /dev/x\n', [`3:6: not YAML: indentation: this line is further right than its section; ${SAME_COLUMN}`]],
  ['a line too far right behind comments', 'a:\n  b: 1\n\n  # c\n   d: 2\n', [`5:4: not YAML: indentation: ${SAME_COLUMN}`]],
  ['a line too far left', 'cabinet:\n  id: x\n name: y\n', [`3:2: not YAML: indentation: ${SAME_COLUMN}`]],
  ['a key left of its item', 'lines:\n  - id: a\n   port: /dev/x\n', [`3:4: not YAML: indentation: ${SAME_COLUMN}`]],
  ['a key below its dash', 'lines:\n  - id: a\n  port: b\n', [`3:3: not YAML: indentation: ${SAME_COLUMN}`]],
  ['a dash left of its list', 'lines:\n  - id: a\n - id: b\n', [`3:2: not YAML: indentation: ${SAME_COLUMN}`]],
  ['a dash right of its list', 'lines:\n  - id: a\n    - id: b\n', [`3:5: not YAML: indentation: ${SAME_COLUMN}`]],
  ['a section left of its list, ten columns in', `lines:\n${' '.repeat(20)}- id: a\n${' '.repeat(10)}  port: b\n`, [`3:13: not YAML: indentation: ${SAME_COLUMN}`]],
  ['no blank behind the colon', 'cabinet:\n  id:x\n  name: y\n', ['2:3: not YAML: a key is followed by a colon and a blank, as in "id: L01"']],
  ['no colon in the last line', 'cabinet:\n  name: y\n  id\n', ['3:3: not YAML: a key is followed by a colon and a blank, as in "id: L01"']],
  ['two colons on a line', 'name: Rue: Haute\n', ['1:7: not YAML: a second ": " on one line; put a text that contains ": " in quotes']],
  ['an open brace', 'poles:\n  - { id: a, atM: 1\n  - { id: b, atM: 2 }\n', ['2:5: not YAML: this "{" is not closed, or its lines are not indented']],
  ['an open bracket at the end', 'a: [1, 2\n', ['1:4: not YAML: this "[" is not closed, or its lines are not indented']],
  ['a bracket too many', 'a: [1]]\n', ['1:7: not YAML: this "]" closes nothing']],
  ['no comma', 'a: { id: x name: y }\n', ['1:10: not YAML: a "," is missing between the parts in brackets']],
  ['a comment without a blank', 'a: "x"#c\n', ['1:7: not YAML: a "#" needs a blank before it']],
  ['a list on the line of its key', 'a: - b\n', ['1:4: not YAML: a list begins on a line of its own']],
  ['a path of Windows', 'a: "C:\\dir"\n', ['1:7: not YAML: "\\d" means nothing in double quotes; use single quotes']],
  ['a star', 'a: *\n', ['1:4: not YAML: a "*" needs quotes or a name behind it']],
  ['two documents', '---\na: 1\n---\nb: 1', ['3:1: a second document begins here ("---"); one file holds one']],
  ['an unknown tag', 'cabinet: !x 1\n', ['1:10: not YAML: a text that begins with "!" needs quotes; tags are not used here']],
  ['a list as a key', '? [a]\n: 1\n', ['1:3: a key must be a plain word']],
  ['an alias to nothing', 'a: *b\n', ['1:4: "*b" points to nothing; there is no "&b" before it']],
  ['aliases of aliases', 'a: &a [x]\nb: &b [*a, *a]\nc: [*b]\n', ['3:5: "*b" repeats a part that itself holds "*" references; write it out']],
  [
    'a file that is not UTF-8',
    'cabinet: { name: Rue de la F\uFFFDd\uFFFDration }',
    ['1:29: found a character that is not UTF-8; save the file as UTF-8'],
  ],
];
for (const [story, text, problems] of broken) {
  t.test(`refused before its content is judged: ${story}`, async (t) => t.strictSame(complaints(text), problems));
}

t.test('a duplicate key is reported together with all other problems', async (t) => {
  t.strictSame(complaints(smallStreet(['uplink:\n', 'uplink:\n  group: A\n'], ['unit: 31', 'unit: 0'])), [
    '9:26: lines[0].devices[3].unit: found 0; needed on a modbus line: a whole number from 1 to 247',
    '38:3: this key is used twice in the same section; keep one of the two',
  ]);
  t.strictSame(complaints(smallStreet(['group: Angers', 'group: A\n  group: a+b'])), [
    '38:3: this key is used twice in the same section; keep one of the two',
    '38:10: uplink.group: found "a+b"; allowed: 1 to 64 characters without "+", "/" or "#"',
  ]);
});

t.test('a file that cannot be read is one problem; a defect of the reader is none', async (t) => {
  const failing = (code: string) => (): string => {
    throw Object.assign(new Error('boom'), { code });
  };
  t.match(problemsOf(failing('ENOENT')), [{ file: 'c.yaml', line: 1, column: 1, message: /^no such file/ }]);
  t.match(problemsOf(failing('EISDIR')), [{ message: /^this is a folder/ }]);
  t.match(problemsOf(failing('EACCES')), [{ message: /^not allowed to read it/ }]);
  t.match(withTexts(problemsOf(failing('EIO'))), [{ message: 'cannot be read (EIO); check the disk' }]);
  t.throws(() => problemsOf(() => (undefined as unknown as { text: string }).text), TypeError);
});

t.test('any mixture of mistakes is reported in one run, in the order of the file', async (t) => {
  // A wrong broker hides the checks of its certificates; an invalid zone hides those of its lamps.
  const hidden = ['certificates without encryption', "a lamp that cannot reach its zone's minimum"];
  const rows = [...keysAndTypes, ...values].filter(([story, changes]) => changes.length === 1 && !hidden.includes(story));
  fc.assert(
    fc.property(fc.subarray(rows, { minLength: 2, maxLength: 4 }), (chosen) => {
      const froms = chosen.map(([, [change]]) => change?.[0] ?? '');
      fc.pre(
        froms.every((a, i) =>
          froms.every(
            (b, j) =>
              i === j ||
              !(
                SMALL_STREET.indexOf(a) < SMALL_STREET.indexOf(b) + b.length && SMALL_STREET.indexOf(b) < SMALL_STREET.indexOf(a) + a.length
              ),
          ),
        ),
      );
      const problems = problemsOf(() => smallStreet(...chosen.flatMap(([, changes]) => changes)));
      const messages = problems.map((p) => `${p.path}: ${p.message}`);
      const inOrder = problems.every((p, i) => i === 0 || (problems[i - 1]?.line ?? 0) <= p.line);
      return (
        inOrder && chosen.every(([, , problems]) => problems.every((p) => p.includes('(the other') || messages.some((m) => p.endsWith(m))))
      );
    }),
    { numRuns: 60 },
  );
  t.pass('held for all generated mixtures');
});

t.test('for any text, loading ends with a cabinet or with a list of problems inside the file', async (t) => {
  const lines = SMALL_STREET.split('\n');
  const damage = fc.record({
    at: fc.nat(lines.length - 1),
    text: fc.oneof(fc.string(), fc.constantFrom('  - ', 'id:', '*a', '&a ', '? ', '{', '!!', '<<: *a', '\t')),
  });
  fc.assert(
    fc.property(fc.array(damage, { minLength: 1, maxLength: 4 }), (damages) => {
      const text = damages.reduce((all, { at, text }) => all.with(at, text), lines).join('\n');
      const count = text.split('\n').length;
      return problemsOf(() => text).every((p) => p.line >= 1 && p.line <= count && p.column >= 1 && String(p.message) !== '');
    }),
    { numRuns: 300 },
  );
  t.pass('held for all generated texts');
});

t.test('the nearest word is a metric neighbour, and none when nothing is near', async (t) => {
  t.equal(nearest('programe', ['lamps', 'programme']), 'programme');
  t.equal(nearest('LINES', ['poles', 'lines']), 'lines', 'case does not matter');
  t.equal(nearest('S02', ['L02', 'S01']), 'S01', 'the first letter weighs more');
  t.equal(nearest('abc', ['xyc', 'abx']), 'abx');
  t.equal(nearest('colour', ['id', 'kind', 'port']), undefined);
  t.equal(editDistance('presnece', 'presence'), 1, 'two swapped letters are one slip');
  fc.assert(
    fc.property(fc.string(), fc.string(), (a, b) => editDistance(a, b) === editDistance(b, a) && (editDistance(a, b) === 0) === (a === b)),
  );
});

t.test('a key that the schema library would drop is refused by name in a new cabinet; one that runs continues', async (t) => {
  const sections = { roles: 'emergency', instances: '[0]', groups: '[level]' };
  for (const [section, value] of Object.entries(sections)) {
    const text = SMALL_STREET.replace('{ id: S01', `{ ${section}: { __proto__: ${value} }, id: S01`);
    t.not(text, SMALL_STREET);
    const before = text.slice(0, text.indexOf('__proto__')).split('\n');
    const place = { line: before.length, column: (before.at(-1) ?? '').length + 1 };
    const path = new RegExp(`^lines\\[\\d\\]\\.devices\\[\\d\\]\\.${section}\\.__proto__$`);
    const expected = [{ ...place, path, message: /^unknown key "__proto__"$/ }];
    t.match(withTexts(readCabinet('c.yaml', () => text, 'new').problems), expected, section);
    const { loaded, problems } = readCabinet('c.yaml', () => text, 'running');
    t.strictSame(problems, [], section);
    t.match(withTexts(loaded?.warnings.filter(({ path }) => path.endsWith('__proto__')) ?? []), expected, section);
  }
  const wired = SMALL_STREET.replace('{ id: S01', '{ contactZones: { __proto__: rue }, id: S01');
  t.match(complaints(wired), [/__proto__ has no role/], 'a contact without a role was never accepted');
});

t.test('of many unknown keys in one section 100 are named and the others counted', (t) => {
  const text = `${SMALL_STREET}${Array.from({ length: 130 }, (_, i) => `odd${i}: 1\n`).join('')}`;
  const found = complaints(text).filter((line) => /unknown key/.test(line));
  t.equal(found.filter((line) => /unknown key "odd\d+"/.test(line)).length, 100);
  t.equal(found.filter((line) => /30 more unknown keys here/.test(line)).length, 1);
  t.end();
});
