/**
 * Checks that the sensors of a zone have their settings: thresholds of a photocell, distances of a wave, rising steps of traffic. Warns about
 * settings that do not prevent a run. `check-levels.ts` checks the levels. Pure.
 */
import { msg } from '../../core/message.ts';
import { listNames } from '../../core/suggestions.ts';
import { MAX_WINDOW_MIN } from '../../lighting/photocell.ts';
import { STUCK_S, showsWhoStays } from '../schema/complete-lighting.ts';
import { checkOneLevel } from './check-programmes.ts';
import { given, type Index, type Placed, placed, unknownName, type ZoneDraft } from './draft.ts';
import type { Finding } from './finding.ts';
import { stepPct, waveMode } from './zone-facts.ts';

/** Usual ratio of the two thresholds of a photocell. Source: the positive ratio of UK photocells, on at 70 and off at 105 lx. */
const USUAL_RATIO = 1.5;

/**
 * Returns what is wrong with the sensors, waves and traffic of zones, such as an unknown photocell. Empty if nothing is found. Unknown
 * presence sensors are reported by `checkReferences`.
 */
export function checkZones(index: Index): Finding[] {
  return index.zones.flatMap((zone) => [
    ...checkDevices(zone, index),
    ...checkPhotocell(zone),
    ...checkReach(zone, index),
    ...checkLongRaise(zone),
    ...checkDistances(zone, index),
    ...checkTraffic(zone),
  ]);
}

function checkDevices({ value: { photocell, traffic }, path }: Placed<ZoneDraft>, { known: { devices: known } }: Index): Finding[] {
  const counters = placed(traffic?.counters, [...path, 'traffic', 'counters']);
  return [
    ...unknownName({ what: 'photocell device', id: photocell?.device, known, path: [...path, 'photocell', 'device'] }),
    ...counters.flatMap((counter) =>
      unknownName({ what: 'counting device', id: counter.value.device, known, path: [...counter.path, 'device'] }),
    ),
  ];
}

/** A photocell with one value for on and off would switch all the time. */
function checkPhotocell({ value: { photocell }, path }: Placed<ZoneDraft>): Finding[] {
  if (photocell === undefined || photocell === null) return [];
  const [onBelowLux, offAboveLux] = [given(photocell, 'onBelowLux', 35), given(photocell, 'offAboveLux', 70)];
  if (onBelowLux === undefined || offAboveLux === undefined || offAboveLux > onBelowLux) return [];
  const usual = Math.ceil(onBelowLux * USUAL_RATIO);
  const key = 'offAboveLux' in photocell ? 'offAboveLux' : 'onBelowLux';
  const message =
    offAboveLux === onBelowLux
      ? msg`offAboveLux ${offAboveLux} is not above onBelowLux ${onBelowLux}: at ${onBelowLux} lx the zone would be lit and put out in turn; write offAboveLux ${usual}`
      : msg`offAboveLux ${offAboveLux} is not above onBelowLux ${onBelowLux}: between ${offAboveLux} and ${onBelowLux} lx the zone would be lit and put out in turn; write offAboveLux ${usual}`;
  return [{ path: [...path, 'photocell', key], message }];
}

/**
 * A sensor must count as stuck before presence stops raising its zone: then the event names the sensor, and no person who stays is left in the dark
 * without an event.
 */
function checkLongRaise({ value: { presence, kind = 'street' }, path }: Placed<ZoneDraft>): Finding[] {
  const maxBoostS = presence?.maxBoostS;
  if (maxBoostS === undefined || maxBoostS === null) return [];
  const stuckS = (presence?.sensors ?? [])
    .filter((sensor) => sensor !== undefined)
    .filter(showsWhoStays)
    .map(({ stuckS: ownS }) => ownS ?? STUCK_S[kind]);
  const longestS = Math.max(0, ...stuckS);
  if (maxBoostS >= longestS) return [];
  const message = msg`maxBoostS ${maxBoostS} ends before stuckS ${longestS}: people who stay would have no light, though no sensor counts as stuck; write ${longestS} or more, or leave it out`;
  return [{ path: [...path, 'presence', 'maxBoostS'], message, mayGoOn: true }];
}

/** Distances are measured from the sensor's pole. */
function checkReach({ value: zone, path }: Placed<ZoneDraft>, { devices }: Index): Finding[] {
  const wave = waveMode(zone) === 'poles';
  if (typeof zone.presence?.reachM !== 'number' && !wave) return [];
  const homeless = new Set(devices.filter(({ value }) => given(value, 'pole', null) === null).map(({ value }) => value.id));
  return placed(zone.presence?.sensors, [...path, 'presence', 'sensors'])
    .filter(({ value: { device, listen } }) => listen !== 'group' && device !== undefined && homeless.has(device))
    .map((sensor) => ({
      path: [...sensor.path, 'device'],
      message: wave
        ? msg`device "${sensor.value.device ?? ''}" has no pole, so no wave can start there; give it a pole, or leave wave out`
        : msg`device "${sensor.value.device ?? ''}" has no pole, so reachM cannot be measured from it; give it a pole or leave reachM out`,
    }));
}

