/**
 * The limits of what an operator may request of a line, checked before the request is queued.
 *
 * Pure. Errors: each check throws Refusal with what was found and what is allowed.
 */

import type { BusRead, BusWrite, RegistersRequest, ScanRequest } from '../../core/bus-tools.ts';
import { msg } from '../../core/message.ts';
import type { Table } from '../../core/profile.ts';
import { Refusal } from '../../core/refusal.ts';

/** Source: Modbus Application Protocol V1.1b3 §4.4, §6; Modbus over Serial Line V1.02 §2.2. */
const LIMITS = {
  unit: 247,
  address: 65_535,
  readRegisters: 125,
  readBits: 2_000,
  writeRegisters: 123,
  writeBits: 1_968,
  word: 65_535,
} as const;

/** Longest wait for one address; a longer one would delay an urgent write. Units: ms. */
const MAX_WAIT_MS = 500;

export function checkScan({ line, from, to, waitMs, autoBaud }: ScanRequest, port: string): void {
  if (autoBaud && isNetwork(port))
    throw new Refusal(msg`line ${line} is ${port}, whose speed is set at its far end: scan it without other speeds`);
  within('first address', from, [1, LIMITS.unit]);
  within('last address', to, [from, LIMITS.unit]);
  if (waitMs !== null) within('wait in ms', waitMs, [1, MAX_WAIT_MS], Number.isFinite);
}

export function checkRegisters({ unit, from, to }: RegistersRequest): void {
  within('unit', unit, [1, LIMITS.unit]);
  within('first register', from, [0, LIMITS.address]);
  within('last register', to, [from, LIMITS.address]);
}

export function checkRead({ unit, table, address, count }: BusRead): void {
  within('unit', unit, [1, LIMITS.unit]);
  within('address', address, [0, LIMITS.address]);
  within('count', count, [1, Math.min(isBits(table) ? LIMITS.readBits : LIMITS.readRegisters, LIMITS.address + 1 - address)]);
}

/** Unit 0 is a broadcast. */
export function checkWrite({ unit, table, address, values }: BusWrite): void {
  within('unit', unit, [0, LIMITS.unit]);
  within('address', address, [0, LIMITS.address]);
  const most = isBits(table) ? LIMITS.writeBits : LIMITS.writeRegisters;
  within('number of values', values.length, [1, Math.min(most, LIMITS.address + 1 - address)]);
  for (const value of values) within('value', value, [0, isBits(table) ? 1 : LIMITS.word]);
}

/** A port behind a network has no speed of its own. */
export function isNetwork(port: string): boolean {
  return port.includes('://');
}

function isBits(table: Table): boolean {
  return table === 'coil' || table === 'discrete';
}

function within(
  what: string,
  found: number,
  [min, max]: readonly [number, number],
  isValid: (n: number) => boolean = Number.isInteger,
): void {
  if (isValid(found) && found >= min && found <= max) return;
  throw new Refusal(msg`${what} ${found} is not allowed: ${min} to ${max}`);
}
