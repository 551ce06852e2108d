/**
 * What the platform makes of one edge node's messages, in their order: readings with their rows, gaps, outcomes.
 *
 * Owns births and aliases of the node, and which rows of which epoch are there. Rows count only when all that stood in their message
 * was understood: what is not acknowledged comes again. Made by `ingest.ts` for each node it hears of.
 */
import { asItself, qualityCode, type ReadingBase } from './reading-base.ts';
import { createRowRanges, type ParsedRowsMark, type RowRanges, readRowsMark } from './row-ranges.ts';
import { readSegment } from './segment-reader.ts';
import type { Sortable } from './seq-sorter.ts';
import type { WireMetric, WirePayload } from './wire-reader.ts';

/** A message as a worker hands it on. */
export interface IngestMessage extends Sortable {
  /** Empty for the node itself. */
  readonly device: string;
  readonly payload: WirePayload;
}

/** A loss that the node told. Units: `atMs` ms. */
export interface ReportedGap {
  readonly epoch: string;
  readonly id: number | null;
  readonly from: number | null;
  readonly to: number | null;
  readonly readings: number;
  readonly reason: string;
}

/** How a command ended, as told by the node. */
export interface ReportedOutcome {
  readonly node: string;
  readonly device: string;
  readonly id: string;
  readonly state: string;
  readonly reason: string;
}

export interface NodeIngest {
  readonly node: string;
  readonly isAlive: boolean;
  readonly devices: ReadonlySet<string>;
  readonly epoch: string;
  /** Of the present epoch. */
  readonly rows: RowRanges | undefined;
  readonly gaps: readonly ReportedGap[];
  readonly outcomes: readonly ReportedOutcome[];
  /** Last values of metrics that are no readings, by `<device>/<metric>`. */
  readonly facts: ReadonlyMap<string, WireMetric['value'] | null>;
  /** Messages of rows that were complete already. */
  readonly repeated: number;
  /** Messages that could not be understood for want of a birth. */
  readonly strays: number;
  take(message: IngestMessage): void;
  /** The alias of a metric, where it was born with one. */
  aliasOf(device: string, metric: string): number | undefined;
  /** What may be acknowledged; undefined before there is anything. */
  ackText(): string | undefined;
}

const NAME = {
  rows: 'Sync/Rows',
  segment: 'Sync/Segment',
  gap: 'Sync/Gap',
  epoch: 'Sync/Epoch',
  cursor: 'Sync/Cursor',
  outcome: 'Override/Outcome',
};
/** Length of an epoch in marks. Source: docs/platform.md. */
const EPOCH_LENGTH = 8;
/** Losses after which rows still come, with fewer readings in them. Source: docs/platform.md, "Gaps". */
const ROWS_COME: readonly string[] = ['thinned', 'not-configured', 'packet-limit', 'malformed'];
const GOOD = 192;

