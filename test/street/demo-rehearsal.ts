/**
 * `npm run demo -- --no-agent`: the street alone behind its pseudo-terminals, to rehearse `luciole setup` and a first start at a desk.
 *
 * The wire is all that a gateway would have, so the labels on the units are printed: a person at a real cabinet reads them too.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadSite } from '../../agent/config/load/load-site.ts';
import type { Cabinet } from '../../agent/core/cabinet.ts';
import { every } from '../../agent/core/clock.ts';
import { createSystemClock } from '../../agent/core/system-clock.ts';
import type { DemoOptions } from './demo-options.ts';
import { createStreet, type Street } from './street.ts';
import { connectStreet } from './street-cables.ts';

const LOOK_MS = 1_000;

/**
 * Runs the street without an agent, and prints its ports and each change of its light.
 *
 * Resolves with 0 after SIGINT, SIGTERM or SIGHUP, or after `forMs`. Errors: rejects with what `loadSite` throws.
 */
export async function rehearse({ configFile, seed, forMs }: DemoOptions): Promise<number> {
  const { cabinet } = loadSite(configFile);
  const clock = createSystemClock({ quality: () => 'synced' });
  const folder = mkdtempSync(join(tmpdir(), 'luciole-street-'));
  const street = createStreet({ cabinet, clock, seed });
  const cables = connectStreet(street, folder);
  street.start();
  console.log(instructions(cabinet, cables.ports).join('\n'));
  let said = '';
  const timer = every(clock, LOOK_MS, () => {
    const now = lightOf(street);
    if (now !== said) console.log(now);
    said = now;
  });
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve());
    if (forMs !== null) clock.after(forMs, resolve);
  });
  timer.cancel();
  street.stop();
  cables.close();
  rmSync(folder, { recursive: true, force: true });
  return 0;
}

function instructions(cabinet: Cabinet, ports: ReadonlyMap<string, string>): readonly string[] {
  return [
    `A simulated street of ${cabinet.lamps.length} lamps on ${ports.size} ports, without an agent. Ctrl-C ends it.`,
    '',
    'On the labels of its units:',
    ...cabinet.lines.flatMap(({ id, devices }) => [
      `  ${ports.get(id)}`,
      ...Array.from(
        Map.groupBy(devices, ({ profile }) => profile),
        ([profile, alike]) => `    ${profile}${unitsOf(alike)}`,
      ),
    ]),
    '',
    'In a second terminal, in the same folder:',
    '',
    `  npx luciole setup my-street.yaml --data-dir my-data --units 1-${highestUnit(cabinet)} \\`,
    [...ports.values()].map((path) => `    --port ${path}`).join(' \\\n'),
    '  npx luciole run my-street.yaml',
    '',
  ];
}

/** At least 45, as the pages say. */
function highestUnit({ lines }: Cabinet): number {
  return Math.max(45, ...lines.flatMap(({ devices }) => devices.map(({ unit }) => unit)));
}

/** `: 1 2 3`; nothing for a device without an address. */
function unitsOf(devices: Cabinet['lines'][number]['devices']): string {
  const units = devices.map(({ unit }) => unit).filter((unit) => unit > 0);
  return units.length === 0 ? '' : `: ${units.join(' ')}`;
}

/** The levels as the drivers have them. */
function lightOf({ world }: Street): string {
  const levels = [...world.lamps.values()].map((lamp) => Math.round(world.levelPct(lamp)));
  const lit = levels.filter((levelPct) => levelPct > 0);
  if (lit.length === 0) return `lit: none of ${levels.length} lamps`;
  const [least, most] = [Math.min(...lit), Math.max(...lit)];
  return `lit: ${lit.length} of ${levels.length} lamps, ${least === most ? least : `${least} to ${most}`} %`;
}
