/** Inventories of luminaires: what is read, what is refused, and that an export comes back as the same file. */
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { runInventoryImport } from '../../../../agent/commissioning/import-table.ts';
import { type ImportResult, importInventory } from '../../../../agent/config/import/import.ts';
import { decodeTable } from '../../../../agent/config/import/table-format.ts';
import { cabinetIn, loadCabinet } from '../../../../agent/config/load/load.ts';
import { inventoryCsv } from '../../../../agent/console/commands/config/inventory-export.ts';
import type { Terminal } from '../../../../agent/console/terminal/terminal.ts';
import { type Luminaire, SOURCE_TYPES, STRUCTURES, SUPPORTS, USAGES } from '../../../../agent/core/luminaire.ts';
import { SMALL_SITE } from '../../../support/small-site.ts';

const HEAD = 'armoire;pointLumineux;ulrNominal;cie3;temperatureCouleur;puissance;fluxSource;datePremiereInstallation';
const FULL = 'demo;L01;0,005;0,97;2700;54,5;6900;2019-06-14';
/** As many light points as Angers has at least. */
const CITY_ROWS = 45_000;

const flawTexts = ({ flaws }: ImportResult): string[] => flaws.map(({ line, column, message }) => `${line} ${column ?? '-'} ${message}`);
const lampsOf = (text: string) => loadCabinet('x', () => text).cabinet.lamps;
const luminaireOf = (text: string, id: string): Luminaire | undefined => lampsOf(text).find((lamp) => lamp.id === id)?.luminaire;

t.test('a row sets the data of its luminaire, and all else stays', async (t) => {
  const result = importInventory(`${HEAD}\n${FULL}\n`, SMALL_SITE);
  t.strictSame(flawTexts(result), []);
  t.match(String(result.changes[0]?.text), /~ lamp L01: ratedPowerW 60 -> 54.5|~ lamp L01: .*ulrNominalPct - -> 0.5/);
  t.strictSame(luminaireOf(result.text, 'L01'), {
    ...{ ulrNominalPct: 0.5, fluxCode3Pct: 97, colourTemperatureK: 2700, sourceFluxLm: 6900, headInstalledOn: '2019-06-14' },
  });
  t.equal(lampsOf(result.text)[0]?.ratedPowerW, 54.5);
  t.equal(result.text.split('\n').filter((line) => !SMALL_SITE.split('\n').includes(line)).length, 1, 'one line differs');
  t.strictSame(importInventory(`${HEAD}\n${FULL}\n`, result.text).changes, [], 'a second import changes nothing');
});

const readings: [story: string, heading: string, cell: string, found: Luminaire][] = [
  ['a share of 1 becomes percent', 'ulrInstalle', '0.035', { ulrInstalledPct: 3.5 }],
  ['a heading with a percent sign is in percent', 'ULR installé (%)', '3,5', { ulrInstalledPct: 3.5 }],
  ['in the words of the arrêté', 'Code de flux CIE n° 3 (%)', '97', { fluxCode3Pct: 97 }],
  ['no light at all above the horizontal', 'ulrNominal', '0', { ulrNominalPct: 0 }],
  ['all light in the cone', 'cie3', '1', { fluxCode3Pct: 100 }],
  ['the key of the cabinet', 'colourTemperatureK', '3000', { colourTemperatureK: 3000 }],
  ['a code in small letters', 'Type de source', 'led', { sourceType: 'LED' }],
  ['a French date', "Date d'installation", '4/6/2019', { headInstalledOn: '2019-06-04' }],
  ['a date of geographic data', 'datePremiereInstallation', '20190614', { headInstalledOn: '2019-06-14' }],
  ['a date with a time of day', 'datePremiereInstallation', '2019-06-14 00:00:00', { headInstalledOn: '2019-06-14' }],
  ['a month', 'datePremieInstallation', '06/2019', { headInstalledOn: '2019-06' }],
  ['a year', 'datePremiereInstallation', '2019', { headInstalledOn: '2019' }],
  ['a leap day', 'datePremiereInstallation', '29/02/2020', { headInstalledOn: '2020-02-29' }],
  ['a name with a separator and quotes', 'fabricant', '"Lampes ""du Val"", Angers"', { manufacturer: 'Lampes "du Val", Angers' }],
  ['a model that looks like a number', 'modele', '0012', { model: '0012' }],
];
for (const [story, heading, cell, found] of readings) {
  t.test(`read: ${story}`, async (t) => {
    const result = importInventory(decodeTable(Buffer.from(`\ufeffluminaire;${heading}\r\nL02;${cell}\r\n`)), SMALL_SITE);
    t.strictSame(flawTexts(result), []);
    t.strictSame(luminaireOf(result.text, 'L02'), found);
  });
}

