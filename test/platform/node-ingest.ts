/**
 * The platform's state of one edge node: readings with their rows, gaps, outcomes, from its messages in their order.
 *
 * Rows count only when everything in their message was decoded: what is not acknowledged arrives again.
 */
import { asItself, qualityCode, type ReadingBase } from './reading-base.ts';
import { createRowRanges, type ParsedRowsMark, type RowRanges, readRowsMark } from './row-ranges.ts';
import { readSegment } from './segment-reader.ts';
import type { Sortable } from './seq-sorter.ts';
import type { WireMetric, WirePayload } from './wire-reader.ts';

/** A decoded message of a node, as a worker of the platform passes it to the sorter of that node. */
export interface IngestMessage extends Sortable {
  /** Empty for the node itself. */
  readonly device: string;
  readonly payload: WirePayload;
}

/** A loss of readings that the node reported, of rows `from` to `to` where they are known. `id` numbers the losses of an epoch; null for none. */
export interface ReportedGap {
  readonly epoch: string;
  readonly id: number | null;
  /** The loss reported before it; null where `id` is. */
  readonly after: number | null;
  readonly from: number | null;
  readonly to: number | null;
  readonly readings: number;
  readonly reason: string;
}

/** How a command ended, as the node reported it. */
export interface ReportedOutcome {
  readonly node: string;
  readonly device: string;
  readonly id: string;
  readonly state: string;
  readonly reason: string;
}

/** Receives a value of a node that is no reading. `device` is empty for the node itself. */
export type OnFact = (node: string, device: string, name: string, value: WireMetric['value'] | null) => void;

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
/** Reasons of losses whose rows still arrive, with fewer readings. Source: docs/platform.md, "Gaps". */
const ROWS_ARRIVE: readonly string[] = ['thinned', 'not-configured', 'packet-limit', 'malformed'];
const GOOD = 192;

/** The id of the last loss of an epoch up to which no report is missing; 0 if the first is. Each report names its predecessor in `after`. */
export function gapHead(gaps: readonly ReportedGap[], epoch: string): number {
  const next = new Map(gaps.flatMap(({ id, after, epoch: of }) => (id === null || after === null || of !== epoch ? [] : [[after, id]])));
  let head = 0;
  for (let id = next.get(head); id !== undefined; id = next.get(head)) head = id;
  return head;
}

/** The state of one node. `take` gets its messages in the order of sending; readings go to the database. */
export class NodeIngest {
  readonly node: string;
  readonly devices = new Set<string>();
  readonly outcomes: ReportedOutcome[] = [];
  /** Last values of metrics that are not readings, by `<device>/<metric>`. */
  readonly facts = new Map<string, WireMetric['value'] | null>();
  isAlive = false;
  /** Epoch of the present session. */
  epoch = '';
  /** Messages of rows that were complete already. */
  repeated = 0;
  /** Messages that could not be decoded because a birth is missing. */
  strays = 0;
  readonly #base: ReadingBase;
  readonly #onStray: () => void;
  readonly #onFact: OnFact;
  readonly #births = new Map<string, readonly WireMetric[]>();
  readonly #ranges = new Map<string, RowRanges>();
  readonly #gaps = new Map<string, ReportedGap>();

  /** `onStray`: a birth is needed. */
  constructor(node: string, base: ReadingBase, onStray: () => void, onFact: OnFact = () => {}) {
    this.node = node;
    this.#base = base;
    this.#onStray = onStray;
    this.#onFact = onFact;
  }

  /** The rows of the present epoch; undefined before the first NBIRTH. */
  get rows(): RowRanges | undefined {
    return this.#ranges.get(this.epoch);
  }

