/**
 * Reads the order for a sound place in a command of the platform. Pure.
 *
 * The sound module checks names and limits. Errors: throws Refusal, as for a field.
 */
import type { MonoMs } from '../../core/clock.ts';
import { msg } from '../../core/message.ts';
import { Refusal } from '../../core/refusal.ts';
import type { SoundAsk, SoundRequest } from '../../core/sound-tools.ts';
import { type CommandFields, readFlag, readInteger, readText } from './command-fields.ts';
import { SOUND_METRIC } from './command-metrics.ts';

/** Units: min, characters. Source: as for an override of light. */
const LIMIT = { minutes: 1_440, reasonLength: 80, nameLength: 64 };
/** Duration of a request if the platform gives none. Units: min. Source: as for an override of light. */
const DEFAULT_SOUND_MINUTES = 120;
/** The metrics of which a command writes exactly one. */
const ACTIONS = [
  SOUND_METRIC.play,
  SOUND_METRIC.announce,
  SOUND_METRIC.emergency,
  SOUND_METRIC.stop,
  SOUND_METRIC.volumeSet,
  SOUND_METRIC.resume,
];

/** The metrics `Sound/…` of a sound place that the platform may write. */
export const SOUND_WRITABLE: ReadonlySet<string> = new Set([...ACTIONS, SOUND_METRIC.minutes, SOUND_METRIC.reason]);

/**
 * Returns the request in a command to a sound place. Does not check that the track exists. `place`: id of the sound place. Errors: throws
 * Refusal if a field is not valid.
 */
export function readSoundRequest(
  fields: CommandFields,
  place: string,
  { commandId, expiresMono }: { readonly commandId: string; readonly expiresMono: MonoMs | null },
): SoundRequest {
  const given = ACTIONS.filter((name) => fields.has(name));
  const [action] = given;
  if (action === undefined || given.length > 1) throw new Refusal(msg`give exactly one of ${ACTIONS}`);
  const ask = askOf(action, fields);
  if (!('minutes' in ask) && fields.has(SOUND_METRIC.minutes)) throw new Refusal(msg`${action} takes no ${SOUND_METRIC.minutes}`);
  const reason = readText(fields, SOUND_METRIC.reason, LIMIT.reasonLength);
  return { commandId, place, ask, reason, source: 'platform', ...(expiresMono === null ? {} : { expiresMono }) };
}

function askOf(name: string, fields: CommandFields): SoundAsk {
  const minutes = readInteger(fields, SOUND_METRIC.minutes, { min: 1, max: LIMIT.minutes, absent: DEFAULT_SOUND_MINUTES });
  switch (name) {
    case SOUND_METRIC.stop:
    case SOUND_METRIC.resume:
      if (readFlag(fields, name) !== true) throw new Refusal(msg`nothing is requested: ${name} takes true`);
      return name === SOUND_METRIC.stop ? { action: 'stop', minutes } : { action: 'resume' };
    case SOUND_METRIC.volumeSet:
      return { action: 'volume', volumePct: readInteger(fields, name, { min: 0, max: 100, absent: 0 }), minutes };
    default: {
      const track = readText(fields, name, LIMIT.nameLength);
      if (track === '') throw new Refusal(msg`${name} takes the name of a track`);
      if (name === SOUND_METRIC.announce) return { action: 'announce', track };
      return { action: name === SOUND_METRIC.play ? 'play' : 'emergency', track, minutes };
    }
  }
}
