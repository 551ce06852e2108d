import t from 'tap';
import type { AgentCommand, Job } from '../../../../../agent/console/command-spec.ts';
import { WHY } from '../../../../../agent/console/commands/light/why.ts';
import { renderSoundOutcome } from '../../../../../agent/console/commands/sound/sound-page.ts';
import { COMMANDS } from '../../../../../agent/console/commands.ts';
import { msg } from '../../../../../agent/core/message.ts';
import type { SoundRequest, SoundView } from '../../../../../agent/core/sound-tools.ts';
import type { AgentView } from '../../../../../agent/core/views.ts';
import { page } from '../../pages.ts';

const AT_MS = Date.parse('2026-06-02T19:00:00Z');
const VIEW: SoundView = {
  ...{ id: 'square-sound', state: 'playing', rank: 'programme', play: ['birds', 'water'], track: 'water', volumePct: 30, faults: [] },
  ...{ sinceMs: AT_MS - 60_000, untilMs: AT_MS + 1_800_000 },
  trace: [
    {
      rank: 'programme',
      source: 'market',
      play: ['birds', 'water'],
      applied: true,
      text: msg`step ${'09:00'} of the programme`,
      untilMs: AT_MS + 1_800_000,
    },
    { rank: 'default', source: 'square-sound', play: [], applied: false, text: msg`nothing else is requested`, untilMs: null },
  ],
  player: { device: 'PLAYER', isAlive: true, state: 1, volumePct: 30 },
  amplifiers: [{ pointId: 'IO1.relay_3', isOn: true }],
};
const SILENT: SoundView = {
  ...{
    ...VIEW,
    id: 'park',
    state: 'fault',
    track: null,
    untilMs: null,
    faults: [msg`player ${'P2'} is silent, check its power and wiring`],
  },
  player: { device: 'P2', isAlive: false, state: null, volumePct: null },
};

function agent(places: readonly SoundView[]) {
  const requests: Omit<SoundRequest, 'commandId'>[] = [];
  const view = {
    names: () => ({ lamps: [], zones: ['rue'], devices: [], lines: [], modbusLines: [], poles: [], panels: [] }),
    panels: { views: () => [] },
    meterLoads: () => [],
    sound: {
      places: () => places,
      tracks: () => ['birds'],
      request: async (request: Omit<SoundRequest, 'commandId'>) => {
        requests.push(request);
        const target = { kind: 'device', id: request.place } as const;
        return {
          commandId: 'c',
          target,
          levelPct: null,
          state: 'verified',
          reason: msg``,
          lamps: {},
          source: request.source,
          atMs: AT_MS,
        } as const;
      },
    },
  } as unknown as AgentView;
  return { view, requests };
}
const commandOf = (name: string): AgentCommand => {
  const found = COMMANDS.find((command) => command.name === name);
  if (found?.kind !== 'agent') throw new Error(`no command ${name}`);
  return found;
};
const JOB = { source: 'console:anna', clock: { wallMs: () => AT_MS }, timezone: 'Europe/Paris' } as unknown as Job;
const run = async (name: string, args: Record<string, string | boolean>, places: readonly SoundView[] = [VIEW]) => {
  const { view, requests } = agent(places);
  const command = commandOf(name);
  const result = await command.answer(view, args, JOB);
  return { requests, text: await command.render(result, { ...page, atMs: AT_MS }, args), ok: command.succeeded(result) };
};

t.test('sound show: one row for each place, and what is wrong', async (t) => {
  const { text } = await run('sound show', {}, [VIEW, SILENT]);
  t.match(text, /square-sound +playing +water +30 % +programme/);
  t.match(text, /park +.*fault/);
  t.match(text, /park: player P2 is silent/);
  t.match((await run('sound show', {}, [])).text, /no sound place/);
});

t.test('why shows the reason of a place as of a lamp', async (t) => {
  const { text } = await run('why', { target: 'SQUARE-SOUND' });
  t.match(text, /In force +birds, water since 20:59/);
  t.match(text, /Plays +water/);
  t.match(text, /Amplifier +IO1\.relay_3 on/);
  t.match(text, /> +programme +birds, water +market +step 09:00 of the programme/);
  await t.rejects(WHY.answer(agent([VIEW]).view, { target: 'square-sound', at: '23:00' }, JOB), /leave --at out/);
});

// biome-ignore format: a table
const rows: readonly (readonly [name: string, args: Record<string, string>, ask: object])[] = [
  ['sound play', { place: 'square-sound', track: 'birds' }, { action: 'play', track: 'birds', minutes: 120 }],
  ['sound play', { place: 'Square-Sound', track: 'birds', for: '30m' }, { action: 'play', track: 'birds', minutes: 30 }],
  ['sound announce', { place: 'square-sound', track: 'birds' }, { action: 'announce', track: 'birds' }],
  ['sound stop', { place: 'square-sound', for: '1h' }, { action: 'stop', minutes: 60 }],
  ['sound volume', { place: 'square-sound', volume: '20' }, { action: 'volume', volumePct: 20, minutes: 120 }],
  ['sound emergency', { place: 'square-sound', track: 'birds', for: '5m' }, { action: 'emergency', track: 'birds', minutes: 5 }],
  ['sound resume', { place: 'square-sound' }, { action: 'resume' }],
];
for (const [name, args, ask] of rows)
  t.test(`${name} ${JSON.stringify(args)} is sent with its sender`, async (t) => {
    const { requests, text, ok } = await run(name, { ...args, reason: 'market' });
    t.strictSame(requests, [{ place: 'square-sound', ask, reason: 'market', source: 'console:anna' }]);
    t.equal(text, 'square-sound: verified');
    t.ok(ok);
    t.equal(commandOf(name).role, 'technician');
  });

t.test('an unknown place, a volume that is none and a time that is too long are refused before they are sent', async (t) => {
  await t.rejects(run('sound stop', { place: 'sqare-sound' }), /did you mean square-sound/);
  await t.rejects(run('sound volume', { place: 'square-sound', volume: '101' }), /0 to 100/);
  await t.rejects(run('sound stop', { place: 'square-sound', for: '25h' }), /between 1m and 24h/);
});

t.test('an outcome with a long reason fits the terminal', async (t) => {
  const reason = msg`${'100 %'} is not allowed at ${'square-sound'}: 0 to ${50} % are, by the file of the site`;
  const text = renderSoundOutcome(
    {
      commandId: 'c',
      target: { kind: 'device', id: 'square-sound' },
      levelPct: null,
      state: 'refused',
      reason,
      lamps: {},
      source: 'console:anna',
      atMs: AT_MS,
    },
    { ...page, widthCols: 80, atMs: AT_MS },
  );
  t.match(text, /^square-sound: refused, 100 % is not allowed/);
  t.ok(
    text.split('\n').every((line) => line.length <= 80),
    text,
  );
});
