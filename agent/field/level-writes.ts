/**
 * Levels on their way to the lamps of one line: waiting, sent, read back, ended.
 *
 * Owns every write from `add` to its one result. Never decides about light. Called by the line runner.
 */
import type { Clock, MonoMs } from '../core/clock.ts';
import type { ReadRequest } from '../core/driver.ts';
import { BusError } from '../core/errors.ts';
import type { LevelWrite, WriteResult } from '../core/ports.ts';
import type { PointProfile } from '../core/profile.ts';
import { createReadBacks, type ReadBack } from './read-backs.ts';
import type { Transactions } from './transactions.ts';
import type { Unit } from './unit.ts';
import type { HeldUntil } from './units-due.ts';
import { createWriteQueue, type WaitingWrite } from './write-queue.ts';

/** Tries of one write before it has failed. Source: assumed; two losses in a row happen on a noisy line, three mean trouble. */
const WRITE_TRIES = 3;
/** A silent unit still gets its light, this often at most. Units: ms. Source: wb-mqtt-serial allows a write to a lost device each 5 s. */
const SILENT_WRITE_MS = 5_000;

export interface LevelWrites {
  /** Settles once, never rejects. */
  add(write: LevelWrite, unit: Unit, quantity: string): Promise<WriteResult>;
  /** Whether this lane has something that may go now. */
  has(lane: LevelWrite['lane'], nowMono: MonoMs): boolean;
  /** Do the next thing of this lane: send a level, or read one back. */
  next(lane: LevelWrite['lane'], nowMono: MonoMs): Promise<void>;
  /** When there is next something to do; undefined when nothing waits. */
  nextMono(): MonoMs | undefined;
  failAll(reason: string): void;
}

export function createLevelWrites(clock: Clock, transactions: Transactions, held: HeldUntil): LevelWrites {
  const writes = createWriteQueue();
  const readBacks = createReadBacks(({ unit, quantity }) => held(readBackRequest(unit, quantity)));

  return {
    add: (write, unit, quantity) => new Promise((settle) => writes.add({ write, unit, quantity, attempts: 0, settle })),
    has: (lane, nowMono) => writes.has(lane, nowMono) || (lane === 'command' && readBacks.isDue(nowMono)),
    async next(lane, nowMono) {
      const waiting = writes.take(lane, nowMono);
      if (waiting !== undefined) return send(waiting);
      const readBack = lane === 'command' ? readBacks.take(nowMono) : undefined;
      if (readBack !== undefined) await verify(readBack);
    },
    nextMono() {
      const times = [writes.nextMono(), readBacks.nextMono()].filter((mono) => mono !== undefined);
      return times.length === 0 ? undefined : Math.min(...times);
    },
    failAll(reason) {
      writes.failAll(reason);
      readBacks.failAll(reason);
    },
  };

  async function send(waiting: WaitingWrite): Promise<void> {
    const { write, unit, quantity, settle } = waiting;
    const result = await transactions.write(unit, { unit: unit.device.unit, ...unit.driver.encode(quantity, write.levelPct) });
    if (result instanceof BusError) {
      retryOrFail(waiting, result);
      return;
    }
    const dueMono = clock.monoMs() + (pointOf(unit, quantity).write?.settleMs ?? 0);
    readBacks.add({ unit, quantity, write, sentMono: result.askedMono, dueMono, tries: 0, settle });
  }

  function retryOrFail(waiting: WaitingWrite, error: BusError): void {
    const { unit, write, settle } = waiting;
    const attempts = waiting.attempts + 1;
    unit.nextWriteMono = clock.monoMs() + SILENT_WRITE_MS;
    const isWorthIt = error.policy.retry && error.policy.unitUsable && attempts < WRITE_TRIES;
    if (isWorthIt && !writes.holds(write.pointId)) writes.add({ ...waiting, attempts });
    else settle({ state: 'failed', reason: error.message, sentMono: null });
  }

  async function verify(readBack: ReadBack): Promise<void> {
    const { unit, quantity, write, sentMono, settle } = readBack;
    const request = readBackRequest(unit, quantity);
    const result = await transactions.read(unit, request);
    if (result instanceof BusError) {
      const tries = readBack.tries + 1;
      if (result.policy.retry && result.policy.unitUsable && tries < WRITE_TRIES) readBacks.add({ ...readBack, tries });
      else settle({ state: 'failed', reason: `sent, but not read back: ${result.message}`, sentMono });
      return;
    }
    transactions.deliver(unit, request, result);
    const decoded = unit.driver.decode(request.table, request.address, result.words).find((value) => value.quantity === quantity);
    const found = decoded?.value ?? null;
    const isRight = found !== null && Math.abs(found - write.levelPct) <= (pointOf(unit, quantity).write?.tolerance ?? 0);
    if (isRight) settle({ state: 'verified', sentMono });
    else settle({ state: 'failed', reason: `reads back ${found ?? 'no value'}, wrote ${write.levelPct}`, sentMono });
  }
}

function readBackRequest(unit: Unit, quantity: string): ReadRequest {
  const { table, address } = pointOf(unit, quantity);
  return { unit: unit.device.unit, table, address, count: 1 };
}

function pointOf({ driver: { profile } }: Unit, quantity: string): PointProfile {
  const point = profile.points.find(({ id }) => id === quantity);
  if (point === undefined) throw new TypeError(`${profile.id} has no point ${quantity}`);
  return point;
}
