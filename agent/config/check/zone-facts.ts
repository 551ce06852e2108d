/**
 * Data of a zone that several checks use: its minimum, its programmes, the mode of its wave. Pure. An ill-formed part gives undefined, so that no
 * check reports it again.
 */
import type { LightingClass } from '../../core/cabinet.ts';
import { classesWithin, classLevelPct } from '../../core/lighting-class.ts';
import type { LevelPct } from '../../core/words.ts';
import { given, type Index, type Placed, type ProgrammeDraft, placed, type ZoneDraft } from './draft.ts';
import type { Path } from './finding.ts';

/**
 * The minimum level that the keys of a zone set for the night, while it is lit. `text`: the key that counts, with its value or default,
 * for messages. Units: `pct` in % of full light.
 */
export interface ZoneMinimum {
  readonly pct: LevelPct;
  readonly text: string;
}

/**
 * The minimum of a lit zone at night: `minPct` (10 if absent), or the level of `minClass` if that is higher and within `designClass`.
 * Undefined if one of the three is present but ill-formed.
 */
export function zoneMinimum(zone: ZoneDraft): ZoneMinimum | undefined {
  const minPct = given(zone, 'minPct', 10);
  const [design, minClass] = [given(zone, 'designClass', null), given(zone, 'minClass', null)];
  if (minPct === undefined || design === undefined || minClass === undefined) return undefined;
  const plain = { pct: minPct, text: `minPct ${minPct}` };
  if (design === null || minClass === null || !classesWithin(design).includes(minClass)) return plain;
  const classPct = classLevelPct(design, minClass);
  return classPct > minPct ? { pct: classPct, text: `minClass ${minClass} (${classPct} %)` } : plain;
}

/**
 * A programme of a zone, with its own place in `programmes`. `path`: that of the zone's key by which it is used, `programme` or `calendar`.
 */
export interface ProgrammeUse {
  readonly programme: Placed<ProgrammeDraft>;
  readonly path: Path;
}

/** Returns the programmes of a zone: its own first, then those of its calendar, each once. Unknown programmes are left out. */
export function programmesOf({ value: zone, path }: Placed<ZoneDraft>, { programmes, calendars }: Index): readonly ProgrammeUse[] {
  const calendar = calendars.find(({ value }) => value.id !== undefined && value.id === zone.calendar);
  const ofCalendar = placed(calendar?.value.rules, []).map(({ value }) => value.programme);
  const use = (id: string | undefined, key: string): ProgrammeUse[] => {
    const programme = programmes.find(({ value }) => value.id === id);
    return id === undefined || programme === undefined ? [] : [{ programme, path: [...path, key] }];
  };
  const others = new Set(ofCalendar.filter((id) => id !== zone.programme));
  return [...use(zone.programme, 'programme'), ...[...others].flatMap((id) => use(id, 'calendar'))];
}

/**
 * The level that a step gives: its `levelPct`, otherwise that of its class by `designClass`. Undefined if it has neither, or the zone lacks
 * the `designClass` for its class. The minimum of the zone is not applied. Both classes must be of one family (M, C or P); this is
 * not checked. Units: % of full light.
 */
export function stepPct(
  { levelPct, class: name }: { levelPct?: LevelPct | undefined; class?: LightingClass | undefined },
  { designClass }: ZoneDraft,
): LevelPct | undefined {
  if (levelPct !== undefined) return levelPct;
  return name === undefined || designClass === undefined || designClass === null ? undefined : classLevelPct(designClass, name);
}

/**
 * How the light of a zone runs ahead of a moving person: the mode in the file. If that is missing or ill-formed, the default: `section` for
 * a road, otherwise `poles`. Null if the zone has no well-formed wave. Undefined never occurs.
 */
export function waveMode({ kind, presence }: ZoneDraft): 'poles' | 'section' | null | undefined {
  const wave = presence?.wave;
  if (wave === undefined || wave === null) return null;
  return given(wave, 'mode', null) ?? (kind === 'road' ? 'section' : 'poles');
}
