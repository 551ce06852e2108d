/**
 * Levels whose channel is switched by a coil: a dimmer keeps the level of a channel that is off, so the level alone does not prove light.
 *
 * Pure.
 */
import type { DecodedValue, ReadRequest } from '../../core/driver.ts';
import type { Unit } from './unit.ts';

/**
 * Returns the levels whose channel is off in this read of coils but was on before, and those whose channel is on again. Both lists are
 * empty for other tables. Does not change the unit.
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

/** Returns the value; for a level whose channel is off, 0 in its place. A missing value stays null. */
export function asLit({ switchedOff }: Unit, value: DecodedValue): DecodedValue {
  return switchedOff.has(value.quantity) && value.value !== null ? darkLevel(value.quantity) : value;
}

/** Returns the value 0 for this level. */
export function darkLevel(quantity: string): DecodedValue {
  return { quantity, value: 0, plausible: true };
}
