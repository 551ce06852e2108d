/**
 * Commands: the message that carries one, how far it is, and when it is sent again. Pure.
 *
 * Source: docs/platform.md, "Commands" and "How a command ends".
 */
import type { MetricContent, WrittenMetric } from './wire.ts';

/** A value as JSON in the table `command`: a number, a truth value, a text, or bytes as `{"base64": "…"}`. */
export type WrittenValue = number | boolean | string | { readonly base64: string };

/**
 * A command of the table that has no answer yet. `sentMs`: its last attempt, null before the first. `attempts`: how many there were. Units:
 * ms UTC by the clock of the database.
 */
export interface OpenCommand {
  readonly id: string;
  readonly metrics: Readonly<Record<string, WrittenValue>>;
  readonly expiresMs: number;
  readonly sentMs: number | null;
  readonly attempts: number;
}

/**
 * The states of a command: each may be followed by any later one, but the last three are final. `expired`: no final state was reported in
 * time, or the command was withdrawn.
 */
export const COMMAND_STATES = ['new', 'published', 'received', 'queued', 'sent', 'expired', 'verified', 'refused', 'failed'] as const;

/** Sparkplug types. Source: Sparkplug 3.0 §6.4.16. */
const TYPE = { int64: 4, double: 10, boolean: 11, string: 12, dateTime: 13, bytes: 17 };
/** The whole numbers that a type of the standard can have. Source: Sparkplug 3.0 §6.4.16; a number of JavaScript is whole up to 2^53. */
const WHOLE_NUMBERS: ReadonlyMap<number | undefined, readonly [low: number, high: number]> = new Map([
  [1, [-(2 ** 7), 2 ** 7 - 1]],
  [2, [-(2 ** 15), 2 ** 15 - 1]],
  [3, [-(2 ** 31), 2 ** 31 - 1]],
  [4, [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER]],
  [5, [0, 2 ** 8 - 1]],
  [6, [0, 2 ** 16 - 1]],
  // The payload of the host holds 32 bits with a sign.
  [7, [0, 2 ** 31 - 1]],
  [8, [0, Number.MAX_SAFE_INTEGER]],
  // A Float, exactly.
  [9, [-(2 ** 24), 2 ** 24]],
  // A Boolean, written as 0 or 1.
  [11, [0, 1]],
  [13, [0, Number.MAX_SAFE_INTEGER]],
]);
/** The first pause without an answer before a command is sent again. Units: ms. Source: assumed; an agent answers `received` within a second on a good link. Confirmed by: times to `received` over the links of a city. */
const REPEAT_MS = 5_000;
/** Source: assumed; a minute, so that a cabinet that returns late receives it soon. Units: ms. Confirmed by: the times that real links are down. */
const LONGEST_REPEAT_MS = 60_000;

/**
 * The metrics of a command: its own, its id and its expiry. `typeOf`: the Sparkplug type of a metric in the birth, used for a whole number
 * that fits it. Errors: throws RangeError for a value that no metric can have.
 */
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

/**
 * When a command that was not answered is due to be sent: now, then again after pauses that grow from 5 s to a minute. Null: it has
 * expired. Units: ms UTC by the clock of the database.
 */
export function dueMs({ sentMs, attempts, expiresMs }: OpenCommand, nowMs: number): number | null {
  if (nowMs >= expiresMs) return null;
  if (sentMs === null) return nowMs;
  return sentMs + Math.min(LONGEST_REPEAT_MS, REPEAT_MS * 2 ** Math.max(0, attempts - 1));
}

/** The type of the birth applies only where it fits the value, since a birth may have any. A whole number may have any integer type. */
function typeFor(name: string, value: WrittenValue, born: number | undefined): number {
  if (typeof value === 'boolean') return TYPE.boolean;
  if (typeof value === 'string') return TYPE.string;
  if (typeof value !== 'number') return TYPE.bytes;
  if (born === TYPE.double || !Number.isSafeInteger(value)) return TYPE.double;
  const [low, high] = WHOLE_NUMBERS.get(born) ?? [0, -1];
  if (born !== undefined && value >= low && value <= high) return born;
  return value >= 0 && /(?:Until|Expires)$/.test(name) ? TYPE.dateTime : TYPE.int64;
}

function contentOf(name: string, value: WrittenValue): MetricContent {
  if (typeof value !== 'object') return value;
  if (value === null || typeof value.base64 !== 'string')
    throw new RangeError(`${name}: write a number, true, false, a text or {"base64": "…"}`);
  return Buffer.from(value.base64, 'base64');
}
