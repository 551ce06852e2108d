/**
 * The layers as a picture: each room with its size, each import between rooms as a line.
 *
 * Pure: what dependency-cruiser found in, SVG out.
 */
import type { ICruiseResult } from 'dependency-cruiser';

/** The names of the rooms in each layer. Shape: lowest layer first. */
export type Layers = readonly (readonly string[])[];

interface Room {
  readonly name: string;
  readonly files: number;
  readonly x: number;
  readonly y: number;
}

/** Units: px. */
const BOX = { width: 132, height: 46, gapX: 34, gapY: 40, margin: 20 } as const;

/**
 * The picture as the text of an SVG document. The thickness of a line grows with the logarithm of the number of imports.
 *
 * Errors: throws TypeError on an import of a room that `layers` does not name.
 */
export function layersPicture({ modules }: Pick<ICruiseResult, 'modules'>, layers: Layers): string {
  const files = modules.map(({ source }) => source).filter((source) => roomOf(source) !== null);
  const width = Math.max(...layers.map((rooms) => rowWidth(rooms.length))) + 2 * BOX.margin;
  const height = layers.length * (BOX.height + BOX.gapY) - BOX.gapY + 2 * BOX.margin;
  const rooms = layers.flatMap((names, depth) =>
    names.map((name, at): Room => {
      const left = (width - rowWidth(names.length)) / 2;
      const y = BOX.margin + (layers.length - 1 - depth) * (BOX.height + BOX.gapY);
      return { name, files: files.filter((file) => roomOf(file) === name).length, x: left + at * (BOX.width + BOX.gapX), y };
    }),
  );
  const counts = new Map<string, number>();
  for (const { source, dependencies } of modules) {
    for (const { resolved } of dependencies) {
      const [from, to] = [roomOf(source), roomOf(resolved)];
      if (from !== null && to !== null && from !== to) counts.set(`${from} ${to}`, (counts.get(`${from} ${to}`) ?? 0) + 1);
    }
  }
  const lines = [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([pair, imports]) => lineOf(pair, imports, rooms));
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title">`,
    '<title id="title">The layers of Luciole: a room imports rooms below it only</title>',
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    '<g fill="none" stroke="#5b7a99" stroke-opacity="0.45">',
    ...lines,
    '</g>',
    '<g font-family="system-ui, sans-serif" text-anchor="middle">',
    ...rooms.map(boxOf),
    '</g>',
    '</svg>',
  ].join('\n')}\n`;
}

/** Null for a file outside of the rooms. */
function roomOf(file: string): string | null {
  return file.startsWith('drivers/') ? 'drivers' : (/^agent\/([^/]+)\//.exec(file)?.[1] ?? null);
}

function rowWidth(rooms: number): number {
  return rooms * BOX.width + (rooms - 1) * BOX.gapX;
}

function lineOf(pair: string, imports: number, rooms: readonly Room[]): string {
  const [from, to] = pair.split(' ').map((name) => rooms.find((room) => room.name === name));
  if (from === undefined || to === undefined) throw new TypeError(`a room of ${pair} has no layer`);
  const [x1, y1, x2, y2] = [from.x + BOX.width / 2, from.y + BOX.height, to.x + BOX.width / 2, to.y];
  const bend = (y2 - y1) / 2;
  const width = Math.round(10 * (0.6 + Math.log10(imports) * 1.6)) / 10;
  return `<path d="M${x1} ${y1} C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2}" stroke-width="${width}"><title>${from.name} imports ${to.name}: ${imports}</title></path>`;
}

function boxOf({ name, files, x, y }: Room): string {
  const middle = x + BOX.width / 2;
  return [
    `<rect x="${x}" y="${y}" width="${BOX.width}" height="${BOX.height}" rx="6" fill="#eef4fa" stroke="#27496d"/>`,
    `<text x="${middle}" y="${y + 20}" font-size="14" fill="#12263a">${name}</text>`,
    `<text x="${middle}" y="${y + 36}" font-size="11" fill="#4a6076">${files} files</text>`,
  ].join('\n');
}
