/**
 * What cabinets tell each other of people on the move, as the text of one metric.
 *
 * Owns the shape of that text and every check of it. Pure; never throws, whatever arrives.
 */

import { isRecord } from '../core/is-record.ts';
import type { RelayedDetection } from '../core/ports.ts';

/** A relay with both its ends, as it is on the wire. */
export interface RelayLetter {
  readonly from: string;
  readonly to: string;
  readonly relay: Omit<RelayedDetection, 'node'>;
}

/** Longest text. Units: UTF-16 units. Source: measured, 190 with the longest ids; doubled for fields of later versions. */
const MAX_CHARS = 512;
/** Cabinets through which it may still pass: the one it is for and no other. Source: issue 5, wave. */
const HOPS = 1;
const MOST = { nodeChars: 128, idChars: 64, ageMs: 60_000, distanceM: 2_000, speedKmh: 200 };

/** The text of a relay. Numbers are rounded: it is read by people too. */
export function writeRelay({ from, to, relay }: RelayLetter): string {
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

/** The relay in this text, or undefined where it is none. Fields that are not known are left alone. */
export function readRelay(text: string): RelayLetter | undefined {
  const fields = text.length > MAX_CHARS ? undefined : parsed(text);
  if (fields === undefined) return undefined;
  const { from, to, id, hops, ageMs, ttlMs, distanceM, speedKmh, direction } = fields;
  if (!isName(from, MOST.nodeChars) || !isName(to, MOST.nodeChars) || !isName(id, MOST.idChars) || hops !== HOPS) return undefined;
  if (!isWithin(ageMs, MOST.ageMs) || !isWithin(ttlMs, MOST.ageMs) || !isWithin(distanceM, MOST.distanceM)) return undefined;
  if (speedKmh !== null && !isWithin(speedKmh, MOST.speedKmh)) return undefined;
  if (direction !== null && direction !== 'towards') return undefined;
  return { from, to, relay: { id, ageMs, ttlMs, distanceM, speedKmh, isApproaching: direction === 'towards' } };
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    // Not JSON; for a caller there is nothing to know beyond that.
    return undefined;
  }
}

/** Short and printable: it goes into logs and onto terminals. */
function isName(value: unknown, maxChars: number): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= maxChars && !/\p{C}/u.test(value);
}

function isWithin(value: unknown, max: number): value is number {
  return typeof value === 'number' && value >= 0 && value <= max;
}
