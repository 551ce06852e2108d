/**
 * Decodes messages into the columns that one transaction writes. Pure: names and numbers of series come from a directory.
 */
import { type BornMetric, isReading } from './births.ts';
import {
  type CommandOutcome,
  isReport,
  type LogEntry,
  type NodeEvent,
  type NodeGap,
  type NodeReport,
  type RelayedPerson,
  readReport,
} from './node-reports.ts';
import { markOf, PartCollector } from './rows-mark.ts';
import { unpackSegment } from './segment.ts';
import { isTime } from './times.ts';
import type { MessageOrigin } from './topic.ts';
import type { HostMetric, HostPayload, MetricContent } from './wire.ts';

/** What is known of a node: its number, and the metrics behind aliases and names. */
export interface NodeDirectory {
  readonly id: number;
  /** The epoch of its last NBIRTH; null before the first. */
  readonly epoch: string | null;
  metric(epoch: string, alias: number): BornMetric | undefined;
  /** The number of a series; undefined if it has none yet. */
  series(device: string, quantity: string): number | undefined;
}

/** A message with where it came from. Units: `receivedMs` ms UTC. */
export interface NodeMessage {
  readonly origin: MessageOrigin;
  readonly payload: HostPayload;
  readonly receivedMs: number;
}

/** A value that is not a reading, with the time of it. */
export interface PropertyValue {
  readonly node: number;
  readonly device: string;
  readonly name: string;
  readonly value: MetricContent | null;
  readonly atMs: number;
}

/** The last known state of a device. */
export interface DeviceState {
  readonly node: number;
  readonly device: string;
  readonly isAlive: boolean;
  readonly atMs: number;
}

type Reported<T> = T & { readonly node: number; readonly atReportMs: number };

/** A quantity of a device by its names. */
export interface PointName {
  readonly device: string;
  readonly quantity: string;
}

/** Why a message cannot be decoded yet: an alias without a birth, or series that have no number yet. */
export type Undecoded = { readonly kind: 'birth-missing' } | { readonly kind: 'series-missing'; readonly points: readonly PointName[] };

const GOOD = 192;
/** What the column holds. Source: PostgreSQL, smallint. */
const MOST_QUALITY = 32_767;

/** The content of one transaction. Readings are columns, since the database receives them as arrays. */
export class Batch {
  readonly readings = { series: [] as number[], atMs: [] as number[], value: [] as (number | null)[], quality: [] as number[] };
  readonly parts = new PartCollector();
  readonly properties = new Map<string, PropertyValue>();
  readonly devices = new Map<string, DeviceState>();
  readonly deaths: { readonly node: number; readonly bdSeq: number; readonly receivedMs: number }[] = [];
  readonly events = new Map<string, Reported<NodeEvent>>();
  readonly openEvents = new Map<number, { readonly ids: readonly string[]; readonly atMs: number }>();
  readonly gaps: Reported<NodeGap>[] = [];
  readonly log: Reported<LogEntry>[] = [];
  readonly logHeads = new Map<number, { readonly n: number; readonly hash: string }>();
  readonly outcomes: Reported<CommandOutcome>[] = [];
  readonly relays: { readonly group: string; readonly relay: RelayedPerson; readonly receivedMs: number }[] = [];
  /** Times of sending, for the lag. Units: ms UTC. */
  readonly sentMs: number[] = [];
  messages = 0;
  /** Reports and segments that could not be read. */
  invalid = 0;

  get isEmpty(): boolean {
    return this.messages === 0;
  }

