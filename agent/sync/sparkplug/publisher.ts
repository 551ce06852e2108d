/**
 * One born session on one connection: births, data and deaths in their order, each with its seq.
 *
 * Owns seq and which devices are born. Sends at once and in order; proves nothing, remembers nothing beyond the session.
 * Made by `uplink.ts` for each connection; `delivery.ts` hands it frames.
 */
import type { Clock, WallMs } from '../../core/clock.ts';
import type { ReadingFrame, StoredFrame, UplinkValue } from '../../core/ports.ts';
import type { Quality, Reading } from '../../core/words.ts';
import { COMMAND_METRIC, WRITTEN_METRICS } from '../commands/command-metrics.ts';
import { type RowsMark, rowsText } from '../delivery/rows-mark.ts';
import type { MqttConnection } from '../mqtt/mqtt-transport.ts';
import { fitBirth } from './birth-fit.ts';
import { encodePayload, type Metric } from './codec.ts';
import type { CurrentValues } from './current-values.ts';
import { toBirthMetric, toDataMetric } from './metric-shape.ts';
import { type MetricEntry, type MetricTable, NODE_METRIC, ROWS_METRIC } from './metric-table.ts';
import type { Topics } from './topics.ts';

export interface PublisherParts {
  readonly connection: Pick<MqttConnection, 'publish' | 'maxPacketBytes'>;
  readonly table: MetricTable;
  readonly topics: Topics;
  readonly values: CurrentValues;
  readonly clock: Clock;
  readonly bdSeq: number;
  /** Whether a device answers at present; zones always do. */
  readonly isAlive: (deviceId: string) => boolean;
  readonly onSent: (bytes: number) => void;
  /** A birth was larger than the broker's limit. */
  readonly onCut?: (deviceId: string | null, leftOut: readonly string[]) => void;
}

/** What went out. Units: `readings` counts what was told, `bytes` of payload. */
export interface Sent {
  readonly readings: number;
  readonly bytes: number;
  /** Readings of points that no device has any more: they cannot be told as metrics. */
  readonly homeless: number;
  /** Readings of points that the births of this session had to leave out. */
  readonly unsayable: number;
}

/** Every call may throw UplinkError `lost`; the session is over then. */
export interface Publisher {
  /** NBIRTH and all DBIRTHs; also a rebirth, with the same bdSeq and seq from 0. */
  birth(): void;
  /** A device returned or fell silent. */
  deviceAlive(deviceId: string, alive: boolean): void;
  /** Undefined when a device in it is not born, or a birth left out a point of it: nothing was sent, the frame goes out as history. */
  live(frame: ReadingFrame, rows: RowsMark | null): Sent | undefined;
  /** Frames of these rows, as historical; without frames it says that the rows hold nothing. */
  history(frames: readonly StoredFrame[], rows: RowsMark): Sent;
  /** The same rows packed as one metric of the node. */
  segment(bytes: Uint8Array, rows: RowsMark): Sent;
  /** History is through: devices born only to deliver theirs die again. */
  endHistory(): void;
  /** Metrics without a point. Not sent while their device is not born: its birth will carry them. */
  values(changes: readonly (readonly [MetricEntry, UplinkValue])[]): void;
  /** DDEATHs and NDEATH. */
  death(): void;
  /** Longest text of one metric that the broker takes. Units: bytes. */
  readonly maxTextBytes: number;
}

/** Metrics in one message, and their bytes. Source: 17 bytes a value measured; assumed 8 KB as what a cellular link carries in well under a second. */
const MESSAGE_LIMIT = { metrics: 400, bytes: 8_192 };
/** What a reading of a dead device may say that its death says already: live, nothing new; in its history, that it was missing. */
const SILENCE: Readonly<Record<'live' | 'history', readonly Quality[]>> = { live: ['missing', 'stale', 'bad'], history: ['missing'] };
/** A value on the wire without its text, rounded up. Units: bytes. Source: reference/sparkplug.md §4, 17.7 with history flag; quality adds 16. */
const METRIC_BYTES = 40;

/** MQTT's fixed header, topic length and properties, rounded up. Units: bytes. Source: MQTT 5 §2.1, §3.3. */
const HEADER_BYTES = 10;
/** Payload timestamp, seq and the mark of its rows, rounded up. Units: bytes. */
const FRAME_BYTES = 96;

/** The payload of a death: bdSeq alone, no seq. Source: `topics-ndeath-payload`, `payloads-ndeath-seq`. */
export function encodeNodeDeath(table: MetricTable, bdSeq: number, atMs: WallMs): Buffer {
  return encodePayload({ timestampMs: atMs, metrics: [bdSeqMetric(table, bdSeq, atMs)] });
}

