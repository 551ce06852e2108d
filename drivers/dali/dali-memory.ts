/**
 * Reads memory banks of DALI gear a byte at a time, so that a level never waits for more than one frame.
 *
 * A read that makes room for a level is continued by the next read of the same locations. Several bytes are one value, so they must be from
 * one moment: banks that change are latched first; without a latch they are read until two readings agree. The gear counts the bytes in its
 * transfer registers: they prove that no frame was lost, that it has not restarted and that no other sender moved it.
 */
import type { Clock, MonoMs } from '../../agent/core/clock.ts';
import { BusError } from '../../agent/core/errors.ts';
import { msg } from '../../agent/core/message.ts';
import { configFrame, DALI_COMMAND, type DaliFrame, queryFrame, specialFrame } from './dali-commands.ts';

const BANK_BYTES = 0x100;
/** Location of the lock byte of a bank, the value that latches its other bytes, and one that does not. Source: IEC 62386-102, memory banks. */
const LOCK = { location: 0x02, latched: 0xaa, free: 0xff } as const;
/** Banks whose values change while they are read and that have a latch. Source: python-dali, dali/memory (facts only), banks of parts 252 and 253. */
const LATCHED_BANKS = { first: 202, last: 206 } as const;
/** Source: IEC 62386-102, QUERY CONTENT DTR0 and DTR1. */
const QUERY_DTR = { dtr0: 0x98, dtr1: 0x9c } as const;
/**
 * A read that made room for levels is continued within this time, else it starts again. Units: ms. Source: assumed; a street with steady traffic
 * leaves gaps of seconds. Confirmed by: the share of bank reads that start again in a week of logs.
 */
const CONTINUE_MS = 60_000;
/**
 * Readings of bytes without a latch until two agree. Source: assumed; a counter changes at most once a second and a reading takes as long.
 * Confirmed by: the number of readings that drivers without a latch need.
 */
const MAX_READINGS = 4;
/** Refused latches in a row after which a gear is read twice instead. Source: assumed; one may be lost. Confirmed by: as above. */
const LATCH_TRIES = 2;

/**
 * Sends one frame. Resolves to the answer; null for none. Errors: rejects with BusError, for example `interrupted` if a level came. The
 * frame may have been sent all the same.
 */
export type SendQuery = (frame: DaliFrame) => Promise<number | null>;

/** The dependencies with which `DaliMemory` is created. */
export interface DaliMemoryParts {
  readonly clock: Pick<Clock, 'monoMs'>;
  /** Sends any frame, not only queries. */
  readonly send: SendQuery;
  /** Whether a read must end now to make room on the line, for example for a level. */
  readonly isHurried: () => boolean;
  /** Frames of other senders so far: one of them may change the transfer registers. */
  readonly foreignFrames: () => number;
}

/** A read that is not finished. */
interface Reading {
  readonly address: number;
  readonly count: number;
  readonly isLatched: boolean;
  readonly bytes: number[];
  /** The reading before, for bytes without a latch. */
  before: readonly number[] | null;
  readings: number;
  /** The gear has been sent to its first location. */
  isSelected: boolean;
  /** It was interrupted, so its latch may be gone. */
  isContinued: boolean;
  atMono: MonoMs;
}

/**
 * Reads memory banks of gear. Call `read` only after the previous one has ended. A `read` that makes room, for example for a level, rejects
 * with BusError `interrupted`. The next `read` of this gear may continue it if it has the same locations.
 */
export class DaliMemory {
  readonly #parts: DaliMemoryParts;
  /** By gear. */
  readonly #open = new Map<number, Reading>();
  readonly #refusedLatches = new Map<number, number>();

  constructor(parts: DaliMemoryParts) {
    this.#parts = parts;
  }

  /** Forgets unfinished reads and refused latches; for a port that opens again. */
  reset(): void {
    this.#open.clear();
    this.#refusedLatches.clear();
  }

