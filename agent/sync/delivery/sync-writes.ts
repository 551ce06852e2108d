/**
 * Parses and checks what the platform writes to the node about delivery: `Sync/Ack`, `Sync/Log`, `Sync/Accept`, `Sync/Resend`. Pure.
 */

import type { AuditHead } from '../../core/audit-tools.ts';
import { parseRecord } from '../../core/is-record.ts';
import { type Message, msg, NO_TEXT } from '../../core/message.ts';
import type { InboundMessage } from '../mqtt/mqtt-transport.ts';
import { decodePayload, type Metric } from '../sparkplug/codec.ts';
import { type MetricTable, NODE_METRIC } from '../sparkplug/metric-table.ts';
import type { ResendRequest } from './resend-queue.ts';
import { type Ack, readAck } from './rows-mark.ts';
import { SEGMENTS } from './segment.ts';

/**
 * What the platform writes about delivery: an acknowledgement of rows (`ack`) or of audit entries (`audit`), the form of the backlog
 * (`accept`), a request for rows (`resend`), or a write that is refused (`refused`), for example because it is not valid. `segments`: the
 * backlog is to be sent as segments, otherwise as metrics.
 */
export type SyncWrite =
  | { readonly kind: 'ack'; readonly ack: Ack }
  | { readonly kind: 'audit'; readonly head: AuditHead }
  | { readonly kind: 'accept'; readonly segments: boolean }
  | { readonly kind: 'resend'; readonly request: ResendRequest }
  /** Refused, with the reason. `resendId`: if present, the sender of a resend request waits for a result; empty without a valid id. */
  | { readonly kind: 'refused'; readonly reason: Message; readonly resendId?: string };

/** Source: four short texts. Units: bytes, metrics, characters. */
const LIMIT = { bytes: 4_096, metrics: 8, resendLength: 500, idLength: 64 };
/** The format of each of these, for a refusal. */
const SHAPES: ReadonlyMap<string, Message> = new Map([
  [NODE_METRIC.ack, msg`<epoch>:<seq> or <epoch>:<seq>:<gap id>`],
  [NODE_METRIC.audit, msg`<number>:<hash> of an entry, or 0`],
  [NODE_METRIC.accept, msg`"${SEGMENTS}", or "" for metrics alone`],
  [NODE_METRIC.resend, msg`{"id","fromMs","toMs"} or {"id","fromSeq","toSeq"} as JSON, from before to`],
]);

/**
 * Returns why a command may not contain this metric, if it is one of `Sync/Ack`, `Sync/Log`, `Sync/Accept` and `Sync/Resend`; undefined for
 * any other metric.
 */
export function syncInCommand(name: string): Message | undefined {
  const shape = SHAPES.get(name);
  if (shape === undefined) return undefined;
  return msg`${name} comes in an NCMD of its own, without Command/Id, of ${LIMIT.metrics} metrics and ${LIMIT.bytes} bytes at most: a String, ${shape}`;
}

/**
 * Parses an NCMD that has only `Sync/Ack`, `Sync/Log`, `Sync/Accept` or `Sync/Resend`. Returns its writes in order, those that are not
 * valid as refusals; all if it is retained. Returns undefined for any other message, and for one that is too large or has too many metrics.
 */
export function readSyncWrites({ payload, retained }: InboundMessage, table: MetricTable): readonly SyncWrite[] | undefined {
  const decoded = payload.length > LIMIT.bytes ? undefined : decodePayload(payload);
  if (decoded === undefined || decoded.metrics.length === 0 || decoded.metrics.length > LIMIT.metrics) return undefined;
  const named = decoded.metrics.map((metric) => ({ metric, name: nameOf(metric, table) }));
  if (!named.every(({ name }) => name !== undefined && SHAPES.has(name))) return undefined;
  const writes = named.map(({ metric, name }) => readWrite(name ?? '', metric));
  return retained ? writes.map(refusedAsRetained) : writes;
}

/** Returns the id of a resend request, also of a refused one; empty if it has no valid id. Undefined for any other write. */
export function resendIdOf(write: SyncWrite): string | undefined {
  return write.kind === 'resend' ? write.request.id : write.kind === 'refused' ? write.resendId : undefined;
}

function refusedAsRetained(write: SyncWrite): SyncWrite {
  const resendId = resendIdOf(write);
  const reason = msg`retained commands are not carried out: publish it without retain`;
  return { kind: 'refused', reason, ...(resendId === undefined ? {} : { resendId }) };
}

function nameOf({ name, alias }: Metric, table: MetricTable): string | undefined {
  if (name !== undefined && name !== '') return name;
  return table.node.find((entry) => entry.alias !== null && entry.alias === alias)?.name;
}

function readWrite(name: string, { value }: Metric): SyncWrite {
  const isResend = name === NODE_METRIC.resend;
  if (value?.kind !== 'string') return { kind: 'refused', reason: msg`${name} takes a String`, ...(isResend ? { resendId: '' } : {}) };
  const text = value.value;
  if (name === NODE_METRIC.ack) {
    const ack = readAck(text);
    return ack === undefined ? { kind: 'refused', reason: shapeOf(name) } : { kind: 'ack', ack };
  }
  if (name === NODE_METRIC.audit) {
    const head = readAuditHead(text);
    return head === undefined ? { kind: 'refused', reason: shapeOf(name) } : { kind: 'audit', head };
  }
  if (name === NODE_METRIC.accept) {
    const isKnown = text === SEGMENTS || text === '';
    return isKnown ? { kind: 'accept', segments: text === SEGMENTS } : { kind: 'refused', reason: shapeOf(name) };
  }
  return readResend(name, text);
}

function shapeOf(name: string): Message {
  return msg`${name} takes ${SHAPES.get(name) ?? NO_TEXT}`;
}

/** `4211:<hash>`, or `0` for none; undefined for anything else. */
function readAuditHead(text: string): AuditHead | undefined {
  const { n, hash = '' } = /^(?:0|(?<n>[1-9]\d{0,14}):(?<hash>[0-9a-f]{64}))$/.exec(text)?.groups ?? {};
  return text === '0' || n !== undefined ? { n: Number(n ?? 0), hash } : undefined;
}

function readResend(name: string, text: string): SyncWrite {
  const fields = text.length > LIMIT.resendLength ? undefined : parseRecord(text);
  const read = (key: string): unknown => (fields !== undefined && Object.hasOwn(fields, key) ? fields[key] : undefined);
  const given = read('id') ?? '';
  const id = typeof given === 'string' && given.length <= LIMIT.idLength && !/\p{C}/u.test(given) ? given : undefined;
  const whole = (key: string): number | null => {
    const number = read(key);
    return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : null;
  };
  const [fromMs, toMs, fromSeq, toSeq] = [whole('fromMs'), whole('toMs'), whole('fromSeq'), whole('toSeq')];
  const byTime = fromMs !== null && toMs !== null && fromMs < toMs && fromSeq === null && toSeq === null;
  const byRows = fromSeq !== null && toSeq !== null && fromSeq >= 1 && fromSeq <= toSeq && fromMs === null && toMs === null;
  if (id !== undefined && byTime !== byRows) return { kind: 'resend', request: { id, fromMs, toMs, fromSeq, toSeq } };
  return { kind: 'refused', reason: shapeOf(name), resendId: id ?? '' };
}
