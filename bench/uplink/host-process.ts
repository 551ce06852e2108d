/**
 * A platform in a process of its own: counts readings, measures the delay of live ones, and acknowledges rows if requested.
 *
 * Decodes with the reader of the tests.
 */
import { connectAsync, type MqttClient } from 'mqtt';
import { NO_RANGES, reachFrom, type SeqRanges, withRange } from '../../agent/sync/delivery/seq-ranges.ts';
import { encodePayload, type Metric } from '../../agent/sync/sparkplug/codec.ts';
import { readSegment } from '../../test/platform/segment-reader.ts';
import { readWirePayload, type WireMetric } from '../../test/platform/wire-reader.ts';
import { answerParent } from '../child.ts';

export type HostQuestion =
  | { readonly kind: 'listen'; readonly url: string; readonly acks: boolean; readonly segments: boolean }
  | { readonly kind: 'report' };

/**
 * What the platform has received so far. `liveLateMs`: for each live reading the time from its measurement to its arrival, which includes
 * the time in the recorder. Units: ms.
 */
export interface HostAnswer {
  readonly readings: number;
  readonly liveReadings: number;
  readonly liveLateMs: readonly number[];
}

/** Period of acknowledgements. Units: ms. Source: assumed; a platform that writes batches to its database. Confirmed by: the acknowledgements of a real platform. */
const ACK_MS = 250;
const ROWS = /^(?<epoch>\w+):(?<from>\d+)-(?<to>\d+):(?<part>\d+)\/(?<parts>\d+)/;
const seen = { readings: 0, liveReadings: 0, liveLateMs: [] as number[] };

answerParent<HostQuestion, HostAnswer>(async (question) => {
  if (question.kind === 'listen') await listen(question);
  return seen;
});

async function listen({ url, acks, segments }: Extract<HostQuestion, { kind: 'listen' }>): Promise<void> {
  const client = await connectAsync(url, { protocolVersion: 5 });
  let known: SeqRanges = NO_RANGES;
  let epoch = '';
  let begin: number | null = null;
  let acked = 0;
  client.on('message', (topic, bytes) => {
    const verb = topic.split('/')[2] ?? '';
    const { metrics } = readWirePayload(bytes);
    if (verb === 'NBIRTH' && segments) write(client, 'Sync/Accept', 'segments/1');
    if (verb === 'NBIRTH') begin ??= Number(metrics.find(({ name }) => name === 'Sync/Cursor')?.value ?? 0);
    if (verb !== 'DDATA' && verb !== 'NDATA') return;
    const mark = metrics
      .map(({ value }) => (typeof value === 'string' ? ROWS.exec(value)?.groups : undefined))
      .find((m) => m !== undefined);
    if (mark === undefined) return;
    take(metrics);
    epoch = mark['epoch'] ?? '';
    if (mark['part'] === mark['parts']) known = withRange(known, { from: Number(mark['from']), to: Number(mark['to']) });
  });
  await client.subscribeAsync('spBv1.0/bench/#', { qos: 0 });
  if (!acks) return;
  setInterval(() => {
    const head = reachFrom(known, begin ?? 0);
    if (epoch === '' || head <= acked) return;
    acked = head;
    write(client, 'Sync/Ack', `${epoch}:${head}`);
  }, ACK_MS);
}

function take(metrics: readonly WireMetric[]): void {
  for (const { value, isHistorical, timestampMs } of metrics) {
    if (value instanceof Uint8Array) seen.readings += readSegment(value).readings.length;
    else if (typeof value !== 'string') {
      seen.readings += 1;
      if (isHistorical) continue;
      seen.liveReadings += 1;
      seen.liveLateMs.push(Date.now() - (timestampMs ?? 0));
    }
  }
}

function write(client: MqttClient, name: string, value: string): void {
  const metric: Metric = { name, datatype: 12, value: { kind: 'string', value } };
  client.publish('spBv1.0/bench/NCMD/c1', encodePayload({ timestampMs: Date.now(), metrics: [metric] }));
}
