/**
 * Publishes births, data and deaths of one session on one connection, in order, each with its seq.
 *
 * Sends immediately; keeps no state beyond the session.
 */
import type { Clock, MonoMs, WallMs } from '../../core/clock.ts';
import type { ReadingFrame, StoredFrame, UplinkValue } from '../../core/ports.ts';
import type { Quality, Reading } from '../../core/words.ts';
import { type RowsMark, rowsText } from '../delivery/rows-mark.ts';
import type { MqttConnection } from '../mqtt/mqtt-transport.ts';
import { encodePayload, type Metric } from './codec.ts';
import type { CurrentValues } from './current-values.ts';
import { toBirthMetric, toDataMetric } from './metric-shape.ts';
import { type MetricEntry, type MetricTable, NODE_METRIC, ROWS_METRIC } from './metric-table.ts';
import { fitBirth, HEADER_BYTES, inTimeOrder, payloadRoom, requiredFirst, splitMetrics, textRoom } from './packet-limit.ts';
import type { Topics } from './topics.ts';

/** The dependencies with which `Publisher` is created. `bdSeq`: the number of the session, 0 to 255, sent in its NBIRTH and NDEATH. */
export interface PublisherParts {
  readonly connection: Pick<MqttConnection, 'publish' | 'maxPacketBytes'>;
  readonly table: MetricTable;
  readonly topics: Topics;
  /** The values in births. Other values are passed in each call. */
  readonly values: CurrentValues;
  readonly clock: Clock;
  readonly bdSeq: number;
  /**
   * Whether `birthDevices` sends the birth of a device. False for one that was reported silent and has not answered since; true for any
   * other, such as a zone.
   */
  readonly isAlive: (deviceId: string) => boolean;
  /** Called after each message that `connection` accepted. Units: bytes with topic and header; of NDEATH only those of the payload. */
  readonly onSent: (bytes: number) => void;
  /**
   * Called before a birth without the metrics `leftOut`, by name: the broker's packet limit is too low for them. `deviceId`: null for the
   * node.
   */
  readonly onCut?: (deviceId: string | null, leftOut: readonly string[]) => void;
}

/** The result of sending. `readings`: how many it covers, without `notConfigured` and `leftOut`. `bytes`: of payload, without births. */
export interface Sent {
  readonly readings: number;
  readonly bytes: number;
  /** Readings that were not sent because their points have no metric, for example points that are no longer configured. */
  readonly notConfigured: number;
  /** Readings that were not sent because the newest births left out their points on every device that has them. */
  readonly leftOut: number;
}

/** Births sent before the broker must have read them. Units: bytes. Source: as for DATA in flight, ten seconds of a slow cellular link. */
const BIRTH_BYTES = 262_144;

type PointValue = Pick<Reading, 'pointId' | 'value' | 'quality' | 'atMs'>;

/** Qualities that need no birth, because the device's death implies them: live, all but good; in history, missing. */
const IMPLIED_BY_DEATH: Readonly<Record<'live' | 'history', readonly Quality[]>> = {
  live: ['missing', 'stale', 'bad'],
  history: ['missing'],
};

/**
 * Returns the payload of a node death (NDEATH): bdSeq as only metric, no seq. `atMs`: its timestamp. Source: `topics-ndeath-payload`,
 * `payloads-ndeath-seq`.
 */
export function encodeNodeDeath(table: MetricTable, bdSeq: number, atMs: WallMs): Buffer {
  return encodePayload({ timestampMs: atMs, metrics: [bdSeqMetric(table, bdSeq, atMs)] });
}

/**
 * Publishes the messages of one session. Errors: methods may throw UplinkError, for example `lost` when the session has ended; earlier
 * messages may have been sent.
 */