/** A session that has sent nothing yet. */
export function createPublisher(parts: PublisherParts): Publisher {
  const { connection, table, topics, values, clock } = parts;
  const born = new Set<string>();
  const borrowed = new Set<string>();
  /** Metrics that the present births go without. */
  const unsaid = new Set<MetricEntry>();
  const rowsEntries = new Map([...table.devices.values()].map((device) => [device.id, device.byName.get(ROWS_METRIC) as MetricEntry]));
  const nodeRows = table.node.find(({ name }) => name === ROWS_METRIC) as MetricEntry;
  const segmentEntry = table.node.find(({ name }) => name === NODE_METRIC.segment) as MetricEntry;
  let nextSeq = 0;

  /** seq is taken only once the bytes are in the socket: a refused publish must not leave a hole. */
  const send = (topic: string, metrics: readonly Metric[]): number => {
    const payload = encodePayload({ timestampMs: clock.wallMs(), seq: nextSeq, metrics: inTimeOrder(metrics) });
    connection.publish(topic, payload);
    nextSeq = (nextSeq + 1) % 256;
    parts.onSent(payload.length + topic.length + HEADER_BYTES);
    return payload.length;
  };
  const roomFor = (topic: string): number => connection.maxPacketBytes - topic.length - HEADER_BYTES;
  const bear = (topic: string, deviceId: string | null, entries: readonly MetricEntry[], metrics: readonly Metric[]): void => {
    const birth = fitBirth(metrics, roomFor(topic));
    for (const entry of entries) if (birth.leftOut.includes(entry.name)) unsaid.add(entry);
    if (birth.leftOut.length > 0) parts.onCut?.(deviceId, birth.leftOut);
    send(topic, birth.metrics);
  };
  const birthDevice = (deviceId: string): void => {
    const entries = neededFirst(table.devices.get(deviceId)?.metrics ?? []);
    const metrics = entries.map((entry) => toBirthMetric(entry, values.get(entry)));
    bear(topics.device('DBIRTH', deviceId), deviceId, entries, metrics);
    born.add(deviceId);
  };
  const buryDevice = (deviceId: string): void => {
    born.delete(deviceId);
    borrowed.delete(deviceId);
    send(topics.device('DDEATH', deviceId), []);
  };
  const messagesOf = (perDevice: ReadonlyMap<string, readonly Metric[]>): Message[] =>
    [...perDevice].flatMap(([deviceId, metrics]) => {
      const topic = topics.device('DDATA', deviceId);
      const maxBytes = Math.min(MESSAGE_LIMIT.bytes, roomFor(topic) - FRAME_BYTES);
      return [...split(metrics, maxBytes)].map((part) => ({ topic, deviceId, metrics: part }));
    });
  /** Sends what belongs to the same rows, each message with its place among them. */
  const sendRows = (messages: readonly Message[], rows: RowsMark | null): number => {
    const all = messages.length === 0 && rows !== null ? [{ topic: topics.node('NDATA'), deviceId: null, metrics: [] }] : messages;
    let bytes = 0;
    all.forEach(({ topic, deviceId, metrics }, i) => {
      const mark = rows === null ? [] : [markOf(deviceId, rowsText(rows, i + 1, all.length))];
      bytes += send(topic, [...metrics, ...mark]);
    });
    return bytes;
  };
  const markOf = (deviceId: string | null, text: string): Metric => {
    const entry = deviceId === null ? nodeRows : (rowsEntries.get(deviceId) ?? nodeRows);
    return toDataMetric(entry, { value: text, quality: 'good', atMs: clock.wallMs() }, false);
  };
  const gather = (readings: readonly Told[], historical: boolean): Map<string, Metric[]> => {
    const perDevice = new Map<string, Metric[]>();
    for (const reading of readings) {
      for (const entry of table.byPoint.get(reading.pointId) ?? []) {
        if (entry.deviceId === null || !born.has(entry.deviceId) || unsaid.has(entry)) continue;
        const metrics = perDevice.get(entry.deviceId);
        const metric = toDataMetric(entry, reading, historical);
        if (metrics === undefined) perDevice.set(entry.deviceId, [metric]);
        else metrics.push(metric);
      }
    }
    return perDevice;
  };
  /** Devices that are not born though these readings have something to say of them. */
  const unborn = (readings: readonly Told[], silence: readonly Quality[]): ReadonlySet<string> => {
    const telling = readings.filter(({ quality }) => !silence.includes(quality));
    const devices = telling.flatMap(({ pointId }) => (table.byPoint.get(pointId) ?? []).map((entry) => entry.deviceId as string));
    return new Set(devices.filter((deviceId) => !born.has(deviceId)));
  };
  const isUnsayable = ({ pointId }: Told): boolean => {
    const entries = unsaid.size === 0 ? undefined : table.byPoint.get(pointId);
    return entries?.every((entry) => unsaid.has(entry)) === true;
  };
  const counted = (readings: readonly Told[], bytes: number): Sent => {
    const homeless = readings.filter(({ pointId }) => !table.byPoint.has(pointId)).length;
    const unsayable = readings.filter(isUnsayable).length;
    return { readings: readings.length - homeless - unsayable, bytes, homeless, unsayable };
  };
  const longestTopic = Math.max(...[...table.devices.keys()].map((id) => topics.device('DDATA', id).length), topics.node('NDATA').length);

  return {
    birth: () => {
      nextSeq = 0;
      born.clear();
      borrowed.clear();
      unsaid.clear();
      const atMs = clock.wallMs();
      const bdSeq = bdSeqMetric(table, parts.bdSeq, atMs);
      const others = neededFirst(table.node.filter(({ name }) => name !== NODE_METRIC.bdSeq));
      bear(topics.node('NBIRTH'), null, others, [bdSeq, ...others.map((entry) => toBirthMetric(entry, values.get(entry)))]);
      for (const { id } of table.devices.values()) if (parts.isAlive(id)) birthDevice(id);
    },
    deviceAlive: (deviceId, alive) => {
      if (!table.devices.has(deviceId)) return;
      if (alive && (!born.has(deviceId) || borrowed.delete(deviceId))) birthDevice(deviceId);
      if (!alive && born.has(deviceId)) buryDevice(deviceId);
    },
    live: ({ readings }, rows) => {
      if (unborn(readings, SILENCE.live).size > 0 || readings.some(isUnsayable)) return undefined;
      return counted(readings, sendRows(messagesOf(gather(readings, false)), rows));
    },
    history: (frames, rows) => {
      const readings = frames.flatMap((frame) => frame.readings);
      for (const deviceId of unborn(readings, SILENCE.history)) {
        borrowed.add(deviceId);
        birthDevice(deviceId);
      }
      return counted(readings, sendRows(messagesOf(gather(readings, true)), rows));
    },
    segment: (bytes, rows) => {
      const atMs = clock.wallMs();
      const packed: Metric = {
        ...toDataMetric(segmentEntry, { value: null, quality: 'good', atMs }, true),
        isNull: undefined,
        value: { kind: 'bytes', value: bytes },
      };
      return { readings: 0, bytes: send(topics.node('NDATA'), [packed, markOf(null, rowsText(rows, 1, 1))]), homeless: 0, unsayable: 0 };
    },
    endHistory: () => {
      for (const deviceId of [...borrowed]) buryDevice(deviceId);
    },
    values: (changes) => {
      const said = changes.filter(([entry]) => !unsaid.has(entry));
      const perDevice = new Map<string, Metric[]>();
      for (const [entry, value] of said) {
        if (entry.deviceId === null || !born.has(entry.deviceId)) continue;
        perDevice.set(entry.deviceId, [...(perDevice.get(entry.deviceId) ?? []), toDataMetric(entry, value, false)]);
      }
      const ofNode = said.filter(([entry]) => entry.deviceId === null).map(([entry, value]) => toDataMetric(entry, value, false));
      const topic = topics.node('NDATA');
      for (const part of split(ofNode, Math.min(MESSAGE_LIMIT.bytes, roomFor(topic) - FRAME_BYTES))) send(topic, part);
      sendRows(messagesOf(perDevice), null);
    },
    death: () => {
      for (const deviceId of [...born]) buryDevice(deviceId);
      const payload = encodeNodeDeath(table, parts.bdSeq, clock.wallMs());
      connection.publish(topics.node('NDEATH'), payload);
      parts.onSent(payload.length);
    },
    maxTextBytes: connection.maxPacketBytes - longestTopic - HEADER_BYTES - FRAME_BYTES - METRIC_BYTES,
  };
}

