/**
 * Checks that the section `sound` names things that exist, that each player and amplifier has one place, and that no relay of light is used.
 * `check-sound-points.ts` checks the points against their profiles. Pure.
 */
import { msg } from '../../core/message.ts';
import { didYouMean, listNames } from '../../core/suggestions.ts';
import { checkCalendars } from './check-calendars.ts';
import { type Named, repeatedBy } from './check-names.ts';
import { type CabinetDraft, given, type Index, type Placed, placed, unknownName } from './draft.ts';
import type { Finding, Path } from './finding.ts';

type SoundDraft = NonNullable<CabinetDraft['sound']>;
type PlaceDraft = NonNullable<NonNullable<SoundDraft['places']>[number]>;
type IdDraft = { id?: string | undefined };

/**
 * Returns findings about `sound`, such as an unknown device or track. Empty if there are none. Points are not compared with their profiles.
 */
export function checkSound({ sound }: CabinetDraft, index: Index): Finding[] {
  if (sound === undefined || sound === null) return [];
  const places = placed(sound.places, ['sound', 'places']);
  return [
    ...checkSoundIds(sound, places, index),
    ...placed(sound.tracks, ['sound', 'tracks']).flatMap(checkTrack),
    ...checkReferences(sound, places, index),
    ...checkSoundCalendars(sound, index),
    ...checkPlayers(places, index),
    ...checkAmplifiers(places, index),
    ...checkQuiet(sound, places),
    ...checkSteps(sound, places),
  ];
}

function checkSoundIds(sound: SoundDraft, places: readonly Placed<PlaceDraft>[], index: Index): Finding[] {
  const named = (items: readonly Placed<IdDraft>[]): Named[] => items.map(({ value, path }) => ({ id: value.id, path: [...path, 'id'] }));
  const others = new Map(
    [...index.devices, ...index.lamps, ...index.zones, ...index.panels].flatMap(({ value, path }) =>
      value.id === undefined ? [] : [[value.id.toLowerCase(), [...path, 'id']] as const],
    ),
  );
  return [
    ...repeatedBy(named(placed(sound.tracks, ['sound', 'tracks'])), (id) => msg`track "${id}" is listed twice; give each an id of its own`),
    ...repeatedBy(
      named(placed(sound.programmes, ['sound', 'programmes'])),
      (id) => msg`sound programme "${id}" is listed twice; give each an id of its own`,
    ),
    ...repeatedBy(
      named(placed(sound.calendars, ['sound', 'calendars'])),
      (id) => msg`sound calendar "${id}" is listed twice; give each an id of its own`,
    ),
    ...repeatedBy(named(places), (id) => msg`sound place "${id}" is listed twice; give each an id of its own`),
    ...named(places).flatMap(({ id, path }) => {
      const first = id === undefined ? undefined : others.get(id.toLowerCase());
      if (first === undefined) return [];
      return [{ path, message: msg`"${id ?? ''}" is also the id of a device, lamp, zone or panel; give the place another`, first }];
    }),
  ];
}

function checkTrack({ value, path }: Placed<NonNullable<NonNullable<SoundDraft['tracks']>[number]>>): Finding[] {
  const [hasTrack, hasFolder, hasFile] = [value.track !== undefined, value.folder !== undefined, value.file !== undefined];
  // An ill-formed value has its key, and is reported by the schema.
  if (['track', 'folder', 'file'].some((key) => key in value && value[key as 'track'] === undefined)) return [];
  if (hasTrack !== hasFolder && hasFolder === hasFile) return [];
  return [{ path, message: msg`write where the recording is: track: 3, or folder: 2 with file: 5` }];
}

/** Null where a list could not be read: then no name is unknown. */
function idsIn(list: readonly (IdDraft | undefined)[] | undefined, isGiven: boolean): ReadonlySet<string> | null {
  if (list === undefined) return isGiven ? null : new Set();
  const ids = list.map((each) => each?.id);
  return ids.includes(undefined) ? null : new Set(ids as string[]);
}

function unknownIn(
  id: string | undefined,
  known: ReadonlySet<string> | null,
  path: Path,
  kind: 'track' | 'programme' | 'calendar',
): Finding[] {
  if (id === undefined || known === null || known.has(id)) return [];
  const hint = didYouMean(id, known, msg`; there are: ${listNames(known)}`);
  const messages = {
    track: msg`unknown track "${id}"${hint}`,
    programme: msg`unknown sound programme "${id}"${hint}`,
    calendar: msg`unknown sound calendar "${id}"${hint}`,
  };
  return [{ path, message: messages[kind] }];
}

