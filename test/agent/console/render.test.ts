import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import t from 'tap';
import type { Page } from '../../../agent/console/page.ts';
import { plain, toAscii } from '../../../agent/console/plain-text.ts';
import { renderDevices, renderPoints } from '../../../agent/console/render-devices.ts';
import { renderOutcome } from '../../../agent/console/render-outcome.ts';
import { renderStatus } from '../../../agent/console/render-status.ts';
import { renderWhy } from '../../../agent/console/render-why.ts';
import type { StatusView } from '../../../agent/core/views.ts';
import * as fake from './fake-view.ts';

const page: Page = { widthCols: 80, colour: false, atMs: fake.AT_MS, timezone: fake.TIMEZONE };
const same = <T>(value: T): T => plain(value) as T;
const zones = (number: number): StatusView['zones'] =>
  Array.from({ length: number }, (_, index) => ({ ...(fake.status().zones[0] as StatusView['zones'][number]), id: `zone-${index}` }));
const many = same(
  fake.status({
    clockQuality: 'none',
    startMs: null,
    zones: zones(20),
    lines: Array.from({ length: 8 }, (_, index) => fake.line(`line-${index}`)),
    activeEvents: Array.from({ length: 30 }, (_, index) => fake.event(index)),
  }),
);
const uplink = { ...fake.status().uplink, state: 'down', reason: 'the broker refuses the password; check passwordFile' } as const;
const lampWhy = { id: 'L07', kind: 'lamp', lamps: [fake.whyLamp(7, true)] } as const;
const failed = fake.outcome({ state: 'failed', reason: 'L03 does not answer', lamps: { L01: 'verified', L03: 'failed' } });
const bare = fake.outcome({ state: 'refused', reason: 'too dark for the class of this road', lamps: {} });

const sheets: [story: string, text: string, says: RegExp[]][] = [
  [
    'a healthy cabinet on one screen',
    renderStatus(same(fake.status()), page),
    [/Rue Bressigny, cote prefecture/, /22:41:07 CET, clock synced/, /bressigny +12 +30\.\.80 %/],
  ],
  ['a line that is down says why', renderStatus(same(fake.status()), page), [/cabinet +down +- +9600 .*no such port/]],
  [
    'a crowded cabinet still shows some of everything',
    renderStatus(many, page),
    [/\.\.\. and 18 more zones/, /\.\.\. and \d more lines/, /\.\.\. and \d+ more events/],
  ],
  ['an unset clock says what it means', renderStatus(many, page), [/clock none \(not set\), lamps stay lit/, /no line polled yet/]],
  [
    'an uplink that is down says why and since when',
    renderStatus(same(fake.status({ uplink, activeEvents: [] })), page),
    [/down since 21:41:07: the broker refuses/, /Events +none active/],
  ],
  [
    'a cabinet with nothing in it',
    renderStatus(same(fake.status({ zones: [], lines: [], activeEvents: [] })), page),
    [/Zone/, /none active/],
  ],
  [
    'devices with a silent one',
    renderDevices(fake.devices(), page),
    [/L02 +street +2 +wb-led +P02 +silent +- +- +14/, /3 devices, 1 silent/],
  ],
  ['no devices', renderDevices([], page), [/no devices/]],
  [
    'points in their own decimals',
    renderPoints(same(fake.points()), page),
    [/L01\.temperature +11\.3 +degC +stale +75 s/, /ug\/m3/, /L02\.level +- +% +missing +-/],
  ],
  ['no point matches', renderPoints([], page), [/no point matches/]],
  [
    'why a lamp is bright',
    renderWhy(same(lampWhy), page),
    [/80 % since 22:39:12 \(115 s\)/, /^> {2}presence +80 % +S03/m, /^ {3}programme/m, /in 24 s\)/],
  ],
  [
    'why a zone is as it is, the shared part once',
    renderWhy(same(fake.whyZone()), page),
    [/^> {2}dusk/m, /^L03 +P03 +80 % +78 %.*presence: someone/m],
  ],
  [
    'an override that was verified',
    renderOutcome(fake.outcome(), page, page.atMs + 7_200_000),
    [/override to 80 % verified/, /2 Dec 00:41, in 2 h/, /luciole release/],
  ],
  [
    'an override that failed, the bad lamps first',
    renderOutcome(failed, page, page.atMs + 60_000),
    [/failed: L03 does not answer/, /failed +L03\n +verified +L01/],
  ],
  ['a refused override has no end', renderOutcome(bare, page, page.atMs + 60_000), [/refused: too dark/]],
  [
    'a release whose lamps did not answer was one all the same',
    renderOutcome(fake.outcome({ levelPct: null, state: 'failed', reason: 'L08: no reply' }), page, null),
    [/released, but failed to confirm: L08: no reply/],
  ],
  ['a release', renderOutcome(fake.outcome({ levelPct: null }), page, null), [/release verified/]],
];
for (const [story, text, says] of sheets) {
  t.test(story, async (t) => {
    for (const pattern of says) t.match(text, pattern);
    t.notMatch(text, /undefined|null|NaN/);
    t.match(text, /^[\x20-\x7e\n]+$/, 'printable ASCII');
    t.notMatch(text, /[^\n]{81}/, 'no line wider than 80 columns');
    t.notMatch(text, / $/m, 'no blanks at a line end');
  });
}

t.test('a status never needs more than one screen, and no list hides another', async (t) => {
  const upTo = fc.nat({ max: 12 });
  fc.assert(
    fc.property(upTo, upTo, upTo, (zoneCount, lineCount, eventCount) => {
      const lines = Array.from({ length: lineCount }, (_, index) => fake.line(`line-${index}`));
      const activeEvents = Array.from({ length: eventCount }, (_, index) => fake.event(index));
      const text = renderStatus(fake.status({ zones: zones(zoneCount), lines, activeEvents }), page);
      const shown = (count: number, word: string): boolean => count === 0 || text.includes(word);
      return text.split('\n').length <= 23 && shown(zoneCount, 'zone') && shown(lineCount, '/dev/') && shown(eventCount, 'does not answer');
    }),
  );
  t.equal(renderWhy(fake.whyZone(), page).match(/dusk/g)?.length, 1, 'what all lamps share stands once');
});

t.test('the worst event stands first', async (t) => {
  const activeEvents = [fake.event(1), fake.event(2, { severity: 'alarm' }), fake.event(3, { severity: 'info' })];
  t.match(renderStatus(fake.status({ activeEvents }), page), /alarm +L02[\s\S]*warning +L01[\s\S]*info +L03/);
});

t.test('colour marks state words only, and only where the page has colours', async (t) => {
  const text = renderStatus(fake.status(), { ...page, colour: true });
  t.match(text, '\u001b[32msynced\u001b[39m');
  t.equal(stripVTControlCharacters(text), renderStatus(fake.status(), page), 'the layout is the same');
});

const letters: [text: string, ascii: string][] = [
  ['Préfecture, œuvre, Straße', 'Prefecture, oeuvre, Strasse'],
  ['8 µg/m³ à 11 °C – 40°', '8 ug/m3 a 11 degC - 40 deg'],
  ['\u001b[2J\u0007evil\r\nline\u200b 日本', '?[2J?evil  line? ??'],
];
for (const [text, ascii] of letters) t.test(`${ascii} is what a dumb terminal gets`, async (t) => t.equal(toAscii(text), ascii));

t.test('no text whatever can steer a terminal', async (t) => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => /^[\x20-\x7e]*$/.test(toAscii(text))));
  t.strictSame(plain({ é: ['à', 1, null, { ok: true }] }), { e: ['a', 1, null, { ok: true }] });
});
