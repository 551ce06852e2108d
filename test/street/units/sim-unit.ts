import type { Table } from '../../../agent/core/profile.ts';

/** An exception code instead of an answer. Source: Modbus Application Protocol V1.1b3 §7. */
export type Exception = { readonly exception: number };

/** A simulated unit without its address. Written from the device's manual, not from our profile, so that a test finds the mistakes of either. */
export interface SimUnit {
  /** Time before it answers. Units: ms. */
  readonly turnaroundMs: number;
  read(table: Table, address: number, count: number): readonly number[] | Exception;
  write(table: 'coil' | 'holding', address: number, values: readonly number[]): Exception | undefined;
  /** Called for each request to this unit; devices with a comms watchdog re-arm it. */
  onRequest?(): void;
  /** Called when the power returns after a cut. */
  powerUp?(): void;
  /** Called at the end of the street, and when the unit is replaced: it cancels its timers. */
  stop?(): void;
}

export const ILLEGAL_ADDRESS: Exception = { exception: 2 };
export const ILLEGAL_VALUE: Exception = { exception: 3 };

/** Words of a 32-bit float, high word first. */
export function f32Words(value: number): [number, number] {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatBE(value);
  return [bytes.readUInt16BE(0), bytes.readUInt16BE(2)];
}

/** The values of `count` registers from `address` on; `ILLEGAL_ADDRESS` if `at` returns undefined for one of them. */
export function readSparse(at: (address: number) => number | undefined, address: number, count: number): number[] | Exception {
  const words = Array.from({ length: count }, (_, i) => at(address + i));
  return words.every((word) => word !== undefined) ? words : ILLEGAL_ADDRESS;
}
