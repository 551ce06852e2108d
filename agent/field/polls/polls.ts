/**
 * The polls of a line: the next request to a unit, and what its end means for the poll plan of that unit.
 *
 * The caller chooses the unit. One transaction at a time.
 *
 * How a block ends, and what its slots do next:
 *
 *   data                   due again after a period; an isolated slot is no longer isolated
 *   exception 1 to 3       halved until one slot is left, which is isolated as `refused`
 *   exception 4 to 8       halved in the same way; isolated as `failing` when the failure lasts
 *   no reply               requested again soon, apart from its neighbours; isolated as `silent` when that lasts
 *   damaged or doubtful    requested again soon
 */

import type { Clock, MonoMs } from '../../core/clock.ts';
import type { LateReply, ModbusLine } from '../../core/driver.ts';
import { BusError, type BusErrorCode } from '../../core/errors.ts';
import type { EventTracker } from '../../core/event-tracker.ts';
import { msg } from '../../core/message.ts';
import type { Table } from '../../core/profile.ts';
import type { Transactions } from '../line/transactions.ts';
import { firstSlot, type PollKind, replan, retrySoon, type Unit } from '../units/unit.ts';
import { slotsIn } from '../units/unit-requests.ts';
import { alternatesOf } from './block-alternates.ts';
import { createFailingRegisters } from './failing-registers.ts';
import type { IsolationCause } from './isolation.ts';
import { type LinePace, limitsOf, paceOf } from './line-pace.ts';
import {
  ASK_AGAIN_MS,
  blockAround,
  blockRequest,
  cutApart,
  isolate,
  type Limits,
  lost,
  markAnswered,
  type POLL_PERIOD_MS,
  type PollBlock,
  refusedIn,
  type Slot,
  wholeRound,
} from './poll-plan.ts';

/** Exceptions that mean: not these registers, or not so many. Source: Modbus Application Protocol V1.1b3 §7, exceptions 1 to 3. */
const REFUSALS: readonly BusErrorCode[] = ['illegal-function', 'illegal-address', 'illegal-value'];
/** Exceptions that mean: not now, or never. Source: Modbus Application Protocol V1.1b3 §7, exceptions 4 to 8. */
const FAILURES: readonly BusErrorCode[] = ['device-failure', 'device-busy'];

/**
 * The parts of a `Polls`, of one line. `transactions`: sends its reads and publishes the values. `events`: gets `level-not-read`.
 * `periodsMs`: the poll period of each poll class, in ms.
 */
export interface PollsOptions {
  readonly line: ModbusLine;
  readonly clock: Clock;
  readonly events: EventTracker;
  readonly transactions: Transactions;
  readonly periodsMs: typeof POLL_PERIOD_MS;
}

/** A read of one block of registers of a unit. `dueMono`: when the slot for which the block was chosen is due; it may be in the future. */
export interface Poll {
  readonly unit: Unit;
  readonly kind: PollKind;
  readonly block: PollBlock;
  readonly dueMono: MonoMs;
}

/** How a poll without data ended. */
interface Failure {
  readonly error: BusError;
  readonly nowMono: MonoMs;
}

/**
 * Chooses the next poll of a given unit, sends it, publishes its readings, and updates the poll plan of the unit from the result.
 */
export class Polls {
  readonly #options: PollsOptions;
  readonly #failing = createFailingRegisters();
  #pace: LinePace | undefined;
  /** Polls that left more than one period after they were due. Polls after a lost one and most first polls do not count. */
  overruns = 0;

  constructor(options: PollsOptions) {
    this.#options = options;
  }

  /**
   * Returns the next poll of this kind for the unit, even if it is not due yet. Undefined if there is none. Also undefined if it must wait
   * because its reply could be confused with an earlier one; then `heldMono` of the unit is set.
   */
  next(unit: Unit, kind: PollKind, nowMono: MonoMs): Poll | undefined {
    const { line } = this.#options;
    const first = firstSlot(unit, kind);
    const dueMono = unit.slots[first]?.dueMono;
    if (dueMono === undefined) {
      replan(unit);
      return undefined;
    }
    const block = this.#clearestOf(unit, this.#blockOf(unit, first, nowMono));
    // A unit that does not answer is still requested, so that its silence is noticed.
    const request = blockRequest(unit.device.unit, block);
    const heldMono = unit.health.failures > 0 ? line.heldUntilMono(request) : line.restUntilMono(request);
    if (heldMono <= nowMono) return { unit, kind, block, dueMono };
    unit.heldMono = heldMono;
    return undefined;
  }

