/** Checks that the players and amplifiers of `sound` can do what a place needs of them. Pure. */
import type { Cabinet } from '../../core/cabinet.ts';
import type { Problem } from '../../core/errors.ts';
import { msg } from '../../core/message.ts';
import type { Profile } from '../../core/profile.ts';
import { PLAYER_POINTS } from '../../core/sound-config.ts';
import { didYouMean, listNames } from '../../core/suggestions.ts';
import type { SayBelow } from './check-parts.ts';

/** The points that a place writes. */
const WRITTEN = [PLAYER_POINTS.state, PLAYER_POINTS.volume, PLAYER_POINTS.track, PLAYER_POINTS.file];

/**
 * Returns problems of sound players and amplifiers, such as a point that cannot be written. `profileOf`: with the points that the device
 * has; undefined for a device that is not checked. `say`: receives paths from the root.
 */
export function checkSoundPoints(
  { sound }: Pick<Cabinet, 'sound'>,
  profileOf: (deviceId: string) => Profile | undefined,
  say: SayBelow,
): Problem[] {
  return (sound?.places ?? []).flatMap(({ player, amplifiers }, i) => {
    const path = ['sound', 'places', i];
    return [
      ...checkPlayer(profileOf(player), (message) => say([...path, 'player'], message)),
      ...amplifiers.flatMap(({ device, point }, j) =>
        checkAmplifier(profileOf(device), point, (message) => say([...path, 'amplifiers', j, 'point'], message)),
      ),
    ];
  });
}

type Say = (message: ReturnType<typeof msg>) => Problem;

/** Another transport would let a profile of a revision choose what a volume means. */
function checkPlayer(profile: Profile | undefined, say: Say): Problem[] {
  if (profile === undefined) return [];
  const { id, transport, points } = profile;
  const isPlayer = transport === 'uart' && WRITTEN.every((name) => points.some((point) => point.id === name && point.write !== null));
  return isPlayer ? [] : [say(msg`profile "${id}" is no serial player; use dfrobot-dfplayer-mini, or an output for a player on Modbus`)];
}

function checkAmplifier(profile: Profile | undefined, pointId: string, say: Say): Problem[] {
  if (profile === undefined) return [];
  const relays = profile.points.filter(({ semantic, write }) => semantic === 'relay' && write !== null && !write.dangerous);
  if (relays.some(({ id }) => id === pointId)) return [];
  const names = relays.map(({ id }) => id);
  const hint = didYouMean(pointId, names, msg`; relays that can be written: ${listNames(names)}`);
  return [say(msg`"${pointId}" of profile "${profile.id}" is no relay that can be written${hint}`)];
}
