/**
 * Collects readings and emits a frame of the changed ones once a second: report by exception.
 */
import { type Clock, every, type MonoMs, type Timer } from '../core/clock.ts';
import type { ReadingFrame } from '../core/ports.ts';
import type { Reading } from '../core/words.ts';
import { EXACT, roundTo } from './telemetry/cell.ts';

/** Which differences from the last reported value count as a change of a point. Units: `deadband` in the unit of the point. */
export interface ChangeRule {
  /** Decimals to which the values of the point are rounded. */
  readonly decimals: number;
  /** Changes of about this size or larger count; 0: any change counts. */
  readonly deadband: number;
}

/** The last reported reading of a point. `value`: as reported, rounded; null if it had none. `atMono`: when it was read. */
export interface Kept {
  readonly value: number | null;
  readonly quality: Reading['quality'];
  readonly atMono: MonoMs;
}

/**
 * Returns whether a reading must be reported: the first of its point, a change of quality, a large enough change of the value, or a due
 * heartbeat. Shape: the values must already be rounded. Units: `heartbeatMs` in ms.
 */
export function isChange(
  kept: Kept | undefined,
  reading: Reading,
  { deadband, decimals, heartbeatMs }: ChangeRule & { heartbeatMs: number },
): boolean {
  if (kept === undefined || kept.quality !== reading.quality) return true;
  if (reading.atMono - kept.atMono >= heartbeatMs) return true;
  if (kept.value === null || reading.value === null) return kept.value !== reading.value;
  const change = Math.abs(reading.value - kept.value);
  // Tolerance of half the last digit: 0.3 − 0.2 is slightly below a deadband of 0.1.
  return change > 0 && change >= deadband - 0.5 * 10 ** -decimals;
}

/** The clock and the rules of a recorder, and the callback for its frames. */
export interface RecorderParts {
  readonly clock: Clock;
  /** By point id. For a point without a rule every change is reported. */
  readonly rules: { get(pointId: string): ChangeRule | undefined };
  /** An unchanged reading is reported again after this time. Read at each reading, as the rules are: both may change while it runs. Units: s. */
  readonly heartbeatS: number;
  /** Receives each frame when it is complete; a frame has at least one reading. */
  readonly onFrame: (frame: ReadingFrame) => void;
}

/** Builds frames of the readings to report, once a second and at `stop`; none if there are none. Frames have ascending tickets from 1. */
export interface Recorder {
  /** Starts to emit frames; a second call changes nothing. */
  start(): void;
  /** Stops, and emits the readings to report that are not in a frame yet. */
  stop(): void;
  /**
   * Adds each reading that is to be reported (see `isChange`) to the next frame, rounded. A value that is not finite becomes null, and its
   * quality `bad`, unless it is `missing`. Also before `start`.
   */
  record(readings: readonly Reading[]): void;
}

/** Units: ms. Source: live values reach the platform within a second; more frames would only add overhead. */
const FRAME_MS = 1_000;
const ANY_CHANGE: ChangeRule = { decimals: EXACT, deadband: 0 };

/**
 * Creates a recorder without readings: the first reading of a point is reported. It collects readings at once, and emits frames after
 * `start`.
 */
export function createRecorder(parts: RecorderParts): Recorder {
  const { clock, rules, onFrame } = parts;
  const kept = new Map<string, Kept>();
  let changed: Reading[] = [];
  let ticket = 0;
  let ticks: Timer | null = null;

  const emit = (): void => {
    if (changed.length === 0) return;
    const readings = changed;
    changed = [];
    ticket += 1;
    onFrame({ ticket, atMono: clock.monoMs(), atMs: clock.wallMs(), clockQuality: clock.quality(), readings });
  };

  return {
    start: () => {
      ticks ??= every(clock, FRAME_MS, emit);
    },
    stop: () => {
      ticks?.cancel();
      ticks = null;
      emit();
    },
    record: (readings) => {
      for (const raw of readings) {
        const rule = rules.get(raw.pointId) ?? ANY_CHANGE;
        const reading = toKeepable(raw, rule.decimals);
        if (!isChange(kept.get(raw.pointId), reading, { ...rule, heartbeatMs: parts.heartbeatS * 1_000 })) continue;
        kept.set(raw.pointId, { value: reading.value, quality: reading.quality, atMono: reading.atMono });
        changed.push(reading);
      }
    },
  };
}

/** The reading as the store keeps it. A value that is not a number becomes null. */
function toKeepable(reading: Reading, decimals: number): Reading {
  if (reading.value === null) return reading;
  if (!Number.isFinite(reading.value)) return { ...reading, value: null, quality: reading.quality === 'missing' ? 'missing' : 'bad' };
  return { ...reading, value: roundTo(reading.value, decimals) };
}
