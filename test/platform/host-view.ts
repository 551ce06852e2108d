/**
 * The reference host's view of one edge node: births, aliases, every value with its time, duplicates, holes in seq.
 *
 * Decodes with a reader of its own. Uses no MQTT.
 */
import { covers } from '../../agent/sync/delivery/seq-ranges.ts';
import { qualityCode } from './reading-base.ts';
import { readRowsMark } from './row-ranges.ts';
import { type RegisteredReading, RowRegistry } from './row-registry.ts';
import { readSegment } from './segment-reader.ts';
import { readWirePayload, type WireMetric, type WirePayload, type WireValue } from './wire-reader.ts';

/** One value as it arrived. `device` is empty for the node itself. */
export interface HostValue {
  readonly device: string;
  readonly metric: string;
  readonly timestampMs: number;
  readonly value: WireValue | null;
  readonly quality: number;
  readonly historical: boolean;
}

/** A message as it arrived, decoded. */
export interface HostMessage {
  readonly verb: string;
  readonly device: string;
  readonly payload: WirePayload;
  readonly bytes: Buffer;
  readonly qos: number;
  readonly retain: boolean;
}

interface HostOutcome {
  readonly device: string;
  readonly id: string;
  readonly state: string;
  readonly reason: string;
  readonly level: number | null;
  readonly lamps: Readonly<Record<string, string>>;
}

export interface HostViewCallbacks {
  /** An NBIRTH arrived; the aliases of the session before are void. */
  readonly onNodeBirth: () => void;
  /** Rows were taken. `isRepeated`: they were known, so their acknowledgement was lost. */
  readonly onRows: (isRepeated: boolean) => void;
  readonly onValue: (value: HostValue) => void;
}

const OUTCOME = 'Override/Outcome';
/** Describes its message. */
const ROWS = 'Sync/Rows';
const SEGMENT = 'Sync/Segment';
const GAP = 'Sync/Gap';
/** Source: Sparkplug 3.0 §6.4.11: a metric without the property is good. */
const GOOD = 192;

/** `take` gets each message in the order of arrival; it omits commands. Errors: `take` throws RangeError on bytes that are not a payload. */
export class HostView {
  /** Everything in the order of arrival. */
  readonly messages: HostMessage[] = [];
  /** Values from NDATA and DDATA, by `<device>/<metric>@<timestamp>`. Values of births are not included. */
  readonly values = new Map<string, HostValue>();
  readonly outcomes: HostOutcome[] = [];
  /** Readings by their rows, as in the platform's database. */
  readonly registry = new RowRegistry();
  /** Devices alive at present; empty after NDEATH. */
  readonly alive = new Set<string>();
  isNodeAlive = false;
  /** Values that arrived again with the same device, metric and time. */
  duplicates = 0;
  /** Messages whose seq did not follow the one before. */
  seqGaps = 0;
  /** Data of a metric or device that was not born. */
  strays = 0;
  readonly #callbacks: HostViewCallbacks;
  /** Metric names by alias, per device. */
  readonly #names = new Map<string, Map<number, string>>();
  #expectedSeq: number | null = null;

  constructor(callbacks: HostViewCallbacks) {
    this.#callbacks = callbacks;
  }

  /** Discards messages, values and outcomes, so that a long run measures the memory of others. */
  forget(): void {
    this.messages.length = 0;
    this.outcomes.length = 0;
    this.values.clear();
    this.registry.forget();
  }

