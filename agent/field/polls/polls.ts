/**
 * The polls of a line: what a unit is asked next in one request, and what the end of it means for the plan.
 *
 * Owns the plan's changes. Never chooses the unit. One transaction at a time.
 */
import type { Clock, MonoMs } from '../../core/clock.ts';
import type { LateReply, ModbusLine } from '../../core/driver.ts';
import { BusError, type BusErrorCode } from '../../core/errors.ts';
import type { EventTracker } from '../../core/event-tracker.ts';
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
} from './poll-plan.ts';

/** Answers that say: not these registers, or not so many. Source: Modbus Application Protocol V1.1b3 §7, exceptions 1 to 3. */
const REFUSALS: readonly BusErrorCode[] = ['illegal-function', 'illegal-address', 'illegal-value'];
/** Answers that say: not now, or never. Source: Modbus Application Protocol V1.1b3 §7, exceptions 4 to 8. */
const FAILURES: readonly BusErrorCode[] = ['device-failure', 'device-busy'];

export interface PollsOptions {
  readonly line: ModbusLine;
  readonly clock: Clock;
  readonly events: EventTracker;
  readonly transactions: Transactions;
  readonly periodsMs: typeof POLL_PERIOD_MS;
}

/** One request to come. `dueMono` is when its first wish was due. */
export interface Poll {
  readonly unit: Unit;
  readonly kind: PollKind;
  readonly block: PollBlock;
  readonly dueMono: MonoMs;
}

export interface Polls {
  /** Polls that came later than one period after they were due. */
  readonly overruns: number;
  /** What this unit is asked next; undefined when it may not be asked yet, which it then knows. */
  next(unit: Unit, kind: PollKind, nowMono: MonoMs): Poll | undefined;
  ask(poll: Poll): Promise<void>;
  /** A read of this unit that was given up has been answered after all, soon enough to be waited for: its registers are not lost. */
  noteLate(unit: Unit, late: LateReply): void;
  /** Requests of one whole round of the unit. */
  requestsOf(unit: Unit): number;
}