function checkReferences(sound: SoundDraft, places: readonly Placed<PlaceDraft>[], { known }: Index): Finding[] {
  const tracks = idsIn(sound.tracks, 'tracks' in sound);
  const programmes = idsIn(sound.programmes, 'programmes' in sound);
  const calendars = idsIn(sound.calendars, 'calendars' in sound);
  const steps = placed(sound.programmes, ['sound', 'programmes']).flatMap(({ value, path }) => placed(value.steps, [...path, 'steps']));
  return [
    ...steps
      .flatMap(({ value, path }) => placed(value.play, [...path, 'play']))
      .flatMap(({ value, path }) => unknownIn(value, tracks, path, 'track')),
    ...places.flatMap(({ value, path }) => [
      ...unknownName({ what: 'device', id: value.player, known: known.devices, path: [...path, 'player'] }),
      ...placed(value.amplifiers, [...path, 'amplifiers']).flatMap((each) =>
        unknownName({ what: 'device', id: each.value.device, known: known.devices, path: [...each.path, 'device'] }),
      ),
      ...unknownIn(value.programme, programmes, [...path, 'programme'], 'programme'),
      ...unknownIn(value.calendar, calendars, [...path, 'calendar'], 'calendar'),
      ...placed(value.announcements, [...path, 'announcements']).flatMap((each) =>
        unknownIn(each.value.play, tracks, [...each.path, 'play'], 'track'),
      ),
    ]),
  ];
}

/** As the calendars of light, with the programmes of this section. */
function checkSoundCalendars(sound: SoundDraft, index: Index): Finding[] {
  const programmes = idsIn(sound.programmes, 'programmes' in sound);
  const calendars = placed(sound.calendars, ['sound', 'calendars']);
  return checkCalendars({ ...index, calendars, zones: [], eventNights: [], holidays: [], known: { ...index.known, programmes } });
}

function checkPlayers(places: readonly Placed<PlaceDraft>[], { outputs }: Index): Finding[] {
  const players = places.map(({ value, path }): Named => ({ id: value.player, path: [...path, 'player'] }));
  const byDevice = new Map(outputs.flatMap(({ value, path }) => (value.device === undefined ? [] : [[value.device, path] as const])));
  return [
    ...repeatedBy(players, (id) => msg`player "${id}" already belongs to another place; each place has its own`),
    ...players.flatMap(({ id, path }) => {
      const first = id === undefined ? undefined : byDevice.get(id);
      if (first === undefined) return [];
      return [{ path, message: msg`an output writes to player "${id ?? ''}", past the limits of the site; remove that output`, first }];
    }),
  ];
}

/** A relay that feeds lamps must never be opened because the music ends. */
function checkAmplifiers(places: readonly Placed<PlaceDraft>[], { outputs, lamps }: Index): Finding[] {
  const pointOf = (device: string | undefined, point: string | undefined): string | undefined =>
    device === undefined || point === undefined ? undefined : `${device}.${point}`;
  const relays = places
    .flatMap(({ value, path }) => placed(value.amplifiers, [...path, 'amplifiers']))
    .map(({ value, path }): Named => ({ id: pointOf(value.device, value.point), path: [...path, 'point'] }));
  const ofOutputs = new Map(outputs.map(({ value, path }) => [pointOf(value.device, value.point), path]));
  const ofLamps = new Map(
    lamps.map(({ value, path }) => [pointOf(given(value, 'device', value.id), given(value, 'point', 'level')), path]),
  );
  return [
    ...repeatedBy(relays, (id) => msg`relay "${id}" already supplies an amplifier; list it once`),
    ...relays.flatMap(({ id, path }): Finding[] => {
      if (id === undefined) return [];
      const [output, lamp] = [ofOutputs.get(id), ofLamps.get(id)];
      if (lamp !== undefined) return [{ path, message: msg`"${id}" drives a lamp; an amplifier needs a relay of its own`, first: lamp }];
      if (output === undefined) return [];
      return [
        { path, message: msg`"${id}" belongs to an output, so it may feed lamps; an amplifier needs a relay of its own`, first: output },
      ];
    }),
  ];
}

function checkQuiet({ limits }: SoundDraft, places: readonly Placed<PlaceDraft>[]): Finding[] {
  const lists = [
    placed(limits?.quietHours, ['sound', 'limits', 'quietHours']),
    ...places.map(({ value, path }) => placed(value.quietHours, [...path, 'quietHours'])),
  ];
  return lists.flat().flatMap(({ value: { from, until }, path }) => {
    if (from === undefined || from !== until) return [];
    const message = msg`quiet hours from "${from}" to "${until}" have no length; for a whole day write "00:00" to "12:00" and "12:00" to "00:00"`;
    return [{ path: [...path, 'until'], message }];
  });
}

/** A step that is due at or after a later one is left out, so clock times must rise. */
function checkSteps(sound: SoundDraft, places: readonly Placed<PlaceDraft>[]): Finding[] {
  const lists = [
    ...placed(sound.programmes, ['sound', 'programmes']).map(({ value, path }) => placed(value.steps, [...path, 'steps'])),
    ...places.map(({ value, path }) => placed(value.volumes, [...path, 'volumes'])),
  ];
  return lists.flatMap((steps) => {
    const clock = steps.filter(({ value: { at } }) => at !== undefined && /^\d/.test(at));
    return clock.flatMap(({ value, path }, i): Finding[] => {
      const before = clock[i - 1]?.value.at;
      if (before === undefined || value.at === undefined || value.at > before) return [];
      const message =
        value.at === before
          ? msg`two steps at "${value.at}"; keep one`
          : msg`"${value.at}" comes after "${before}"; write the steps in the order of the day, from 00:00 on`;
      return [{ path: [...path, 'at'], message }];
    });
  });
}