export class Publisher {
  /** Longest text of one metric that the broker accepts. Units: bytes. */
  readonly maxTextBytes: number;
  readonly #parts: PublisherParts;
  readonly #born = new Set<string>();
  /** Devices with a birth sent only to deliver their history. */
  readonly #bornForHistory = new Set<string>();
  /** Metrics that the current births do not include. */
  readonly #leftOut = new Set<MetricEntry>();
  /** Devices whose births are due. */
  #toBirth: string[] = [];
  /** When the readings in the current births were taken. */
  readonly #bornMono = new Map<MetricEntry, MonoMs>();
  #nextSeq = 0;
  /** Sent in this session. Units: bytes of payload. */
  #sentBytes = 0;

  constructor(parts: PublisherParts) {
    const { table, topics, connection } = parts;
    this.#parts = parts;
    const longestTopic = Math.max(...[...table.devices.keys()].map((id) => topics.device('DDATA', id).length), topics.node('NDATA').length);
    this.maxTextBytes = textRoom(longestTopic, connection.maxPacketBytes);
  }

  /** Publishes NBIRTH, also as a rebirth. The births of the devices follow with `birthDevices`. */
  birth(): void {
    const { table, topics, values, clock, bdSeq } = this.#parts;
    this.#nextSeq = 0;
    this.#born.clear();
    this.#bornForHistory.clear();
    this.#leftOut.clear();
    const first = bdSeqMetric(table, bdSeq, clock.wallMs());
    const others = requiredFirst(table.node.filter(({ name }) => name !== NODE_METRIC.bdSeq));
    this.#sendBirth(topics.node('NBIRTH'), null, others, [first, ...others.map((entry) => toBirthMetric(entry, values.get(entry)))]);
    this.#toBirth = [...table.devices.keys()];
  }

