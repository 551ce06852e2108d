/**
 * Levels whose channel is switched by a coil: a dimmer keeps the level of a channel that is off, so the level alone does not prove light.
 *
 * Pure.
 */
import type { DecodedValue, ReadRequest } from '../../core/driver.ts';
import type { Unit } from './unit.ts';

/**
 * Compares a read of coils with the unit's `switchedOff`: returns the ids of the levels whose channel has changed to off or on. Both
 * are empty for other tables.
 */
export function changedSwitches(
  { driver: { profile }, switchedOff }: Unit,
  { table, address, count }: ReadRequest,
  words: readonly number[],
): { readonly off: readonly string[]; readonly on: readonly string[] } {
  const [off, on]: [string[], string[]] = [[], []];
  if (table !== 'coil') return { off, on };
  for (const { id, write } of profile.points) {
    if (write?.switchedBy == null) continue;
    const coil = profile.points.find((point) => point.id === write.switchedBy);
    if (coil === undefined || coil.address < address || coil.address >= address + count) continue;
    const isOff = words[coil.address - address] === 0;
    if (isOff !== switchedOff.has(id)) (isOff ? off : on).push(id);
  }
  return { off, on };
}

/** Returns the value. For a level whose channel is off, and whose value is not null, returns 0 in its place, marked as plausible. */
export function asLit({ switchedOff }: Unit, value: DecodedValue): DecodedValue {
  return switchedOff.has(value.quantity) && value.value !== null ? darkLevel(value.quantity) : value;
}

/** Returns the value of a level whose channel is off: 0, marked as plausible. `quantity`: the id of the level. */
export function darkLevel(quantity: string): DecodedValue {
  return { quantity, value: 0, plausible: true };
}
