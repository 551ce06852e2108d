/**
 * What the platform writes to the node about delivery: `Sync/Ack`, `Sync/Accept`, `Sync/Resend`.
 *
 * Owns the reading and checking of these three. Carries nothing out. Called by `uplink.ts` for each NCMD before the command desk.
 */
import { decodePayload, type Metric } from './codec.ts';
import type { InboundMessage } from './door.ts';
import { type MetricTable, NODE_METRIC } from './metric-table.ts';
import type { ResendRequest } from './resend-desk.ts';
import { type Ack, readAck } from './rows-mark.ts';
import { SEGMENTS } from './segment.ts';

export type SyncWrite =
  | { readonly kind: 'ack'; readonly ack: Ack }
  | { readonly kind: 'accept'; readonly segments: boolean }
  | { readonly kind: 'resend'; readonly request: ResendRequest }
  /** Not carried out, and why. */
  | { readonly kind: 'refused'; readonly reason: string };

/** Source: three short texts. Units: bytes, metrics. */
const MOST = { bytes: 4_096, metrics: 8, resendLength: 500, idLength: 64 };
const WRITABLE: ReadonlySet<string> = new Set([NODE_METRIC.ack, NODE_METRIC.accept, NODE_METRIC.resend]);

/** Undefined for an NCMD that is about something else as well. */
export function readSyncWrites({ payload, retained }: InboundMessage, table: MetricTable): readonly SyncWrite[] | undefined {
  const decoded = payload.length > MOST.bytes ? undefined : decodePayload(payload);
  if (decoded === undefined || decoded.metrics.length === 0 || decoded.metrics.length > MOST.metrics) return undefined;
  const named = decoded.metrics.map((metric) => ({ metric, name: nameOf(metric, table) }));
  if (!named.every(({ name }) => name !== undefined && WRITABLE.has(name))) return undefined;
  if (retained) return [{ kind: 'refused', reason: 'retained commands are not obeyed: publish it without retain' }];
  return named.map(({ metric, name }) => readWrite(name ?? '', metric));
}

function nameOf({ name, alias }: Metric, table: MetricTable): string | undefined {
  if (name !== undefined && name !== '') return name;
  return table.node.find((entry) => entry.alias !== null && entry.alias === alias)?.name;
}

function readWrite(name: string, { value }: Metric): SyncWrite {
  if (value?.kind !== 'string') return { kind: 'refused', reason: `${name} takes a String` };
  const text = value.value;
  if (name === NODE_METRIC.ack) {
    const ack = readAck(text);
    return ack === undefined ? { kind: 'refused', reason: `${name} takes <epoch>:<seq> or <epoch>:<seq>:<gap id>` } : { kind: 'ack', ack };
  }
  if (name === NODE_METRIC.accept) {
    const isKnown = text === SEGMENTS || text === '';
    return isKnown
      ? { kind: 'accept', segments: text === SEGMENTS }
      : { kind: 'refused', reason: `${name} takes "${SEGMENTS}", or "" for metrics alone` };
  }
  const request = readResend(text);
  return request === undefined
    ? { kind: 'refused', reason: `${name} takes {"id","fromMs","toMs"} or {"id","fromSeq","toSeq"} as JSON, from before to` }
    : { kind: 'resend', request };
}

function readResend(text: string): ResendRequest | undefined {
  if (text.length > MOST.resendLength) return undefined;
  const fields = parse(text);
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) return undefined;
  const read = (key: string): unknown => (Object.hasOwn(fields, key) ? (fields as Record<string, unknown>)[key] : undefined);
  const id = read('id') ?? '';
  const whole = (key: string): number | null => {
    const number = read(key);
    return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : null;
  };
  const [fromMs, toMs, fromSeq, toSeq] = [whole('fromMs'), whole('toMs'), whole('fromSeq'), whole('toSeq')];
  const byTime = fromMs !== null && toMs !== null && fromMs < toMs && fromSeq === null && toSeq === null;
  const byRows = fromSeq !== null && toSeq !== null && fromSeq >= 1 && fromSeq <= toSeq && fromMs === null && toMs === null;
  const isNamed = typeof id === 'string' && id.length <= MOST.idLength && !/\p{C}/u.test(id);
  return isNamed && byTime !== byRows ? { id, fromMs, toMs, fromSeq, toSeq } : undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON, so no request; the sender hears what it takes.
    return undefined;
  }
}
