/**
 * Requests for sound: their form in the agent, and why one is refused. Pure.
 *
 * The limits of the site bind every sender; quiet hours bind everything but an emergency.
 */
import type { MonoMs, WallMs } from '../core/clock.ts';
import { HOUR_MS, MINUTE_MS } from '../core/durations.ts';
import { type Message, msg, NO_TEXT } from '../core/message.ts';
import type { SoundConfig, SoundPlace, SoundSender } from '../core/sound-config.ts';
import type { SentSoundRequest, SoundAsk } from '../core/sound-tools.ts';
import { listNames } from '../core/suggestions.ts';
import { highestVolumePct, type SoundDecision, type SoundIntent } from './sound-words.ts';

/** Longest time of a sound request, also of `stop` and `volume`. Units: min. Source: as for an override of light. */
export const MAX_SOUND_MINUTES = 1_440;

/**
 * The state of a place that a request is checked against. `decision`: null while there is none. `intents`: the requests in force.
 * `announcedMono`: when announcements at this place were accepted, requested ones and those of the configuration.
 */
export interface PlaceFacts {
  readonly place: SoundPlace;
  readonly decision: SoundDecision | null;
  readonly intents: readonly SoundIntent[];
  readonly announcedMono: readonly MonoMs[];
  readonly nowMono: MonoMs;
}

/** Returns why the configuration or these facts refuse a request; empty if they allow it. */
export function soundRefusal(config: SoundConfig, request: SentSoundRequest, facts: PlaceFacts): Message {
  const { ask, authority } = request;
  const form = formRefusal(config, ask, facts.place);
  if (form !== NO_TEXT) return form;
  if (ask.action === 'emergency' && !mayEmergency(config, authority)) return emergencyRefusal(authority);
  if (ask.action === 'resume') return resumeRefusal(config, request, facts);
  const stronger = facts.intents.find((intent) => intent.action === ask.action && !mayEnd(config, intent, authority));
  if (stronger !== undefined) return msg`${stronger.source} has requested this at the cabinet; only a technician there may change it`;
  if (ask.action === 'emergency' || ask.action === 'stop' || ask.action === 'volume') return NO_TEXT;
  return quietRefusal(facts) ?? (ask.action === 'announce' ? announcementRefusal(config, facts) : NO_TEXT);
}

/**
 * Returns whether a sender may end a request in force: a technician any, the platform only those of the platform. To end an emergency, the
 * sender must also be in `limits.emergencyBy`.
 */
export function mayEnd(config: Pick<SoundConfig, 'limits'>, intent: SoundIntent, authority: SoundSender): boolean {
  if (intent.action === 'emergency' && !mayEmergency(config, authority)) return false;
  return authority === 'technician' || intent.authority === 'platform';
}

/** Returns those of the times that are less than an hour before `nowMono`. */
export function inLastHour(times: readonly MonoMs[], nowMono: MonoMs): readonly MonoMs[] {
  return times.filter((mono) => nowMono - mono < HOUR_MS);
}

/**
 * Returns whether one more announcement at this place is within `limits.announcementsPerH`. Counts those accepted in the last hour,
 * requested ones and those of the configuration.
 */
export function isWithinRate(
  { limits }: Pick<SoundConfig, 'limits'>,
  { announcedMono, nowMono }: Pick<PlaceFacts, 'announcedMono' | 'nowMono'>,
): boolean {
  return inLastHour(announcedMono, nowMono).length < limits.announcementsPerH;
}

/** Converts an allowed request into an intent that lasts the requested minutes from now; undefined for `resume` and `announce`. */
export function soundIntentOf(
  { ask, commandId, place, authority, source, reason }: SentSoundRequest,
  { nowMs, nowMono }: { readonly nowMs: WallMs; readonly nowMono: MonoMs },
): SoundIntent | undefined {
  if (ask.action === 'resume' || ask.action === 'announce') return undefined;
  const lengthMs = ask.minutes * MINUTE_MS;
  return {
    ...{ id: commandId, place, action: ask.action, authority, source, reason },
    track: ask.action === 'play' || ask.action === 'emergency' ? ask.track : null,
    volumePct: ask.action === 'volume' ? ask.volumePct : null,
    untilMs: Math.round(nowMs + lengthMs),
    untilMono: nowMono + lengthMs,
  };
}

function formRefusal(config: SoundConfig, ask: SoundAsk, place: SoundPlace): Message {
  if ('track' in ask && !config.tracks.some(({ id }) => id === ask.track)) {
    const names = config.tracks.map(({ id }) => id);
    return msg`there is no track ${ask.track}; there are: ${listNames(names)}`;
  }
  if ('minutes' in ask && !(ask.minutes >= 1 && ask.minutes <= MAX_SOUND_MINUTES))
    return msg`${ask.minutes} minutes are not allowed: 1 to ${MAX_SOUND_MINUTES} are`;
  if (ask.action !== 'volume') return NO_TEXT;
  const highest = highestVolumePct(config, place);
  if (ask.volumePct >= 0 && ask.volumePct <= highest) return NO_TEXT;
  return msg`${ask.volumePct} % is not allowed at ${place.id}: 0 to ${highest} % are, by the file of the site`;
}

function mayEmergency({ limits }: Pick<SoundConfig, 'limits'>, authority: SoundSender): boolean {
  return limits.emergencyBy.includes(authority);
}

function emergencyRefusal(authority: SoundSender): Message {
  return authority === 'platform'
    ? msg`the file of the site allows the platform no emergency announcement (sound.limits.emergencyBy)`
    : msg`the file of the site allows the console no emergency announcement (sound.limits.emergencyBy)`;
}

function resumeRefusal(config: SoundConfig, { authority, place }: SentSoundRequest, { intents }: PlaceFacts): Message {
  if (intents.length === 0) return msg`nothing is requested of ${place}: it follows its programme`;
  return intents.some((intent) => mayEnd(config, intent, authority))
    ? NO_TEXT
    : msg`what is in force at ${place} was requested at the cabinet; only a technician there may end it`;
}

/** Null if the place may sound. */
function quietRefusal({ decision, place }: PlaceFacts): Message | null {
  const line = decision?.trace.find(({ rank }) => rank === 'quiet' || rank === 'stop');
  if (decision === null) return msg`the agent is starting or stopping; try again in a moment`;
  if (line === undefined) return null;
  return msg`no sound is allowed at ${place.id} now: ${line.text}`;
}

function announcementRefusal(config: SoundConfig, facts: PlaceFacts): Message {
  if (isWithinRate(config, facts)) return NO_TEXT;
  return msg`${config.limits.announcementsPerH} announcements in an hour are allowed at ${facts.place.id}, by the file of the site`;
}
