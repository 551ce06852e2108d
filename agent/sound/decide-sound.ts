/**
 * Decides what a place plays, from the time, the requests in force and the announcement whose turn it is.
 *
 *     emergency > quiet hours > stop > announcement > request > programme > silence
 *
 * Pure. A level, not an edge: the same inputs give the same decision after a restart. Without a trusted time it cannot be known whether the
 * hours are quiet, so they are.
 */
import { isTrusted, type WallMs } from '../core/clock.ts';
import { type Message, msg } from '../core/message.ts';
import type { SoundConfig, SoundPlace } from '../core/sound-config.ts';
import type { SoundTraceLine } from '../core/sound-tools.ts';
import type { DayTimes } from './day-times.ts';
import { quietUntil } from './quiet-hours.ts';
import { dayVolumePct, stretchAt } from './sound-day.ts';
import { highestVolumePct, type SoundDecision, type SoundIntent, type SoundSituation } from './sound-words.ts';

/** One candidate. Shape: the first one of the list decides. */
interface Candidate extends Omit<SoundTraceLine, 'applied'> {
  readonly key: string;
  readonly isOnce?: true;
}

/**
 * Returns what a place is to play in a situation. Without a trusted time only an emergency sounds. `trace` has the candidates, the one with
 * the highest rank first.
 */
export function decideSound(config: SoundConfig, place: SoundPlace, situation: SoundSituation, times: DayTimes): SoundDecision {
  const candidates = [
    ...emergencies(situation),
    ...quietness(config, place, situation, times),
    ...stops(situation),
    ...announcements(situation),
    ...requests(situation),
    ...programme(config, place, situation, times),
    { key: '', rank: 'default', source: place.id, play: [], text: msg`nothing else is requested`, untilMs: null } satisfies Candidate,
  ];
  const [first] = candidates as [Candidate];
  return {
    key: first.key,
    rank: first.rank,
    play: first.play,
    isOnce: first.isOnce === true,
    volumePct: first.rank === 'emergency' ? config.limits.emergencyVolumePct : volumeOf(config, place, situation, times),
    untilMs: first.untilMs,
    trace: candidates.map(({ key: _key, isOnce: _isOnce, ...line }) => ({ ...line, applied: line.rank === first.rank })),
  };
}

function volumeOf(config: SoundConfig, place: SoundPlace, { nowMs, clockQuality, intents }: SoundSituation, times: DayTimes): number {
  const highest = highestVolumePct(config, place);
  const requested = newest(intents, 'volume')?.volumePct ?? null;
  const byTime = isTrusted(clockQuality) ? dayVolumePct(place, nowMs, times) : null;
  return Math.min(highest, requested ?? byTime ?? highest);
}

function newest(intents: readonly SoundIntent[], action: SoundIntent['action']): SoundIntent | undefined {
  return intents.findLast((intent) => intent.action === action);
}

function because({ source, reason }: Pick<SoundIntent, 'source' | 'reason'>, what: Message): Message {
  return reason === '' ? msg`${what} by ${source}` : msg`${what} by ${source}: ${reason}`;
}

function emergencies({ intents }: SoundSituation): Candidate[] {
  const intent = newest(intents, 'emergency');
  if (intent === undefined) return [];
  const { id, source, track, untilMs } = intent;
  const text = because(intent, msg`emergency announcement`);
  return [{ key: `emergency:${id}`, rank: 'emergency', source, play: track === null ? [] : [track], text, untilMs }];
}

/** While two clocks disagree, the hours are quiet if they are by one of them. */
function quietness(
  { limits }: SoundConfig,
  place: SoundPlace,
  { nowMs, otherMs, clockQuality }: SoundSituation,
  times: DayTimes,
): Candidate[] {
  const base = { key: 'quiet', rank: 'quiet', play: [] } as const;
  if (!isTrusted(clockQuality)) {
    const text = msg`time not trusted (${clockQuality}): silent, because the hours may be quiet`;
    return [{ ...base, source: 'clock', text, untilMs: null }];
  }
  const bySite = laterQuiet(limits.quietHours, { nowMs, otherMs }, times);
  if (bySite !== null) return [{ ...base, source: 'sound.limits', text: msg`quiet hours of the site`, untilMs: bySite }];
  const byPlace = laterQuiet(place.quietHours, { nowMs, otherMs }, times);
  return byPlace === null ? [] : [{ ...base, source: place.id, text: msg`quiet hours of the place`, untilMs: byPlace }];
}

function laterQuiet(
  hours: SoundPlace['quietHours'],
  { nowMs, otherMs }: Pick<SoundSituation, 'nowMs' | 'otherMs'>,
  times: DayTimes,
): WallMs | null {
  const now = quietUntil(hours, nowMs, times);
  if (now !== null || otherMs === null) return now;
  const other = quietUntil(hours, otherMs, times);
  return other === null ? null : nowMs + (other - otherMs);
}

function stops({ intents }: SoundSituation): Candidate[] {
  const intent = newest(intents, 'stop');
  if (intent === undefined) return [];
  const { source, untilMs } = intent;
  return [{ key: 'stop', rank: 'stop', source, play: [], text: because(intent, msg`stopped`), untilMs }];
}

function announcements({ announcement }: SoundSituation): Candidate[] {
  if (announcement === null) return [];
  const { id, source, play } = announcement;
  const text = because(announcement, msg`announcement`);
  return [{ key: `announcement:${id}`, rank: 'announcement', source, play: [play], isOnce: true, text, untilMs: null }];
}

function requests({ intents }: SoundSituation): Candidate[] {
  const intent = newest(intents, 'play');
  if (intent === undefined) return [];
  const { id, source, track, untilMs } = intent;
  const play = track === null ? [] : [track];
  return [{ key: `request:${id}`, rank: 'request', source, play, text: because(intent, msg`requested`), untilMs }];
}

/** A step with the tracks of the step before goes on with them. */
function programme(config: SoundConfig, place: SoundPlace, { nowMs, clockQuality }: SoundSituation, times: DayTimes): Candidate[] {
  if (!isTrusted(clockQuality)) return [];
  const { programme: source, name, play, untilMs } = stretchAt(config, place, nowMs, times);
  return [{ key: `programme:${play.join(',')}`, rank: 'programme', source, play, text: msg`step ${name} of the programme`, untilMs }];
}
