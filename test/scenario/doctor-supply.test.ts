/** `bus doctor` by day: lamps behind an open contactor are not judged. */
import t from 'tap';
import { startEvening } from '../support/evening.ts';
import { memoryFolder } from '../support/memory-folder.ts';
import { meteredSite, SUPPLY_INPUT } from '../support/metered-site.ts';
import { createRig } from '../support/rig.ts';

const SITE = { zones: [], timezone: 'Europe/Paris', sound: null };

t.test('lamps without supply by day are no fault of the line', async (t) => {
  const folder = memoryFolder(t);
  const rig = await createRig(t, { startAt: '2026-12-15T08:30:00+01:00', folder, siteFile: meteredSite(folder) });
  const inputs = rig.street.inputs.get('IO1');
  if (inputs === undefined) throw new Error('no inputs');
  const minutes = async (count: number): Promise<void> => {
    for (let step = 0; step < count * 12; step++) await rig.clock.advance(5_000);
  };
  inputs[SUPPLY_INPUT] = 1;
  await minutes(20);
  inputs[SUPPLY_INPUT] = 0;
  for (const { line, unit } of ['L01', 'L02', 'L03', 'L04'].map((id) => rig.street.unitOf(id))) line.silence(unit);
  await minutes(10);
  const text = await startEvening(rig, SITE, '+01:00').ask('bus doctor north', { line: 'north' });
  t.match(text, /units 1, 2, 3, 4 have no supply now: they were not judged/);
  t.match(text, /Verdict +the line is healthy/);
  t.notMatch(text, /stub|serial settings/);
});
