/**
 * Collects messages into the columns that one transaction writes. Pure: names and numbers of series come from a directory.
 */
import { BatchReports } from './batch-reports.ts';
import { type BornMetric, isReading } from './births.ts';
import { decodeData, type NodeDirectory, type Undecoded } from './data-message.ts';
import type { NodeMessage } from './message.ts';
import { isReport } from './node-reports.ts';
import { PartCollector } from './rows-mark.ts';
import { isTime, stateTime } from './times.ts';
import type { MessageOrigin } from './topic.ts';
import type { HostMetric, MetricContent } from './wire.ts';

/**
 * A value that is not a reading. `node`: its number in the database. `device` is empty for the node itself. `value` null: no usable value.
 * Units: `atMs` ms UTC, the `stateTime` of the value.
 */
export interface PropertyValue {
  readonly node: number;
  readonly device: string;
  readonly name: string;
  readonly value: MetricContent | null;
  readonly atMs: number;
}

/**
 * The newest state of a device in one batch, by its DBIRTH or DDEATH. `node`: its number in the database. Units: `atMs` ms UTC, the
 * `stateTime` of that message.
 */
export interface DeviceState {
  readonly node: number;
  readonly device: string;
  readonly isAlive: boolean;
  readonly atMs: number;
}

const GOOD = 192;
/** What the column holds. Source: PostgreSQL, smallint. */
const MOST_QUALITY = 32_767;

/** The content of one transaction. Readings are columns, since the database receives them as arrays. */
export class Batch {
  /**
   * Columns of one length. `series`: ids in the database. `value`: null for none. `quality`: 192 is good, also where the message has none;
   * 0 for one below 0 or above 32,767. Units: `atMs` ms UTC.
   */
  readonly readings = { series: [] as number[], atMs: [] as number[], value: [] as (number | null)[], quality: [] as number[] };
  /** The row marks of the data messages whose segments could be unpacked, or that have none. */
  readonly parts = new PartCollector();
  /** The newest value of each property, by node, device and name. */
  readonly properties = new Map<string, PropertyValue>();
  /** By node and device. */
  readonly devices = new Map<string, DeviceState>();
  /** Deaths of nodes. `bdSeq`: the session that ended, as sent. */
  readonly deaths: { readonly node: number; readonly bdSeq: number }[] = [];
  readonly reports = new BatchReports();
  /** Times of sending of the data messages that have one, for the lag. Units: ms UTC. */
  readonly sentMs: number[] = [];
  /** Number of messages that were added. */
  messages = 0;
  /** Where messages with segments that could not be unpacked came from. */
  readonly unreadable: MessageOrigin[] = [];
  /** Number of reports, deaths, readings and segments that could not be read. */
  invalid = 0;

  /** Whether no message was added. */
  get isEmpty(): boolean {
    return this.messages === 0;
  }

  /**
   * Adds a message. Returns undefined when it was added, else what is missing in `node`; then nothing was added. Content that cannot be
   * read is only counted in `invalid`.
   *
   * A birth adds properties, reports and the state of its device, but no readings. Its metrics are not added to `node`.
   */
  add(message: NodeMessage, node: NodeDirectory): Undecoded | undefined {
    const { verb } = message.origin;
    if (verb === 'NDEATH') this.#addNodeDeath(message, node);
    else if (verb === 'DDEATH') this.#addDevice(message, node, false);
    else if (verb === 'NBIRTH' || verb === 'DBIRTH') this.#addBirth(message, node);
    else {
      const missing = this.#addData(message, node);
      if (missing !== undefined) return missing;
    }
    this.messages += 1;
    return undefined;
  }

  #addNodeDeath({ payload }: NodeMessage, { id }: NodeDirectory): void {
    const bdSeq = payload.metrics.find(({ name }) => name === 'bdSeq')?.value;
    if (typeof bdSeq === 'number') this.deaths.push({ node: id, bdSeq });
    else this.invalid += 1;
  }

  #addDevice({ origin: { device }, payload, receivedMs }: NodeMessage, { id }: NodeDirectory, isAlive: boolean): void {
    const atMs = stateTime([payload.sentMs], receivedMs);
    const key = `${id}/${device}`;
    if ((this.devices.get(key)?.atMs ?? Number.NEGATIVE_INFINITY) <= atMs) this.devices.set(key, { node: id, device, isAlive, atMs });
  }

  #addBirth(message: NodeMessage, node: NodeDirectory): void {
    const { origin, payload } = message;
    if (origin.verb === 'DBIRTH') this.#addDevice(message, node, true);
    for (const metric of payload.metrics) {
      if (metric.name !== undefined && !isReading(metric.name)) this.#addProperty(message, node, metric.name, metric);
    }
  }

  #addData(message: NodeMessage, node: NodeDirectory): Undecoded | undefined {
    const { origin, payload } = message;
    const data = decodeData(payload, origin.device, node);
    if (data.kind !== 'decoded') return data;
    for (const { reading, series } of data.packed) this.#addReading(series, reading.atMs, reading.value, reading.quality);
    for (const { metric, born } of data.metrics) this.#addMetric(message, node, metric, born);
    // Rows whose readings could not be unpacked are not complete: they are requested again as other missing rows are.
    if (data.badSegments > 0) this.unreadable.push(origin);
    else if (data.mark !== undefined) this.parts.add(node.id, data.mark);
    if (payload.sentMs !== undefined) this.sentMs.push(payload.sentMs);
    this.invalid += data.badSegments;
    return undefined;
  }

  #addMetric(message: NodeMessage, node: NodeDirectory, metric: HostMetric, { name, series }: BornMetric): void {
    const { value } = metric;
    if (series === null || typeof value === 'string' || value instanceof Uint8Array) {
      this.#addProperty(message, node, name, metric);
      return;
    }
    const quality = metric.properties.get('Quality');
    const atMs = metric.atMs ?? message.payload.sentMs ?? message.receivedMs;
    this.#addReading(series, atMs, value === null ? null : Number(value), typeof quality === 'number' ? quality : GOOD);
  }

  /** A reading whose time no database can hold is counted, not stored. */
  #addReading(series: number, atMs: number, value: number | null, quality: number): void {
    if (!isTime(atMs)) {
      this.invalid += 1;
      return;
    }
    this.readings.series.push(series);
    this.readings.atMs.push(atMs);
    this.readings.value.push(value);
    this.readings.quality.push(Number.isInteger(quality) && quality >= 0 && quality <= MOST_QUALITY ? quality : 0);
  }

  #addProperty(message: NodeMessage, { id }: NodeDirectory, name: string, metric: HostMetric): void {
    const { origin, payload, receivedMs } = message;
    const { value } = metric;
    const atMs = stateTime([metric.atMs, payload.sentMs], receivedMs);
    if (isReport(name)) {
      if (typeof value !== 'string' || value === '') return;
      if (!this.reports.add(message, id, { name, text: value, atMs })) this.invalid += 1;
      return;
    }
    if (name === 'Sync/Rows' || name === 'Sync/Segment') return;
    const key = `${id}/${origin.device}/${name}`;
    const known = this.properties.get(key);
    if (known === undefined || known.atMs <= atMs) this.properties.set(key, { node: id, device: origin.device, name, value, atMs });
  }
}
