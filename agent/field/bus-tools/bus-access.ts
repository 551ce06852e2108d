/**
 * One read or one write that a person at the cabinet asks for.
 *
 * Owns their order: look before, write, look after. Never decides what is wise to write.
 */
import type { BusRead, BusReadResult, BusWrite, BusWriteResult } from '../../core/bus-tools.ts';
import { sleep } from '../../core/clock.ts';
import type { ReadRequest } from '../../core/driver.ts';
import { BusError } from '../../core/errors.ts';
import type { Profile } from '../../core/profile.ts';
import type { BusToolQueue } from './bus-tool-queue.ts';

/** Errors: rejects with BusError. */
export async function readRegisters(desk: BusToolQueue, request: BusRead): Promise<BusReadResult> {
  const { unit, table, address, count } = request;
  const reply = await desk.read({ unit, table, address, count });
  if (reply instanceof BusError) throw reply;
  const driver = desk.unitAt(unit)?.driver;
  const units = new Map(driver?.profile.points.map((point) => [point.id, point.unit]));
  const values = (driver?.decode(table, address, reply.words) ?? []).map(({ quantity, value, plausible }) => ({
    quantity,
    value: plausible ? value : null,
    unit: units.get(quantity) ?? '',
  }));
  return { ...request, words: reply.words, turnaroundMs: Math.round(reply.turnaroundMs * 10) / 10, values };
}

/**
 * Shape: `before` and `after` are null for a broadcast and for registers that cannot be read.
 * Errors: rejects with BusError when the write itself fails.
 */
export async function writeRegisters(desk: BusToolQueue, request: BusWrite): Promise<BusWriteResult> {
  const { unit, table, address, values } = request;
  const look: ReadRequest = { unit, table, address, count: values.length };
  const profile = desk.unitAt(unit)?.driver.profile;
  const before = await wordsOf(desk, look);
  const multiple = profile?.quirks.writeFunction === 'multiple' ? { multiple: true as const } : {};
  const written = await desk.write({ unit, table, address, values, ...multiple });
  if (written instanceof BusError) throw written;
  await sleep(desk.clock, settleMs(profile, look));
  return { ...request, before, after: await wordsOf(desk, look) };
}

async function wordsOf(desk: BusToolQueue, look: ReadRequest): Promise<readonly number[] | null> {
  if (look.unit === 0) return null;
  const reply = await desk.read(look);
  return reply instanceof BusError ? null : reply.words;
}

/** How long the unit needs until these registers show what was written. Units: ms. */
function settleMs(profile: Profile | undefined, { table, address, count }: ReadRequest): number {
  const written = profile?.points.filter((point) => point.table === table && point.address >= address && point.address < address + count);
  return Math.max(0, ...(written ?? []).map(({ write }) => write?.settleMs ?? 0));
}
