/** An evening in the square of config/square.yaml, from before dusk until the lamps have dimmed; and who may speak in the night. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { loadSite } from '../../agent/config/load/load-site.ts';
import { type Metric, toLong } from '../../agent/sync/sparkplug/codec.ts';
import type { SimPlayer } from '../street/units/dfplayer.ts';
import type { SimSds011 } from '../street/units/sds011.ts';
import type { TicMeter } from '../street/units/tic-meter.ts';
import { type Evening, startEvening } from '../support/evening.ts';
import { createRig, type Rig } from '../support/rig.ts';

const ROOT = join(import.meta.dirname, '../..');
const SQUARE = join(ROOT, 'config/square.yaml');
const TRANSCRIPT = join(import.meta.dirname, 'transcripts/square.txt');
const { cabinet } = loadSite(SQUARE);
// As a running agent does: the same rules, computed faster.
process.env['TZ'] = cabinet.timezone;

interface Square {
  readonly rig: Rig;
  readonly evening: Evening;
  readonly meter: TicMeter;
  readonly air: SimSds011;
  readonly player: SimPlayer;
}

/** Dusk, traffic and bicycles, a text of the technician. */
async function dusk(t: Test, { rig, evening }: Square): Promise<void> {
  const { world } = rig.street;
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
  const text = 'Concert here on Sunday';
  await evening.ask(`panel set square-panel "${text}" --for 5m`, { panel: 'square-panel', text, for: '5m' });
  await evening.until('21:30');
  t.ok(isWritten(/panel +\[Concert here on Sunday\]/));
}

/** Bad air, then a peak of the utility. */
async function airAndPeak(t: Test, { rig, evening, air, meter }: Square): Promise<void> {
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
}

/** The last announcement, the quiet hours, and the dim step. */
async function quietHours(t: Test, { rig, evening, meter, player }: Square): Promise<void> {
  await evening.until('21:50');
  await rig.until('the announcement', () => player.track === 3 && player.state === 'playing', 60_000);
  await rig.clock.advance(5_000);
  t.match(await evening.ask('why square-sound', { target: 'square-sound' }), /announcement/);
  await evening.until('22:02');
  t.equal(player.state, 'stopped', 'silent in the quiet hours');
  t.match(await evening.ask('why square-sound', { target: 'square-sound' }), /quiet hours/);
  evening.note('a technician requests an announcement');
  const refused = await evening.ask('sound announce square-sound closing', { place: 'square-sound', track: 'closing' });
  t.match(refused, /refused|failed/, 'quiet hours bind everybody');
  await evening.until('22:10');
  evening.note('the off-peak tariff begins');
  meter.state.tariff = 2;
  evening.note('a walker crosses the square');
  rig.street.world.send('walker', false);
  await evening.until('22:33');
  t.strictSame(rig.levels().slice(3), [30, 30, 30, 30, 30, 30, 30, 30, 30], 'dimmed by the programme');
  await evening.ask('why L10', { target: 'L10' });
  await evening.ask('sound show');
  await evening.ask('events --active', { active: true });
}

t.test('an evening in the square: light, panel, sound and meter do what the file says, and give their reasons', async (t) => {
  const rig = await createRig(t, { startAt: '2026-04-17T21:00:00+02:00', siteFile: readFileSync(SQUARE, 'utf8') });
  const { airSensors, meters, players } = rig.street.devices;
  const [meter, air, player] = [meters.get('TIC1'), airSensors.get('AIR1'), players.get('PLAYER')];
  if (meter === undefined || air === undefined || player === undefined) throw new TypeError('config/square.yaml has changed');
  const square: Square = { rig, evening: startEvening(rig, cabinet, '+02:00'), meter, air, player };
  await dusk(t, square);
  await airAndPeak(t, square);
  await quietHours(t, square);

  const index = rig.agent.field.latest('TIC1.index');
  const trueKwh = meter.state.indexWh.reduce((sum, wh) => sum + wh, 0) / 1_000;
  t.ok(index?.quality === 'good' && Math.abs((index.value ?? 0) - trueKwh) <= 0.011, `index ${index?.value}, the meter shows ${trueKwh}`);
  const { store, activeEvents } = await rig.status();
  t.strictSame([store.readingsLost, activeEvents], [0, []]);
  const loud = player.heard.filter(({ track, volume }) => track > 0 && (100 * volume) / 30 > 51);
  t.strictSame(loud, [], 'never louder than the limit of the site');
  const isTooDark = rig.street.levels.some(({ levelPct }) => levelPct > 0 && levelPct < 20);
  t.notOk(isTooDark, 'no lamp was ever lit below the minimum of its zone');
  const text = `${square.evening.lines.join('\n').trimEnd()}\n`;
  if (process.env['UPDATE_TRANSCRIPTS'] === '1' || !existsSync(TRANSCRIPT)) writeFileSync(TRANSCRIPT, text);
  t.equal(text, readFileSync(TRANSCRIPT, 'utf8'), 'as in square.txt; UPDATE_TRANSCRIPTS=1 keeps the new one');
});

