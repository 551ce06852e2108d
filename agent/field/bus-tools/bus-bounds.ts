/**
 * The limits of what an operator may request of a line, checked before the request is queued.
 *
 * Pure. Errors: each check throws Refusal with what was found and what is allowed.
 */

import type { BusRead, BusWrite, RegistersRequest, ScanRequest } from '../../core/bus-tools.ts';
import type { ModbusLine } from '../../core/driver.ts';
import { type Message, msg } from '../../core/message.ts';
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

/** The addresses of the units of a line. `lastUnit`: of a DALI bus, whose addresses start at 0; undefined for Modbus. */
type Addresses = Pick<ModbusLine, 'lastUnit'>;

/** For a DALI bus, returns the request with start 0 if it was at most 1, and its end limited to `lastUnit`. Unchanged for a Modbus line. */
export function scanRange<T extends Pick<ScanRequest, 'from' | 'to'>>(request: T, { lastUnit }: Addresses): T {
  if (lastUnit === undefined) return request;
  return { ...request, from: request.from <= 1 ? 0 : request.from, to: Math.min(request.to, lastUnit) };
}

/**
 * Checks the addresses, the wait and the speeds of a scan. Other speeds need a Modbus line on a local `port`. `at`: the last address of a
 * DALI bus; empty for Modbus. Errors: throws Refusal for what the line does not allow.
 */
export function checkScan({ line, from, to, waitMs, autoBaud }: ScanRequest, port: string, at: Addresses = {}): void {
  if (autoBaud && at.lastUnit !== undefined)
    throw new Refusal(msg`line ${line} is a DALI bus, which has one speed: scan it without other speeds`);
  if (autoBaud && isNetwork(port))
    throw new Refusal(msg`line ${line} is ${port}, whose speed is set at its far end: scan it without other speeds`);
  const [least, most] = [leastUnit(at), at.lastUnit ?? LIMITS.unit];
  within([from, least, most], (limits) => msg`first address ${from} is not allowed: ${limits}`);
  within([to, from, most], (limits) => msg`last address ${to} is not allowed: ${limits}`);
  if (waitMs !== null) within([waitMs, 1, MAX_WAIT_MS], (limits) => msg`wait in ms ${waitMs} is not allowed: ${limits}`, Number.isFinite);
}

/**
 * Checks the unit and the registers of a register search. `at`: the last address of a DALI bus; empty for Modbus. Errors: throws Refusal
 * for a number outside its limits.
 */
export function checkRegisters({ unit, from, to }: RegistersRequest, at: Addresses = {}): void {
  checkUnit(unit, at);
  within([from, 0, LIMITS.address], (limits) => msg`first register ${from} is not allowed: ${limits}`);
  within([to, from, LIMITS.address], (limits) => msg`last register ${to} is not allowed: ${limits}`);
}

/**
 * Checks the unit, the address and the count of a read. `at`: the last address of a DALI bus; empty for Modbus. Errors: throws Refusal for
 * a number outside its limits.
 */
export function checkRead({ unit, table, address, count }: BusRead, at: Addresses = {}): void {
  checkUnit(unit, at);
  checkAddress(address);
  const most = Math.min(isBits(table) ? LIMITS.readBits : LIMITS.readRegisters, LIMITS.address + 1 - address);
  within([count, 1, most], (limits) => msg`count ${count} is not allowed: ${limits}`);
}

/**
 * Checks the unit, the address and the values of a write. Unit 0 is allowed: on Modbus it means all units. Errors: throws Refusal for a
 * number outside its limits.
 */
export function checkWrite({ unit, table, address, values }: BusWrite, at: Addresses = {}): void {
  checkUnit(unit, at, 0);
  checkAddress(address);
  const most = Math.min(isBits(table) ? LIMITS.writeBits : LIMITS.writeRegisters, LIMITS.address + 1 - address);
  within([values.length, 1, most], (limits) => msg`number of values ${values.length} is not allowed: ${limits}`);
  for (const value of values)
    within([value, 0, isBits(table) ? 1 : LIMITS.word], (limits) => msg`value ${value} is not allowed: ${limits}`);
}

/** Returns whether the port of a line is a network address such as `tcp://host:502` or `rtu+tcp://host:4001`. */
export function isNetwork(port: string): boolean {
  return port.includes('://');
}

function isBits(table: Table): boolean {
  return table === 'coil' || table === 'discrete';
}

/** A value, its minimum and its maximum. */
type Range = readonly [number, number, number];

/** Errors: throws the refusal that `refuse` creates from the limits. */
function within([found, min, max]: Range, refuse: (limits: Message) => Message, isValid: (n: number) => boolean = Number.isInteger): void {
  if (isValid(found) && found >= min && found <= max) return;
  throw new Refusal(refuse(msg`${min} to ${max}`));
}

function checkUnit(unit: number, at: Addresses, least = leastUnit(at)): void {
  within([unit, least, at.lastUnit ?? LIMITS.unit], (limits) => msg`unit ${unit} is not allowed: ${limits}`);
}

function leastUnit({ lastUnit }: Addresses): number {
  return lastUnit === undefined ? 1 : 0;
}

function checkAddress(address: number): void {
  within([address, 0, LIMITS.address], (limits) => msg`address ${address} is not allowed: ${limits}`);
}