/** A wave requires lamps at known distances. */
function checkDistances({ value: zone, path }: Placed<ZoneDraft>, index: Index): Finding[] {
  if (waveMode(zone) !== 'poles' || zone.lamps === undefined) return [];
  const places = zone.lamps.map((id) => placeOf(id, index));
  const [first] = places;
  if (first === undefined || places.some((place) => place === undefined || place !== first)) return [];
  const message =
    places.length === 1
      ? msg`this zone has one lamp, so light cannot run ahead of anyone; leave wave out`
      : msg`all lamps of this zone stand at one distance, so light cannot run ahead of anyone; write the poles' distances as atM, or leave wave out`;
  return [{ path: [...path, 'presence', 'wave'], message }];
}

/** The street and the distance of a lamp; undefined if they are not known. */
function placeOf(lampId: string | undefined, { lamps, devices, poles }: Index): string | undefined {
  const lamp = lamps.find(({ value }) => value.id !== undefined && value.id === lampId)?.value;
  if (lamp === undefined) return undefined;
  const device = devices.find(({ value }) => value.id !== undefined && value.id === given(lamp, 'device', lamp.id))?.value;
  const poleId = 'pole' in lamp ? lamp.pole : device?.pole;
  const pole = poles.find(({ value }) => value.id !== undefined && value.id === poleId)?.value;
  return pole?.atM === undefined ? undefined : `${given(pole, 'branch', null)} ${pole.atM}`;
}

/** More vehicles must give more light. */
function checkTraffic({ value: zone, path }: Placed<ZoneDraft>): Finding[] {
  const steps = placed(zone.traffic?.steps, [...path, 'traffic', 'steps']);
  return steps.flatMap((step, i): Finding[] => {
    const flaws = checkOneLevel(step.value, step.path);
    const [before, { belowPct }] = [steps[i - 1]?.value, step.value];
    if (before?.belowPct === undefined || belowPct === undefined) return flaws;
    if (belowPct <= before.belowPct) {
      const message = msg`belowPct ${belowPct} does not rise above ${before.belowPct} of the step before; write the steps from the lowest share to the highest`;
      return [...flaws, { path: [...step.path, 'belowPct'], message }];
    }
    const [less, more] = [stepPct(before, zone), stepPct(step.value, zone)];
    if (less === undefined || more === undefined || more >= less) return flaws;
    const key = 'class' in step.value ? 'class' : 'levelPct';
    const message = msg`${more} % is less than ${less} % of the step before, so more traffic would have less light; write ${less} % or more`;
    return [...flaws, { path: [...step.path, key], message }];
  });
}

/** Returns warnings about settings of zones, such as `relayedPct` without a wave. They do not prevent a start. Empty if there are none. */
export function checkWarnings(index: Index): Finding[] {
  return index.zones.flatMap((zone) => [...checkWindow(zone), ...checkBlanking(zone), ...checkRelayed(zone), ...checkHours(zone, index)]);
}

/** A detection of a neighbour cabinet is a wave that enters the zone. */
function checkRelayed({ value: zone, path }: Placed<ZoneDraft>): Finding[] {
  const relayedPct = zone.presence?.relayedPct;
  if (relayedPct === undefined || relayedPct === null || waveMode(zone) !== null) return [];
  const message = msg`relayedPct ${relayedPct} has no effect without wave: write wave: {}, or leave relayedPct out`;
  return [{ path: [...path, 'presence', 'relayedPct'], message }];
}

function checkWindow({ value: { photocell }, path }: Placed<ZoneDraft>): Finding[] {
  const windowMin = photocell?.windowMin;
  if (windowMin === undefined || windowMin <= MAX_WINDOW_MIN) return [];
  const message = msg`windowMin ${windowMin} counts as ${MAX_WINDOW_MIN}: farther from dusk and dawn no sky is dark; write ${MAX_WINDOW_MIN} or less`;
  return [{ path: [...path, 'photocell', 'windowMin'], message }];
}

/** With a wave, the light around a sensor changes just before the person arrives who causes the change. */
function checkBlanking({ value: zone, path }: Placed<ZoneDraft>): Finding[] {
  if (typeof waveMode(zone) !== 'string') return [];
  const lookAheadS = given(zone.presence?.wave ?? {}, 'lookAheadS', 4) ?? 4;
  return placed(zone.presence?.sensors, [...path, 'presence', 'sensors'])
    .filter(({ value: { blankS, kind } }) => kind !== 'counter' && blankS !== undefined && blankS > 0)
    .map((sensor) => {
      const message = msg`blankS ${sensor.value.blankS ?? 0} with wave counts as ${lookAheadS / 2} at most, because light rises ahead of people; leave it out, or shield the sensor from the lamp`;
      return { path: [...sensor.path, 'blankS'], message };
    });
}

/** The age of a lamp is unknown until the file specifies it. */
function checkHours({ value: zone, path }: Placed<ZoneDraft>, { lamps }: Index): Finding[] {
  if (zone.constantLight === undefined || zone.constantLight === null) return [];
  const unknown = lamps.filter(
    ({ value }) => value.id !== undefined && zone.lamps?.includes(value.id) && given(value, 'burned', null) === null,
  );
  if (unknown.length === 0) return [];
  const names = listNames(unknown.map(({ value }) => value.id ?? ''));
  const message = msg`the burning hours of ${names} are not in this file; constantLight reduces no lamp before they are known: write burned, or use luciole hours`;
  return [{ path: [...path, 'constantLight'], message }];
}
