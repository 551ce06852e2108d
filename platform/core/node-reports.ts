/**
 * Reads the JSON texts that a node reports: events, gaps, entries of its audit log, outcomes of commands, detections for a neighbour. Pure.
 *
 * Source: docs/platform.md, "Gaps", "Events", "The audit log", "How a command ends", "Between neighbour cabinets".
 */

import { isTime } from './times.ts';
import { isTopicName } from './topic.ts';
import { cleanText } from './wire.ts';

/**
 * A warning or alarm. `endMs`: null while it lasts, and for a time that cannot be stored. `code`, `source`, `severity` and `text` are as
 * reported, not checked; empty where the report has none. `body` is the whole report as JSON. Units: ms UTC.
 */
export interface NodeEvent {
  readonly id: string;
  readonly code: string;
  readonly source: string;
  readonly severity: string;
  readonly startMs: number;
  readonly endMs: number | null;
  readonly text: string;
  readonly body: string;
}

/**
 * A loss that the node reports. `id`, `after`: its id and that of the gap before it, 0 for none; null for a gap whose key is its rows.
 * `from`, `to`: its rows, both included; null without numbers. `readings`: how many were lost. `isEstimate`: that is approximate, and 0
 * stands for an unknown number. `atMs`: when they were lost; null if not reported. Units: ms UTC.
 */
export interface NodeGap {
  readonly epoch: string;
  readonly id: number | null;
  readonly after: number | null;
  readonly from: number | null;
  readonly to: number | null;
  readonly readings: number;
  readonly reason: string;
  readonly isEstimate: boolean;
  readonly atMs: number | null;
}

/**
 * An entry of the audit log of the cabinet. `n`: its number. `after`: number of the entry that was sent before it, 0 for none. `lost`: how
 * many entries between them the cabinet no longer has. `hash`: over the entry and the hash before it, as reported. `body`: its text; null
 * if it did not fit into a packet. `atMs`: when it was recorded. Units: ms UTC.
 */
export interface LogEntry {
  readonly n: number;
  readonly after: number;
  readonly atMs: number;
  readonly hash: string;
  readonly body: string | null;
  readonly lost: number;
}

/**
 * How far a command is. `id`: that of the command. `target`: its device, empty for the node. `state`: as reported, not checked. `reason`:
 * empty for none. `body`: the whole report as JSON.
 */
export interface CommandOutcome {
  readonly id: string;
  readonly target: string;
  readonly state: string;
  readonly reason: string;
  readonly body: string;
}

/**
 * Someone who goes from one cabinet's street to the next. `from`, `to`: edge nodes of both. `ageMs`: time since the detection when it was
 * reported. The detection counts up to the age `ttlMs`. Neither is checked. `body`: the whole report.
 */
export interface RelayedPerson {
  readonly from: string;
  readonly to: string;
  readonly ageMs: number;
  readonly ttlMs: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/**
 * What a text of the node reports; `invalid` if it is not what its metric promises. `open-events`: the events that have not ended.
 * `log-head`: the newest entry of the audit log.
 */
export type NodeReport =
  | { readonly kind: 'event'; readonly event: NodeEvent }
  | { readonly kind: 'open-events'; readonly ids: readonly string[] }
  | { readonly kind: 'gap'; readonly gap: NodeGap }
  | { readonly kind: 'log'; readonly entry: LogEntry }
  | { readonly kind: 'log-head'; readonly n: number; readonly hash: string }
  | { readonly kind: 'outcome'; readonly outcome: CommandOutcome }
  | { readonly kind: 'relay'; readonly relay: RelayedPerson }
  | { readonly kind: 'invalid' };

type Fields = Readonly<Record<string, unknown>>;
const INVALID: NodeReport = { kind: 'invalid' };

const READERS: Readonly<Record<string, (fields: Fields) => NodeReport>> = {
  'Sync/Event': readEvent,
  'Sync/Gap': readGap,
  'Sync/Log': readLog,
  'Command/Outcome': readOutcome,
  'Override/Outcome': readOutcome,
  'Relay/Detection': readRelay,
};

/** True for the name of a metric whose text is a JSON report, such as `Sync/Event`, and not a property. */
export function isReport(metric: string): boolean {
  return Object.hasOwn(READERS, metric);
}

/** Reads the text of a metric for which `isReport` is true. A text that is not valid gives `invalid`, not an error. */
export function readReport(metric: string, text: string): NodeReport {
  try {
    const fields: unknown = JSON.parse(text, (_, value: unknown) => (typeof value === 'string' ? cleanText(value) : withCleanKeys(value)));
    if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) return INVALID;
    return READERS[metric]?.(fields as Fields) ?? INVALID;
  } catch {
    // A text from outside that is not JSON.
    return INVALID;
  }
}

