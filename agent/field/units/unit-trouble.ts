/**
 * Units that answer and are in trouble all the same: their presence input is not read, or they answer twice.
 *
 * Pure: time is an argument.
 */
import type { MonoMs } from '../../core/clock.ts';
import { MINUTE_MS } from '../../core/durations.ts';
import type { Table } from '../../core/profile.ts';
import type { Slot } from '../polls/poll-plan.ts';
import { type Unit, wasMet } from './unit.ts';

/** A presence input that was not read for longer than this counts as missing. Units: ms. Source: as long as a unit is away before that is an event; a rest and three votes take a quarter of it (ADR 26). */
const BLIND_AFTER_MS = 5_000;
/**
 * Unrequested replies, each within a minute of the one before, until they are reported. Source: assumed; a gateway that restarts repeats a few. Confirmed by: extra replies of
 * gateways that restart on the bench.
 */
const TWICE = 10;

/** Returns the count after one more unrequested reply, with `nowMono` as its time. After more than a minute without one it is 1 again. */
export function afterExtra({ count, atMono }: Unit['extras'], nowMono: MonoMs): Unit['extras'] {
  return { count: nowMono - atMono > MINUTE_MS ? 1 : count + 1, atMono: nowMono };
}

/**
 * Whether the unit seems to answer twice, because another unit has its address or something repeats its replies. True after several
 * unrequested replies, each within a minute of the one before; false also after fewer, or after a minute without one.
 */
export function answersTwice({ extras }: Pick<Unit, 'extras'>, nowMono: MonoMs): boolean {
  return extras.count >= TWICE && nowMono - extras.atMono <= MINUTE_MS;
}

/**
 * Whether a unit answers twice and most units, at least two, have sent extra replies in the last minute: then the line seems to repeat its
 * frames.
 */
export function doMostAnswerTwice(units: readonly Pick<Unit, 'extras'>[], nowMono: MonoMs): boolean {
  if (!units.some((unit) => answersTwice(unit, nowMono))) return false;
  // Units that are polled less often have had fewer replies to repeat.
  const repeated = units.filter(({ extras }) => extras.count > 0 && nowMono - extras.atMono <= MINUTE_MS).length;
  return repeated > 1 && repeated * 2 > units.length;
}

/**
 * Whether the unit answers but has given no presence data for more than 5 s. False also if it has no presence input, or only isolated ones
 * (see `Isolation`).
 */
export function isBlindNow(unit: Unit, nowMono: MonoMs): boolean {
  if (!wasMet(unit) || unit.isAway || unit.health.state === 'silent' || !unit.slots.some(isReadPresence)) return false;
  return nowMono - unit.presenceDataMono > BLIND_AFTER_MS;
}

/** Whether a slot is a presence input (poll class `fast`) and is not isolated (see `Isolation`). */
export function isReadPresence({ poll, isolation }: Slot): boolean {
  return poll === 'fast' && isolation === null;
}

/** Whether a read of these registers covers at least one whole presence input (a slot of poll class `fast`) of the unit. */
export function hasPresence({ slots }: Pick<Unit, 'slots'>, table: Table, address: number, count: number): boolean {
  return slots.some(
    (slot) => slot.poll === 'fast' && slot.table === table && slot.address >= address && slot.address + slot.count <= address + count,
  );
}
