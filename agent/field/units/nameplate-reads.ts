/**
 * The reads of nameplates. They are for people, so they are the last in order: they never delay a level, a sensor or the set-up, and a lost one is
 * no evidence about the unit.
 */
import { nameplateText, nameplateWidth } from '../../../drivers/modbus/nameplate-text.ts';
import type { ReadRequest } from '../../core/driver.ts';
import { BusError } from '../../core/errors.ts';
import type { Transactions } from '../line/transactions.ts';
import { nameplateDone } from './nameplate.ts';
import type { Unit } from './unit.ts';

/**
 * Delay before a lost read is repeated, and the most reads of one entry until the unit is met again. Units: ms. Source: assumed; a nameplate is for
 * display, and one read a minute costs a line nothing noticeable. Confirmed by: the devices without a nameplate in `devices --json`.
 */
const AGAIN = { waitMs: 60_000, tries: 3 } as const;

/** Returns the read of the first pending entry of the nameplate, even if it may not be sent yet; undefined when none is pending. */
export function nameplateRead({ nameplate, device }: Unit): ReadRequest | undefined {
  const [entry] = nameplate.pending;
  return entry && { unit: device.unit, table: entry.table, address: entry.address, count: nameplateWidth(entry) };
}

/**
 * Tries to read the first pending entry of the nameplate into the unit; does nothing when none is pending. A lost read leaves the entry
 * pending, for a few tries. After that, or if the unit refuses the read, the entry is removed without a text.
 */
export async function readNameplateOnce(unit: Unit, transactions: Transactions): Promise<void> {
  const { nameplate } = unit;
  const [entry] = nameplate.pending;
  const request = nameplateRead(unit);
  if (entry === undefined || request === undefined) return;
  const { pending } = nameplate;
  const reply = await transactions.read(unit, request, { isRetry: true });
  // The unit was met again during the read, so the reply may be that of another device.
  if (nameplate.pending !== pending) return;
  if (!(reply instanceof BusError)) nameplateDone(nameplate, nameplateText(entry, reply.words));
  else if (!reply.policy.retry || nameplate.losses + 1 >= AGAIN.tries) nameplateDone(nameplate, null);
  else {
    nameplate.losses++;
    nameplate.dueMono = unit.lastMono + AGAIN.waitMs;
  }
}
