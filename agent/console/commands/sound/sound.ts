/** `sound`: what each place plays and why; play, announce, stop, volume, emergency, resume. */
import { MINUTE_MS } from '../../../core/durations.ts';
import { type Message, msg } from '../../../core/message.ts';
import type { SoundAsk, SoundView } from '../../../core/sound-tools.ts';
import type { AgentView } from '../../../core/views.ts';
import type { Outcome } from '../../../core/words.ts';
import { agentCommand, numberArg, textArg } from '../../agent-command.ts';
import type { AgentCommand, ArgumentSpec, ConsoleCommand } from '../../command-spec.ts';
import { ConsoleError } from '../../console-error.ts';
import type { RawArgs } from '../../protocol/protocol.ts';
import { findName } from '../find-name.ts';
import { spanArg } from '../light/light-args.ts';
import { OVERRIDE_SPAN, readReason } from '../light/override.ts';

/**
 * Longest silence of the agent while a request waits for the player. Units: ms. Source: the agent ends a request after 3 min; 15 s more for
 * its answer.
 */
const REQUEST_TIMEOUT_MS = 195_000;
/** Source: as for an override of light. */
const USUAL_DURATION = '2h';
const PLACE = { name: 'place', summary: msg`a place with sound`, required: true } as const;
const TRACK = { name: 'track', summary: msg`a recording of the player`, required: true } as const;
const FOR = { name: 'for', value: 'DURATION', summary: msg`how long, 1m to 24h, as 10m, 2h or 1h30m (default: 2h)` } as const;
const REASON = { name: 'reason', value: 'TEXT', summary: msg`why, for the record` } as const;

/** Returns the sound place with this name in any case. Errors: throws ConsoleError 'unknown-name' with the nearest name. */
function findSoundPlace(view: AgentView, typed: string): SoundView {
  const places = view.sound?.places() ?? [];
  const ids = places.map(({ id }) => id);
  const id = findName(typed, ids, { noun: 'sound place', listedBy: 'luciole sound show' });
  const found = places.find((place) => place.id === id);
  if (found === undefined) throw new ConsoleError('failed', msg`the cabinet has no sound place`);
  return found;
}

const show = agentCommand({
  name: 'sound show',
  role: 'viewer',
  group: 'Look:',
  summary: msg`what each place plays, how loud, and why`,
  arguments: [{ ...PLACE, required: false }],
  examples: ['luciole sound show', 'luciole sound show square-sound'],
  read: ({ place }) => ({ place: typeof place === 'string' ? place : null }),
  answer: (view, { place }): readonly SoundView[] => (place === null ? (view.sound?.places() ?? []) : [findSoundPlace(view, place)]),
  render: async (places, page) => (await import('./sound-page.ts')).renderPlaces(places, page),
});

interface RequestWords {
  readonly name: string;
  readonly summary: Message;
  readonly arguments: readonly ArgumentSpec[];
  readonly isTimed: boolean;
  readonly examples: readonly string[];
  readonly ask: (args: RawArgs, minutes: number) => SoundAsk;
}

/** Makes the command for one kind of request. */
function requestCommand({ name, summary, arguments: positional, isTimed, examples, ask }: RequestWords): AgentCommand {
  return agentCommand({
    name,
    role: 'technician',
    group: 'Act:',
    summary,
    arguments: [PLACE, ...positional],
    options: isTimed ? [FOR, REASON] : [REASON],
    examples,
    timeoutMs: REQUEST_TIMEOUT_MS,
    read: (args) => ({
      place: textArg(args, 'place'),
      ask: ask(args, isTimed ? spanArg(args, USUAL_DURATION, OVERRIDE_SPAN) / MINUTE_MS : 0),
      reason: args['reason'] === undefined ? '' : readReason(textArg(args, 'reason')),
    }),
    answer: async (view, { place, ...request }, { source }): Promise<Outcome> => {
      const { id } = findSoundPlace(view, place);
      if (view.sound === undefined) throw new ConsoleError('failed', msg`the cabinet has no sound place`);
      return view.sound.request({ ...request, place: id, source });
    },
    render: async (outcome, page) => (await import('./sound-page.ts')).renderSoundOutcome(outcome, page),
    succeeded: ({ state }) => state === 'verified',
  });
}

/** The console commands that show what the sound places play, that request other sound, and that end such requests. */
export const SOUND_COMMANDS: readonly ConsoleCommand[] = [
  show,
  requestCommand({
    name: 'sound play',
    summary: msg`play a track again and again for a time`,
    arguments: [TRACK],
    isTimed: true,
    examples: ['luciole sound play square-sound birds', 'luciole sound play square-sound birds --for 30m --reason "market"'],
    ask: (args, minutes) => ({ action: 'play', track: textArg(args, 'track'), minutes }),
  }),
  requestCommand({
    name: 'sound announce',
    summary: msg`play a track once, above the music`,
    arguments: [TRACK],
    isTimed: false,
    examples: ['luciole sound announce square-sound closing', 'luciole sound announce square-sound closing --reason "storm"'],
    ask: (args) => ({ action: 'announce', track: textArg(args, 'track') }),
  }),
  requestCommand({
    name: 'sound stop',
    summary: msg`silence a place for a time`,
    arguments: [],
    isTimed: true,
    examples: ['luciole sound stop square-sound', 'luciole sound stop square-sound --for 1h --reason "funeral"'],
    ask: (_args, minutes) => ({ action: 'stop', minutes }),
  }),
  requestCommand({
    name: 'sound volume',
    summary: msg`another volume for a time, within the limits`,
    arguments: [{ name: 'volume', summary: msg`in percent, 0 to 100`, required: true }],
    isTimed: true,
    examples: ['luciole sound volume square-sound 20', 'luciole sound volume square-sound 20 --for 1h'],
    ask: (args, minutes) => ({ action: 'volume', volumePct: numberArg(args, 'volume', { min: 0, max: 100 }), minutes }),
  }),
  requestCommand({
    name: 'sound emergency',
    summary: msg`an emergency announcement, in quiet hours too`,
    arguments: [TRACK],
    isTimed: true,
    examples: ['luciole sound emergency square-sound evacuation', 'luciole sound emergency square-sound evacuation --for 10m'],
    ask: (args, minutes) => ({ action: 'emergency', track: textArg(args, 'track'), minutes }),
  }),
  requestCommand({
    name: 'sound resume',
    summary: msg`end the requests for a place`,
    arguments: [],
    isTimed: false,
    examples: ['luciole sound resume square-sound', 'luciole sound resume square-sound --json'],
    ask: () => ({ action: 'resume' }),
  }),
];
