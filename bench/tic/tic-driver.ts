import { readPlacedYaml } from '../../agent/config/load/places.ts';
import type { UartDriver } from '../../agent/core/driver.ts';
import { uartDriverFor } from '../../drivers/driver-for.ts';
import { readProfiles } from '../../drivers/registry.ts';

/** Returns a new driver of the shipped TIC profile. Errors: throws if the profile is missing. */
export function ticDriver(): UartDriver {
  const profile = readProfiles([], readPlacedYaml).profiles.get('enedis-linky-tic');
  if (profile === undefined) throw new Error('the profile enedis-linky-tic is missing');
  return uartDriverFor(profile);
}
