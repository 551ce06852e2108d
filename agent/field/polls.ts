/**
 * The polls of a line: what a unit is asked next in one request, and what the end of it means for the plan.
 *
 * Owns the plan's changes. Never chooses the unit. Called by the line runner, one transaction at a time.
 */
import type { Clock, MonoMs } from '../core/clock.ts';
import type { ModbusLine, ReadRequest } from '../core/driver.ts';
import { BusError, type BusErrorCode } from '../core/errors.ts';
import type { Table } from '../core/profile.ts';
import { alternatesOf } from './block-alternates.ts';
import { createFailingRegisters } from './failing-registers.ts';
import { type LinePace, limitsOf, paceOf } from './line-pace.ts';
import { answered, type Block, blockAround, type Limits, lost, type POLL_PERIOD_MS, refusedIn, requestOf, type Slot } from './poll-plan.ts';
import type { Transactions } from './transactions.ts';
import { firstSlot, replan, type Unit } from './unit.ts';

/** Answers that say: not these registers, or not so many. Source: Modbus Application Protocol V1.1b3 §7, exceptions 1 to 3. */
const REFUSALS: readonly BusErrorCode[] = ['illegal-function', 'illegal-address', 'illegal-value'];

export interface PollsOptions {
  readonly line: ModbusLine;
  readonly clock: Clock;
  readonly transactions: Transactions;
  readonly periodsMs: typeof POLL_PERIOD_MS;
}

/** One request to come. `dueMono` is when its first wish was due. */
export interface Poll {
  readonly unit: Unit;
  readonly block: Block;
  readonly dueMono: MonoMs;
}

export interface Polls {
  /** Polls that came later than one period after they were due. */
  readonly overruns: number;
  /** What this unit is asked next; undefined when it may not be asked yet, which it then knows. */
  next(unit: Unit, kind: 'presence' | 'telemetry', nowMono: MonoMs): Poll | undefined;
  ask(poll: Poll): Promise<void>;
  /** Requests of one whole round of the unit. */
  requestsOf(unit: Unit): number;
}

export function createPolls({ line, clock, transactions, periodsMs }: PollsOptions): Polls {
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
      const block = blockOf(unit, first, nowMono);
      // A unit that does not answer is asked all the same, so that it is known to be away.
      const request = requestWith(unit, block);
      const heldMono = unit.health.failures > 0 ? line.heldUntilMono(request) : line.restUntilMono(request);
      if (heldMono <= nowMono) return { unit, block, dueMono };
      unit.heldMono = heldMono;
      return undefined;
    },
    async ask({ unit, block, dueMono }) {
      const lead = block.slots.find((slot) => slot.dueMono === dueMono);
      if (lead !== undefined && !lead.isFirst && lead.misses === 0 && clock.monoMs() - dueMono > periodsMs[lead.poll]) overruns++;
      const reply = await transactions.read(unit, requestWith(unit, block));
      const nowMono = clock.monoMs();
      if (!(reply instanceof BusError)) {
        answered(block, { nowMono, periodsMs, phase: unit.phase });
        failing.answered(unit, block.slots);
        transactions.deliver(unit, block, reply);
      } else if (REFUSALS.includes(reply.code)) refused(unit, block, nowMono);
      else if (reply.code === 'device-failure') failed(unit, block, nowMono);
      else if (reply.policy.answered) answered(block, { nowMono, periodsMs, phase: unit.phase });
      else lost(block, { nowMono, periodsMs });
      failing.renew(unit, nowMono);
      replan(unit);
    },
    requestsOf(unit) {
      let requests = 0;
      for (let at = 0; at < unit.slots.length; requests++) {
        if (unit.slots[at]?.refused) {
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

  function blockOf(unit: Unit, first: number, nowMono: MonoMs): Block {
    const limits = limitsFor(unit, unit.slots[first]?.table ?? 'holding');
    return blockAround({ slots: unit.slots, first, nowMono, periodsMs, limits });
  }

  function requestWith(unit: Unit, block: Block): ReadRequest {
    return { ...requestOf(unit.device.unit, block), alternates: alternatesOf(block, unit.slots, limitsFor(unit, block.table)) };
  }

  function limitsFor({ noHoles, health, driver }: Unit, table: Table): Limits {
    pace ??= paceOf(line);
    return limitsOf(pace, { profile: driver.profile, turnaroundMs: health.turnaroundMs?.mean ?? null, noHoles }, table);
  }

  function refused(unit: Unit, block: Block, nowMono: MonoMs): void {
    if (block.hasHoles) unit.noHoles = true;
    leave(unit, refusedIn(block, unit.slots, nowMono));
  }

  /** One register that fails must not take its neighbours along: it is looked for, and treated as absent when it lasts. */
  function failed(unit: Unit, block: Block, nowMono: MonoMs): void {
    const isLasting = failing.failed(unit, block.slots, nowMono);
    answered(block, { nowMono, periodsMs, phase: unit.phase });
    // That holes can be read over is not doubted: a failure may pass.
    if (isLasting || block.slots.length > 1) leave(unit, refusedIn({ ...block, hasHoles: false }, unit.slots, nowMono));
  }

  function leave(unit: Unit, slot: Slot | undefined): void {
    if (slot !== undefined) transactions.withdraw(unit, slot.quantities, 'bad');
  }
}