const whole = (name: string, value: number): Metric => ({ name, value: toLong(value) });
const text = (name: string, value: string): Metric => ({ name, value: { kind: 'string', value } });
const flag = (name: string, value: boolean): Metric => ({ name, value: { kind: 'boolean', value } });

/** The square in the quiet hours, online. */
async function quietSquare(t: Parameters<typeof createRig>[0], change = (file: string): string => file): Promise<Rig> {
  const siteFile = change(readFileSync(SQUARE, 'utf8'));
  const rig = await createRig(t, { startAt: '2026-04-17T22:40:00+02:00', siteFile, withUplink: true });
  await rig.until('panel and sound are born', () => rig.host.alive.has('square-panel') && rig.host.alive.has('square-sound'), 300_000);
  return rig;
}

/** Sends a command as the platform; resolves with its final outcome. */
async function order(rig: Rig, device: string, id: string, metrics: readonly Metric[]): Promise<{ state: string; reason?: string }> {
  await rig.host.command(device, [...metrics, text('Command/Id', id)]);
  const ends = (): { id: string; state: string; reason?: string }[] =>
    [...rig.host.values.values()]
      .filter(({ metric }) => metric === 'Command/Outcome')
      .map(({ value }) => JSON.parse(String(value)) as { id: string; state: string })
      .filter((outcome) => outcome.id === id && ['verified', 'refused', 'failed'].includes(outcome.state));
  await rig.until(`the outcome of ${id}`, () => ends().length > 0, 120_000);
  return ends()[0] as { state: string };
}

t.test('in the quiet hours the platform writes and speaks in an emergency only, and within the limits of the site', async (t) => {
  const rig = await quietSquare(t);
  const { panels, players } = rig.street.devices;
  const [panel, player] = [panels.get('PAN1'), players.get('PLAYER')];
  t.match(await order(rig, 'square-sound', 'a1', [text('Sound/Announce', 'closing')]), { state: 'refused', reason: /quiet hours/ });
  t.match(await order(rig, 'square-panel', 'p1', [text('Panel/Text', 'x'.repeat(33))]), { state: 'refused', reason: /32/ });
  t.match(panel?.texts(), ['Place du Marche', '']);
  t.match(
    await order(rig, 'square-panel', 'p2', [
      text('Panel/Text', 'Leave the square'),
      whole('Panel/Minutes', 5),
      flag('Panel/Emergency', true),
    ]),
    {
      state: 'verified',
    },
  );
  t.match(await order(rig, 'square-sound', 's1', [text('Sound/Emergency', 'evacuation'), whole('Sound/Minutes', 2)]), {
    state: 'verified',
  });
  t.match(panel?.texts(), ['Leave the square', '']);
  t.match(player, { state: 'playing', track: 4, volume: 24 }, 'at the volume for emergencies');
  t.match(await order(rig, 'square-panel', 'p3', [flag('Panel/Clear', true), flag('Panel/Emergency', true)]), { state: 'verified' });
  await rig.until('the emergency announcement ends by itself', () => player?.state === 'stopped', 180_000);
  await rig.until('the panel shows its fallback', () => panel?.texts()[0] === 'Place du Marche', 30_000);
});

t.test('where the site gives the platform no right to it, no emergency text and no emergency announcement comes from it', async (t) => {
  const rig = await quietSquare(t, (file) =>
    file
      .replace('emergencyFrom: [console, platform]', 'emergencyFrom: [console]')
      .replace('emergencyBy: [technician, platform]', 'emergencyBy: [technician]'),
  );
  const { panels, players } = rig.street.devices;
  const sent = await order(rig, 'square-panel', 'p1', [text('Panel/Text', 'Run'), flag('Panel/Emergency', true)]);
  t.match(sent, { state: 'refused', reason: /emergencyFrom/ });
  t.match(await order(rig, 'square-sound', 's1', [text('Sound/Emergency', 'evacuation')]), { state: 'refused', reason: /emergencyBy/ });
  await rig.clock.advance(30_000);
  t.match([panels.get('PAN1')?.texts(), players.get('PLAYER')?.state], [['Place du Marche', ''], 'stopped']);
});
