/**
 * The addresses that a stray or late reply may have come from.
 *
 * Pure.
 */
import type { MonoMs } from '../../core/clock.ts';
import type { LineCounters } from '../../core/driver.ts';

/** How far back a stray byte may belong. Units: ms. Source: modbus.md §3: units take up to 200 ms in the field. */
const LOOK_BACK_MS = 300;

export interface Probed {
  readonly unit: number;
  readonly atMono: MonoMs;
}

export interface Suspect {
  readonly unit: number;
  /** How long after its request the bytes came, at least and at most. Units: ms. */
  readonly minMs: number;
  readonly maxMs: number;
}

/** Between two readings of the counters. */
export interface StrayTime {
  readonly fromMono: MonoMs;
  readonly toMono: MonoMs;
}

/** Counts bytes that answer no request; only its growth is meaningful. */
export function strayCount({ lateReplies, noiseBytes, crcErrors, truncated, wrongReplies, foreignFrames }: LineCounters): number {
  return lateReplies + noiseBytes + crcErrors + truncated + wrongReplies + foreignFrames;
}

/** The address just probed first, for its own reply may have been damaged; then those before it, the nearest first. Shape: `probed` in order. */
export function suspectsOf(probed: readonly Probed[], { fromMono, toMono }: StrayTime): Suspect[] {
  return probed
    .map(({ unit, atMono }) => ({ unit, minMs: Math.max(0, fromMono - atMono), maxMs: toMono - atMono }))
    .filter(({ minMs }) => minMs <= LOOK_BACK_MS)
    .toReversed();
}

/** Whether a unit of this pace sent those bytes. Units: ms. */
export function explains(turnaroundMs: number, { minMs, maxMs }: Suspect, slackMs: number): boolean {
  return turnaroundMs >= minMs - slackMs && turnaroundMs <= maxMs + slackMs;
}
