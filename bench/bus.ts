/**
 * The bus of the line bench: what is asked on it, and how long that takes by physics alone.
 *
 * Pure. Shared by the simulated unit, by the masters and by the figures.
 */
import type { SerialSettings } from '../agent/core/cabinet.ts';
import { charMs, gapMs } from '../drivers/modbus/wire-time.ts';

/** Source: the goals are set at these speeds (README). */
export const BAUDS = [9_600, 19_200, 115_200] as const;
export const UNIT = 1;
export const REGISTERS = 12;
/** Time before the unit answers. Units: ms. Source: a fast LED driver; the goals assume it. */
export const TURNAROUND_MS = 3;

/** Units: bytes. Source: Modbus Application Protocol V1.1b3 §6.3. */
const REQUEST_BYTES = 8;
const REPLY_BYTES = 5 + 2 * REGISTERS;

/** What each register holds, so that a master that reads nonsense is found out. */
export const REGISTER_VALUES: readonly number[] = Array.from({ length: REGISTERS }, (_, i) => 0x1101 * (i + 1));

/** Eleven bits a character. Source: Modbus over Serial Line V1.02 §2.5.1: without parity, two stop bits. */
export function serialAt(baud: number): SerialSettings {
  return { baud, dataBits: 8, parity: 'none', stopBits: 2 };
}

/** Shortest possible time of one read. Units: ms. */
export function physicalMs(baud: number): number {
  return (REQUEST_BYTES + REPLY_BYTES) * charMs(serialAt(baud)) + TURNAROUND_MS;
}

/** Silence the standard demands before each request. Units: ms. */
export function silenceMs(baud: number): number {
  return gapMs(serialAt(baud));
}