interface Message {
  readonly topic: string;
  readonly deviceId: string | null;
  readonly metrics: readonly Metric[];
}

type Told = Pick<Reading, 'pointId' | 'value' | 'quality' | 'atMs'>;

function bdSeqMetric(table: MetricTable, bdSeq: number, atMs: WallMs): Metric {
  const entry = table.node.find(({ name }) => name === NODE_METRIC.bdSeq) as MetricEntry;
  return toBirthMetric(entry, { value: bdSeq, quality: 'good', atMs });
}

/** Without these nothing could be proven, no loss be told, and no command have an end. */
const NEEDED: readonly string[] = [NODE_METRIC.rebirth, ROWS_METRIC, NODE_METRIC.gap, COMMAND_METRIC.outcome];

/** A birth that must be cut loses what stands last: what nobody would miss. The sort is stable. */
function neededFirst(entries: readonly MetricEntry[]): readonly MetricEntry[] {
  const rank = ({ name }: MetricEntry): number => (NEEDED.includes(name) ? 0 : WRITTEN_METRICS.has(name) ? 2 : 1);
  return entries.toSorted((a, b) => rank(a) - rank(b));
}

/** Source: `operational-behavior-data-publish-nbirth-order`, `…-dbirth-order`. The sort is stable. */
function inTimeOrder(metrics: readonly Metric[]): readonly Metric[] {
  return metrics.toSorted((a, b) => (a.timestampMs ?? 0) - (b.timestampMs ?? 0));
}

function* split(metrics: readonly Metric[], maxBytes: number): Generator<readonly Metric[]> {
  let part: Metric[] = [];
  let bytes = 0;
  for (const metric of metrics) {
    const size = METRIC_BYTES + (metric.name?.length ?? 0) + (metric.value?.kind === 'string' ? metric.value.value.length * 3 : 0);
    if (part.length > 0 && (part.length >= MESSAGE_LIMIT.metrics || bytes + size > maxBytes)) {
      yield part;
      part = [];
      bytes = 0;
    }
    part.push(metric);
    bytes += size;
  }
  if (part.length > 0) yield part;
}
