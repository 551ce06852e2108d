import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { runImport } from '../../../../agent/commissioning/import-table.ts';
import { type ImportResult, importTable, importTarget, rowOf } from '../../../../agent/config/import/import.ts';
import { decodeTable } from '../../../../agent/config/import/table-format.ts';
import { loadCabinet } from '../../../../agent/config/load/load.ts';
import { ConsoleError } from '../../../../agent/console/console-error.ts';
import type { LocalArgs, Terminal } from '../../../../agent/console/terminal/terminal.ts';

const CONFIG = join(import.meta.dirname, '../../../../config');
const DEMO = readFileSync(join(CONFIG, 'demo.yaml'), 'utf8');
const STREET = readFileSync(join(CONFIG, 'example-street.yaml'), 'utf8');
const HEAD = 'pole,atM,line,unit,profile,lamp,ratedPowerW,zone';
const L13 = 'P13,300,south,7,wirenboard-wb-led,L13,45,rue';

const texts = ({ changes }: ImportResult): string[] => changes.map(({ text }) => String(text));
const flawTexts = ({ flaws }: ImportResult): string[] => flaws.map(({ line, column, message }) => `${line} ${column ?? '-'} ${message}`);
/** Lines of the second text that the first has not. */
const newLines = (before: string, after: string): string[] => after.split('\n').filter((line) => !before.split('\n').includes(line));

t.test('a new lamp is a pole, a device, a lamp and a place in its zone; all else stays to the byte', async (t) => {
  const result = importTable(`${HEAD}\n${L13}\n`, DEMO);
  t.strictSame(texts(result), [
    '+ pole P13: atM 300',
    '+ device L13 on south: unit 7, profile wirenboard-wb-led, pole P13',
    '+ lamp L13: ratedPowerW 45',
    '+ zone rue: lamp L13',
  ]);
  const added = newLines(DEMO, result.text);
  t.equal(added.length, 4);
  t.equal(
    result.text
      .split('\n')
      .filter((line) => !added.includes(line))
      .join('\n'),
    DEMO,
    'comments and layout included',
  );
  t.match(loadCabinet('x', () => result.text).cabinet.lamps.at(-1), { id: 'L13', device: 'L13', pole: 'P13', ratedPowerW: 45 });
  t.strictSame(importTable(`${HEAD}\n${L13}\n`, result.text).changes, [], 'said twice, it changes nothing');
});

const readings: [story: string, table: string, changes: string[]][] = [
  ['semicolons, French headings, decimal comma, accents', 'Mât;Distance (m);Couleur\r\nP01;1,5;bleu\r\n', ['~ pole P01: atM 0 -> 1.5']],
  ['tabs, as pasted', 'pole\tatM\nP02\t26\n', ['~ pole P02: atM 25 -> 26']],
  ['quotes around what holds a separator', 'pole,atM,remark\n"P02",26,"old, rusty"\n', ['~ pole P02: atM 25 -> 26']],
  ['comments and empty lines', '# of May\n\npole,atM\n\n# the corner\nP02,26\n,\n', ['~ pole P02: atM 25 -> 26']],
  ['empty cells say nothing', 'pole,atM,lamp,ratedPowerW\nP01,,L01,55\n', ['~ lamp L01: ratedPowerW 60 -> 55']],
  ['a key that the lamp had not', 'lampe;maxi\nL02;90\n', ['~ lamp L02: maxPct - -> 90']],
  ['a device that goes to another line', 'lamp,line,unit\nL06,south,9\n', ['~ device L06 on south: line north -> south, unit 6 -> 9']],
  [
    'a device that goes to another line, of another type and at another pole',
    'lamp,line,unit,profile,pole\nL06,south,9,wirenboard-wb-msw,P09\n',
    ['~ device L06 on south: line north -> south, unit 6 -> 9, profile wirenboard-wb-led -> wirenboard-wb-msw, pole P06 -> P09'],
  ],
  ['a new pole', 'lamp,pole,atM\nL01,P99,400\n', ['+ pole P99: atM 400', '~ lamp L01: pole - -> P99']],
  [
    'a sensor, which is no lamp',
    'device,line,unit,profile,pole\nS05,south,23,wirenboard-wb-msw,P09\n',
    ['+ device S05 on south: unit 23, profile wirenboard-wb-msw, pole P09'],
  ],
  ['nothing new', 'pole,atM\nP01,0\n', []],
];
for (const [story, table, changes] of readings) {
  t.test(`read: ${story}`, async (t) => {
    const result = importTable(decodeTable(Buffer.from(table)), DEMO);
    t.strictSame(flawTexts(result), []);
    t.strictSame(texts(result), changes);
    loadCabinet('x', () => result.text);
    t.strictSame(importTable(table, result.text).changes, [], 'and once is enough');
  });
}