  /** The alias of a metric in the present births; undefined if it has none or was not born. */
  aliasOf(device: string, metric: string): number | undefined {
    return [...(this.#names.get(device) ?? [])].find(([, name]) => name === metric)?.[0];
  }

  take(topic: string, bytes: Buffer, flags: { readonly qos: number; readonly retain: boolean }): void {
    const [, , verb = '', , device = ''] = topic.split('/');
    if (verb === 'NCMD' || verb === 'DCMD') return;
    const payload = readWirePayload(bytes);
    this.messages.push({ verb, device, payload, bytes, ...flags });
    this.#checkSeq(verb, payload.seq);
    if (verb === 'NBIRTH') this.#startSession();
    if (verb === 'NBIRTH' || verb === 'DBIRTH') this.#takeBirth(device, payload.metrics);
    if (verb === 'DDEATH') this.alive.delete(device);
    if (verb === 'NDEATH') this.#endSession();
    if (verb === 'DDATA' && !this.alive.has(device)) this.strays += 1;
    if (verb === 'NDATA' || verb === 'DDATA') {
      for (const metric of payload.metrics) this.#takeValue(device, metric);
      this.#takeRows(device, payload.metrics);
    }
  }

  #checkSeq(verb: string, seq: number | undefined): void {
    if (verb === 'NDEATH') return;
    if (verb !== 'NBIRTH' && this.#expectedSeq !== null && seq !== this.#expectedSeq) this.seqGaps += 1;
    this.#expectedSeq = ((seq ?? 0) + 1) % 256;
  }

  #startSession(): void {
    this.alive.clear();
    this.#names.clear();
    this.isNodeAlive = true;
    this.registry.born();
    this.#callbacks.onNodeBirth();
  }

  #endSession(): void {
    this.isNodeAlive = false;
    this.alive.clear();
    this.#expectedSeq = null;
  }

  #takeBirth(device: string, metrics: readonly WireMetric[]): void {
    const aliases = new Map<number, string>();
    for (const { alias, name } of metrics) if (alias !== undefined && name !== undefined) aliases.set(alias, name);
    this.#names.set(device, aliases);
    if (device !== '') this.alive.add(device);
  }

  #takeValue(device: string, metric: WireMetric): void {
    const name = this.#nameOf(device, metric);
    if (name === ROWS || name === SEGMENT) return;
    if (name === undefined || metric.timestampMs === undefined) {
      this.strays += 1;
      return;
    }
    const value: HostValue = {
      device,
      metric: name,
      timestampMs: metric.timestampMs,
      value: metric.isNull ? null : (metric.value ?? null),
      quality: qualityOf(metric),
      historical: metric.isHistorical,
    };
    const key = `${device}/${name}@${metric.timestampMs}`;
    if (this.values.has(key)) this.duplicates += 1;
    this.values.set(key, value);
    this.#callbacks.onValue(value);
    if (typeof value.value !== 'string') return;
    if (name === GAP) this.registry.gap(value.value);
    if (name === OUTCOME) this.outcomes.push({ ...(JSON.parse(value.value) as Omit<HostOutcome, 'device'>), device });
  }

  #takeRows(device: string, metrics: readonly WireMetric[]): void {
    const find = (name: string) => metrics.find((metric) => this.#nameOf(device, metric) === name)?.value;
    const mark = find(ROWS);
    const rows = typeof mark === 'string' ? readRowsMark(mark) : undefined;
    if (rows === undefined) return;
    const packed = find(SEGMENT);
    const isRepeated = covers(this.registry.ranges(rows.epoch), rows);
    const readings = Buffer.isBuffer(packed) ? unpack(packed) : metrics.flatMap((metric) => this.#readingOf(device, metric));
    this.registry.take(rows, readings);
    this.#callbacks.onRows(isRepeated);
  }

  #readingOf(device: string, metric: WireMetric): RegisteredReading[] {
    const name = this.#nameOf(device, metric);
    if (name === undefined || name === ROWS || metric.timestampMs === undefined) return [];
    const value = metric.isNull ? null : Number(metric.value);
    const { timestampMs: atMs, isHistorical } = metric;
    return [{ pointId: `${device}.${name}`, value, quality: qualityOf(metric), atMs, isHistorical }];
  }

  #nameOf(device: string, { name, alias }: WireMetric): string | undefined {
    return name ?? this.#names.get(device)?.get(alias ?? -1);
  }
}

function qualityOf({ properties }: WireMetric): number {
  return Number(properties.get('Quality') ?? GOOD);
}

function unpack(packed: Buffer): RegisteredReading[] {
  return readSegment(packed).readings.map((reading) => ({ ...reading, quality: qualityCode(reading.quality), isHistorical: true }));
}
