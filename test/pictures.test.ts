/** The pictures of the demo and of the data flow. The picture of the layers: layers.test.ts. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { loadSite } from '../agent/config/load/load-site.ts';
import { dataFlowPicture } from '../docs/pictures/data-flow.ts';
import { demoLabelsNow, demoLabelsOf } from '../docs/pictures/demo-labels.ts';
import { SCENES } from '../docs/pictures/demo-recording.ts';
import { REPORT_PICTURES } from '../docs/pictures/report-plots.ts';
import { rowsOfTerminalPicture, terminalPicture } from '../docs/pictures/terminal.ts';
import { readDemoOptions } from './street/demo-options.ts';
import { Screen } from './support/screen.ts';

const ROOT = join(import.meta.dirname, '..');
/** Units: px of one letter in the labels. Source: assumed; the mean of DejaVu Sans at 12 px, a wide font. Confirmed by: the picture in a browser. */
const LETTER_PX = 6.8;

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

t.test('README shows pictures that exist', async (t) => {
  const shown = [...read('README.md').matchAll(/!\[[^\]]+\]\(([^)]+)\)/g)].map(([, file = '']) => file);
  t.strictSame(shown, ['docs/demo.svg', 'docs/data-flow.svg']);
  for (const file of shown) t.ok(existsSync(join(ROOT, file)), `npm run -s pictures draws ${file}`);
});

t.test('the picture of the data flow matches its table', async (t) => {
  t.equal(read('docs/data-flow.svg'), dataFlowPicture(), 'npm run -s pictures draws it');
});

t.test('the pictures of reports are as a report draws them', async (t) => {
  for (const { file, draw } of REPORT_PICTURES) t.equal(read(file), draw(), `npm run -s pictures draws ${file}`);
  t.ok(existsSync(join(ROOT, 'docs/report-month.png')), 'npm run -s pictures -- --screens takes it');
});

t.test('in the data flow no box, line or label is over another, and all are in the picture', async (t) => {
  const svg = dataFlowPicture();
  const [width = 0, height = 0] = (/viewBox="0 0 (\d+) (\d+)"/.exec(svg) ?? []).slice(1).map(Number);
  t.ok(width > 700 && width <= 860, `${width} px: a label of 12 px can be read at a width of 800 px`);
  const boxes = [...svg.matchAll(/<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"/g)].map((found) =>
    areaOf(found.slice(1)),
  );
  const lines = [...svg.matchAll(/<path d="(M[^"]+)"\/>\n/g)].flatMap(([, path = '']) => {
    const points = path.split(' L').map((point) => point.replace('M', '').split(' ').map(Number));
    return points.slice(1).map(([x2 = 0, y2 = 0], at) => {
      const [x1 = 0, y1 = 0] = points[at] ?? [];
      return { left: Math.min(x1, x2), top: Math.min(y1, y2), right: Math.max(x1, x2), bottom: Math.max(y1, y2) };
    });
  });
  const labels = [...svg.matchAll(/<text x="([\d.]+)" y="([\d.]+)" text-anchor="(\w+)">([^<]+)/g)].map(([, x, y, anchor, text = '']) => {
    const length = text.length * LETTER_PX;
    const left = Number(x) - (anchor === 'middle' ? length / 2 : anchor === 'end' ? length : 0);
    return { left, top: Number(y) - 9, right: left + length, bottom: Number(y) + 2, text };
  });
  t.ok(
    boxes.length === 11 && lines.length === 19 && labels.length === 17,
    `${boxes.length} boxes, ${lines.length} lines, ${labels.length} labels`,
  );
  for (const [at, box] of boxes.entries()) t.notOk(boxes.slice(at + 1).some((other) => isOver(box, other)));
  for (const line of lines)
    t.notOk(
      [...boxes, ...labels].some((other) => isOver(line, other)),
      `a line at ${line.left} ${line.top}`,
    );
  for (const { text, ...label } of labels) {
    t.notOk(
      [...boxes, ...labels.filter((other) => other.text !== text)].some((other) => isOver(label, other)),
      text,
    );
    t.ok(label.left >= 0 && label.right <= width && label.bottom <= height, `${text} is in the picture`);
  }
});