  /** Sends a poll and publishes its readings. Without data, its registers become due again, are split, or are isolated. */
  async send({ unit, kind, block, dueMono }: Poll): Promise<void> {
    const { clock, transactions, periodsMs } = this.#options;
    const lead = block.slots.find((slot) => slot.dueMono === dueMono);
    if (lead !== undefined && !lead.isFirst && lead.misses === 0 && clock.monoMs() - dueMono > periodsMs[lead.poll]) this.overruns++;
    const reply = await transactions.read(unit, blockRequest(unit.device.unit, block), { isRetry: kind === 'retry' });
    const nowMono = clock.monoMs();
    if (!(reply instanceof BusError)) {
      this.#gaveData(unit, block, nowMono);
      transactions.deliver(unit, block, reply);
    } else if (REFUSALS.includes(reply.code)) this.#refused(unit, block, { error: reply, nowMono });
    else if (FAILURES.includes(reply.code)) this.#failed(unit, block, { error: reply, nowMono });
    else if (reply.code === 'timeout') this.#unanswered(unit, block, { error: reply, nowMono });
    else {
      // A damaged reply is still a reply, and a line that went down is no evidence about a register. A read that made room stays due.
      if (reply.code !== 'interrupted') lost(block, { nowMono, periodsMs });
      // A reply that may be another unit's is no evidence either: the same register is requested again soon.
      if (reply.code === 'doubtful') for (const slot of block.slots) slot.dueMono = Math.max(slot.dueMono, nowMono + ASK_AGAIN_MS);
      else if (kind === 'retry' && reply.code !== 'interrupted' && reply.policy.unitUsable)
        isolate(block.slots[0] as Slot, unit.slots, { cause: 'silent', nowMono });
    }
    replan(unit);
  }

  /**
   * Call it when a read that was given up has been answered later, soon enough for a longer wait. Its registers no longer count as lost.
   */
  noteLate(unit: Unit, { request }: LateReply): void {
    if (!('count' in request)) return;
    const slots = slotsIn(unit, request);
    this.#failing.responded(unit, slots);
    for (const slot of slots) slot.misses = 0;
    if (slots.some(({ isolation }) => isolation?.cause === 'silent')) retrySoon(unit, this.#options.clock.monoMs() + ASK_AGAIN_MS);
    replan(unit);
  }

  /** The number of requests in one whole round of the unit, without isolated registers. */
  requestsOf(unit: Unit): number {
    const { periodsMs } = this.#options;
    return wholeRound({ slots: unit.slots, periodsMs }, (table) => this.#limitsFor(unit, table)).length;
  }

  #blockOf(unit: Unit, first: number, nowMono: MonoMs): PollBlock {
    const limits = this.#limitsFor(unit, unit.slots[first]?.table ?? 'holding');
    return blockAround({ slots: unit.slots, first, nowMono, periodsMs: this.#options.periodsMs, limits });
  }

  /** The block, or a longer one with neighbours that are not due, whose reply cannot be mistaken for a late one. */
  #clearestOf(unit: Unit, block: PollBlock): PollBlock {
    const alternates = alternatesOf(block, unit.slots, this.#limitsFor(unit, block.table));
    const { address, count } = this.#options.line.clearest({ ...blockRequest(unit.device.unit, block), alternates });
    if (count === block.count) return block;
    const isInside = (slot: Slot): boolean => slot.address >= address && slot.address + slot.count <= address + count;
    const slots = unit.slots.filter((slot) => slot.table === block.table && slot.isolation === null && isInside(slot));
    return { ...block, address, count, slots };
  }

  #limitsFor({ noHoles, health, driver }: Unit, table: Table): Limits {
    this.#pace ??= paceOf(this.#options.line);
    return limitsOf(this.#pace, { profile: driver.profile, turnaroundMs: health.turnaroundMs?.mean ?? null, noHoles }, table);
  }

  #gaveData(unit: Unit, block: PollBlock, nowMono: MonoMs): void {
    const { periodsMs, events } = this.#options;
    const healed = block.slots.filter(({ isolation }) => isolation !== null);
    markAnswered(block, { nowMono, periodsMs, phase: unit.phase });
    this.#failing.answered(unit, block);
    if (healed.length === 0) return;
    for (const slot of healed) {
      reportLevel(events, unit, slot, null);
      // Takes the due time of its neighbours, so that they are read together again.
      const neighbour = unit.slots.find((each) => each !== slot && each.poll === slot.poll && each.isolation === null);
      if (neighbour !== undefined) slot.dueMono = neighbour.dueMono;
    }
    // The cause that is gone may have affected the other registers too.
    retrySoon(unit, nowMono);
  }

  #refused(unit: Unit, block: PollBlock, end: Failure): void {
    if (block.hasHoles) unit.noHoles = true;
    const slot = refusedIn(block, unit.slots, end.nowMono);
    if (slot !== undefined) this.#report(unit, slot, end.error);
  }

  /** One failing register must not block its neighbours: it is searched for, and isolated when the failure lasts. */
  #failed(unit: Unit, block: PollBlock, end: Failure): void {
    const { periodsMs } = this.#options;
    const [only] = block.slots as readonly [Slot];
    const isLasting = only.isolation !== null || this.#failing.failed(unit, block.slots, 'failing');
    if (only.isolation === null) markAnswered(block, { nowMono: end.nowMono, periodsMs, phase: unit.phase });
    if (isLasting) this.#apart(unit, only, 'failing', end);
    // Blocks may still span holes: a failure may pass.
    else if (block.slots.length > 1) refusedIn({ ...block, hasHoles: false }, unit.slots, end.nowMono);
  }

