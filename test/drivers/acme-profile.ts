import { readPlacedYaml } from '../../agent/config/load/places.ts';
import type { Profile } from '../../agent/core/profile.ts';
import { loadProfile } from '../../drivers/profile-loader.ts';
/** The text of an invented device type: short and without a mistake, and every check of device types concerns a part of it. */
export const ACME = `id: acme-lamp
vendor: Acme
model: Lamp
category: luminaire-driver
trust: B
sources:
  - Acme, manual of the lamp
serial: { baud: 9600 }
points:
  - { id: level, semantic: level, table: holding, address: 0, unit: "%", write: { min: 0, max: 100 } }
  - { id: power, semantic: power, table: input, address: 10, type: u32 }
examples:
  - origin: synthetic
    request: 01 03 00 00 00 01 84 0A
    response: 01 03 02 00 28 B8 5A
    expect: { level: 40 }
`;

/** Loads this text as a device type. Errors: as `loadProfile`. */
export const loadAcmeProfile = (text: string): Profile => loadProfile({ file: 'acme.yaml', text }, readPlacedYaml);
