/** An evening in the square of config/square.yaml, from before dusk until the lamps have dimmed; and who may speak in the night. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { loadSite } from '../../agent/config/load/load-site.ts';
import { startEvening } from '../support/evening.ts';
import { createRig } from '../support/rig.ts';

const ROOT = join(import.meta.dirname, '../..');
const SQUARE = join(ROOT, 'config/square.yaml');
const TRANSCRIPT = join(import.meta.dirname, 'transcripts/square.txt');
const { cabinet } = loadSite(SQUARE);

t.test('an evening in the square: light, panel, sound and meter do what the file says, and give their reasons', async (t) => {
  const rig = await createRig(t, { startAt: '2026-12-18T17:00:00+01:00', siteFile: readFileSync(SQUARE, 'utf8') });
  const { world, devices } = rig.street;
  const meter = devices.meters.get('TIC1');
  const air = devices.airSensors.get('AIR1');
  const player = devices.players.get('PLAYER');
  if (meter === undefined || air === undefined || player === undefined) throw new TypeError('config/square.yaml has changed');
  const evening = startEvening(rig, cabinet, '+01:00');

  await evening.until('17:33'); t.comment(evening.lines.join('\n')); return;
  t.match(evening.lines.join('\n'), /light +place 70 %/, 'lit at dusk');
  t.match(evening.lines.join('\n'), /sound +accordion at 40 %/, 'music from 17:30');

  evening.note('cyclists and cars, one a minute');
  for (let minute = 36; minute <= 55; minute++) {
    world.send('cyclist');
    world.send('car', false);
    await evening.until(`18:${minute}`);
  }
  await evening.until('19:10');
  t.match(evening.lines.join('\n'), /panel +\[Bicycles today: 20\]/, 'each bicycle is counted once');
  await evening.ask('why L02', { target: 'L02' });
  await evening.ask('why square-panel', { target: 'square-panel' });

  evening.note('a technician sends a text for an hour');
  t.match(
    await evening.ask('panel set square-panel "Concert at 20:30" --for 1h', { panel: 'square-panel', text: 'Concert at 20:30', for: '1h' }),
    /acknowledged|verified/,
  );
  await evening.until('20:30');

  evening.note('diesel engines below the air sensor');
  air.isAirBad = true;
  await evening.until('20:35');
  t.match(await evening.ask('why square-panel', { target: 'square-panel' }), /slow: 30/);
  t.match(await evening.ask('why L10', { target: 'L10' }), /bad-air/);
  air.isAirBad = false;
  evening.note('clean air again');

  await evening.until('21:15');
  evening.note('the utility announces a peak');
  meter.state.peakNotice = 1;
  await evening.until('21:20');
  const lowered = await evening.ask('why L10', { target: 'L10' });
  t.match(lowered, /peak/);
  t.strictSame(rig.levels().slice(8), [40, 40, 40, 40], 'lower, and above the minimum of 20 %');
  meter.state.peakNotice = 0;
  evening.note('the peak is over');

  await evening.until('21:50');
  await rig.until('the announcement', () => player.track === 3 && player.state === 'playing', 60_000);
  t.match(await evening.ask('why square-sound', { target: 'square-sound' }), /announcement/);
  await evening.until('22:02');
  t.equal(player.state, 'stopped');
  t.match(await evening.ask('why square-sound', { target: 'square-sound' }), /quiet hours/);
  t.match(
    await evening.ask('sound announce square-sound closing', { place: 'square-sound', track: 'closing' }),
    /refused|failed/,
    'quiet hours bind everybody',
  );

  await evening.until('22:30');
  evening.note('the off-peak tariff begins');
  meter.state.tariff = 2;
  evening.note('a walker crosses the square');
  world.send('walker', false);
  await evening.until('23:05');
  t.strictSame(rig.levels(), [30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30]);
  await evening.ask('why L10', { target: 'L10' });
  await evening.ask('status');

  const loud = player.heard.filter(({ track, volume }) => track > 0 && (100 * volume) / 30 > 51);
  t.strictSame(loud, [], 'never louder than the limit of the site');
  t.ok(
    rig.street.levels.every(({ levelPct }) => levelPct === 0 || levelPct >= 20),
    'no lamp was ever lit below the minimum of its zone',
  );
  const text = `${evening.lines.join('\n')}\n`;
  if (process.env['UPDATE_TRANSCRIPTS'] === '1' || !existsSync(TRANSCRIPT)) writeFileSync(TRANSCRIPT, text);
  t.equal(text, readFileSync(TRANSCRIPT, 'utf8'), 'as in square.txt; UPDATE_TRANSCRIPTS=1 keeps the new one');
});