  /**
   * Adds a message. Returns undefined when all of it was added, else what is missing; then nothing was added.
   *
   * Births add their properties; their metrics must be in the directory before.
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

  #addNodeDeath({ payload, receivedMs }: NodeMessage, { id }: NodeDirectory): void {
    const bdSeq = payload.metrics.find(({ name }) => name === 'bdSeq')?.value;
    if (typeof bdSeq === 'number') this.deaths.push({ node: id, bdSeq, receivedMs });
    else this.invalid += 1;
  }

  #addDevice({ origin: { device }, payload, receivedMs }: NodeMessage, { id }: NodeDirectory, isAlive: boolean): void {
    const atMs = payload.sentMs !== undefined && isTime(payload.sentMs) ? payload.sentMs : receivedMs;
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
    const marked = markOf(payload.metrics);
    const data = marked === undefined ? payload.metrics : payload.metrics.filter((metric) => metric !== marked.metric);
    const epoch = marked?.mark.epoch ?? node.epoch ?? '';
    const found: { readonly metric: HostMetric; readonly born: BornMetric }[] = [];
    for (const metric of data) {
      const born = findMetric(metric, origin.device, epoch, node);
      if (born === undefined) return { kind: 'birth-missing' };
      if (born === 'no-series') return { kind: 'series-missing', points: [{ device: origin.device, quantity: metric.name ?? '' }] };
      found.push({ metric, born });
    }
    const points = this.#addSegments(found, node);
    if (points.length > 0) return { kind: 'series-missing', points };
    for (const { metric, born } of found) this.#addMetric(message, node, metric, born);
    if (marked !== undefined) this.parts.add(node.id, marked.mark);
    if (payload.sentMs !== undefined) this.sentMs.push(payload.sentMs);
    return undefined;
  }

  #addMetric(message: NodeMessage, node: NodeDirectory, metric: HostMetric, { name, series }: BornMetric): void {
    const { value } = metric;
    if (name === 'Sync/Segment') return;
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
    this.readings.quality.push(quality >= 0 && quality <= MOST_QUALITY ? quality : 0);
  }

  /** Returns the series that have no number yet; then nothing was added. */
  #addSegments(found: readonly { readonly metric: HostMetric; readonly born: BornMetric }[], node: NodeDirectory): readonly PointName[] {
    const packed = found.flatMap(({ metric: { value }, born }) => {
      if (born.name !== 'Sync/Segment' || !(value instanceof Uint8Array)) return [];
      const readings = unpackSegment(value);
      if (readings === undefined) this.invalid += 1;
      return readings ?? [];
    });
    const numbered = packed.map((reading) => ({ reading, series: node.series(reading.device, reading.quantity) }));
    const missing = numbered.filter(({ series }) => series === undefined);
    if (missing.length > 0) return missing.map(({ reading: { device, quantity } }) => ({ device, quantity }));
    for (const { reading, series } of numbered) this.#addReading(series ?? 0, reading.atMs, reading.value, reading.quality);
    return [];
  }

  #addProperty({ origin, payload, receivedMs }: NodeMessage, { id }: NodeDirectory, name: string, metric: HostMetric): void {
    const atMs = [metric.atMs, payload.sentMs].find((time) => time !== undefined && isTime(time)) ?? receivedMs;
    if (isReport(name)) {
      if (typeof metric.value !== 'string' || metric.value === '') return;
      this.#addReport(readReport(name, metric.value), { node: id, atMs, group: origin.group, receivedMs });
      return;
    }
    if (name === 'Sync/Rows' || name === 'Sync/Segment') return;
    const key = `${id}/${origin.device}/${name}`;
    const known = this.properties.get(key);
    if (known === undefined || known.atMs <= atMs)
      this.properties.set(key, { node: id, device: origin.device, name, value: metric.value, atMs });
  }

  #addReport(
    report: NodeReport,
    { node, atMs, group, receivedMs }: { node: number; atMs: number; group: string; receivedMs: number },
  ): void {
    const by = { node, atReportMs: atMs };
    if (report.kind === 'invalid') this.invalid += 1;
    else if (report.kind === 'event') {
      const key = `${node}/${report.event.id}`;
      if ((this.events.get(key)?.atReportMs ?? Number.NEGATIVE_INFINITY) <= atMs) this.events.set(key, { ...report.event, ...by });
    } else if (report.kind === 'open-events') {
      if ((this.openEvents.get(node)?.atMs ?? Number.NEGATIVE_INFINITY) <= atMs) this.openEvents.set(node, { ids: report.ids, atMs });
    } else if (report.kind === 'gap') this.gaps.push({ ...report.gap, ...by });
    else if (report.kind === 'log') this.log.push({ ...report.entry, ...by });
    else if (report.kind === 'log-head') this.logHeads.set(node, { n: report.n, hash: report.hash });
    else if (report.kind === 'outcome') this.outcomes.push({ ...report.outcome, ...by });
    else this.relays.push({ group, relay: report.relay, receivedMs });
  }
}

/** Undefined if the alias has no birth, or is that of another device: then the birth that this node uses has not arrived yet. */
function findMetric(
  { name, alias, datatype }: HostMetric,
  device: string,
  epoch: string,
  node: NodeDirectory,
): BornMetric | 'no-series' | undefined {
  if (name === undefined) {
    const born = alias === undefined ? undefined : node.metric(epoch, alias);
    return born?.device === device ? born : undefined;
  }
  if (!isReading(name)) return { device, name, datatype: datatype ?? 0, series: null };
  const series = node.series(device, name);
  return series === undefined ? 'no-series' : { device, name, datatype: datatype ?? 0, series };
}
