/** A small site whose lamps measure their power, with a contactor, a breaker and their contacts; for tests of the fault watch. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SMALL_SITE } from './small-site.ts';

const WB_LED = join(import.meta.dirname, '../../drivers/profiles/wirenboard-wb-led.yaml');
const POWER = `  - { id: power, semantic: power, table: input, address: 403, unit: W, scale: 0.1, decimals: 1, range: [0, 500], poll: normal }
`;

/** Inputs of the relay box: voltage behind the contactor, and the breaker. */
export const SUPPLY_INPUT = 1;
export const BREAKER_INPUT = 2;

/** Writes the profile of the lamps next to the site's file, and returns the file's text. `watch`: further keys of the section. */
export function meteredSite(folder: string, watch = ''): string {
  const profiles = join(folder, 'profiles');
  mkdirSync(profiles, { recursive: true });
  const profile = readFileSync(WB_LED, 'utf8')
    .replace('id: wirenboard-wb-led', 'id: metered-led')
    // Its power alone must show that it is dark.
    .replace(/ {2}- id: overcurrent[\s\S]*?(?= {2}- \{ id: uptime)/, '')
    .replaceAll(', overcurrent: 0', '')
    .replace('groups:\n', `${POWER}groups:\n`);
  writeFileSync(join(profiles, 'metered-led.yaml'), profile);
  return `${SMALL_SITE.replaceAll('profile: wirenboard-wb-led,', 'profile: metered-led,').replace(
    '      - { id: S01',
    '      - { id: IO1, unit: 41, profile: waveshare-modbus-relay-d8 }\n      - { id: S01',
  )}
profileDirs: [profiles]
outputs:
  - { id: K1, device: IO1, point: relay_1, litWith: { zones: [rue] } }
watch:
  feeders:
    - { id: rue-1, zones: [rue], output: K1, supply: IO1.input_${SUPPLY_INPUT + 1}, breaker: IO1.input_${BREAKER_INPUT + 1} }
${watch}`;
}