  /** Publishes the next DBIRTHs that are due. Returns true if it must be called again. */
  birthDevices(): boolean {
    const endBytes = this.#sentBytes + BIRTH_BYTES;
    let count = 0;
    for (const id of this.#toBirth) {
      if (this.#sentBytes >= endBytes) break;
      if (this.#parts.isAlive(id)) this.deviceAlive(id, true);
      count += 1;
    }
    this.#toBirth = this.#toBirth.slice(count);
    return this.#toBirth.length > 0;
  }

  /** Publishes the birth of a device that responds again, or the death of one that has become silent. */
  deviceAlive(deviceId: string, alive: boolean): void {
    if (!this.#parts.table.devices.has(deviceId)) return;
    const isBorn = this.#born.has(deviceId);
    if (alive && (!isBorn || this.#bornForHistory.delete(deviceId))) this.#birthDevice(deviceId);
    if (!alive && isBorn) this.#killDevice(deviceId);
  }

  /** Publishes a live frame. Returns undefined, and sends nothing, if the frame must be sent as history. */
  live({ readings }: ReadingFrame, rows: RowsMark | null): Sent | undefined {
    if (this.#unborn(readings, IMPLIED_BY_DEATH.live).size > 0 || readings.some((reading) => this.#isLeftOut(reading))) return undefined;
    const old = readings.filter((reading) => this.#isBeforeBirth(reading));
    const fresh = old.length === 0 ? readings : readings.filter((reading) => !old.includes(reading));
    return this.#sentOf(readings, this.#sendRows([...this.#gather(old, true), ...this.#gather(fresh, false)], rows));
  }

  /** Publishes the frames of these rows as historical; without frames it reports that the rows contain nothing. */
  history(frames: readonly StoredFrame[], rows: RowsMark): Sent {
    const readings = frames.flatMap((frame) => frame.readings);
    for (const deviceId of this.#unborn(readings, IMPLIED_BY_DEATH.history)) {
      this.#bornForHistory.add(deviceId);
      this.#birthDevice(deviceId);
    }
    return this.#sentOf(readings, this.#sendRows(this.#gather(readings, true), rows));
  }

  /** Publishes the rows packed as one metric of the node. Its result has 0 readings: the caller adds them. */
  segment(bytes: Uint8Array, rows: RowsMark): Sent {
    const { table, topics, clock } = this.#parts;
    const packed: Metric = {
      ...toDataMetric(nodeEntry(table, NODE_METRIC.segment), { value: null, quality: 'good', atMs: clock.wallMs() }, true),
      isNull: undefined,
      value: { kind: 'bytes', value: bytes },
    };
    const metrics = [packed, this.#rowsMetric(null, rowsText(rows, 1, 1))];
    return { readings: 0, bytes: this.#send(topics.node('NDATA'), metrics), notConfigured: 0, leftOut: 0 };
  }

  /** No more history: publishes the death of devices with a birth sent only to deliver it. */
  endHistory(): void {
    for (const deviceId of [...this.#bornForHistory]) this.#killDevice(deviceId);
  }

  /** Publishes metrics without a point. Those of a device without a birth, and those that a birth left out, are not sent. */
  values(changes: readonly (readonly [MetricEntry, UplinkValue])[]): void {
    const topic = this.#parts.topics.node('NDATA');
    const ofNode: Metric[] = [];
    const perDevice = new Map<string, Metric[]>();
    for (const [entry, value] of changes) {
      if (this.#leftOut.has(entry)) continue;
      if (entry.deviceId === null) ofNode.push(toDataMetric(entry, value, false));
      else if (this.#born.has(entry.deviceId)) append(perDevice, entry.deviceId, toDataMetric(entry, value, false));
    }
    for (const part of splitMetrics(ofNode, topic, this.#parts.connection.maxPacketBytes)) this.#send(topic, part);
    this.#sendRows(perDevice, null);
  }

  /** Publishes DDEATHs and NDEATH. */
  death(): void {
    const { connection, table, topics, bdSeq, clock, onSent } = this.#parts;
    for (const deviceId of [...this.#born]) this.#killDevice(deviceId);
    const payload = encodeNodeDeath(table, bdSeq, clock.wallMs());
    connection.publish(topics.node('NDEATH'), payload);
    onSent(payload.length);
  }

  /** Uses up a seq only once the bytes are in the socket: a refused publish must not leave a gap. Units: bytes of payload. */
  #send(topic: string, metrics: readonly Metric[]): number {
    const { connection, clock, onSent } = this.#parts;
    const payload = encodePayload({ timestampMs: clock.wallMs(), seq: this.#nextSeq, metrics: inTimeOrder(metrics) });
    connection.publish(topic, payload);
    this.#nextSeq = (this.#nextSeq + 1) % 256;
    this.#sentBytes += payload.length;
    onSent(payload.length + topic.length + HEADER_BYTES);
    return payload.length;
  }

  #sendBirth(topic: string, deviceId: string | null, entries: readonly MetricEntry[], metrics: readonly Metric[]): void {
    const birth = fitBirth(metrics, payloadRoom(topic, this.#parts.connection.maxPacketBytes));
    for (const entry of entries) if (birth.leftOut.includes(entry.name)) this.#leftOut.add(entry);
    if (birth.leftOut.length > 0) this.#parts.onCut?.(deviceId, birth.leftOut);
    this.#send(topic, birth.metrics);
  }

  #birthDevice(deviceId: string): void {
    const { table, topics, values } = this.#parts;
    const entries = requiredFirst(table.devices.get(deviceId)?.metrics ?? []);
    const metrics = entries.map((entry) => toBirthMetric(entry, values.get(entry)));
    for (const entry of entries) this.#leftOut.delete(entry);
    for (const entry of entries) {
      const readMono = values.readMono(entry);
      if (readMono !== undefined) this.#bornMono.set(entry, readMono);
    }
    this.#sendBirth(topics.device('DBIRTH', deviceId), deviceId, entries, metrics);
    this.#born.add(deviceId);
  }

  #killDevice(deviceId: string): void {
    this.#born.delete(deviceId);
    this.#bornForHistory.delete(deviceId);
    this.#send(this.#parts.topics.device('DDEATH', deviceId), []);
  }

  /** Sends metrics that belong to the same rows; each message contains its position among them. Units: bytes of payload. */
  #sendRows(perDevice: Iterable<readonly [deviceId: string, metrics: readonly Metric[]]>, rows: RowsMark | null): number {
    const { topics, connection } = this.#parts;
    const messages = [...perDevice].flatMap(([deviceId, metrics]) => {
      const topic = topics.device('DDATA', deviceId);
      return [...splitMetrics(metrics, topic, connection.maxPacketBytes)].map((part) => ({ topic, deviceId, metrics: part }));
    });
    const empty = { topic: topics.node('NDATA'), deviceId: null, metrics: [] };
    const all = messages.length === 0 && rows !== null ? [empty] : messages;
    let bytes = 0;
    all.forEach(({ topic, deviceId, metrics }, i) => {
      const mark = rows === null ? [] : [this.#rowsMetric(deviceId, rowsText(rows, i + 1, all.length))];
      bytes += this.#send(topic, [...metrics, ...mark]);
    });
    return bytes;
  }

  #rowsMetric(deviceId: string | null, text: string): Metric {
    const { table, clock } = this.#parts;
    const ofDevice = deviceId === null ? undefined : table.devices.get(deviceId)?.byName.get(ROWS_METRIC);
    return toDataMetric(ofDevice ?? nodeEntry(table, ROWS_METRIC), { value: text, quality: 'good', atMs: clock.wallMs() }, false);
  }

  #gather(readings: readonly PointValue[], historical: boolean): Map<string, Metric[]> {
    const perDevice = new Map<string, Metric[]>();
    for (const reading of readings) {
      for (const entry of this.#parts.table.byPoint.get(reading.pointId) ?? []) {
        if (entry.deviceId === null || !this.#born.has(entry.deviceId) || this.#leftOut.has(entry)) continue;
        append(perDevice, entry.deviceId, toDataMetric(entry, reading, historical));
      }
    }
    return perDevice;
  }

  /** Devices without a birth that have readings which their death does not imply. */
  #unborn(readings: readonly PointValue[], implied: readonly Quality[]): ReadonlySet<string> {
    const { byPoint } = this.#parts.table;
    const relevant = readings.filter(({ quality }) => !implied.includes(quality));
    const devices = relevant.flatMap(({ pointId }) => (byPoint.get(pointId) ?? []).map((entry) => entry.deviceId as string));
    return new Set(devices.filter((deviceId) => !this.#born.has(deviceId)));
  }

  /** A frame that was gathered before a birth may be sent after it. Source: `operational-behavior-data-publish-dbirth-order`. */
  #isBeforeBirth({ pointId, atMono }: Reading): boolean {
    const entries = this.#parts.table.byPoint.get(pointId) ?? [];
    return entries.some((entry) => atMono < (this.#bornMono.get(entry) ?? Number.NEGATIVE_INFINITY));
  }

  #isLeftOut({ pointId }: PointValue): boolean {
    const entries = this.#leftOut.size === 0 ? undefined : this.#parts.table.byPoint.get(pointId);
    return entries?.every((entry) => this.#leftOut.has(entry)) === true;
  }

  #sentOf(readings: readonly PointValue[], bytes: number): Sent {
    const notConfigured = readings.filter(({ pointId }) => !this.#parts.table.byPoint.has(pointId)).length;
    const leftOut = readings.filter((reading) => this.#isLeftOut(reading)).length;
    return { readings: readings.length - notConfigured - leftOut, bytes, notConfigured, leftOut };
  }
}

function append(perDevice: Map<string, Metric[]>, deviceId: string, metric: Metric): void {
  const metrics = perDevice.get(deviceId);
  if (metrics === undefined) perDevice.set(deviceId, [metric]);
  else metrics.push(metric);
}

function bdSeqMetric(table: MetricTable, bdSeq: number, atMs: WallMs): Metric {
  return toBirthMetric(nodeEntry(table, NODE_METRIC.bdSeq), { value: bdSeq, quality: 'good', atMs });
}

function nodeEntry(table: MetricTable, name: string): MetricEntry {
  return table.node.find((entry) => entry.name === name) as MetricEntry;
}
