/**
 * The text of `Relay/Detection`: what cabinets report to each other about moving people. Pure.
 *
 * Errors: none; text that does not fit gives undefined.
 */

import { isRecord } from '../core/is-record.ts';
import type { RelayedDetection } from '../core/ports.ts';

/** A relayed detection with sender and receiver, as on the wire. */
export interface RelayMessage {
  readonly from: string;
  readonly to: string;
  readonly relay: Omit<RelayedDetection, 'node'>;
}

/** Longest text. Units: UTF-16 units. Source: measured, 190 with the longest ids; doubled for fields of later versions. */
const MAX_CHARS = 512;
/** Cabinets that may still receive it: only the one it is addressed to. Source: issue 5, wave. */
const HOPS = 1;
const LIMIT = { nodeChars: 128, idChars: 64, ageMs: 60_000, distanceM: 2_000, speedKmh: 200 };

/** The text of a relay. Numbers are rounded for readability. */
export function writeRelay({ from, to, relay }: RelayMessage): string {
  const { id, ageMs, ttlMs, distanceM, speedKmh, isApproaching } = relay;
  return JSON.stringify({
    from,
    to,
    id,
    hops: HOPS,
    ageMs: Math.round(ageMs),
    ttlMs: Math.round(ttlMs),
    distanceM: Math.round(distanceM),
    speedKmh: speedKmh === null ? null : Math.round(speedKmh * 10) / 10,
    direction: isApproaching ? 'towards' : null,
  });
}

/** The relay in this text, or undefined. Unknown fields are ignored. */
export function readRelay(text: string): RelayMessage | undefined {
  const fields = text.length > MAX_CHARS ? undefined : parsed(text);
  if (fields === undefined) return undefined;
  const { from, to, id, hops, ageMs, ttlMs, distanceM, speedKmh, direction } = fields;
  if (!isName(from, LIMIT.nodeChars) || !isName(to, LIMIT.nodeChars) || !isName(id, LIMIT.idChars) || hops !== HOPS) return undefined;
  if (!isWithin(ageMs, LIMIT.ageMs) || !isWithin(ttlMs, LIMIT.ageMs) || !isWithin(distanceM, LIMIT.distanceM)) return undefined;
  if (speedKmh !== null && !isWithin(speedKmh, LIMIT.speedKmh)) return undefined;
  if (direction !== null && direction !== 'towards') return undefined;
  return { from, to, relay: { id, ageMs, ttlMs, distanceM, speedKmh, isApproaching: direction === 'towards' } };
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    // Not JSON; the caller needs no detail.
    return undefined;
  }
}

/** Short and printable: it is shown in logs and on terminals. */
function isName(value: unknown, maxChars: number): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= maxChars && !/\p{C}/u.test(value);
}

function isWithin(value: unknown, max: number): value is number {
  return typeof value === 'number' && value >= 0 && value <= max;
}
