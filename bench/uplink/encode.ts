/**
 * The speed of encoding and decoding payloads, compared with the published Sparkplug package.
 *
 * Both encode the same metrics from prepared objects, in turns.
 */
import sparkplug from 'sparkplug-payload';
import { quantile } from '../../agent/core/quantile.ts';
import { decodePayload, encodePayload, type Metric } from '../../agent/sync/sparkplug/codec.ts';
import { type BenchOptions, type BenchResult, round, withPeer } from '../result.ts';

const METRICS = 200;
const AT_MS = 1_764_000_000_000;
const ROUNDS = { full: 15, quick: 3 };
/** Payloads of a round. */
const PAYLOADS = 300;
const DOUBLE = 10;

export async function encodeBench({ quick, emit, progress }: BenchOptions): Promise<void> {
  progress('uplink: encode and decode');
  const peer = sparkplug.get('spBv1.0');
  if (peer === null || peer === undefined) throw new Error('sparkplug-payload knows no spBv1.0');
  const ours = Array.from(
    { length: METRICS },
    (_, i): Metric => ({ alias: i + 1, timestampMs: AT_MS + i, datatype: DOUBLE, value: { kind: 'double', value: i / 10 } }),
  );
  const theirs = ours.map(({ alias, timestampMs }, i) => ({
    name: '',
    alias,
    timestamp: timestampMs,
    type: 'Double' as const,
    value: i / 10,
  }));
  const payload = { timestamp: AT_MS, seq: 1, metrics: theirs } as unknown as Parameters<typeof peer.encodePayload>[0];
  const bytes = encodePayload({ timestampMs: AT_MS, seq: 1, metrics: ours });
  const works = {
    encode: () => encodePayload({ timestampMs: AT_MS, seq: 1, metrics: ours }),
    peerEncode: () => peer.encodePayload(payload),
    decode: () => decodePayload(bytes),
    peerDecode: () => peer.decodePayload(bytes),
  };
  const rates: Record<keyof typeof works, number[]> = { encode: [], peerEncode: [], decode: [], peerDecode: [] };
  for (let i = 0; i < (quick ? ROUNDS.quick : ROUNDS.full); i++)
    for (const name of Object.keys(works) as (keyof typeof works)[]) rates[name].push(rateOf(works[name]));
  const rate = (name: keyof typeof works): number => round(quantile(rates[name], 0.5), 0);
  const figure = (metric: string, value: number): BenchResult => ({ bench: 'uplink', metric, value, unit: 'k metrics/s' });
  emit(withPeer(figure('encode', rate('encode')), 'sparkplug-payload', rate('peerEncode')));
  emit(withPeer(figure('decode', rate('decode')), 'sparkplug-payload', rate('peerDecode')));
}

/** Units: thousand metrics a second. */
function rateOf(work: () => unknown): number {
  const start = process.hrtime.bigint();
  for (let i = 0; i < PAYLOADS; i++) work();
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  return (PAYLOADS * METRICS) / seconds / 1_000;
}