  /** Either the unit is silent, which another register will show; or it does not answer for one of these, which is searched for. */
  #unanswered(unit: Unit, block: PollBlock, end: Failure): void {
    const { nowMono } = end;
    const [only] = block.slots as readonly [Slot];
    lost(block, { nowMono, periodsMs: this.#options.periodsMs });
    const isKept = only.isolation === null;
    if (isKept && unit.health.state === 'silent') return;
    if (!isKept || this.#failing.failed(unit, block.slots, 'silent')) {
      this.#apart(unit, only, 'silent', end);
      return;
    }
    if (block.slots.length > 1) this.#failing.cut(unit, block);
    cutApart(block, unit.slots);
    const witness = unit.slots.find((slot) => slot.misses === 0 && !slot.isFirst && slot.isolation === null && !block.slots.includes(slot));
    if (witness !== undefined) witness.dueMono = Math.min(witness.dueMono, nowMono);
  }

  #apart(unit: Unit, slot: Slot, cause: IsolationCause, end: Failure): void {
    isolate(slot, unit.slots, { cause, nowMono: end.nowMono });
    this.#report(unit, slot, end.error);
  }

  #report(unit: Unit, slot: Slot, error: BusError): void {
    const { isolation, quantities } = slot;
    if (isolation === null || isolation.isReported) return;
    slot.isolation = { ...isolation, isReported: true };
    this.#options.transactions.withdraw(unit, quantities, isolation.cause === 'silent' ? 'missing' : 'bad');
    reportLevel(this.#options.events, unit, slot, error);
  }
}

/** Sets or clears the event of a level that cannot be read: the agent then cannot tell whether the lamp follows. */
function reportLevel(
  events: EventTracker,
  { device, driver }: Unit,
  { isLevel, quantities, isolation }: Slot,
  error: BusError | null,
): void {
  if (!isLevel) return;
  const levels = driver.profile.points.filter(({ id, semantic }) => semantic === 'level' && quantities.includes(id));
  for (const { id } of levels) {
    const source = `${device.id}.${id}`;
    if (error === null) events.clear('level-not-read', source);
    else {
      const finding = isolation?.cause === 'silent' ? msg`the device answers other requests, not this one` : error.said;
      const text = msg`${source} cannot be read, whether its lamp follows is not known; ${finding}; check its profile, model and firmware`;
      events.set(true, { code: 'level-not-read', source, severity: 'warning', text });
    }
  }
}
