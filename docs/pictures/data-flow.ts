/**
 * The data flow of the agent as a picture: readings from the devices to the platform, and levels back to the lamps.
 *
 * Pure: the tables below in, SVG out. Sizes are set for a page of 800 px.
 */

/** Shape: `column` and `row` are places in a grid, from the left and from the top. */
interface FlowNode {
  readonly id: string;
  readonly detail: string;
  readonly column: number;
  readonly row: number;
  readonly isOutside?: true;
}

/** Shape: `bend` names the first direction of an arrow between boxes that share no column and no row. */
interface FlowArrow {
  readonly from: string;
  readonly to: string;
  readonly label: string;
  readonly bend?: 'across' | 'down';
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** Source: agent/app, which connects the folders, and the units, the platform and the technician outside of the agent. */
const NODES: readonly FlowNode[] = [
  { id: 'devices', detail: 'lamps, sensors', column: 0, row: 1, isOutside: true },
  { id: 'line queue', detail: 'one per line', column: 1, row: 1 },
  { id: 'field', detail: 'polls each unit', column: 2, row: 1 },
  { id: 'store', detail: 'frames, events', column: 3, row: 1 },
  { id: 'sync', detail: 'live and history', column: 4, row: 1 },
  { id: 'platform', detail: 'MQTT', column: 4, row: 0, isOutside: true },
  { id: 'diagnosis', detail: 'faults, energy', column: 2, row: 0 },
  { id: 'lighting', detail: 'pure functions', column: 2, row: 2 },
  { id: 'control', detail: 'writes, repairs', column: 1, row: 2 },
  { id: 'outcome', detail: 'one per command', column: 1, row: 3 },
  { id: 'console', detail: 'technician', column: 2, row: 3, isOutside: true },
];

const ARROWS: readonly FlowArrow[] = [
  { from: 'line queue', to: 'devices', label: 'requests' },
  { from: 'devices', to: 'line queue', label: 'replies' },
  { from: 'field', to: 'line queue', label: 'polls' },
  { from: 'line queue', to: 'field', label: 'replies' },
  { from: 'field', to: 'store', label: 'readings' },
  { from: 'store', to: 'sync', label: 'frames' },
  { from: 'sync', to: 'platform', label: 'data' },
  { from: 'platform', to: 'sync', label: 'intents' },
  { from: 'field', to: 'diagnosis', label: 'readings' },
  { from: 'diagnosis', to: 'store', label: 'events', bend: 'across' },
  { from: 'field', to: 'lighting', label: 'snapshot, detections' },
  { from: 'sync', to: 'lighting', label: 'intents of the platform', bend: 'down' },
  { from: 'console', to: 'lighting', label: 'intents of the technician' },
  { from: 'lighting', to: 'control', label: 'decisions' },
  { from: 'control', to: 'line queue', label: 'commands' },
  { from: 'line queue', to: 'control', label: 'read-back' },
  { from: 'control', to: 'outcome', label: 'result' },
];

/**
 * Units: px. `apart` and `apartDown`: half the distance of two level or upright arrows in opposite directions.
 * Source: the longest label fits in its gap, test/pictures.test.ts.
 */
const GRID = { width: 114, height: 48, gapX: 62, gapY: 54, margin: 16, apart: 9, apartDown: 14 } as const;
const COLUMNS = 1 + Math.max(...NODES.map(({ column }) => column));
const ROWS = 1 + Math.max(...NODES.map(({ row }) => row));

/** The picture as the text of an SVG document. */
export function dataFlowPicture(): string {
  const width = COLUMNS * (GRID.width + GRID.gapX) - GRID.gapX + 2 * GRID.margin;
  const height = ROWS * (GRID.height + GRID.gapY) - GRID.gapY + 2 * GRID.margin;
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title">`,
    '<title id="title">The data flow of Luciole: readings from devices to store and platform, levels from lighting back to the lamps</title>',
    `<rect width="${width}" height="${height}" rx="8" fill="#fff"/>`,
    '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0 L8 4 L0 8 Z" fill="#27496d"/></marker></defs>',
    '<g fill="none" stroke="#27496d" stroke-width="1.5" marker-end="url(#head)">',
    ...ARROWS.map((arrow) => `<path d="${pathOf(pointsOf(arrow))}"/>`),
    '</g>',
    '<g font-family="system-ui, sans-serif" text-anchor="middle">',
    ...NODES.map(nodeElement),
    '</g>',
    '<g font-family="system-ui, sans-serif" font-size="12" fill="#33475b">',
    ...ARROWS.map(labelElement),
    '</g>',
    '</svg>',
  ].join('\n')}\n`;
}

function nodeOf(id: string): FlowNode {
  const found = NODES.find((node) => node.id === id);
  if (found === undefined) throw new TypeError(`no box is called ${id}`);
  return found;
}

function middleOf({ column, row }: FlowNode): Point {
  return {
    x: GRID.margin + column * (GRID.width + GRID.gapX) + GRID.width / 2,
    y: GRID.margin + row * (GRID.height + GRID.gapY) + GRID.height / 2,
  };
}

/** How far an arrow is from the middle of its boxes: 0 without an arrow in the opposite direction, which uses the other side. */
function sideOf({ from, to }: FlowArrow, apart: number): number {
  const isPair = ARROWS.some((other) => other.from === to && other.to === from);
  const [start, end] = [nodeOf(from), nodeOf(to)];
  return isPair ? apart * Math.sign(end.column - start.column + end.row - start.row) : 0;
}

/** The corners of an arrow, from the edge of one box to the edge of the other. */
function pointsOf(arrow: FlowArrow): readonly Point[] {
  const [start, end] = [middleOf(nodeOf(arrow.from)), middleOf(nodeOf(arrow.to))];
  const [right, down] = [Math.sign(end.x - start.x), Math.sign(end.y - start.y)];
  const [halfWidth, halfHeight] = [GRID.width / 2, GRID.height / 2];
  if (down === 0) {
    const y = start.y + sideOf(arrow, GRID.apart);
    return [
      { x: start.x + right * halfWidth, y },
      { x: end.x - right * halfWidth, y },
    ];
  }
  if (right === 0) {
    const x = start.x + sideOf(arrow, GRID.apartDown);
    return [
      { x, y: start.y + down * halfHeight },
      { x, y: end.y - down * halfHeight },
    ];
  }
  return arrow.bend === 'across'
    ? [
        { x: start.x + right * halfWidth, y: start.y },
        { x: end.x, y: start.y },
        { x: end.x, y: end.y - down * halfHeight },
      ]
    : [
        { x: start.x, y: start.y + down * halfHeight },
        { x: start.x, y: end.y },
        { x: end.x - right * halfWidth, y: end.y },
      ];
}

function pathOf(points: readonly Point[]): string {
  return points.map(({ x, y }, at) => `${at === 0 ? 'M' : 'L'}${x} ${y}`).join(' ');
}

function nodeElement(node: FlowNode): string {
  const { x, y } = middleOf(node);
  const colours = node.isOutside === true ? 'fill="#fff6e5" stroke="#8a6116"' : 'fill="#eef4fa" stroke="#27496d"';
  return [
    `<rect x="${x - GRID.width / 2}" y="${y - GRID.height / 2}" width="${GRID.width}" height="${GRID.height}" rx="6" ${colours}/>`,
    `<text x="${x}" y="${y - 3}" font-size="14" fill="#12263a">${node.id}</text>`,
    `<text x="${x}" y="${y + 14}" font-size="11.5" fill="#4a6076">${node.detail}</text>`,
  ].join('\n');
}

/** Above a level arrow, or below the lower one of a pair; right of an upright arrow, or left of the left one. */
function labelElement(arrow: FlowArrow): string {
  const points = pointsOf(arrow);
  const level = points.findIndex(({ y }, at) => points[at + 1]?.y === y);
  const [a, b] = [points[Math.max(level, 0)], points[Math.max(level, 0) + 1]];
  if (a === undefined || b === undefined) throw new TypeError(`an arrow without a line: ${arrow.from} to ${arrow.to}`);
  const [x, y] = [(a.x + b.x) / 2, (a.y + b.y) / 2];
  if (level >= 0) {
    const isLower = sideOf(arrow, GRID.apart) > 0;
    return `<text x="${x}" y="${isLower ? y + 14 : y - 6}" text-anchor="middle">${arrow.label}</text>`;
  }
  const isLeft = sideOf(arrow, GRID.apartDown) < 0;
  return `<text x="${isLeft ? x - 7 : x + 7}" y="${y + 4}" text-anchor="${isLeft ? 'end' : 'start'}">${arrow.label}</text>`;
}