t.test('spreadsheets of all ages are read', async (t) => {
  const table = 'Mât;PK\nP01;2\n';
  const encodings: [name: string, bytes: Buffer][] = [
    ['UTF-8', Buffer.from(table)],
    ['UTF-8 with its mark', Buffer.from(`\ufeff${table}`)],
    ['UTF-16', Buffer.from(`\ufeff${table}`, 'utf16le')],
    ['Windows-1252', Buffer.from(table, 'latin1')],
  ];
  for (const [name, bytes] of encodings) t.strictSame(texts(importTable(decodeTable(bytes), DEMO)), ['~ pole P01: atM 0 -> 2'], name);
});

const mistakes: [story: string, table: string, says: RegExp][] = [
  ['an empty table', '', /^1 - the table is empty/],
  ['no heading that names a thing', 'atM,unit\n1,2\n', /^1 - no column names an object: one must be pole/],
  ['a heading nearly right', 'pole,atMM\nP01,1\n', /^1 atMM unknown heading; did you mean "atm"\?/],
  ['two headings for one thing', 'pole,poteau\nP01,P01\n', /^1 poteau means the same as the heading "pole"/],
  ['a quote left open', 'pole,atM\n"P01,1\n', /a quote \("\) is opened and never closed/],
  ['more cells than headings', 'pole,atM\nP01,1,2\n', /^2 - 3 cells, but 2 headings/],
  ['a number with its unit', 'pole,distance\nP01,12 m\n', /^2 distance found "12 m"; allowed: a number from 0 to 100000, without its unit/],
  ['an address beyond the bus', 'lamp,unit\nL01,248\n', /^2 unit found "248"; allowed: a whole number from 1 to 247/],
  ['half a percent', 'lamp,minPct\nL01,"10,5"\n', /^2 minPct found "10,5"; allowed: a whole number from 0 to 100/],
  ['a name that is none', 'pole,atM\n"P 01",1\n', /^2 pole found "P 01"; allowed: 1 to 32 letters/],
  ['a line that is not there', 'lamp,line\nL01,nort\n', /^2 line no line "nort"; did you mean "north"\?/],
  ['a zone that is not there', 'lamp,zone\nL01,parc\n', /^2 zone no zone "parc"; the cabinet has rue/],
  [
    'a new lamp without its power',
    'lampe;ligne;adresse;profil\nL13;south;7;wirenboard-wb-led\n',
    /^2 ratedPowerW lamp L13 is new, so this is required/,
  ],
  [
    'a new device without its line',
    `${HEAD.replace('line,', '')}\n${L13.replace('south,', '')}\n`,
    /^2 line device L13 is new, so its line is required; the cabinet has north, south, air/,
  ],
  ['a new pole without its place', 'pole,lamp\nP77,L01\n', /^2 atM pole P77 is new, so this is required/],
  ['one thing in two ways', 'pole,atM\nP01,1\nP01,2\n', /^3 atM P01 has atM 1 in line 2, and 2 here/],
  ['a lamp in two zones', 'lamp,zone\nL01,rue\nL01,parc\n', /^3 zone L01 is in rue too/],
  ['a minimum without a lamp', 'pole,lamp,min\nP01,,10\n', /^2 lamp a zone, point, power, minimum or maximum is that of a lamp/],
  ['a maximum without a lamp', 'pole,max\nP01,90\n', /^2 lamp a zone, point, power, minimum or maximum is that of a lamp/],
  ['a point without a lamp', 'lamp,device,point\n,L01,level\n', /^2 lamp a zone, point, power, minimum or maximum is that of a lamp/],
  ['a row that names nothing', 'pole,zone\n,rue\n', /^2 lamp a zone, point, power|^2 - names no pole/],
];
for (const [story, table, says] of mistakes) {
  t.test(`reported with line and column: ${story}`, async (t) => {
    const result = importTable(table, DEMO);
    t.match(flawTexts(result).join('\n'), says);
    t.equal(result.text, DEMO);
  });
}

t.test('lists keep the form in which they are written', async (t) => {
  const both = importTable('lamp,zone\nL01,square\nL09,rue\n', STREET);
  t.strictSame(texts(both), ['- zone rue: lamp L01', '+ zone square: lamp L01', '- zone square: lamp L09', '+ zone rue: lamp L09']);
  t.match(both.text, /lamps: \[L02, L03, L04, L05, L06, L07, L08, L09\]/);
  t.match(both.text, /lamps: \[L10, L11, L12, L01\]/);
  const flow = `${HEAD}\nP20,400,south,9,wirenboard-wb-led,L20,50,square\n`;
  t.match(importTable(flow, STREET).text, /lamps: \[L09, L10, L11, L12, L20\]/);
  const moved = importTable('lamp,line,unit\nIO1,north,50\nL01,south,60\n'.replaceAll('lamp', 'device'), STREET).text;
  t.match(moved, /{ id: M01, unit: 31, profile: eastron-sdm630 }\n {6}- { id: IO1, unit: 50,/);
  t.notMatch(moved, /{ id: IO1, unit: 41/);
});

t.test('empty lists become lists', async (t) => {
  const empty = DEMO.slice(0, DEMO.indexOf('lines:')).concat(
    'lines:\n  - id: a\n    port: /dev/ttyS1\n    devices: [] # nobody yet\npoles: []\nlamps: []\n',
    'zones:\n  - { id: z, lamps: [], programme: p }\nprogrammes: [{ id: p, steps: [{ at: dusk, levelPct: 100 }] }]\n',
  );
  const result = importTable(
    'pole,atM,unit,profile,lamp,ratedPowerW\nP1,0,1,wirenboard-wb-led,0012,60\nP2,9,2,wirenboard-wb-led,on,60\n',
    empty,
  );
  t.strictSame(flawTexts(result), []);
  t.match(result.text, /devices: # nobody yet\n {6}- { id: "0012", unit: 1,/);
  t.match(
    loadCabinet('x', () => result.text).cabinet,
    { lamps: [{ id: '0012' }, { id: 'on' }], zones: [{ lamps: ['0012', 'on'] }] },
    'a name that looks like a number stays a name',
  );
});

t.test('problems caused by a table are reported at its row', async (t) => {
  const result = importTable(`${HEAD}\n${L13.replace(',7,', ',1,')}\n`, DEMO);
  t.throws(() => loadCabinet('x', () => result.text), /unit 1 is used twice/);
  t.equal(rowOf('lines[1].devices[9].unit', result.text, result.changes), 2);
  t.equal(rowOf('lines[1].devices[0].unit', result.text, result.changes), undefined);
  const alike = importTable(`${HEAD}\n${L13.replace('L13', 'P14')}\nP14,400,south,9,wirenboard-wb-led,L20,50,rue\n`, DEMO);
  t.equal(rowOf('lamps[12].pole', alike.text, alike.changes), 2, 'a lamp and a pole may have one id');
});

t.test('if a table repeats a pole or lamp, it is added once', async (t) => {
  const row = fc.record({
    n: fc.integer({ min: 1, max: 20 }),
    atM: fc.integer({ min: 0, max: 999 }),
    power: fc.integer({ min: 1, max: 200 }),
    line: fc.constantFrom('north', 'south'),
  });
  fc.assert(
    fc.property(fc.uniqueArray(row, { selector: ({ n }) => n, maxLength: 12 }), (rows) => {
      const table = [
        HEAD,
        ...rows.map(({ n, atM, power, line }) => `P${n},${atM},${line},${100 + n},wirenboard-wb-led,L${n},${power},rue`),
      ].join('\n');
      const once = importTable(table, DEMO);
      const { lamps } = loadCabinet('x', () => once.text).cabinet;
      const isAsSaid = rows.every(({ n, power }) => lamps.find(({ id }) => id === `L${n}`)?.ratedPowerW === power);
      return flawTexts(once).length === 0 && isAsSaid && importTable(table, once.text).text === once.text;
    }),
    { numRuns: 40 },
  );
  t.pass('held for all generated tables');
});

/** The command, with what it printed. */
async function run(args: LocalArgs, into: string): Promise<{ code: number | string; out: string; err: string }> {
  const text = { out: '', err: '' };
  const terminal = {
    out: (more: string) => {
      text.out += more;
    },
    err: (more: string) => {
      text.err += more;
    },
    widthCols: 80,
  } as unknown as Terminal;
  const code = await runImport(args, into, terminal).catch((error: unknown) => {
    if (error instanceof ConsoleError) return `${error.code}: ${error.message}`;
    throw error;
  });
  return { code, ...text };
}

t.test('the command previews by default, writes on request, and keeps the former content', async (t) => {
  const folder = t.testdir({
    'cabinet.yaml': DEMO,
    'poles.csv': `${HEAD}\n${L13}\n`,
    'bad.csv': `${HEAD}\n${L13.replace(',7,', ',1,')}\n`,
  });
  const [into, table] = [join(folder, 'cabinet.yaml'), join(folder, 'poles.csv')];
  const text = (): string => readFileSync(into, 'utf8');
  t.match(await run({ table }, into), { code: 0, out: /\+ lamp L13[\s\S]*1 row: 4 added[\s\S]*Nothing was written: --write/ });
  t.equal(text(), DEMO);
  t.match(await run({ table: join(folder, 'bad.csv'), write: true }, into), {
    code: 78,
    err: /bad.csv:2: lines\[1\].devices\[9\].unit: unit 1 is used twice[\s\S]*was\s+not\s+changed/,
  });
  t.equal(text(), DEMO, 'a cabinet that would be wrong is not written');
  const written = await run({ table, write: true, json: true }, into);
  t.match(JSON.parse(written.out), {
    rows: 1,
    written: true,
    backup: `${into}.bak`,
    problems: [],
    changes: [{ thing: 'pole' }, {}, {}, {}],
  });
  t.equal(readFileSync(`${into}.bak`, 'utf8'), DEMO);
  t.match(await run({ table, write: true }, into), { code: 0, out: /contains\s+all\s+of\s+it\s+already/ });
  t.match(await run({ table: join(folder, 'none.csv') }, into), { code: /^failed: .*none.csv cannot be read \(ENOENT\)/ });
  t.match(await run({ table }, join(folder, 'none.yaml')), { code: /^failed: .*none.yaml cannot be read/ });
  t.match(await run({ table }, table), { code: /^failed: .*poles.csv cannot be used as it is/ });
});

t.test('the example table fits the demo cabinet', async (t) => {
  const result = importTable(readFileSync(join(CONFIG, 'poles.csv'), 'utf8'), DEMO);
  t.strictSame(flawTexts(result), []);
  t.match(loadCabinet('x', () => result.text).cabinet.lamps.at(-1), { id: 'L14', ratedPowerW: 45 });
});

/** A street whose poles, devices and lamps are only in the table: before the import nothing here can be used. */
const EMPTY = `# The street of the works.
cabinet: { id: izmir-1, name: Kordon, latitudeDeg: 38.4, longitudeDeg: 27.1, timezone: Europe/Istanbul }
lines:
  - { id: north, port: /dev/ttyUSB9, serial: { baud: 19200 }, devices: [] }
poles: []
lamps: []
zones:
  - id: kordon # along the sea
    lamps: []
    programme: night
    presence: { sensors: [{ device: S01 }], wave: {} }
programmes:
  - { id: night, steps: [{ at: dusk, levelPct: 100 }, { at: "23:00", levelPct: 40 }] }
`;
const EMPTY_TABLE = `pole,atM,line,unit,profile,device,lamp,ratedPowerW,zone
P01,0,north,1,wirenboard-wb-led,,L01,60,kordon
P02,25,north,2,wirenboard-wb-led,,L02,60,kordon
P01,,north,21,wirenboard-wb-msw,S01,,,
`;

t.test('a table fills a cabinet of empty lists: only the result is checked', async (t) => {
  const folder = t.testdir({ 'cabinet.yaml': EMPTY, 'poles.csv': EMPTY_TABLE, 'one.csv': EMPTY_TABLE.split('\n').slice(0, 2).join('\n') });
  const [into, table] = [join(folder, 'cabinet.yaml'), join(folder, 'poles.csv')];
  const text = (): string => readFileSync(into, 'utf8');
  t.throws(() => loadCabinet('x', () => EMPTY), 'it cannot be used before');
  t.match(
    await run({ table: join(folder, 'one.csv'), write: true }, into),
    { code: 78, err: /S01[\s\S]*was\s+not\s+changed/ },
    'what is still missing is named',
  );
  t.equal(text(), EMPTY, 'a cabinet that would be wrong is not written');
  t.match(await run({ table }, into), { code: 0, err: '', out: /\+ lamp L02[\s\S]*Nothing was written: --write/ });
  t.match(await run({ table, write: true }, into), { code: 0, err: '', out: /3 rows: 9 added/ });
  t.match(loadCabinet('x', text).cabinet, {
    lamps: [{ id: 'L01' }, { id: 'L02' }],
    zones: [{ lamps: ['L01', 'L02'] }],
    poles: [{ id: 'P01' }, { id: 'P02' }],
  });
  t.match(text(), /# The street of the works\.[\s\S]*kordon # along the sea/);
});

t.test('a missing list is reported by name, and lists of another kind are refused', async (t) => {
  const without = EMPTY.replace('poles: []\n', '');
  t.match(flawTexts(importTable(EMPTY_TABLE, without)), ['2 - poles is not written: write `poles: []` there first']);
  const bare = EMPTY.replace('poles: []', 'poles:');
  t.match(flawTexts(importTable(EMPTY_TABLE, bare)), ['2 - poles is not written: write `poles: []` there first']);
  for (const text of [
    '',
    '[]',
    'lines: 5',
    'lines: [1]',
    'lines: []\nzones: [{ lamps: 5 }]',
    'lines: [{ devices: x }]',
    'lamps: []',
    'a: [',
    '&a [*a]',
  ])
    t.equal(importTarget(text), undefined, text);
});

t.test('lines and zones whose ids are missing or numbers are named in the flaws', async (t) => {
  const cabinet = 'lines:\n  - { id: 1, devices: [] }\n  - devices: []\nlamps: []\nzones:\n  - id: 7\n    lamps: []\n  - lamps: []\n';
  const row = (line: string, zone: string) => importTable(`lamp,line,unit,profile,ratedPowerW,zone\nL1,${line},1,x,45,${zone}\n`, cabinet);
  t.strictSame(flawTexts(row('north', 'rue')), [
    '2 line no line "north"; the cabinet has 1, ?',
    '2 zone no zone "rue"; the cabinet has 7, ?. New zones are written into the cabinet first',
  ]);
  t.strictSame(flawTexts(row('', '')), [
    '2 line device L1 is new, so its line is required; the cabinet has 1, ?',
    '2 zone lamp L1 is new, so its zone is required; the cabinet has 7, ?',
  ]);
  t.strictSame(texts(row('1', '7')), ['+ device L1 on 1: unit 1, profile x', '+ lamp L1: ratedPowerW 45', '+ zone 7: lamp L1']);
});
