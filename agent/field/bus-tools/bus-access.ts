/**
 * One read, or one write with a read before and after it, for an operator.
 */
import type { BusRead, BusReadResult, BusWrite, BusWriteResult } from '../../core/bus-tools.ts';
import { sleep } from '../../core/clock.ts';
import type { ReadRequest } from '../../core/driver.ts';
import { BusError } from '../../core/errors.ts';
import type { Profile } from '../../core/profile.ts';
import type { BusToolQueue } from './bus-tool-queue.ts';

/** Errors: rejects with BusError. */
export async function readRegisters(queue: BusToolQueue, request: BusRead): Promise<BusReadResult> {
  const { unit, table, address, count } = request;
  const reply = await queue.read({ unit, table, address, count });
  if (reply instanceof BusError) throw reply;
  const driver = queue.unitAt(unit)?.driver;
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
export async function writeRegisters(queue: BusToolQueue, request: BusWrite): Promise<BusWriteResult> {
  const { unit, table, address, values } = request;
  const read: ReadRequest = { unit, table, address, count: values.length };
  const profile = queue.unitAt(unit)?.driver.profile;
  const before = await wordsOf(queue, read);
  const multiple = profile?.quirks.writeFunction === 'multiple' ? { multiple: true as const } : {};
  const written = await queue.write({ unit, table, address, values, ...multiple });
  if (written instanceof BusError) throw written;
  await sleep(queue.clock, settleMs(profile, read));
  return { ...request, before, after: await wordsOf(queue, read) };
}

async function wordsOf(queue: BusToolQueue, request: ReadRequest): Promise<readonly number[] | null> {
  if (request.unit === 0) return null;
  const reply = await queue.read(request);
  return reply instanceof BusError ? null : reply.words;
}

/** How long after a write the unit needs until these registers read back the new value. Units: ms. */
function settleMs(profile: Profile | undefined, { table, address, count }: ReadRequest): number {
  const written = profile?.points.filter((point) => point.table === table && point.address >= address && point.address < address + count);
  return Math.max(0, ...(written ?? []).map(({ write }) => write?.settleMs ?? 0));
}
