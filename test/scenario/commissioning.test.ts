import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { type ConsoleVisit, visitCabinet } from '../support/console-visit.ts';

const SITE = readFileSync(join(import.meta.dirname, '../../config/demo.yaml'), 'utf8');
const NIGHT = '2026-12-15T23:30:00+01:00';
/** As on a real street: a slow one would only make the test longer. */
const PERIODS_MS = { fast: 1_000, normal: 5_000, slow: 10_000 };

/** Types an answer at a question of the guide, and waits for the next question or the prompt. */
async function answer(visit: ConsoleVisit, typed: string): Promise<string> {
  const from = visit.bytes().length;
  visit.type(`${typed}\r`);
  const shown = (): string => visit.bytes().toString('latin1').slice(from + typed.length);
  await visit.settled(() => /(?:\]:|:) $|\n\S+> $|--More--$/.test(shown()), `an answer to ${typed}`);
  while (shown().endsWith('--More--')) {
    const at = visit.bytes().length;
    visit.type(' ');
    await visit.settled(() => visit.bytes().length > at + 10 && /: $|> $|--More--$/.test(shown()), 'the next page');
  }
  return shown().replaceAll('\r\n', '\n');
}

t.test('twelve poles with six faults, from the scan to the report', { timeout: 120_000 }, async (t) => {
  const visit = await visitCabinet(t, { startAt: NIGHT, siteFile: SITE, periodsMs: PERIODS_MS, pace: 400, speedBaud: 115_200 });
  const { rig } = visit;
  const { lines, world } = rig.street;
  lines.get('north')?.silence(5);
  lines.get('south')?.setShared(1, true);
  Object.assign(world.lamps.get('L09') ?? {}, { ratedPowerW: 40 });
  Object.assign(world.sensors.get('S03') ?? {}, { stuck: 0 });
  await rig.until('dimmed', () => rig.levels().filter((level) => level === 30).length >= 10);
  console.error(await answer(visit, 'commission'));
  console.error(await answer(visit, ''));
  console.error(await answer(visit, ''));
  t.end();
});