  /**
   * Returns the bytes of these locations. Shape: `address` is bank x 256 + location.
   *
   * Errors: rejects with BusError, for example `timeout` for a gear that does not answer, or `illegal-address` for locations past the end of
   * the bank.
   */
  async read(gear: number, address: number, count: number): Promise<number[]> {
    // A gear stays at the last location, so it would answer that byte again.
    if ((address % BANK_BYTES) + count > BANK_BYTES) throw noLocation(gear, bankOf(address), BANK_BYTES);
    const reading = (await this.#continued(gear, address, count)) ?? (await this.#begin(gear, address, count));
    for (;;) {
      await this.#readOn(gear, reading);
      if (reading.isLatched || count === 1 || !isLatchedBank(address)) break;
      reading.readings++;
      if (reading.before?.every((byte, i) => byte === reading.bytes[i]) === true) break;
      if (reading.readings >= MAX_READINGS) throw doubtful(gear, address);
      Object.assign(reading, { before: [...reading.bytes], isSelected: false });
      reading.bytes.length = 0;
    }
    if (reading.isLatched && reading.isContinued && !(await this.#isStillLatched(gear, address))) throw doubtful(gear, address);
    return reading.bytes;
  }

  /** The unfinished read of these locations, if the gear has kept its place since. The byte that was in flight may have moved it by one. */
  async #continued(gear: number, address: number, count: number): Promise<Reading | undefined> {
    const open = this.#open.get(gear);
    this.#open.delete(gear);
    if (open === undefined || open.address !== address || open.count !== count) return undefined;
    if (this.#parts.clock.monoMs() - open.atMono >= CONTINUE_MS || !open.isSelected) return undefined;
    const at = await this.#keeping(gear, open, () => this.#placeOf(gear));
    const next = nextOf(open);
    if (at === null || at.dtr1 !== bankOf(address) || (at.dtr0 !== next && at.dtr0 !== next + 1)) return undefined;
    if (at.dtr0 !== next) await this.#keeping(gear, open, () => this.#step(gear, specialFrame('dtr0', next)));
    return open;
  }

  async #begin(gear: number, address: number, count: number): Promise<Reading> {
    const refused = this.#refusedLatches.get(gear) ?? 0;
    const mayLatch = count > 1 && isLatchedBank(address) && refused < LATCH_TRIES;
    const isLatched = mayLatch && (await this.#latch(gear, address));
    if (mayLatch) this.#refusedLatches.set(gear, isLatched ? 0 : refused + 1);
    return { address, count, isLatched, bytes: [], before: null, readings: 0, isSelected: false, isContinued: false, atMono: 0 };
  }

  /** Writes are enabled only until the next other command, so an interrupted latch starts again. */
  async #latch(gear: number, address: number): Promise<boolean> {
    const select = [specialFrame('dtr1', bankOf(address)), configFrame(gear, DALI_COMMAND.enableWriteMemory)];
    // A latch that is still set must be released first, or the old values stay.
    const release = [specialFrame('dtr0', LOCK.location), specialFrame('writeMemoryNoReply', LOCK.free)];
    for (const frame of [...select, ...release, specialFrame('dtr0', LOCK.location)]) await this.#step(gear, frame);
    const answer = await this.#step(gear, specialFrame('writeMemory', LOCK.latched));
    return answer === LOCK.latched;
  }

  /** Reads the bytes that are still missing, and proves that all are from the right place. Those that were read before a level stay. */
  #readOn(gear: number, reading: Reading): Promise<void> {
    return this.#keeping(gear, reading, async () => {
      const { address, count, bytes } = reading;
      const foreign = this.#parts.foreignFrames();
      if (!reading.isSelected) await this.#select(gear, address + bytes.length);
      reading.isSelected = true;
      while (bytes.length < count) {
        const answer = await this.#step(gear, queryFrame(gear, DALI_COMMAND.readMemory));
        if (answer === null) throw await this.#absent(gear, address + bytes.length);
        if (this.#parts.foreignFrames() !== foreign) throw doubtful(gear, address);
        bytes.push(answer);
      }
      const at = await this.#placeOf(gear);
      if (at === null) throw gearSilence(gear);
      if (at.dtr1 !== bankOf(address) || at.dtr0 !== nextOf(reading)) throw doubtful(gear, address);
    });
  }

  /** Keeps an unfinished read for later if a level comes. */
  async #keeping<T>(gear: number, reading: Reading, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof BusError && error.code === 'interrupted')
        this.#open.set(gear, Object.assign(reading, { isContinued: true, atMono: this.#parts.clock.monoMs() }));
      throw error;
    }
  }

  async #select(gear: number, address: number): Promise<void> {
    await this.#step(gear, specialFrame('dtr1', bankOf(address)));
    await this.#step(gear, specialFrame('dtr0', address % BANK_BYTES));
  }

  /** The bank and the next location of the gear; null if it does not answer. */
  async #placeOf(gear: number): Promise<{ readonly dtr0: number; readonly dtr1: number } | null> {
    const dtr1 = await this.#step(gear, queryFrame(gear, QUERY_DTR.dtr1));
    const dtr0 = await this.#step(gear, queryFrame(gear, QUERY_DTR.dtr0));
    return dtr0 === null || dtr1 === null ? null : { dtr0, dtr1 };
  }

  async #isStillLatched(gear: number, address: number): Promise<boolean> {
    const { send } = this.#parts;
    await send(specialFrame('dtr1', bankOf(address)));
    await send(specialFrame('dtr0', LOCK.location));
    return (await send(queryFrame(gear, DALI_COMMAND.readMemory))) === LOCK.latched;
  }

  async #step(gear: number, frame: DaliFrame): Promise<number | null> {
    if (this.#parts.isHurried()) throw interrupted(gear);
    return this.#parts.send(frame);
  }

  async #absent(gear: number, address: number): Promise<BusError> {
    const isPresent = (await this.#parts.send(queryFrame(gear, DALI_COMMAND.queryPresent))) !== null;
    if (!isPresent) return gearSilence(gear);
    return noLocation(gear, bankOf(address), address % BANK_BYTES);
  }
}

/** The location that a gear is at after these bytes. */
function nextOf({ address, bytes }: Pick<Reading, 'address' | 'bytes'>): number {
  return Math.min((address % BANK_BYTES) + bytes.length, BANK_BYTES - 1);
}

function bankOf(address: number): number {
  return Math.floor(address / BANK_BYTES);
}

function isLatchedBank(address: number): boolean {
  return bankOf(address) >= LATCHED_BANKS.first && bankOf(address) <= LATCHED_BANKS.last;
}

/** Returns the BusError `timeout` for a gear that did not answer. `gear`: its short address, for the message. */
export function gearSilence(gear: number): BusError {
  return new BusError('timeout', msg`gear ${gear} did not answer; check its supply and the DALI wires`, {
    finding: msg`gear ${gear} did not answer`,
  });
}

/**
 * Returns the BusError `interrupted` for a read that makes room for a level, another write or a read-back; the gear has not failed. `gear`:
 * its short address, for the message.
 */
export function interrupted(gear: number): BusError {
  return new BusError('interrupted', msg`the read of gear ${gear} makes room for a level`);
}

function noLocation(gear: number, bank: number, location: number): BusError {
  return new BusError('illegal-address', msg`gear ${gear} has no location ${location} in memory bank ${bank}`);
}

function doubtful(gear: number, address: number): BusError {
  return new BusError(
    'doubtful',
    msg`bank ${bankOf(address)} of gear ${gear} changed while it was read, or another sender changed the place`,
  );
}
