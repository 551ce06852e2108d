import t from 'tap';
import { MINUTE_MS } from '../../agent/core/durations.ts';
import { type Metric, toLong } from '../../agent/sync/sparkplug/codec.ts';
import { squareCabinet } from '../agent/sound/square-site.ts';
import { createRig, type Rig, type RigOptions } from '../support/rig.ts';

const text = (name: string, value: string): Metric => ({ name, value: { kind: 'string', value } });
const whole = (name: string, value: number): Metric => ({ name, value: toLong(value) });
const real = (name: string, value: number): Metric => ({ name, value: { kind: 'double', value } });

/** The small street of the rig with the square beside it. */
const withSquare: NonNullable<RigOptions['change']> = (cabinet) => {
  const { sound, lines } = squareCabinet();
  return {
    ...cabinet,
    sound,
    lines: [...cabinet.lines, ...lines.map((line) => ({ ...line, id: `${line.id}-square`, port: `${line.port}-square` }))],
  };
};
const open = (t: Parameters<typeof createRig>[0], startAt: string): Promise<Rig> =>
  createRig(t, { startAt, withUplink: true, change: withSquare });
const shown = (rig: Rig, metric: string) =>
  [...rig.host.values.values()].filter((each) => each.device === 'square-sound' && each.metric === metric).at(-1)?.value;
const endOf = (rig: Rig, id: string) =>
  [...rig.host.values.values()]
    .filter(({ metric }) => metric === 'Command/Outcome')
    .map(({ value }) => JSON.parse(String(value)) as { id: string; state: string; reason: string })
    .findLast((outcome) => outcome.id === id && ['verified', 'refused', 'failed'].includes(outcome.state));
const playerOf = (rig: Rig) => {
  const player = rig.street.players.get('PLAYER');
  if (player === undefined) throw new Error('no player');
  return player;
};

t.test('the platform sees the music and why, and its requests have an outcome within the limits of the site', async (t) => {
  const rig = await open(t, '2026-06-02T10:00:00+02:00');
  const player = playerOf(rig);
  await rig.until('online', async () => (await rig.status()).uplink.state === 'online', 5 * MINUTE_MS);
  await rig.until('music', () => player.state === 'playing' && shown(rig, 'Sound/State') === 'playing', MINUTE_MS);
  t.equal(shown(rig, 'Sound/Track'), 'birds');
  t.equal(shown(rig, 'Sound/Why'), 'step 09:00 of the programme');

  await rig.host.command('square-sound', [text('Sound/Play', 'gong'), whole('Sound/Minutes', 5), text('Command/Id', 's1')]);
  await rig.until('played', () => endOf(rig, 's1') !== undefined, MINUTE_MS);
  t.match(endOf(rig, 's1'), { state: 'verified' });
  t.equal(player.track, 5);

  await rig.host.command('square-sound', [whole('Sound/Set Volume', 100), text('Command/Id', 's2')]);
  await rig.until('refused', () => endOf(rig, 's2') !== undefined, MINUTE_MS);
  t.match(endOf(rig, 's2'), { state: 'refused', reason: /0 to 60 % are, by the file of the site/ });

  await rig.host.command('PLAYER', [real('volume', 100), text('Command/Id', 's3')]);
  await rig.until('no point of the player can be written', () => endOf(rig, 's3') !== undefined, MINUTE_MS);
  t.match(endOf(rig, 's3'), { state: 'refused' });
  t.ok(
    player.heard.every(({ track, volume }) => track === 0 || volume <= 18),
    'never above 60 %',
  );

  const why = rig.agent.view.sound?.places()[0];
  t.match(why, { rank: 'request', play: ['gong'], state: 'playing' });
});

t.test('in the night the platform can start nothing but an emergency, and a kill in it is survived', async (t) => {
  const rig = await open(t, '2026-06-02T23:00:00+02:00');
  const player = playerOf(rig);
  await rig.until('online', async () => (await rig.status()).uplink.state === 'online', 5 * MINUTE_MS);
  await rig.host.command('square-sound', [text('Sound/Announce', 'gong'), text('Command/Id', 'n1')]);
  await rig.until('refused', () => endOf(rig, 'n1') !== undefined, MINUTE_MS);
  t.match(endOf(rig, 'n1'), { state: 'refused', reason: /quiet hours of the site/ });
  t.equal(player.heard.filter(({ track }) => track > 0).length, 0);
  await rig.host.command('square-sound', [text('Sound/Emergency', 'gong'), whole('Sound/Minutes', 10), text('Command/Id', 'n2')]);
  await rig.until('the emergency', () => endOf(rig, 'n2')?.state === 'verified', MINUTE_MS);
  t.equal(shown(rig, 'Sound/Rank'), 'emergency');
  await rig.kill();
  await rig.until('the emergency again', () => player.state === 'playing' && player.track === 5, MINUTE_MS);
  t.match(rig.agent.view.sound?.places()[0], { rank: 'emergency' });
});

t.test('a kill in the middle of the music is not heard, and a player that is silent since then keeps no amplifier on', async (t) => {
  const rig = await open(t, '2026-06-02T10:00:00+02:00');
  const player = playerOf(rig);
  const { relays } = rig.street.units.get('IO1') as unknown as { readonly relays: readonly number[] };
  await rig.until('music', () => player.state === 'playing' && relays[2] === 1, MINUTE_MS);
  await rig.kill();
  for (let i = 0; i < 300; i++) {
    await rig.clock.advance(100);
    if (relays[2] !== 1 || player.state !== 'playing') t.fail(`after ${i * 100} ms: amplifier ${relays[2]}, player ${player.state}`);
  }
  t.match(rig.agent.view.sound?.places()[0], { state: 'playing', track: 'birds' });
  player.isMute = true;
  await rig.kill();
  await rig.until('the amplifier is switched off', () => relays[2] === 0, MINUTE_MS);
  t.match(rig.agent.view.sound?.places()[0], { state: 'fault' });
});