  get gaps(): readonly ReportedGap[] {
    return [...this.#gaps.values()];
  }

  take(message: IngestMessage): void {
    if (message.verb === 'NBIRTH' || message.verb === 'DBIRTH') this.#takeBirth(message);
    else if (message.verb === 'NDATA' || message.verb === 'DDATA') this.#takeData(message);
    else if (message.verb === 'DDEATH') this.devices.delete(message.device);
    else if (message.verb === 'NDEATH') this.isAlive = false;
  }

  /** The alias of a metric; undefined when it was born without one. */
  aliasOf(device: string, metric: string): number | undefined {
    return this.#births.get(device)?.find(({ name }) => name === metric)?.alias;
  }

  /** The text of the next acknowledgement; undefined while there is nothing to acknowledge. */
  ackText(): string | undefined {
    const head = this.rows?.head ?? 0;
    if (this.epoch === '' || head === 0) return undefined;
    return `${this.epoch}:${head}:${gapHead(this.gaps, this.epoch)}`;
  }

  #takeBirth({ verb, device, payload }: IngestMessage): void {
    if (verb === 'NBIRTH') {
      this.#births.clear();
      this.devices.clear();
      this.isAlive = true;
      const find = (name: string) => payload.metrics.find((metric) => metric.name === name)?.value;
      this.epoch = String(find(NAME.epoch) ?? '').slice(0, EPOCH_LENGTH);
      if (this.epoch !== '') this.#rangesOf(this.epoch, Number(find(NAME.cursor) ?? 0));
    } else this.devices.add(device);
    this.#births.set(device, payload.metrics);
    for (const metric of payload.metrics) this.#takeFact(device, metric.name ?? '', metric);
  }

  #takeFact(device: string, name: string, { isNull, value }: WireMetric): void {
    this.facts.set(`${device}/${name}`, isNull ? null : value);
    this.#onFact(this.node, device, name, isNull ? null : value);
    if (typeof value !== 'string' || value === '') return;
    if (name === NAME.gap) this.#takeGap(value);
    if (name !== NAME.outcome) return;
    this.outcomes.push({ ...(JSON.parse(value) as Omit<ReportedOutcome, 'node' | 'device'>), node: this.node, device });
  }

  #takeGap(text: string): void {
    const gap = JSON.parse(text) as ReportedGap;
    this.#gaps.set(`${gap.epoch}:${gap.id ?? `${gap.from}-${gap.to}`}`, gap);
    if (gap.from === null || gap.to === null || ROWS_ARRIVE.includes(gap.reason)) return;
    this.#rangesOf(gap.epoch).cover({ from: gap.from, to: gap.to });
  }

  #takeData({ device, payload }: IngestMessage): void {
    const named = payload.metrics.map((metric) => ({ metric, name: this.#nameOf(device, metric) }));
    if (named.some(({ name }) => name === undefined)) {
      this.strays += 1;
      this.#onStray();
      return;
    }
    const text = named.find(({ name }) => name === NAME.rows)?.metric.value;
    const mark = typeof text === 'string' ? readRowsMark(text) : undefined;
    const others = named.filter(({ name }) => name !== NAME.rows);
    if (mark === undefined) for (const { name, metric } of others) this.#takeFact(device, name ?? '', metric);
    else this.#takeRows(device, mark, others);
  }

  #takeRows(
    device: string,
    mark: ParsedRowsMark,
    metrics: readonly { readonly name: string | undefined; readonly metric: WireMetric }[],
  ): void {
    const isNew = this.#rangesOf(mark.epoch).add(mark) === 'new';
    if (!isNew) this.repeated += 1;
    if (!isNew && !mark.isAgain) return;
    for (const { name = '', metric } of metrics) {
      if (name === NAME.segment) this.#takeSegment(metric);
      else this.#takeReading(device, name, metric);
    }
  }

  #takeReading(device: string, name: string, metric: WireMetric): void {
    const { value, isNull, isHistorical, timestampMs = 0, properties } = metric;
    this.#base.add({
      node: this.node,
      device,
      metric: name,
      timestampMs,
      value: isNull || Buffer.isBuffer(value) ? null : (value ?? null),
      quality: Number(properties.get('Quality') ?? GOOD),
      isHistorical,
    });
  }

  #takeSegment({ value }: WireMetric): void {
    if (!Buffer.isBuffer(value)) return;
    for (const { pointId, atMs, value: number, quality } of readSegment(value).readings) {
      const reading = { timestampMs: atMs, value: number, quality: qualityCode(quality), isHistorical: true };
      for (const shown of asItself(pointId)) this.#base.add({ node: this.node, ...shown, ...reading });
    }
  }

  #nameOf(device: string, { name, alias }: WireMetric): string | undefined {
    return name ?? this.#births.get(device)?.find((born) => born.alias !== undefined && born.alias === alias)?.name;
  }

  #rangesOf(epoch: string, start = 0): RowRanges {
    const known = this.#ranges.get(epoch) ?? createRowRanges(start);
    this.#ranges.set(epoch, known);
    return known;
  }
}
