import t from 'tap';
import { parse } from 'yaml';
import { editYaml } from '../../../../agent/config/edit/edit.ts';
import { loadCabinet } from '../../../../agent/config/load/load.ts';
import { SMALL_SITE } from '../../../support/small-site.ts';

const FILE = `# top
zones: # of the street
  - id: rue # the first
    minPct: 10 # never darker
    lamps: [L01, L02]
  - { id: place, minPct: 20 }
steps:
  - { at: "23:00", levelPct: 30 } # night
uplink:
  # the broker of the city
  broker: mqtt://a:1883
`;
const edited = (path: string, value: string | null, text = FILE): string => {
  const result = editYaml(text, path, value);
  return 'text' in result ? result.text : `refused: ${result.reason}`;
};

t.test('one value is changed, all else is left as it was written', async (t) => {
  const cases: readonly (readonly [path: string, value: string, from: string, to: string])[] = [
    ['zones[rue].minPct', '15', 'minPct: 10 # never', 'minPct: 15 # never'],
    ['zones[1].minPct', '25', 'minPct: 20 }', 'minPct: 25 }'],
    ['steps[23:00].levelPct', '45', 'levelPct: 30', 'levelPct: 45'],
    ['steps[0].at', '"22:30"', 'at: "23:00"', 'at: "22:30"'],
    ['steps[0].at', '22:30', 'at: "23:00"', 'at: "22:30"'],
    ['uplink.broker', 'mqtts://b:8883', 'mqtt://a:1883', '"mqtts://b:8883"'],
    ['zones[rue].lamps[L02]', 'L03', 'L02]', 'L03]'],
    ['zones[rue].id', 'yes', 'id: rue', 'id: yes'],
  ];
  for (const [path, value, from, to] of cases) t.equal(edited(path, value), FILE.replace(from, to), `${path} ${value}`);
});

t.test('a value in place of a block of text ends where the block ended', async (t) => {
  for (const [before, after] of [
    ['name: |\n  Rue A\n# the site\nlines: []\n', 'name: Rue-B\n# the site\nlines: []\n'],
    ['name: >-\n  Rue\n  A\nlines: []\n', 'name: Rue-B\nlines: []\n'],
    ['name: |+\n  Rue A\n\nlines: []\n', 'name: Rue-B\n\nlines: []\n'],
    ['name: |\n  Rue A', 'name: Rue-B'],
    ['name: |\nlines: []\n', 'name: Rue-B\nlines: []\n'],
    ['name: |\r\n  Rue A\r\nlines: []\r\n', 'name: Rue-B\r\nlines: []\r\n'],
  ] as const)
    t.equal(edited('name', 'Rue-B', before), after, JSON.stringify(before));
});

