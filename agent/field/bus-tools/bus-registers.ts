/**
 * Searches for the registers of a unit that answer. Only reads.
 */
import type { RegistersProgress, RegistersRequest, RegistersResult } from '../../core/bus-tools.ts';
import { BusError } from '../../core/errors.ts';
import type { Quirks, Table } from '../../core/profile.ts';
import type { BusToolQueue } from './bus-tool-queue.ts';

/** Longest delay of an urgent write by one request. Units: ms. Source: docs/lines.md, urgent levels. */
const URGENT_LATENCY_MS = 50;
/** Source: Modbus Application Protocol V1.1b3 §6.1, §6.3. */
const MOST = { registers: 125, bits: 2_000 } as const;
/** Unanswered tries of one request before its registers count as absent. */
const TRIES = 3;
/** Unanswered requests in a row after which the unit counts as gone. */
const GONE_AFTER = 6;
/**
 * Requests refused with "illegal function" after which the unit counts as having no such table. Source: assumed; a few units answer so for a single
 * register. Confirmed by: register searches on the shipped device types.
 */
const NO_TABLE_AFTER = 16;
/**
 * Requests that fail at every try before a failure means "register absent". Source: assumed; pymodbus answers so for coils. Confirmed by: register
 * searches on the shipped device types.
 */
const FAILS_FOR_ABSENT_AFTER = 2;

/**
 * Searches a range of registers of one unit and returns those that could be read, as runs of adjacent registers with their values. Ends
 * early, without any, if the unit keeps refusing the function.
 *
 * Errors: rejects with BusError, for example if the unit stops answering or the line is down; with the signal's reason when it is aborted.
 */
export async function findRegisters(
  queue: BusToolQueue,
  request: RegistersRequest,
  onProgress: (progress: RegistersProgress) => void,
): Promise<RegistersResult> {
  const { unit, table, from, to, signal } = request;
  const startMono = queue.clock.monoMs();
  const runs: { address: number; words: number[] }[] = [];
  const { singleOnly = [] } = queue.unitAt(unit)?.driver.profile.quirks ?? {};
  let requests = 0;
  let unanswered = 0;
  let unknownFunctions = 0;
  let failures = 0;
  let walk: Walk = walkFrom(from, to, capOf(queue, unit, table));
  while (!isDone(walk) && (runs.length > 0 || unknownFunctions < NO_TABLE_AFTER)) {
    signal?.throwIfAborted();
    const next = nextRead(walk);
    const [address, count] = [next.address, clipped(next, singleOnly)];
    const words = await read(address, count);
    if (words !== null) addRun(address, words);
    walk = words === null ? refused(walk, count) : walkOn(walk, count);
    onProgress({ done: Math.min(walk.at, to + 1) - from, total: to - from + 1 });
  }
  return { unit, table, runs, requests, durationMs: Math.round(queue.clock.monoMs() - startMono) };

  /** Null for absent registers: refused, or without an answer while others have one. */
  async function read(address: number, count: number): Promise<readonly number[] | null> {
    for (let tries = 0; tries < TRIES; tries++) {
      requests++;
      const reply = await queue.read({ unit, table, address, count });
      if (!(reply instanceof BusError)) {
        unanswered = 0;
        return reply.words;
      }
      if (reply.policy.answered) {
        unanswered = 0;
        if (reply.code === 'illegal-function') unknownFunctions++;
        const isFailure = reply.code === 'device-failure';
        if (isFailure && tries === TRIES - 1) failures++;
        if (!reply.policy.retry || (isFailure && failures >= FAILS_FOR_ABSENT_AFTER)) return null;
      } else if (++unanswered >= GONE_AFTER) throw reply;
    }
    return null;
  }

  function addRun(address: number, words: readonly number[]): void {
    const last = runs.at(-1);
    if (last !== undefined && last.address + last.words.length === address) last.words.push(...words);
    else runs.push({ address, words: [...words] });
  }
}

