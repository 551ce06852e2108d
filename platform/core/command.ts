/**
 * Commands: the message that carries one, how far it is, and when it is sent again. Pure.
 *
 * Source: docs/platform.md, "Commands" and "How a command ends".
 */
import type { MetricContent, WrittenMetric } from './wire.ts';

/** A value as JSON in the table: a number, a truth value, a text, or bytes as `{"base64": "…"}`. */
export type WrittenValue = number | boolean | string | { readonly base64: string };

/** A command as it stands in the table. Units: ms UTC. */
export interface OpenCommand {
  readonly id: string;
  readonly metrics: Readonly<Record<string, WrittenValue>>;
  readonly expiresMs: number;
  readonly sentMs: number | null;
  readonly attempts: number;
}

/** The order of the states; the last four are ends. */
export const COMMAND_STATES = ['new', 'published', 'received', 'queued', 'sent', 'expired', 'verified', 'refused', 'failed'] as const;

/** Sparkplug types. Source: Sparkplug 3.0 §6.4.16. */
const TYPE = { int64: 4, double: 10, boolean: 11, string: 12, dateTime: 13, bytes: 17 };
/** The first pause without an answer before a command is sent again. Units: ms. Source: assumed; an agent answers `received` within a second on a good link. Confirmed by: times to `received` over the links of a city. */
const REPEAT_MS = 5_000;
/** Source: assumed; a minute, so that a cabinet that returns late receives it soon. Units: ms. Confirmed by: the times that real links are down. */
const LONGEST_REPEAT_MS = 60_000;

/** The metrics of a command: its own, its id and its expiry. Errors: throws RangeError for a value that no metric can have. */
export function commandMetrics(command: OpenCommand, typeOf: (metric: string) => number | undefined): WrittenMetric[] {
  const own = Object.entries(command.metrics).map(([name, value]): WrittenMetric => {
    const datatype = typeFor(name, value, typeOf(name));
    return { name, datatype, value: contentOf(name, value) };
  });
  return [
    ...own,
    { name: 'Command/Id', datatype: TYPE.string, value: command.id },
    { name: 'Command/Expires', datatype: TYPE.dateTime, value: command.expiresMs },
  ];
}

/** When a command is due to be sent: at once, then again with growing pauses until it is answered or expires. Null: never again. Units: ms UTC. */
export function dueMs({ sentMs, attempts, expiresMs }: OpenCommand, nowMs: number): number | null {
  if (nowMs >= expiresMs) return null;
  if (sentMs === null) return nowMs;
  return sentMs + Math.min(LONGEST_REPEAT_MS, REPEAT_MS * 2 ** Math.max(0, attempts - 1));
}

/** The type of the birth applies where it fits the value; a whole number may have any integer type. */
function typeFor(name: string, value: WrittenValue, born: number | undefined): number {
  if (typeof value === 'boolean') return TYPE.boolean;
  if (typeof value === 'string') return TYPE.string;
  if (typeof value !== 'number') return TYPE.bytes;
  if (born === TYPE.double || !Number.isInteger(value)) return TYPE.double;
  return born ?? (/(?:Until|Expires)$/.test(name) ? TYPE.dateTime : TYPE.int64);
}

function contentOf(name: string, value: WrittenValue): MetricContent {
  if (typeof value !== 'object') return value;
  if (value === null || typeof value.base64 !== 'string')
    throw new RangeError(`${name}: write a number, true, false, a text or {"base64": "…"}`);
  return Buffer.from(value.base64, 'base64');
}
