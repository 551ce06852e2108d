/**
 * One Modbus line at work: decides between any two transactions what goes next, and does it.
 *
 * Owns the line: nothing else ever asks it anything. Never decides about light. Called by `field.ts`.
 */
import type { MonoMs, Timer } from '../core/clock.ts';
import { BusError } from '../core/errors.ts';
import type { Lane, LevelWrite, WriteResult } from '../core/ports.ts';
import { afterTurn, NONE_SINCE, nextLane } from './lanes.ts';
import { createLevelWrites } from './level-writes.ts';
import { nextDueMono, type POLL_PERIOD_MS, requestOf } from './poll-plan.ts';
import { setUpOne } from './set-up.ts';
import { createTransactions, type TransactionsOptions } from './transactions.ts';
import { probeOf, refuse, type Unit } from './unit.ts';
import { type DuePoll, type HeldUntil, nextDueOf, pollDue, probeDue, setUpDue } from './units-due.ts';

/** Longest sleep of an idle line; an expired write is noticed by then. Units: ms. */
const IDLE_MS = 1_000;
/** Shortest: whatever is due now but not possible must not spin. Units: ms. */
const IDLE_MIN_MS = 0.1;

export interface LineRunnerOptions extends TransactionsOptions {
  readonly units: readonly Unit[];
  readonly periodsMs: typeof POLL_PERIOD_MS;
}

export interface LineRunner {
  start(): void;
  stop(): void;
  write(write: LevelWrite, unit: Unit, quantity: string): Promise<WriteResult>;
  /** The port is open: there may be work. */
  up(): void;
  /** The port went away: everything in flight and waiting fails now. */
  lost(): void;
}

export function createLineRunner(options: LineRunnerOptions): LineRunner {
  const { line, units, clock, log, periodsMs, lineId } = options;
  const held: HeldUntil = (request) => line.heldUntilMono(request);
  const transactions = createTransactions(options);
  const writes = createLevelWrites(clock, transactions, held);
  let isWanted = false;
  let isTurning = false;
  let since = NONE_SINCE;
  /** Set-up and polls take turns, so that neither keeps a unit from being met or from being made ready. */
  let wasSetUp = false;
  let wake: () => void = () => {};

  return {
    start() {
      isWanted = true;
      if (!isTurning) void run();
    },
    stop() {
      isWanted = false;
      writes.failAll('the agent is stopping');
      wake();
    },
    up: () => wake(),
    lost() {
      writes.failAll('the line went down');
      for (const unit of units) transactions.forget(unit);
    },
    write(write, unit, quantity) {
      if (!isWanted || !line.isOpen) return Promise.resolve({ state: 'failed', reason: `line ${lineId} is down`, sentMono: null });
      const result = writes.add(write, unit, quantity);
      wake();
      return result;
    },
  };

  async function run(): Promise<void> {
    isTurning = true;
    while (isWanted) {
      const nowMono = clock.monoMs();
      const lane = line.isOpen ? nextLane(waitingLanes(nowMono), since) : undefined;
      if (lane === undefined) {
        await idle(nowMono);
        continue;
      }
      since = afterTurn(since, lane);
      await turn(lane, nowMono);
    }
    isTurning = false;
  }

  function waitingLanes(nowMono: MonoMs): Set<Lane> {
    const waiting = new Set<Lane>();
    const at = { nowMono, held };
    for (const lane of ['urgent', 'command'] as const) if (writes.has(lane, nowMono)) waiting.add(lane);
    if (pollDue(units, 'presence', at) !== undefined) waiting.add('presence');
    if (pollDue(units, 'telemetry', at) !== undefined || setUpDue(units, nowMono, held) !== undefined) waiting.add('telemetry');
    if (probeDue(units, nowMono, held) !== undefined) waiting.add('probe');
    return waiting;
  }

  async function turn(lane: Lane, nowMono: MonoMs): Promise<void> {
    if (lane === 'urgent' || lane === 'command') return writes.next(lane, nowMono);
    if (lane === 'probe') return probe(nowMono);
    const due = pollDue(units, lane === 'presence' ? 'presence' : 'telemetry', { nowMono, held });
    const unit = lane === 'telemetry' ? setUpDue(units, nowMono, held) : undefined;
    if (unit !== undefined && (due === undefined || !wasSetUp)) {
      wasSetUp = true;
      return setUpOne(unit, transactions, log);
    }
    if (lane === 'telemetry') wasSetUp = false;
    if (due !== undefined) await poll(due);
  }

  /** Until the next thing is due or somebody wants something. */
  function idle(nowMono: MonoMs): Promise<void> {
    return new Promise((resolve) => {
      const dues = line.isOpen ? [...units.map((unit) => nextDueOf(unit, held)), writes.nextMono()] : [];
      const waitMs = Math.min(IDLE_MS, ...dues.filter((mono) => mono !== undefined).map((mono) => mono - nowMono));
      let timer: Timer | undefined;
      wake = () => {
        timer?.cancel();
        wake = () => {};
        resolve();
      };
      timer = clock.after(Math.max(waitMs, IDLE_MIN_MS), () => wake());
    });
  }

  async function poll({ unit, slot }: DuePoll): Promise<void> {
    const reply = await transactions.read(unit, requestOf(slot));
    const nowMono = clock.monoMs();
    slot.dueMono = nextDueMono(slot, periodsMs[slot.block.poll], nowMono);
    if (!(reply instanceof BusError)) return transactions.deliver(unit, slot.block, reply);
    if (!reply.policy.excludePoint) return;
    const lost = refuse(unit, slot, nowMono);
    if (lost.length > 0) transactions.withdraw(unit, lost, 'bad');
  }

  async function probe(nowMono: MonoMs): Promise<void> {
    const unit = probeDue(units, nowMono, held);
    const request = unit && probeOf(unit);
    if (unit !== undefined && request !== undefined) await transactions.read(unit, request);
  }
}
