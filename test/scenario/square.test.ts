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
// As a running agent does: the same rules, computed faster.
process.env['TZ'] = cabinet.timezone;

t.test('an evening in the square: light, panel, sound and meter do what the file says, and give their reasons', async (t) => {
  const rig = await createRig(t, { startAt: '2026-04-17T21:00:00+02:00', siteFile: readFileSync(SQUARE, 'utf8') });
  const { world, devices } = rig.street;
  const meter = devices.meters.get('TIC1');
  const air = devices.airSensors.get('AIR1');
  const player = devices.players.get('PLAYER');
  if (meter === undefined || air === undefined || player === undefined) throw new TypeError('config/square.yaml has changed');
  const evening = startEvening(rig, cabinet, '+02:00');
  const isWritten = (pattern: RegExp): boolean => evening.lines.some((line) => pattern.test(line));

  await evening.until('21:11');
  t.ok(isWritten(/sound +(accordion|fountain) at 30 %/), 'started in the middle of the programme, it plays');
  t.ok(isWritten(/light +place 70 %/), 'lit at dusk');
  evening.note('a cyclist and a car each minute, for ten minutes');
  for (let minute = 12; minute <= 21; minute++) {
    world.send('cyclist');
    world.send('car', false);
    await evening.until(`21:${minute}`);
  }
  await evening.until('21:23');
  t.ok(isWritten(/panel +\[Bicycles today: 10\]/), 'each bicycle is counted once');
  t.match(await evening.ask('why L02', { target: 'L02' }), /traffic/);
  await evening.ask('why square-panel', { target: 'square-panel' });

  evening.note('a technician sends a text for five minutes');
  await evening.ask('panel set square-panel "Concert here on Sunday" --for 5m', {
    ...{ panel: 'square-panel', text: 'Concert here on Sunday', for: '5m' },
  });
  await evening.until('21:30');
  t.ok(isWritten(/panel +\[Concert here on Sunday\]/));

  evening.note('diesel engines below the air sensor');
  air.isAirBad = true;
  await evening.until('21:33');
  t.match(await evening.ask('why square-panel', { target: 'square-panel' }), /slow: 30/);
  t.match(await evening.ask('why L10', { target: 'L10' }), /bad-air/);
  air.isAirBad = false;
  evening.note('clean air again');

  await evening.until('21:37');
  evening.note('the utility announces a peak');
  meter.state.peakNotice = 1;
  await evening.until('21:40');
  t.match(await evening.ask('why L10', { target: 'L10' }), /peak/);
  t.strictSame(rig.levels().slice(8), [40, 40, 40, 40], 'lower, and above the minimum of 20 %');
  meter.state.peakNotice = 0;
  evening.note('the peak is over');

  await evening.until('21:50');
  await rig.until('the announcement', () => player.track === 3 && player.state === 'playing', 60_000);
  t.match(await evening.ask('why square-sound', { target: 'square-sound' }), /announcement/);
  await evening.until('22:02');
  t.equal(player.state, 'stopped', 'silent in the quiet hours');
  t.match(await evening.ask('why square-sound', { target: 'square-sound' }), /quiet hours/);
  evening.note('a technician requests an announcement');
  t.match(
    await evening.ask('sound announce square-sound closing', { place: 'square-sound', track: 'closing' }),
    /refused|failed/,
    'quiet hours bind everybody',
  );

  await evening.until('22:10');
  evening.note('the off-peak tariff begins');
  meter.state.tariff = 2;
  evening.note('a walker crosses the square');
  world.send('walker', false);
  await evening.until('22:33');
  t.strictSame(rig.levels().slice(3), [30, 30, 30, 30, 30, 30, 30, 30, 30], 'dimmed by the programme');
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