t.test('commas, semicolons and tabs separate; what is not known is left as it was', async (t) => {
  const known = importInventory(`${HEAD}\n${FULL}\n`, SMALL_SITE).text;
  for (const table of [
    'lamp,typeSource,cie3\nL01,XX,\n',
    'lamp;typeSource;cie3\nL01;xx;\n',
    'lamp\ttypeSource\tcie3\nL01\tXX\t\n',
    '\ufeffsep=;\r\nlamp;cie3\r\nL01;\r\n',
  ])
    t.match(importInventory(table, known), { changes: [], flaws: [], rows: 1 });
  t.strictSame(importInventory('lamp;statut;valideDe;X;Y;commentaire\nL01;functional;20190614;1;2;=1+1\n', known).ignored, [
    ...['statut', 'valideDe', 'X', 'Y', 'commentaire'],
  ]);
});

t.test('a table in UTF-16 is read in both byte orders', async (t) => {
  const bytes = Buffer.from('\ufefflamp;fabricant\r\nL01;Éclat\r\n', 'utf16le');
  for (const each of [bytes, Buffer.from(bytes).swap16()]) {
    const result = importInventory(decodeTable(each), SMALL_SITE);
    t.equal(luminaireOf(result.text, 'L01')?.manufacturer, 'Éclat');
  }
});

