/** The check finds light that seasons, holidays, crossings and contacts of one zone could remove. A change that adds light needs no approval. */
import t from 'tap';
import { flaws } from './floor-changes.ts';

type Change = Parameters<typeof flaws>[1];
const ZONE = '    minPct: 10\n    presence';
/** A programme that nothing uses by itself; `rule` is one of the zone's calendar. */
const off = (rule: string, steps = '{ at: dusk, levelPct: 0 }', lists = ''): NonNullable<Change['edits']> => [
  [ZONE, `    minPct: 10\n    dark: {}\n${rule === '' ? '' : '    calendar: c\n'}    presence`],
  [
    'programmes:',
    `${rule === '' ? '' : `calendars: [{ id: c, rules: [{ programme: off, ${rule} }] }]\n`}${lists}programmes:\n  - { id: off, steps: [${steps}] }`,
  ],
];
const season = (text: string): NonNullable<Change['edits']> => [[ZONE, `    minPct: 10\n    seasons: [${text}]\n    presence`]];
const KEY: NonNullable<Change['edits']> = [
  [
    '      - { id: S01',
    '      - { id: IO1, unit: 41, profile: waveshare-modbus-relay-d8, roles: { input_1: emergency, input_2: lights-on, input_3: door } }\n      - { id: S01',
  ],
];
const keyZone = (point: string): NonNullable<Change['edits']> => [['input_3: door }', `input_3: door }, contactZones: { ${point}: rue }`]];
/** Two zones; the second may be dark, and the sensor of the first raises one of its lamps. */
const CROSSING: NonNullable<Change['edits']> = [
  ['lamps: [L01, L02, L03, L04]', 'lamps: [L01, L02]'],
  ['reachM: 40,', 'reachM: 40, alsoLamps: [L03],'],
  [
    'programmes:',
    '  - { id: park, lamps: [L03, L04], programme: curfew, dark: {}, minPct: 10 }\nprogrammes:\n  - { id: curfew, steps: [{ at: dusk, levelPct: 0 }] }',
  ],
];

// biome-ignore format: a table
const ATTACKS: readonly [story: string, change: Change, flaw: RegExp][] = [
  ['a season that lights later in January', { edits: season('{ from: 01-01, to: 01-31, onOffsetMin: 60 }') }, /lamps\[L01\]: 0 % at 2027-01-01 17/],
  ['a season that puts out earlier', { edits: season('{ from: 06-01, to: 06-30, offOffsetMin: -60 }') }, /lamps\[L01\]: 0 % at 2027-06-02 0/],
  ['a season of leap days alone', { edits: season('{ from: 02-29, to: 02-29, onOffsetMin: 60 }') }, /lamps\[L01\]: 0 % at 2028-02-29/],
  ['a season behind one that takes its nights', { edits: season('{ from: 01-01, to: 01-15 }, { from: 01-01, to: 01-31, onOffsetMin: 60 }') }, /0 % at 2027-01-16/],
  ['dark by a programme that the platform may choose', { edits: off('') }, /0 % at .* without presence, with programme off; the floor of the site is 10 %/],
  ['dark by a programme named floor', { edits: off('').map(([from, to]) => [from, to.replace('id: off', 'id: floor')]) }, /0 % at .* with programme floor; the floor of the site is 10 %/],
  ['dark for one hour of it', { edits: off('', '{ at: dusk, levelPct: 50 }, { at: "03:10", levelPct: 0 }, { at: "03:40", levelPct: 50 }') }, /0 % at \S+ 03:\d\d:\d\d .* with programme off/],
  ['dark on a holiday of 2035', { edits: off('holidays: own', '{ at: dusk, levelPct: 0 }', 'holidays: [{ id: own, days: [2035-05-05] }]\n') }, /0 % at .* with programme off/],
  ['dark on a holiday that is a Friday', { edits: off('holidays: fr, weekdays: [fri], from: 07-01, to: 07-31') }, /0 % at .* with programme off/],
  ['dark on the eves', { edits: off('holidays: fr, eves: only') }, /0 % at 2026-12-24/],
  ['an emergency key that lights one zone of what were all', { base: KEY, edits: [...keyZone('input_1'), ['lamps: [L01, L02, L03, L04]', 'lamps: [L01, L02]'], ['programmes:', '  - { id: end, lamps: [L03, L04], programme: residential, minPct: 10 }\nprogrammes:']] }, /roles: its emergency or lights-on contact would be gone, or light fewer lamps/],
  ['a button whose zone loses a lamp', { base: [...KEY, ...keyZone('input_2')], edits: [['lamps: [L01, L02, L03, L04]', 'lamps: [L01, L02, L03]'], ['programmes:', '  - { id: end, lamps: [L04], programme: residential, minPct: 10 }\nprogrammes:']] }, /or light fewer lamps/],
  ['a crossing that the sensor beside it no longer lights', { base: CROSSING, edits: [[', alsoLamps: [L03]', '']] }, /S01\.motion no longer gives light in a zone that may be dark/],
  ['a crossing beyond the reach of that sensor', { base: CROSSING, edits: [['reachM: 40', 'reachM: 20']] }, /S01\.motion no longer gives light/],
];

// biome-ignore format: a table
const HONEST: readonly [story: string, change: Change][] = [
  ['a season that lights earlier', { edits: season('{ from: 11-01, to: 02-28, onOffsetMin: -20, offOffsetMin: 30 }') }],
  ['a season of nothing', { edits: season('{ from: 01-01, to: 12-31 }') }],
  ['dimmed to the minimum on holidays and their eves', { edits: [[ZONE, '    minPct: 10\n    calendar: c\n    presence'], ['programmes:', 'calendars: [{ id: c, rules: [{ programme: low, holidays: fr-alsace-moselle, eves: also }] }]\nprogrammes:\n  - { id: low, steps: [{ at: dusk, levelPct: 10 }] }']] }],
  ['a zone that might be dark, and no programme that is', { edits: [[ZONE, '    minPct: 10\n    dark: {}\n    presence']] }],
  ['a key that lights a zone of all lamps', { base: KEY, edits: keyZone('input_1') }],
  ['a zone of a key that is renamed', { base: [...KEY, ...keyZone('input_1')], edits: [['id: rue', 'id: strasse'], ['input_1: rue', 'input_1: strasse']] }],
  ['a zone of a key that grows into all', { base: [...KEY, ...keyZone('input_1')], edits: [[', contactZones: { input_1: rue }', '']] }],
  ['a crossing more', { base: CROSSING, edits: [['alsoLamps: [L03]', 'alsoLamps: [L03, L04]']] }],
  ['a crossing less where the lamp is never dark', { base: [...CROSSING, [', dark: {}, minPct: 10', ', minPct: 10'], ['levelPct: 0 }', 'levelPct: 20 }']], edits: [[', alsoLamps: [L03]', '']] }],
];

for (const [story, change, flaw] of ATTACKS) {
  t.test(`less light is found: ${story}`, async (t) => {
    const found = flaws(t, change);
    t.ok(
      found.some((each) => flaw.test(each)),
      found.join('\n'),
    );
  });
}
for (const [story, change] of HONEST) t.test(`not less light: ${story}`, async (t) => t.strictSame(flaws(t, change), []));
