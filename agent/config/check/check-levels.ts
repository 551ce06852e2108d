import type { LightingClass } from '../../core/cabinet.ts';
import { classesWithin, isSameFamily } from '../../core/lighting-class.ts';
import { type Message, msg } from '../../core/message.ts';
import { listNames } from '../../core/suggestions.ts';
import { given, type Index, type Placed, placed, type ZoneDraft } from './draft.ts';
import type { Finding, Path } from './finding.ts';
import { programmesOf, stepPct, zoneMinimum } from './zone-facts.ts';

/** Returns findings about the levels of zones and lamps, such as 0 % in a zone that may not be dark. Empty if there are none. */
export function checkLevels(index: Index): Finding[] {
  return index.zones.flatMap((zone) => [
    ...checkClasses(zone, index),
    ...checkDark(zone, index),
    ...checkBoost(zone),
    ...checkShows(zone, index),
    ...checkCeilings(zone, index),
  ]);
}

/** Classes are computed from the zone's design class, so each needs one, and must be a class that the zone can be dimmed to. */
function checkClasses(zone: Placed<ZoneDraft>, index: Index): Finding[] {
  const { value, path } = zone;
  const design = given(value, 'designClass', null);
  if (design === undefined) return [];
  const ofTraffic = placed(value.traffic?.steps, [...path, 'traffic', 'steps']);
  const minClass = given(value, 'minClass', null) ?? null;
  return [
    ...(minClass === null ? [] : checkClass(minClass, design, { path: [...path, 'minClass'] })),
    ...ofTraffic.flatMap((step) => classOf(step.value).flatMap((name) => checkClass(name, design, { path: [...step.path, 'class'] }))),
    ...programmesOf(zone, index).flatMap(({ programme, path: usePath }) => {
      const steps = placed(programme.value.steps, [...programme.path, 'steps']);
      const at = (step: { path: Path }) => ({ path: usePath, programme: programme.value.id ?? '?', first: [...step.path, 'class'] });
      // Reported once per programme, at the first use.
      return steps.flatMap((step) => classOf(step.value).flatMap((name) => checkClass(name, design, at(step)))).slice(0, 1);
    }),
  ];
}

/** No class or one; a step with both a level and a class is reported in `check-programmes.ts`. */
function classOf(step: { class?: LightingClass | undefined; levelPct?: number | undefined }): readonly LightingClass[] {
  return step.class === undefined || 'levelPct' in step ? [] : [step.class];
}

function checkClass(
  name: LightingClass,
  design: LightingClass | null,
  { path, programme, first }: { readonly path: Path; readonly programme?: string; readonly first?: Path },
): Finding[] {
  const which = programme === undefined ? msg`class ${name}` : msg`class ${name} in programme "${programme}"`;
  const found = (message: Message): Finding[] => [{ path, message, ...(first === undefined ? {} : { first }) }];
  if (design === null) return found(msg`${which} needs the zone's designClass, the class that 100 % gives; write it, or levels in percent`);
  const allowed = classesWithin(design);
  if (allowed.includes(name)) return [];
  return found(
    isSameFamily(name, design)
      ? msg`${which} is brighter than designClass ${design}; allowed: ${listNames(allowed)}`
      : msg`${which} is of another family than designClass ${design}; allowed: ${listNames(allowed)}`,
  );
}

