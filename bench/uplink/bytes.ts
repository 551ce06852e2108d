/**
 * Bytes per reading on the wire: live, as history, packed; compared with JSON.
 *
 * Shape: bytes of MQTT packets, topic and header included, without TCP and TLS.
 */
import type { ReadingFrame, StoredFrame } from '../../agent/core/ports.ts';
import { encodeRowsSegment } from '../../agent/sync/delivery/segment.ts';
import { createCurrentValues } from '../../agent/sync/sparkplug/current-values.ts';
import { createMetricTable } from '../../agent/sync/sparkplug/metric-table.ts';
import { Publisher } from '../../agent/sync/sparkplug/publisher.ts';
import { createTopics } from '../../agent/sync/sparkplug/topics.ts';
import { against, type BenchOptions, type BenchResult, round, withPeer } from '../result.ts';
import { createFeed, feedFrames } from '../store/feed.ts';
import { benchDevices } from './devices.ts';

const SECONDS = 3_600;
/** The batches of the delivery on a link that responds at once. Units: frames of six readings. */
const HISTORY_FRAMES = 333;
const SEGMENT_FRAMES = 1_666;
const EPOCH = 'a1b2c3d4';
const GOAL_PACKED = 2;
/** MQTT 5 fixed header, topic length and empty properties. Units: bytes. */
const HEADER_BYTES = 6;

export async function bytesBench({ emit, progress }: BenchOptions): Promise<void> {
  progress('uplink: bytes a reading');
  const feed = createFeed();
  const frames = await feedFrames(feed, SECONDS);
  const rows = frames.map((frame, i): StoredFrame => ({ ...frame, seq: i + 1, isCorrected: false }));
  const readings = frames.reduce((sum, frame) => sum + frame.readings.length, 0);
  const meter = createMeter(feed);
  const live = meter.measure((publisher) => {
    for (const [i, frame] of frames.entries()) publisher.live(frame, { epoch: EPOCH, from: i + 1, to: i + 1 });
  });
  const historical = meter.measure((publisher) => {
    for (const part of parts(rows, HISTORY_FRAMES)) publisher.history(part, rangeOf(part));
  });
  const packed = meter.measure((publisher) => {
    for (const part of parts(rows, SEGMENT_FRAMES)) publisher.segment(encodeRowsSegment(part, rangeOf(part)), rangeOf(part));
  });
  const json = frames.reduce((sum, frame) => sum + jsonBytes(frame), 0);
  const figure = (metric: string, bytes: number): BenchResult => ({
    bench: 'uplink',
    metric,
    value: round(bytes / readings, 2),
    unit: 'B',
    note: `${readings} readings, one poll of six a second`,
  });
  const jsonEach = round(json / readings, 2);
  emit(withPeer(figure('bytes-live', live), 'JSON objects, one message a poll', jsonEach));
  emit(withPeer(figure('bytes-historical', historical), 'JSON objects, one message a poll', jsonEach));
  emit(withPeer(against(figure('bytes-packed', packed), '<=', GOAL_PACKED), 'JSON objects, one message a poll', jsonEach));
}

function rangeOf(part: readonly StoredFrame[]) {
  return { epoch: EPOCH, from: part[0]?.seq ?? 0, to: part.at(-1)?.seq ?? 0 };
}

function parts<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.slice(i * size, (i + 1) * size));
}

/** `{"device","metric","timestamp","value"}` for each reading, in one array. */
function jsonBytes({ readings }: ReadingFrame): number {
  const list = readings.map(({ pointId, value, atMs }) => {
    const [device, metric] = pointId.split('.');
    return { device, metric, timestamp: atMs, value };
  });
  return Buffer.byteLength(JSON.stringify(list)) + 'street/angers/c1/readings'.length + HEADER_BYTES;
}

function createMeter({ clock, workload }: ReturnType<typeof createFeed>) {
  const table = createMetricTable(benchDevices(workload.points));
  const topics = createTopics('angers', 'c1', null);
  return {
    /** Births are not counted. Units: bytes. */
    measure: (send: (publisher: Publisher) => void): number => {
      let bytes = 0;
      const publisher = new Publisher({
        connection: {
          maxPacketBytes: 268_435_455,
          publish: (topic, payload) => {
            bytes += topic.length + payload.length + HEADER_BYTES;
          },
        },
        table,
        topics,
        values: createCurrentValues(table, clock, () => undefined),
        clock,
        bdSeq: 0,
        isAlive: () => true,
        onSent: () => {},
      });
      publisher.birth();
      const births = bytes;
      send(publisher);
      return bytes - births;
    },
  };
}
