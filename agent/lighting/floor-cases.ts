/**
 * The situations in which a street is compared with its floor.
 *
 * They are the extremes of each input of a decision: presence or none, no traffic and full traffic, a photocell that reports day or night, a clock
 * without a time, an override to 0 %. Any situation between two extremes gives a level between theirs. Pure.
 */
import type { MonoMs, WallMs } from '../core/clock.ts';
import { HOUR_MS } from '../core/durations.ts';
import type { Intent, PointId } from '../core/words.ts';
import type { LightingSnapshot, LightingStreet, PhotocellState, SensorState } from './lighting.ts';

/** One situation, in words for a refusal, and as what `decide` sees of it at an instant. */
export interface LightCase {
  readonly text: string;
  /** The level does not depend on the time, so one instant stands for all. */
  readonly isTimeless: boolean;
  readonly snapshotOf: (street: LightingStreet, nowMs: WallMs) => LightingSnapshot;
  /** The same for a floor: what its own photocell may keep dark is not owed. */
  readonly floorSnapshotOf: (street: LightingStreet, nowMs: WallMs) => LightingSnapshot;
}

/** Far from zero, so that an hour ago is not before the start of the clock. Units: ms. */
const NOW_MONO: MonoMs = 1_000_000_000;

const PRESENT: SensorState = { present: true, sinceMono: NOW_MONO - 1_000, lastPresentMono: NOW_MONO, quality: 'good' };

interface Situation {
  readonly isPresent?: boolean;
  readonly isBusy?: boolean;
  readonly cell?: PhotocellState['says'];
  readonly isTimeless?: boolean;
  readonly isOverridden?: boolean;
  /** Burning hours of every lamp; left out: not known. */
  readonly burningH?: number | undefined;
}

/**
 * The situations that can make a difference on these streets.
 *
 * An override goes before presence and traffic, so these are not combined with it; everything else is.
 */
export function casesFor(streets: readonly LightingStreet[]): readonly LightCase[] {
  const zones = streets.flatMap((street) => street.zones);
  const cells = zones.some(({ photocell }) => photocell !== null) ? ([null, 'bright', 'dark'] as const) : [null];
  const hours = zones.flatMap(({ constantLight }) => (constantLight === null ? [] : [0, constantLight.fullAtH]));
  const raises: readonly Situation[] = [
    ...(zones.some(({ presence }) => presence !== null) ? [{ isPresent: true }] : []),
    ...(zones.some(({ traffic }) => traffic !== null) ? [{ isBusy: true }] : []),
  ];
  const asks: readonly Situation[] = [{}, { isOverridden: true }, ...raises];
  return [false, true].flatMap((isTimeless) =>
    cells.flatMap((cell) =>
      [undefined, ...new Set(hours)].flatMap((burningH) => asks.map((ask) => caseOf({ ...ask, isTimeless, cell, burningH }))),
    ),
  );
}

function caseOf(situation: Situation): LightCase {
  const { isPresent, isBusy, isOverridden, isTimeless = false, cell, burningH } = situation;
  const who =
    isOverridden === true
      ? 'under an override to 0 %'
      : isPresent === true
        ? 'with presence'
        : isBusy === true
          ? 'in traffic'
          : 'without presence';
  const rest = [
    ...(cell == null ? [] : [`a photocell that says ${cell}`]),
    ...(isTimeless ? ['no trusted time'] : []),
    ...(burningH === undefined ? [] : [`lamps of ${burningH} h`]),
  ];
  return {
    text: [who, ...rest].join(', '),
    isTimeless,
    snapshotOf: (street, nowMs) => snapshotOf(street, nowMs, situation),
    floorSnapshotOf: (street, nowMs) => snapshotOf(street, nowMs, { ...situation, cell: 'bright' }),
  };
}

function snapshotOf(street: LightingStreet, nowMs: WallMs, situation: Situation): LightingSnapshot {
  const { isPresent = false, isBusy = false, cell = null, isTimeless = false, isOverridden = false, burningH } = situation;
  const { zones, lamps } = street;
  const sensors = isPresent ? zones.flatMap(({ presence }) => presence?.sensors ?? []) : [];
  const cells = cell === null ? [] : zones.flatMap(({ photocell }) => (photocell === null ? [] : [photocell]));
  return {
    nowMs,
    nowMono: NOW_MONO,
    clockQuality: isTimeless ? 'none' : 'synced',
    sensors: new Map(sensors.map(({ device, point }) => [`${device}.${point}` as PointId, PRESENT])),
    intents: isOverridden ? [overrideTo0(nowMs)] : [],
    photocells: new Map(cells.map(({ device, point }) => [`${device}.${point}` as PointId, cellThatSays(cell)])),
    // The lowest step is the least that traffic leaves of the light.
    traffic: new Map(zones.map(({ id }) => [id, { flowPerH: 0, step: isBusy ? null : 0, sinceMono: NOW_MONO - HOUR_MS }])),
    ...(burningH === undefined ? {} : { burningH: new Map(lamps.map(({ id }) => [id, burningH])) }),
  };
}

function cellThatSays(says: PhotocellState['says']): PhotocellState {
  return { lux: says === 'bright' ? 10_000 : 0, atMono: NOW_MONO, belowMono: null, aboveMono: null, says };
}

function overrideTo0(nowMs: WallMs): Intent {
  return {
    id: 'floor',
    target: { kind: 'cabinet', id: '' },
    levelPct: 0,
    rank: 'override',
    authority: 'platform',
    source: 'platform',
    reason: '',
    sinceMs: nowMs - HOUR_MS,
    untilMs: nowMs + HOUR_MS,
    untilMono: NOW_MONO + HOUR_MS,
  };
}