t.test('new, partial and removed values keep the comments', async (t) => {
  const comments = (text: string): string[] => text.match(/#.*$/gm) ?? [];
  for (const [path, value] of [
    ['zones[rue].kind', 'street'],
    ['zones[rue].lamps[+]', 'L09'],
    ['zones[rue].lamps', '[L01]'],
    ['zones[+]', '{ id: park, minPct: 5 }'],
    ['uplink.group', 'Angers'],
    ['store.maxDays', '30'],
  ] as const) {
    const text = edited(path, value);
    t.strictSame(comments(text), comments(FILE), `${path} ${value}`);
    t.notMatch(text, /^refused/, path);
  }
  t.match(edited('zones[+]', '{ id: park, minPct: 5 }'), '- { id: park, minPct: 5 }');
  t.match(edited('store.maxDays', '30'), 'store:\n  maxDays: 30');
  t.notMatch(edited('zones[place]', null), 'place');
  t.notMatch(edited('uplink.broker', null), 'mqtt:');
});

t.test('an item with a number as its id is named by it, not by its position', (t) => {
  const numbered = 'lamps:\n  - { id: "7", minPct: 1 }\n  - { id: "0", minPct: 2 }\n  - { id: L.1, minPct: 3 }\n';
  t.match(edited('lamps[0].minPct', '5', numbered), '{ id: "0", minPct: 5 }');
  t.match(edited('lamps[2].minPct', '5', numbered), '{ id: L.1, minPct: 5 }');
  t.match(edited('lamps[L.1].minPct', '5', numbered), '{ id: L.1, minPct: 5 }');
  t.match(edited('lamps[9].minPct', '5', numbered), /^refused: lamps has 3 items/);
  t.end();
});

t.test('a part that another one repeats is neither removed nor replaced', (t) => {
  const repeated = 'zones:\n  - &rue { id: rue, minPct: 1 }\nother: *rue\n';
  for (const [path, value] of [
    ['zones[rue]', null],
    ['zones', '[]'],
    ['zones[rue]', '{ id: rue }'],
  ] as const)
    t.match(edited(path, value, repeated), /^refused: another part of the file repeats this one \(\*rue\)/, path);
  t.match(edited('other', null, repeated), /&rue/);
  t.match(edited('b', null, 'a: &x 1\nb: &x 2\nc: *x\n'), /^refused: another part/, 'of two with one name');
  t.end();
});

t.test('invalid edits are refused with a reason', async (t) => {
  const cases: readonly (readonly [path: string, value: string | null, reason: RegExp])[] = [
    ['zones[ru].minPct', '1', /zones has no "ru".*rue/],
    ['zones[7].minPct', '1', /zones has 2 items, counted from 0/],
    ['zones.minPct', '1', /zones is a list: name an item, as zones\[0\], zones\[ID\] or zones\[\+\]/],
    ['zones[rue].minPct.low', '1', /zones[^ ]*minPct holds no keys/],
    ['uplink[0]', '1', /uplink is not a list/],
    ['uplink.colour', null, /there is no uplink\.colour/],
    ['', '1', /bad path/],
    ['zones[', '1', /bad path/],
    ['a b', '1', /bad path/],
    ['__proto__.x', '1', /^refused: |__proto__/],
    ['uplink.group', '[1, 2', /the value is not YAML/],
  ];
  for (const [path, value, reason] of cases) t.match(edited(path, value), reason, path);
  t.match(edited('a', '1', 'a: [1'), /not YAML as it stands/);
  t.equal(({} as Record<string, unknown>)['x'], undefined);
});

// biome-ignore format: a table
const notKept: [typed: string, reason: RegExp][] = [
  ['Rue Foch # nord', /a comment \(#\).*: write the text in both quotes, as '"Rue Foch # nord"'$/],
  ['# nord', /a comment/],
  ['&anc x', /an anchor \(&\).*'"&anc x"'$/],
  ['!tag y', /a tag \(!\).*'"!tag y"'$/],
  ["!!str l'Europe", /a tag.*'"!!str l\\u0027Europe"'$/],
  ['Rue\nFoch', /a line break.*'"Rue\\nFoch"'$/],
  ['Rue\r\nFoch', /a line break/],
  ['"Rue\nFoch"', /a line break/],
  ['--- Rue', /a mark of a document \(---\)/],
  ['...', /a mark of a document/],
  ['{ id: x, name: &a y }', /an anchor.*: remove it, or write the text in quotes$/],
  ['{ id: x } # nord', /a comment.*: remove it/],
  ['[ a, # nord\n b ]', /a comment.*: remove it/],
  [`${'x'.repeat(200)} # nord`, /a comment.*: remove it/],
];
for (const [typed, reason] of notKept)
  t.test(`a typed value that YAML would not keep whole is refused: ${JSON.stringify(typed)}`, async (t) =>
    t.match(edited('uplink.group', typed), reason),
  );

t.test('a typed value that YAML keeps whole is stored as typed', async (t) => {
  for (const [typed, stored] of [
    ['"Rue Foch # nord"', 'Rue Foch # nord'],
    ["'&anc x'", '&anc x'],
    ['"l\\u0027Europe !\\n#2"', "l'Europe !\n#2"],
    ['Rue#Foch & fils ! - ...', 'Rue#Foch & fils ! - ...'],
    ['|-\n  # one\n  &two', '# one\n&two'],
  ] as const)
    t.equal(parse(edited('uplink.group', typed)).uplink.group, stored, typed);
});

t.test('an edited cabinet is still a valid cabinet', async (t) => {
  const text = edited('zones[rue].presence.holdS', '40', edited('programmes[residential].steps[1].levelPct', '45', SMALL_SITE));
  const { cabinet } = loadCabinet('cabinet.yaml', () => text);
  t.match(cabinet.zones[0]?.presence?.holdS, 40);
  t.match(cabinet.programmes[0]?.steps[1]?.level, { pct: 45 });
  t.match(text, '# the night');
});