function withCleanKeys(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  if (Object.keys(value).every((key) => cleanText(key) === key)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [cleanText(key), each]));
}

function readEvent(fields: Fields): NodeReport {
  const { open, id, startMs } = fields;
  if (Array.isArray(open)) return { kind: 'open-events', ids: open.filter((one) => typeof one === 'string') };
  if (typeof id !== 'string' || typeof startMs !== 'number' || !isTime(startMs)) return INVALID;
  const shown = { code: textOf(fields, 'code'), source: textOf(fields, 'source'), severity: textOf(fields, 'severity') };
  return {
    kind: 'event',
    event: { id, ...shown, startMs, endMs: timeOf(fields, 'endMs'), text: textOf(fields, 'text'), body: JSON.stringify(fields) },
  };
}

function readGap(fields: Fields): NodeReport {
  const [epoch, reason] = [textOf(fields, 'epoch'), textOf(fields, 'reason')];
  if (epoch === '' || reason === '') return INVALID;
  const number = (key: string): number | null => numberOf(fields, key);
  const place = { id: number('id'), after: number('after'), from: number('from'), to: number('to'), atMs: timeOf(fields, 'atMs') };
  return { kind: 'gap', gap: { epoch, reason, ...place, readings: number('readings') ?? 0, isEstimate: fields['estimate'] === true } };
}

function readLog(fields: Fields): NodeReport {
  const [n, head, hash] = [numberOf(fields, 'n'), numberOf(fields, 'head'), textOf(fields, 'hash')];
  if (head !== null) return { kind: 'log-head', n: head, hash };
  const atMs = timeOf(fields, 'atMs');
  if (n === null || atMs === null || hash === '') return INVALID;
  const body = typeof fields['body'] === 'string' ? fields['body'] : null;
  return { kind: 'log', entry: { n, atMs, hash, body, after: numberOf(fields, 'after') ?? n - 1, lost: numberOf(fields, 'lost') ?? 0 } };
}

function readOutcome(fields: Fields): NodeReport {
  const [id, state] = [textOf(fields, 'id'), textOf(fields, 'state')];
  if (id === '' || state === '') return INVALID;
  return {
    kind: 'outcome',
    outcome: { id, state, target: textOf(fields, 'target'), reason: textOf(fields, 'reason'), body: JSON.stringify(fields) },
  };
}

function readRelay(fields: Fields): NodeReport {
  const [from, to, ageMs, ttlMs] = [textOf(fields, 'from'), textOf(fields, 'to'), numberOf(fields, 'ageMs'), numberOf(fields, 'ttlMs')];
  if (!isTopicName(to) || ageMs === null || ttlMs === null) return INVALID;
  return { kind: 'relay', relay: { from, to, ageMs, ttlMs, body: fields } };
}

function textOf(fields: Fields, key: string): string {
  const value = fields[key];
  return typeof value === 'string' ? value : '';
}

function numberOf(fields: Fields, key: string): number | null {
  const value = fields[key];
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

function timeOf(fields: Fields, key: string): number | null {
  const value = numberOf(fields, key);
  return value !== null && isTime(value) ? value : null;
}
