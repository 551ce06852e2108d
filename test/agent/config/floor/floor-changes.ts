/** Changes of a small street, compared with its floor. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { floorFlaws } from '../../../../agent/config/floor/floor-check.ts';
import { loadRevision } from '../../../../agent/config/load/load-site.ts';
import type { CabinetAndProfiles } from '../../../../agent/config/revisions/touched-parts.ts';
import { ConfigError } from '../../../../agent/core/errors.ts';
import { SMALL_SITE } from '../../../support/small-site.ts';
import { changed } from '../small-street.ts';

// As the agent does: local time is then the runtime's own.
process.env['TZ'] = 'Europe/Paris';
export const NOW_MS = Date.parse('2026-11-27T11:00:00Z');
export const LED = readFileSync('drivers/profiles/wirenboard-wb-led.yaml', 'utf8');

type Edits = readonly (readonly [from: string, to: string])[];

/** An edit of `LED` that empties the expectation of its example. Otherwise a changed device type is refused because of its example. */
export const NO_EXAMPLES: Edits = [['expect: { level: 40 }', 'expect: {}']];

/** Edits of `SMALL_SITE` that put its four lamps behind a contactor on a relay box. */
export const FED: Edits = [
  ['      - { id: S01', '      - { id: IO1, unit: 41, profile: waveshare-modbus-relay-d8 }\n      - { id: S01'],
  ['uplink:', 'outputs:\n  - { id: mains, device: IO1, point: relay_1, litWith: { zones: [rue] } }\nuplink:'],
];

/** Edits of `SMALL_SITE` that add a lamp behind a DALI gateway on the network. */
export const DALI: Edits = [
  [
    'poles:',
    '  - id: net\n    port: tcp://10.0.0.5\n    devices: [{ id: G1, unit: 1, profile: intesis-inmbsdal, instances: { ecg: [0] } }]\npoles:',
  ],
  ['zones:', '  - { id: E0, device: G1, point: ecg0_level, pole: P01, ratedPowerW: 40 }\nzones:'],
  ['L04]', 'L04, E0]'],
];

/** Loads `SMALL_SITE` with these edits. `profile`: text that replaces the type of its lamps. Errors: throws ConfigError if it is refused. */
export function loadEdited(t: Test, edits: Edits, profile: string | null = null): CabinetAndProfiles {
  const dir = t.testdir();
  mkdirSync(join(dir, 'profiles'));
  writeFileSync(join(dir, 'cabinet.yaml'), changed(SMALL_SITE, edits));
  if (profile !== null) writeFileSync(join(dir, 'profiles', 'wirenboard-wb-led.yaml'), profile);
  return loadRevision(dir, dir, 'new');
}

interface Changes {
  readonly base?: Edits;
  readonly edits?: Edits;
  readonly led?: Edits;
  readonly nightsAhead?: number;
}

/**
 * Each way in which edits of the site (`edits`) or of its lamp type (`led`) could darken the street, as `path: message`; empty if none.
 *
 * `base` edits the site before the comparison. Edits that the configuration check refuses give its message alone. `nightsAhead`: default 366.
 */
export function flaws(t: Test, { base = [], edits = [], led = [], ...nights }: Changes): string[] {
  const site = loadEdited(t, base);
  const after = attempt(() => loadEdited(t, [...base, ...edits], led.length === 0 ? null : changed(LED, led)));
  if (after instanceof ConfigError) return [after.message];
  return floorFlaws({ after, running: site, site, nowMs: NOW_MS, ...nights }).map(({ path, message }) => `${path}: ${message}`);
}

/** Some of the attacks are refused before their light is compared. */
function attempt(load: () => CabinetAndProfiles): CabinetAndProfiles | ConfigError {
  try {
    return load();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
}