for (const { file, scene, lamps } of [
  { file: 'docs/demo.svg', scene: SCENES.street, lamps: 12 },
  { file: 'docs/square.svg', scene: SCENES.square, lamps: 12 },
]) {
  t.test(`${file} has the labels of the demo's screen`, async (t) => {
    const demo = readDemoOptions([...scene.words]);
    if (demo === null) throw new TypeError('no demo');
    const labels = demoLabelsNow(loadSite(join(ROOT, demo.configFile)).cabinet, demo.startAtMs);
    const svg = read(file);
    const rows = rowsOfTerminalPicture(svg);
    t.strictSame(demoLabelsOf(rows), labels, 'npm run -s pictures records it');
    t.ok(labels.filter((label) => label === 'L').length === lamps && labels.includes('(street)'), 'all lamps and the street');
    t.ok(Math.max(...rows.map((row) => row.length)) <= 80 && rows.length <= scene.rows, 'at most 80 columns, and the rows of its terminal');
    t.notOk(rows.join('\n').includes('/dev'), 'no path of the machine that drew it');
    t.match(svg, /<title id="title">[^<]{20,}<\/title>/);
    t.notSame(demoLabelsOf(rowsOfTerminalPicture(svg.replace('uplink', 'link'))), labels, 'another word is noticed');
    t.notSame(demoLabelsOf(rows.slice(0, -1)), labels, 'a missing row too');
  });
}

t.test('the picture of the square shows panel, sound, air and meter', async (t) => {
  const rows = rowsOfTerminalPicture(read('docs/square.svg')).join('\n');
  for (const part of [
    /^panel +Bicycles today: [1-9]/m,
    /^sound +\w+ at \d+ %, amplifier on/m,
    /^air PM2\.5 \d/m,
    /meter [\d.]+ kWh, tariff \d/,
  ])
    t.match(rows, part);
});

t.test('levels, reasons, movers and figures are no labels', async (t) => {
  const other = ['L01   ####................  20 %  failsafe', '__w__o___C', 'street 70 W   bus north 3.5 %'];
  t.strictSame(demoLabelsOf(other), demoLabelsOf(['L02   #................... 100 %  ', 'b____o____', 'street 600 W   bus north 70 %']));
  t.notSame(demoLabelsOf(['street 70 W']), demoLabelsOf(['street 70 kW']));
  t.same(
    demoLabelsOf([
      'panel  Air good   because: schedule',
      'sound  silence, amplifier off   because: quiet',
      'air PM2.5 5 ug/m3   meter 1.0 kWh, PEAK',
    ]),
    demoLabelsOf([
      'panel  (dark)   because: -',
      'sound  fountain at 30 %, amplifier on   because: programme',
      'air PM2.5 70 ug/m3   meter 14 kWh, no peak',
    ]),
  );
});

t.test('a terminal is drawn with its columns, colours and weights, and its text is escaped', async (t) => {
  const screen = new Screen({ answer: () => {} });
  screen.write('\x1b[?25l\x1b[1mA <b>\x1b[22m &  c\r\n\r\n   \x1b[33myellow\x1b[39m \x1b[2mdim\x1b[0m end\x1b[?25h');
  const svg = terminalPicture(screen.cells(), { title: 'a & b', command: 'npm run <x>', cols: 80 });
  t.match(svg, '<title id="title">a &amp; b</title>');
  t.match(svg, /font-weight="700">&lt;b&gt;</);
  t.match(svg, /fill="#e3b341">yellow</);
  t.match(svg, /fill="#9198a1">dim</);
  t.match(svg, /textLength="25.2" lengthAdjust="spacingAndGlyphs">end</, 'a word is as wide as its cells');
  t.strictSame(rowsOfTerminalPicture(svg), ['A <b> &  c', '', '   yellow dim end']);
});

interface Area {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

function areaOf(parts: readonly string[]): Area {
  const [x = 0, y = 0, width = 0, height = 0] = parts.map(Number);
  return { left: x, top: y, right: x + width, bottom: y + height };
}

/** Areas that only touch are not over each other. */
function isOver(a: Area, b: Area): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}