/** 0 % is only allowed in a zone with `dark`: it gives a warning first. */
function checkDark(zone: Placed<ZoneDraft>, index: Index): Finding[] {
  const { value, path } = zone;
  if (given(value, 'dark', null) !== null) return [];
  const advice = msg`give it dark: {} for a curfew with a warning first, or write a level above 0`;
  const zero = ({ levelPct }: { levelPct?: number | undefined }): boolean => levelPct === 0;
  const programmes = programmesOf(zone, index).flatMap(({ programme, path: usePath }): Finding[] => {
    const step = placed(programme.value.steps, [...programme.path, 'steps']).find((each) => zero(each.value));
    if (step === undefined) return [];
    const message = msg`programme "${programme.value.id ?? '?'}" goes to 0 % at ${step.value.at ?? '?'}, but this zone may not go dark; ${advice}`;
    return [{ path: usePath, message, first: [...step.path, 'levelPct'] }];
  });
  const traffic = placed(value.traffic?.steps, [...path, 'traffic', 'steps']).filter((step) => zero(step.value));
  const events = index.eventNights.filter(({ value: event }) => zero(event) && concerns(event, value));
  return [
    ...programmes,
    ...traffic.map((step) => ({ path: [...step.path, 'levelPct'], message: msg`found 0 %, but this zone may not go dark; ${advice}` })),
    ...events.map((event) => ({
      path: [...event.path, 'levelPct'],
      message:
        value.id === undefined
          ? msg`found 0 %, but its zone may not go dark; ${advice}`
          : msg`found 0 %, but zone "${value.id}" may not go dark; ${advice}`,
      first: path,
    })),
  ];
}

/** Whether an event night applies to a zone; without `zones` it applies to all. */
function concerns(event: { zones?: readonly (string | undefined)[] | null | undefined }, { id }: ZoneDraft): boolean {
  const zones = given(event, 'zones', null);
  return zones === null || (id !== undefined && zones?.includes(id) === true);
}

function checkBoost({ value: zone, path }: Placed<ZoneDraft>): Finding[] {
  if (zone.presence === undefined || zone.presence === null) return [];
  const [minimum, boostPct] = [zoneMinimum(zone), given(zone.presence, 'boostPct', 100)];
  if (minimum === undefined || boostPct === undefined || boostPct >= minimum.pct) return [];
  const message = msg`boostPct ${boostPct} is below the zone's ${minimum.text}; presence would never show`;
  return [{ path: [...path, 'presence', 'boostPct'], message }];
}

/** Warns about programmes with all levels above the boost. */
function checkShows(zone: Placed<ZoneDraft>, index: Index): Finding[] {
  const { value, path } = zone;
  const boostPct = value.presence?.boostPct;
  if (boostPct === undefined || checkBoost(zone).length > 0) return [];
  return programmesOf(zone, index).flatMap(({ programme }): Finding[] => {
    const steps = placed(programme.value.steps, [...programme.path, 'steps']);
    const levels = steps.map((step) => stepPct(step.value, value));
    const isLost = levels.every((pct, i) => pct !== undefined && (steps[i]?.value.boostPct ?? boostPct) < pct);
    if (!isLost || levels.length === 0) return [];
    const lowest = Math.min(...levels.map(Number));
    const message = msg`boostPct ${boostPct} is below every step of programme "${programme.value.id ?? '?'}"; presence would never show: write more than ${lowest}`;
    return [{ path: [...path, 'presence', 'boostPct'], message, first: programme.path }];
  });
}

/** A lamp's maximum is applied last: one below the zone's minimum would make the lamp darker than the zone allows. */
function checkCeilings({ value: zone }: Placed<ZoneDraft>, { lamps }: Index): Finding[] {
  const minimum = zoneMinimum(zone);
  if (minimum === undefined) return [];
  return lamps
    .filter(({ value }) => value.id !== undefined && zone.lamps?.includes(value.id) === true)
    .flatMap(({ value: { maxPct }, path }) => {
      if (maxPct === undefined || maxPct >= minimum.pct) return [];
      const below =
        zone.id === undefined
          ? msg`maxPct ${maxPct} is below ${minimum.text} of its zone`
          : msg`maxPct ${maxPct} is below ${minimum.text} of zone "${zone.id}"`;
      const message = minimum.text.startsWith('minPct')
        ? msg`${below}; write maxPct ${minimum.pct} or more, or minPct ${maxPct} or less for the zone`
        : msg`${below}; write maxPct ${minimum.pct} or more, or a lower minClass for the zone`;
      return [{ path: [...path, 'maxPct'], message }];
    });
}