/** Some registers are correct only when read alone. Returns how many registers of the request may be read together. */
function clipped({ address, count }: { readonly address: number; readonly count: number }, singleOnly: Quirks['singleOnly']): number {
  if (singleOnly.some(([from, to]) => address >= from && address <= to)) return 1;
  const starts = singleOnly.map(([from]) => from).filter((from) => from > address);
  return Math.min(count, ...starts.map((from) => from - address));
}

/** Most registers in one read: limited by the unit's profile and by how long an urgent write can wait. */
function capOf({ line, unitAt }: BusToolQueue, unit: number, table: Table): number {
  const isBits = table === 'coil' || table === 'discrete';
  const quirks = unitAt(unit)?.driver.profile.quirks;
  const most = isBits ? (quirks?.maxReadBits ?? MOST.bits) : (quirks?.maxReadRegisters ?? MOST.registers);
  let cap = most;
  while (cap > 2 && line.wireMs({ unit, table, address: 0, count: cap }) > URGENT_LATENCY_MS) cap = Math.ceil(cap / 2);
  return cap;
}

/** The state of a search for the registers that a unit has: the next read, and how long reads may be. */
export interface Walk {
  /** The next register to read, the most registers of the next request, and the last register of the search. */
  readonly at: number;
  readonly size: number;
  readonly to: number;
  /** Most registers of one request. */
  readonly cap: number;
  /** A read of a single register has been answered. */
  readonly singleWorks: boolean;
  /**
   * A refused or unanswered block in which an absent register is searched; null if there is none. `end`: the register after the block;
   * `count`: its number of registers.
   */
  readonly wall: { readonly end: number; readonly count: number } | null;
}

/**
 * Returns the start of a search over the registers from `from` to `to`, both included. `cap`: most registers of one request, rounded down
 * to a power of two.
 */
export function walkFrom(from: number, to: number, cap: number): Walk {
  const size = 2 ** Math.floor(Math.log2(Math.max(1, cap)));
  return { at: from, size, to, cap: size, singleWorks: false, wall: null };
}

/** Whether no register up to `to`, itself included, is left to read. */
export function isDone({ at, to }: Walk): boolean {
  return at > to;
}

/** Returns the next read: its first register and its number of registers, up to `to` at most. Call it while `isDone` is false. */
export function nextRead({ at, size, to }: Walk): { readonly address: number; readonly count: number } {
  return { address: at, count: Math.min(size, to - at + 1) };
}

/**
 * Returns the state after an answered read of `count` registers; the next read starts after them. Outside a `wall` it may be twice as long,
 * up to `cap`. At the end of a `wall` in which all answered, `cap` becomes half of its number of registers.
 */
export function walkOn(walk: Walk, count: number): Walk {
  const next = { ...walk, at: walk.at + count, singleWorks: walk.singleWorks || count === 1 };
  if (walk.wall === null) return { ...next, size: Math.min(walk.cap, 2 * count) };
  const left = walk.wall.end - next.at;
  if (left > 0) return { ...next, size: Math.max(leastSize(next, left), Math.floor(left / 2)) };
  // Every register of a refused block answers alone: the unit accepts shorter requests only.
  const cap = Math.max(1, Math.floor(walk.wall.count / 2));
  return { ...next, cap, size: cap, wall: null };
}

/**
 * Returns the state after a read of `count` registers that the unit refused or did not answer. The next read is shorter or, after a single
 * register, starts behind it.
 */
export function refused(walk: Walk, count: number): Walk {
  if (count > 1) return { ...walk, size: Math.floor(count / 2), wall: { end: walk.at + count, count } };
  const next = { ...walk, at: walk.at + 1, wall: null };
  return { ...next, size: Math.min(walk.cap, leastSize(next, 2)) };
}

/** Some units have only pairs at even addresses; until a single register has been answered, no shorter read is tried first. */
function leastSize({ at, singleWorks }: Walk, left: number): number {
  return !singleWorks && at % 2 === 0 && left >= 2 ? 2 : 1;
}