t.test('lamps in blocks, with comments and nested keys, get their keys too', async (t) => {
  const block = SMALL_SITE.replace(
    '  - { id: L01, ratedPowerW: 60, minPct: 10 }',
    '  - id: L01 # the corner\n    ratedPowerW: 60\n    colourTemperatureK: 4000 # old\n    burned:\n      hours: 100\n      on: 2026-01-01',
  );
  const result = importInventory('lamp;temperatureCouleur;typeSource\nL01;2200;LED\n', block);
  t.strictSame(flawTexts(result), []);
  t.match(result.text, /colourTemperatureK: 2200 # old\n {4}burned:\n {6}hours: 100\n {6}on: 2026-01-01\n {4}sourceType: LED\n/);
  t.strictSame(luminaireOf(result.text, 'L01'), { colourTemperatureK: 2200, sourceType: 'LED' });
});

const mistakes: [story: string, table: string, says: RegExp][] = [
  ['no light point', 'armoire;puissance\ndemo;60\n', /^1 - no column names the light point/],
  ['a heading nearly right', 'lamp;typeSorce\nL01;LED\n', /^1 typeSorce unknown heading; did you mean "typesource"/],
  ['one heading twice', 'lamp;cie3;cie3 (%)\nL01;1;100\n', /^1 cie3 \(%\) means the same as the heading "cie3"/],
  ['an ULR that may be either', 'lamp;ULR\nL01;0,5\n', /^1 ULR which one, and in which unit\? Write ulrNominal or ulrInstalle/],
  ['a flux that may be either', 'lamp;Flux (lm)\nL01;5000\n', /^1 Flux \(lm\) of the source or of the luminaire/],
  ['a lamp twice', 'lamp;puissance\nL01;60\nL02;60\nL01;60\n', /^4 lamp L01 is in line 2 too: each light point has one line/],
  ['a lamp twice in a table of Excel', 'sep=;\r\nlamp;puissance\r\nL01;60\r\nL02;60\r\nL01;60\r\n', /^5 lamp L01 is in line 3 too/],
  ['a lamp that is not there', 'lamp;puissance\nL1;60\n', /^2 lamp no lamp "L1" in cabinet demo; did you mean "L01"/],
  ['a row without a lamp', 'lamp;puissance\n;60\n', /^2 lamp names no light point/],
  ['an unknown code', 'lamp;typeSource\nL01;OIL\n', /^2 typeSource found "OIL"; allowed: FLUO, HAL, IM,.* XEN or AU/],
  ['a support that is a pole', 'lamp;support\nL01;P01\n', /^2 support found "P01"; allowed: BUS, CAT/],
  ['percent where a share is meant', 'lamp;cie3\nL01;97\n', /^2 cie3 found "97"; allowed: a share from 0 to 1; for percent add \(%\)/],
  ['more than all', 'lamp;ulrNominal (%)\nL01;101\n', /^2 ulrNominal \(%\) found "101"; allowed: a number from 0 to 100, without its unit/],
  ['a unit in the cell', 'lamp;temperatureCouleur\nL01;2700 K\n', /found "2700 K"; allowed: a whole number from 1000 to 20000, without/],
  ['no power', 'lamp;puissance\nL01;0\n', /found "0"; allowed: a number above 0 up to 2000, without its unit/],
  ['a day that is none', 'lamp;datePremiereInstallation\nL01;31/04/2019\n', /found "31\/04\/2019"; allowed: a day, month or year/],
  ['an American date', 'lamp;datePremiereInstallation\nL01;06/14/2019\n', /found "06\/14\/2019"; allowed: a day/],
  ['a leap day of no leap year', 'lamp;datePremiereInstallation\nL01;2100-02-29\n', /allowed: a day/],
  ['a formula', 'lamp;fabricant\nL01;"=cmd|\'/C calc\'!A0"\n', /^2 fabricant found "=cmd.*begins like a formula/],
  ['a formula as a lamp', 'lamp;puissance\n=cmd;60\n', /^2 lamp no lamp "=cmd" in cabinet demo/],
  ['two mistakes in two rows', 'lamp;cie3\nL01;2\nL09;1\n', /^2 cie3 found "2"[\s\S]*\n3 lamp no lamp "L09"/],
  ['no row of this cabinet', 'cabinet;lamp;cie3\ndemos;L01;1\n', /^1 cabinet no row belongs to cabinet demo; did you mean "demos"/],
  [
    'a cell of a megabyte of tabs',
    `lamp;fabricant\nL01;"x${'\t'.repeat(1_000_000)}x"\n`,
    /^2 fabricant found "x(\\t){59}\.\.\."; allowed: text of 1 to 80/,
  ],
  ['a name of a megabyte', `lamp;cie3\n${'L'.repeat(1_000_000)};1\n`, /^2 lamp no lamp "L{60}\.\.\." in cabinet demo$/],
  ['a binary file', '\u0000\u0001\u0002', /no column names the light point/],
];
for (const [story, table, says] of mistakes) {
  t.test(`reported with line and column: ${story}`, async (t) => {
    const result = importInventory(table, SMALL_SITE);
    t.match(flawTexts(result).join('\n'), says);
    t.equal(result.text, SMALL_SITE);
    t.strictSame(result.changes, []);
  });
}

t.test('a wrong heading is the only mistake of a table that has rows of this cabinet and of others', async (t) => {
  const result = importInventory('cabinet;lamp;typeSorce\ndemo;L01;LED\nother;L01;LED\n', SMALL_SITE);
  t.match(flawTexts(result), [/^1 typeSorce unknown heading/]);
  t.equal(result.flaws.length, 1);
});

t.test('no text of a cabinet can be a formula in a spreadsheet, whatever its separator', async (t) => {
  const starts = [
    '=1',
    '+1',
    '-1',
    '@SUM(A1)',
    '\t=1',
    ' =1',
    '\u00a0=1',
    '＝1',
    'a;=1',
    'a, =1',
    'a",=1',
    '"=1',
    'x\r\n=1',
    'x\u2028=1',
    'end ',
    '',
  ];
  for (const [i, text] of starts.entries()) {
    const site = SMALL_SITE.replace('{ id: L01, ratedPowerW: 60,', `{ id: L01, model: ${JSON.stringify(text)}, ratedPowerW: 60,`);
    t.throws(() => loadCabinet('x', () => site), /lamps\[0\].model/, `text ${i}`);
  }
  for (const text of ['Schréder', 'A-1 = B', 'Ampera Midi (2700 K)', "L'Éclat", '照明', '60+']) {
    const site = SMALL_SITE.replace('{ id: L01, ratedPowerW: 60,', `{ id: L01, model: ${JSON.stringify(text)}, ratedPowerW: 60,`);
    t.equal(luminaireOf(site, 'L01')?.model, text);
  }
});

const sorted = (keys: Luminaire = {}): unknown => Object.entries(keys).sort(([a], [b]) => (a < b ? -1 : 1));

const share = fc.integer({ min: 0, max: 100_000_000 }).map((n) => n / 1_000_000);
const name = fc.stringMatching(/^[A-Za-zÀ-ÿ0-9][A-Za-zÀ-ÿ0-9 .,;:'"()/#&_*]{0,30}[A-Za-zÀ-ÿ0-9]$/);
const date = fc.oneof(
  fc.date({ min: new Date('1950-01-01'), max: new Date('2050-01-01'), noInvalidDate: true }).map((day) => day.toISOString().slice(0, 10)),
  fc.integer({ min: 1950, max: 2050 }).map(String),
  fc.constant('2019-06'),
);
const luminaire = fc.record(
  {
    ...{ ulrNominalPct: share, ulrInstalledPct: share, fluxCode3Pct: share, headInstalledOn: date, manufacturer: name, model: name },
    colourTemperatureK: fc.integer({ min: 1_000, max: 20_000 }),
    sourceFluxLm: fc.integer({ min: 1, max: 999_999_999 }).map((n) => n / 1_000),
    sourceType: fc.constantFrom(...SOURCE_TYPES),
    structure: fc.constantFrom(...STRUCTURES),
    support: fc.constantFrom(...SUPPORTS),
    usage: fc.constantFrom(...USAGES),
    lightHeightM: fc.integer({ min: 1, max: 6_000 }).map((n) => n / 100),
  },
  { requiredKeys: [] },
);

t.test('an export that is imported gives the same cabinet, and its export the same file', async (t) => {
  const lamps = fc.tuple(luminaire, luminaire, luminaire, luminaire);
  fc.assert(
    fc.property(lamps, fc.boolean(), (luminaires, hasPoint) => {
      const site = luminaires.reduce<string>((text, keys, i) => {
        const more = Object.entries(keys).map(([key, value]) => `, ${key}: ${JSON.stringify(value)}`);
        return text.replace(`{ id: L0${i + 1}, ratedPowerW: 60`, `{ id: L0${i + 1}, ratedPowerW: 60${more.join('')}`);
      }, SMALL_SITE);
      const { cabinet } = loadCabinet('x', () => site);
      const table = inventoryCsv(cabinet, hasPoint);
      const again = importInventory(decodeTable(Buffer.from(`\ufeff${table}`)), SMALL_SITE);
      const back = cabinetIn(again.text);
      return (
        again.flaws.length === 0 &&
        back !== undefined &&
        inventoryCsv(back, hasPoint) === table &&
        JSON.stringify(back.lamps.map((lamp) => sorted(lamp.luminaire))) ===
          JSON.stringify(cabinet.lamps.map((lamp) => sorted(lamp.luminaire))) &&
        importInventory(table, site).changes.length === 0
      );
    }),
    { numRuns: 30 },
  );
  t.pass('held for all generated inventories');
});
/** A file of a whole city; the rows of other cabinets may contain anything. */
function cityTable(ownRows: readonly string[], withCabinet: boolean): string {
  const others = Array.from({ length: CITY_ROWS - ownRows.length }, (_, i) => {
    const row = i % 100 === 0 ? `L01;=cmd;twice;x;y;z;31/04/2019` : `R${i};0,005;0,97;2700;54,5;6900;2019-06-14`;
    return withCabinet ? `armoire ${i % 1_450};${row}` : `R${i};${row.split(';').slice(1).join(';')}`;
  });
  const head = withCabinet ? HEAD : HEAD.replace('armoire;', '');
  return `\ufeff${[head, ...others.slice(0, 30_000), ...ownRows, ...others.slice(30_000)].join('\r\n')}\r\n`;
}

/** The command, with what it printed. */
async function run(args: Readonly<Record<string, string | boolean>>, into: string) {
  const text = { out: '', err: '' };
  const put = (key: 'out' | 'err') => (more: string) => {
    text[key] += more;
  };
  const code = await runInventoryImport(args, into, { out: put('out'), err: put('err'), widthCols: 200 } as unknown as Terminal);
  return { code, ...text };
}

t.test('the file of a city with 45,000 light points: only the rows of this cabinet are read', async (t) => {
  const folder = t.testdir({ 'cabinet.yaml': SMALL_SITE, 'city.csv': cityTable([FULL, FULL.replace('L01', 'L04')], true) });
  const into = join(folder, 'cabinet.yaml');
  const written = await run({ table: join(folder, 'city.csv'), write: true, json: true }, into);
  t.match(JSON.parse(written.out), {
    rows: 2,
    otherRows: CITY_ROWS - 2,
    flaws: [],
    problems: [],
    written: true,
    changes: [{ id: 'L01' }, { id: 'L04' }],
  });
  t.match(await run({ table: join(folder, 'city.csv') }, into), {
    code: 0,
    out: /44998 rows of other cabinets skipped\n2 rows[\s\S]*already/,
  });
});

t.test('45,000 unknown light points are mistakes, of which the first are printed', async (t) => {
  const folder = t.testdir({ 'cabinet.yaml': SMALL_SITE, 'city.csv': cityTable([FULL.replace('demo;', '')], false) });
  const { code, out, err } = await run({ table: join(folder, 'city.csv'), write: true }, join(folder, 'cabinet.yaml'));
  t.equal(code, 78);
  t.equal(out, '');
  t.equal(err.split('\n').filter((line) => line.includes('city.csv:')).length, 50);
  t.match(err, /and 4\d{4} more mistakes; --json lists all/);
});
