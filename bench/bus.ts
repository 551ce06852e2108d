/**
 * The bus of the line bench: what is asked on it, and how long that takes by physics alone.
 *
 * Pure. Shared by the simulated units, by the masters and by the figures.
 */
import type { SerialSettings } from '../agent/core/cabinet.ts';
import { charMs, gapMs } from '../drivers/modbus/wire-time.ts';

/** Speeds at which a line is measured. Units: baud. Source: the goals are set at these speeds (README). */
export const BAUDS = [9_600, 19_200, 115_200] as const;
export const UNIT = 1;
export const BENCH_REGISTERS = 12;
/** Register of each unit's level; far from the polled registers, so that no master reads both in one request. */
export const LEVEL_ADDRESS = 200;
/** Time before the unit answers. Units: ms. Source: a fast LED driver; the goals assume it. */
export const TURNAROUND_MS = 3;

/** Request of a read, request of a write, reply to a write. Units: bytes. Source: Modbus Application Protocol V1.1b3 §6.3, §6.6. */
const SHORT_BYTES = 8;
const REPLY_BYTES = 5 + 2 * BENCH_REGISTERS;

/** What each register holds, so that a master that reads nonsense is found out. */
export const REGISTER_VALUES: readonly number[] = Array.from({ length: BENCH_REGISTERS }, (_, i) => 0x1101 * (i + 1));

/**
 * Returns the settings of the line at this speed: eleven bits a character. Source: Modbus over Serial Line V1.02 §2.5.1: without parity,
 * two stop bits.
 */
export function serialAt(baud: number): SerialSettings {
  return { baud, dataBits: 8, parity: 'none', stopBits: 2 };
}

/** Returns the shortest possible time of one read of all twelve registers: request, turnaround and reply. Units: ms. */
export function physicalMs(baud: number): number {
  return (SHORT_BYTES + REPLY_BYTES) * charMs(serialAt(baud)) + TURNAROUND_MS;
}

/** Silence the standard demands before each request. Units: ms. */
export function silenceMs(baud: number): number {
  return gapMs(serialAt(baud));
}

/** Returns how long the request of a level write takes on the wire; the lamp cannot obey before its end. Units: ms. */
export function writeFrameMs(baud: number): number {
  return SHORT_BYTES * charMs(serialAt(baud));
}

/** Returns the unit addresses 1 to `count`. */
export function unitsUpTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i + 1);
}