export function createPolls({ line, clock, events, transactions, periodsMs }: PollsOptions): Polls {
  let pace: LinePace | undefined;
  let overruns = 0;
  const failing = createFailingRegisters();

  return {
    get overruns() {
      return overruns;
    },
    next(unit, kind, nowMono) {
      const first = firstSlot(unit, kind);
      const dueMono = unit.slots[first]?.dueMono;
      if (dueMono === undefined) {
        replan(unit);
        return undefined;
      }
      const block = clearestOf(unit, blockOf(unit, first, nowMono));
      // A unit that does not answer is asked all the same, so that it is known to be away.
      const request = blockRequest(unit.device.unit, block);
      const heldMono = unit.health.failures > 0 ? line.heldUntilMono(request) : line.restUntilMono(request);
      if (heldMono <= nowMono) return { unit, kind, block, dueMono };
      unit.heldMono = heldMono;
      return undefined;
    },
    async ask({ unit, kind, block, dueMono }) {
      const lead = block.slots.find((slot) => slot.dueMono === dueMono);
      if (lead !== undefined && !lead.isFirst && lead.misses === 0 && clock.monoMs() - dueMono > periodsMs[lead.poll]) overruns++;
      const reply = await transactions.read(unit, blockRequest(unit.device.unit, block), { isRetry: kind === 'retry' });
      const nowMono = clock.monoMs();
      if (!(reply instanceof BusError)) {
        gaveData(unit, block, nowMono);
        transactions.deliver(unit, block, reply);
      } else if (REFUSALS.includes(reply.code)) refused(unit, block, { error: reply, nowMono });
      else if (FAILURES.includes(reply.code)) failed(unit, block, { error: reply, nowMono });
      else if (reply.code === 'timeout') unanswered(unit, block, { error: reply, nowMono });
      else {
        // A damaged reply is one, and a line that went away says nothing about a register.
        lost(block, { nowMono, periodsMs });
        // Nor does a reply that could be another's: the same register is requested soon again.
        if (reply.code === 'doubtful') for (const slot of block.slots) slot.dueMono = Math.max(slot.dueMono, nowMono + ASK_AGAIN_MS);
        else if (kind === 'retry') isolate(block.slots[0] as Slot, unit.slots, { cause: 'silent', nowMono });
      }
      replan(unit);
    },
    noteLate(unit, { request }) {
      if (!('count' in request)) return;
      const slots = slotsIn(unit, request);
      failing.responded(unit, slots);
      for (const slot of slots) slot.misses = 0;
      if (slots.some(({ isolation }) => isolation?.cause === 'silent')) retrySoon(unit, clock.monoMs() + ASK_AGAIN_MS);
      replan(unit);
    },
    requestsOf(unit) {
      let requests = 0;
      for (let at = 0; at < unit.slots.length; requests++) {
        if (unit.slots[at]?.isolation != null) {
          at++;
          requests--;
          continue;
        }
        const block = blockOf(unit, at, Number.POSITIVE_INFINITY);
        at += Math.max(1, block.slots.length);
      }
      return requests;
    },
  };

  function blockOf(unit: Unit, first: number, nowMono: MonoMs): PollBlock {
    const limits = limitsFor(unit, unit.slots[first]?.table ?? 'holding');
    return blockAround({ slots: unit.slots, first, nowMono, periodsMs, limits });
  }

  /** The block, or a longer one with neighbours that are not due, whose reply cannot be mistaken for a late one. */
  function clearestOf(unit: Unit, block: PollBlock): PollBlock {
    const alternates = alternatesOf(block, unit.slots, limitsFor(unit, block.table));
    const { address, count } = line.clearest({ ...blockRequest(unit.device.unit, block), alternates });
    if (count === block.count) return block;
    const isInside = (slot: Slot): boolean => slot.address >= address && slot.address + slot.count <= address + count;
    const slots = unit.slots.filter((slot) => slot.table === block.table && slot.isolation === null && isInside(slot));
    return { ...block, address, count, slots };
  }

  function limitsFor({ noHoles, health, driver }: Unit, table: Table): Limits {
    pace ??= paceOf(line);
    return limitsOf(pace, { profile: driver.profile, turnaroundMs: health.turnaroundMs?.mean ?? null, noHoles }, table);
  }

  function gaveData(unit: Unit, block: PollBlock, nowMono: MonoMs): void {
    const healed = block.slots.filter(({ isolation }) => isolation !== null);
    markAnswered(block, { nowMono, periodsMs, phase: unit.phase });
    failing.answered(unit, block);
    if (healed.length === 0) return;
    for (const slot of healed) {
      tellLevel(unit, slot, null);
      // In step with its neighbours, so that they are read together again.
      const neighbour = unit.slots.find((each) => each !== slot && each.poll === slot.poll && each.isolation === null);
      if (neighbour !== undefined) slot.dueMono = neighbour.dueMono;
    }
    // What has healed one register may have healed the others.
    retrySoon(unit, nowMono);
  }

  function refused(unit: Unit, block: PollBlock, end: Failure): void {
    if (block.hasHoles) unit.noHoles = true;
    const slot = refusedIn(block, unit.slots, end.nowMono);
    if (slot !== undefined) report(unit, slot, end.error);
  }

  /** One register that fails must not take its neighbours along: it is looked for, and isolated when it lasts. */
  function failed(unit: Unit, block: PollBlock, end: Failure): void {
    const [only] = block.slots as readonly [Slot];
    const isLasting = only.isolation !== null || failing.failed(unit, block.slots, 'failing');
    if (only.isolation === null) markAnswered(block, { nowMono: end.nowMono, periodsMs, phase: unit.phase });
    if (isLasting) apart(unit, only, 'failing', end);
    // That holes can be read over is not doubted: a failure may pass.
    else if (block.slots.length > 1) refusedIn({ ...block, hasHoles: false }, unit.slots, end.nowMono);
  }

  /** Either the unit is not there, which another register shows; or it does not answer for one of these, which is looked for. */
  function unanswered(unit: Unit, block: PollBlock, end: Failure): void {
    const [only] = block.slots as readonly [Slot];
    const { nowMono } = end;
    lost(block, { nowMono, periodsMs });
    const isKept = only.isolation === null;
    if (isKept && unit.health.state === 'silent') return;
    if (!isKept || failing.failed(unit, block.slots, 'silent')) {
      apart(unit, only, 'silent', end);
      return;
    }
    if (block.slots.length > 1) failing.cut(unit, block);
    cutApart(block, unit.slots);
    const witness = unit.slots.find((slot) => slot.misses === 0 && !slot.isFirst && slot.isolation === null && !block.slots.includes(slot));
    if (witness !== undefined) witness.dueMono = Math.min(witness.dueMono, nowMono);
  }

  function apart(unit: Unit, slot: Slot, cause: IsolationCause, end: Failure): void {
    isolate(slot, unit.slots, { cause, nowMono: end.nowMono });
    report(unit, slot, end.error);
  }

  function report(unit: Unit, slot: Slot, error: BusError): void {
    const { isolation, quantities } = slot;
    if (isolation === null || isolation.isReported) return;
    slot.isolation = { ...isolation, isReported: true };
    transactions.withdraw(unit, quantities, isolation.cause === 'silent' ? 'missing' : 'bad');
    tellLevel(unit, slot, error);
  }

  /** A lamp whose level cannot be read may shine as it likes. */
  function tellLevel({ device, driver }: Unit, { isLevel, quantities, isolation }: Slot, error: BusError | null): void {
    if (!isLevel) return;
    const levels = driver.profile.points.filter(({ id, semantic }) => semantic === 'level' && quantities.includes(id));
    for (const { id } of levels) {
      const source = `${device.id}.${id}`;
      if (error === null) events.clear('level-not-read', source);
      else {
        const finding = isolation?.cause === 'silent' ? 'the device answers other requests, not this one' : error.message;
        const text = `${source} cannot be read, whether its lamp follows is not known; ${finding}; check its profile, model and firmware`;
        events.set(true, { code: 'level-not-read', source, severity: 'warning', text });
      }
    }
  }
}

/** How a poll without data ended. */
interface Failure {
  readonly error: BusError;
  readonly nowMono: MonoMs;
}