/** A node that has said nothing yet. `onStray`: a birth is wanted. */
export function createNodeIngest(parts: { readonly node: string; readonly base: ReadingBase; readonly onStray: () => void }): NodeIngest {
  const { node, base } = parts;
  const births = new Map<string, readonly WireMetric[]>();
  const ranges = new Map<string, RowRanges>();
  const gaps = new Map<string, ReportedGap>();
  const facts = new Map<string, WireMetric['value'] | null>();
  const outcomes: ReportedOutcome[] = [];
  const counts = { repeated: 0, strays: 0 };
  const devices = new Set<string>();
  let isAlive = false;
  let epoch = '';

  const nameOf = (device: string, { name, alias }: WireMetric): string | undefined =>
    name ?? births.get(device)?.find((born) => born.alias !== undefined && born.alias === alias)?.name;
  const rangesOf = (of: string, start = 0): RowRanges => {
    const known = ranges.get(of) ?? createRowRanges(start);
    ranges.set(of, known);
    return known;
  };

  function takeBirth({ verb, device, payload }: IngestMessage): void {
    if (verb === 'NBIRTH') {
      births.clear();
      devices.clear();
      isAlive = true;
      const find = (name: string) => payload.metrics.find((metric) => metric.name === name)?.value;
      epoch = String(find(NAME.epoch) ?? '').slice(0, EPOCH_LENGTH);
      if (epoch !== '') rangesOf(epoch, Number(find(NAME.cursor) ?? 0));
    } else devices.add(device);
    births.set(device, payload.metrics);
    for (const metric of payload.metrics) takeFact(device, metric.name ?? '', metric);
  }

  function takeFact(device: string, name: string, { isNull, value }: WireMetric): void {
    facts.set(`${device}/${name}`, isNull ? null : value);
    if (typeof value !== 'string' || value === '') return;
    if (name === NAME.gap) takeGap(value);
    if (name === NAME.outcome) outcomes.push({ ...(JSON.parse(value) as Omit<ReportedOutcome, 'node' | 'device'>), node, device });
  }

  function takeGap(text: string): void {
    const gap = JSON.parse(text) as ReportedGap;
    gaps.set(`${gap.epoch}:${gap.id ?? `${gap.from}-${gap.to}`}`, gap);
    if (gap.from !== null && gap.to !== null && !ROWS_COME.includes(gap.reason)) rangesOf(gap.epoch).cover({ from: gap.from, to: gap.to });
  }

  function takeData({ device, payload }: IngestMessage): void {
    const named = payload.metrics.map((metric) => ({ metric, name: nameOf(device, metric) }));
    if (named.some(({ name }) => name === undefined)) {
      counts.strays += 1;
      parts.onStray();
      return;
    }
    const text = named.find(({ name }) => name === NAME.rows)?.metric.value;
    const mark = typeof text === 'string' ? readRowsMark(text) : undefined;
    const others = named.filter(({ name }) => name !== NAME.rows);
    if (mark === undefined) for (const { name, metric } of others) takeFact(device, name ?? '', metric);
    else takeRows(device, mark, others);
  }

  function takeRows(
    device: string,
    mark: ParsedRowsMark,
    metrics: readonly { readonly name: string | undefined; readonly metric: WireMetric }[],
  ): void {
    const isNew = rangesOf(mark.epoch).add(mark) === 'new';
    if (!isNew) counts.repeated += 1;
    if (!isNew && !mark.isAgain) return;
    for (const { name = '', metric } of metrics) {
      if (name === NAME.segment) takeSegment(metric);
      else takeReading(device, name, metric);
    }
  }

  function takeReading(device: string, name: string, metric: WireMetric): void {
    const { value, isNull, isHistorical, timestampMs = 0, properties } = metric;
    base.add({
      node,
      device,
      metric: name,
      timestampMs,
      value: isNull || Buffer.isBuffer(value) ? null : (value ?? null),
      quality: Number(properties.get('Quality') ?? GOOD),
      isHistorical,
    });
  }

  function takeSegment({ value }: WireMetric): void {
    if (!Buffer.isBuffer(value)) return;
    for (const { pointId, atMs, value: number, quality } of readSegment(value).readings) {
      for (const shown of asItself(pointId)) {
        base.add({ node, ...shown, timestampMs: atMs, value: number, quality: qualityCode(quality), isHistorical: true });
      }
    }
  }

  /** The highest gap record without one missing before it. */
  function gapHead(): number {
    let head = 0;
    while (gaps.has(`${epoch}:${head + 1}`)) head += 1;
    return head;
  }

  return {
    node,
    devices,
    facts,
    outcomes,
    get isAlive() {
      return isAlive;
    },
    get epoch() {
      return epoch;
    },
    get rows() {
      return ranges.get(epoch);
    },
    get gaps() {
      return [...gaps.values()];
    },
    get repeated() {
      return counts.repeated;
    },
    get strays() {
      return counts.strays;
    },
    take: (message) => {
      if (message.verb === 'NBIRTH' || message.verb === 'DBIRTH') takeBirth(message);
      else if (message.verb === 'NDATA' || message.verb === 'DDATA') takeData(message);
      else if (message.verb === 'DDEATH') devices.delete(message.device);
      else if (message.verb === 'NDEATH') isAlive = false;
    },
    aliasOf: (device, metric) => births.get(device)?.find(({ name }) => name === metric)?.alias,
    ackText: () => {
      const head = ranges.get(epoch)?.head ?? 0;
      const gap = gapHead();
      if (epoch === '' || head === 0) return undefined;
      return gap === 0 ? `${epoch}:${head}` : `${epoch}:${head}:${gap}`;
    },
  };
}
