import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { parse } from 'yaml';
import { asWritten } from '../../../../agent/config/edit/as-written.ts';
import { changesBetween, shownValue } from '../../../../agent/config/edit/changes.ts';
import { pathsFrom, valueInForce } from '../../../../agent/config/edit/config-paths.ts';
import { loadCabinet } from '../../../../agent/config/load/load.ts';
import { LIT_STREET, litStreetYaml } from '../floor/lit-street.ts';
import { SMALL_STREET } from '../small-street.ts';

const EXAMPLES = join(import.meta.dirname, '../../../../config');
const written = (text: string): unknown => asWritten(loadCabinet('c.yaml', () => text).cabinet);

/** All that is in the first and not, or otherwise, in the second. */
function lost(given: unknown, found: unknown, path = ''): string[] {
  if (Array.isArray(given) && Array.isArray(found)) return given.flatMap((item, index) => lost(item, found[index], `${path}[${index}]`));
  if (typeof given === 'object' && given !== null && typeof found === 'object' && found !== null)
    return Object.entries(given).flatMap(([key, value]) => lost(value, (found as Record<string, unknown>)[key], `${path}.${key}`));
  return JSON.stringify(given) === JSON.stringify(found) ? [] : [`${path}: ${JSON.stringify(given)}, not ${JSON.stringify(found)}`];
}

/** Keys whose value the cabinet shows in another form, each for a reason. */
const OTHERWISE: readonly RegExp[] = [
  // An MQTT version number as the wire has it; a class minimum as a level.
  /^\.uplink\.protocol:|\.minClass:/,
  // If the class of a zone requires more.
  /^\.zones\[\d+\]\.minPct:/,
  /^\.profileDirs/,
];

for (const [name, text] of [
  ['a street with everything', LIT_STREET],
  ['a small one', SMALL_STREET],
  ...['demo.yaml', 'square.yaml', 'example-street.yaml'].map((file) => [file, readFileSync(join(EXAMPLES, file), 'utf8')] as const),
] as const) {
  t.test(`a value of the file appears in the cabinet as written, in the same place: ${name}`, async (t) => {
    const missing = lost(parse(text), written(text)).filter((each) => !OTHERWISE.some((kind) => kind.test(each)));
    t.strictSame(missing, []);
  });
}

t.test('a change is named by what one writes to make it', async (t) => {
  const changes = (from: string, to: string) =>
    changesBetween(written(LIT_STREET), written(litStreetYaml([from, to]))).map(({ path }) => path);
  t.strictSame(changes('timezone: Europe/Paris', 'timezone: Europe/Brussels'), ['cabinet.timezone']);
  const [step] = /levelPct: \d+/.exec(LIT_STREET.slice(LIT_STREET.indexOf('programmes:'))) ?? [''];
  t.match(changes(step, 'levelPct: 77'), [/levelPct$/]);
});

t.test('a secret is known by its key, not by the id or position of an item', async (t) => {
  for (const id of ['secretariat', 'quai.secret']) {
    const zone = { id, minPct: 10 };
    t.strictSame(changesBetween({ zones: [] }, { zones: [zone] }), [{ path: `zones[${id}]`, before: null, after: JSON.stringify(zone) }]);
  }
  for (const path of ['a.password', 'a.password[0]', 'users[ana].password', 'password'])
    t.equal(shownValue(path, 'sesame'), '"[redacted]"', path);
});

const DOCUMENT = {
  cabinet: { id: 'demo', name: 'Demo' },
  zones: [
    { id: 'rue', minPct: 10, lamps: ['L01'], presence: null },
    { id: 'ruelle', minPct: 10, lamps: [], presence: { holdS: 30 } },
  ],
  steps: [{ at: 'dusk' }],
  branches: [],
};
const paths: readonly [typed: string, found: readonly string[]][] = [
  ['', ['cabinet.', 'zones[', 'steps[', 'branches[']],
  ['z', ['zones[']],
  ['ZO', ['zones[']],
  ['cabinet.', ['cabinet.id', 'cabinet.name']],
  ['zones[', ['zones[rue].', 'zones[ruelle].', 'zones[+]']],
  ['zones[RUEL', ['zones[ruelle].']],
  ['zones[rue].m', ['zones[rue].minPct']],
  ['zones[rue].l', ['zones[rue].lamps']],
  ['zones[rue].presence.', []],
  ['zones[ruelle].presence.', ['zones[ruelle].presence.holdS']],
  ['steps[', ['steps[dusk].', 'steps[+]']],
  ['steps[dusk].', ['steps[dusk].at']],
  ['steps[0].', ['steps[0].at']],
  ['zones.', []],
  ['nothing[', []],
  ['cabinet[', []],
  [']]..[[', []],
];
for (const [typed, found] of paths) t.test(`"${typed}" goes on`, async (t) => t.strictSame(pathsFrom(DOCUMENT, typed), found));

t.test('a change of one lamp in the list of a large zone is shown', async (t) => {
  const zone = (last: string) => ({ lamps: [...Array.from({ length: 246 }, (_, i) => `L${String(i).padStart(3, '0')}`), last] });
  const [change] = changesBetween(zone('A'), zone('B'));
  t.match(change, { path: 'lamps', before: /"A"\]$/, after: /"B"\]$/ });
  const [longer] = changesBetween(undefined, { text: 'x'.repeat(20_000) });
  t.match(longer?.after, /^.{2000}\.\.\.$/, 'a hostile value is cut');
});

// biome-ignore format: a table
t.test('an id with a dot, and an id that is a number', (t) => {
  const document = { lamps: [{ id: '1', minPct: 5 }, { id: 'L.1', minPct: 7 }] };
  t.match(valueInForce(document, 'lamps[L.1].minPct'), { value: '7' });
  t.match(valueInForce(document, 'lamps[1].minPct'), { value: '5' });
  t.same(pathsFrom(document, 'lamps[L.'), ['lamps[L.1].']);
  t.same(pathsFrom(document, 'lamps[L.1].m'), ['lamps[L.1].minPct']);
  t.same(pathsFrom(document, 'lamps[L.1]'), ['lamps[L.1].id', 'lamps[L.1].minPct']);
  t.end();
});

const values: [path: string, found: ReturnType<typeof valueInForce>][] = [
  ['zones[ruelle].minPct', { value: '10', step: null }],
  ['ZONES[RUELLE].MINPCT', { value: '10', step: null }],
  ['zones[1].minPct', { value: '10', step: null }],
  ['zones[ruelle].presence', { value: '{"holdS":30}', step: null }],
  ['steps[dusk].at', { value: '"dusk"', step: 'dusk' }],
  ['steps[0].at', { value: '"dusk"', step: 'dusk' }],
  ['zones[2].minPct', null],
  ['zones[nobody].minPct', null],
  ['zones[ruelle].nothing', null],
  ['zones[+].minPct', null],
  ['', null],
  [']]..[[', null],
];
for (const [path, found] of values)
  t.test(`"${path}" has its value in force`, async (t) => t.strictSame(valueInForce(DOCUMENT, path), found));

t.test('the value in force shows no secret', async (t) => {
  const document = { uplink: { broker: 'mqtts://user:hunter2@b:8883', password: 'hunter2' } };
  for (const path of ['uplink.broker', 'uplink.password', 'uplink']) t.notMatch(valueInForce(document, path)?.value, /hunter2/, path);
});
