/**
 * The situations in which a street is compared with its floor.
 *
 * They are the extremes of each input of a decision: presence or none, no traffic and full traffic, a photocell that reports day or night, a clock
 * without a time, an override to 0 %. Any situation between two extremes gives a level between theirs. Pure.
 */
import type { ProgrammeStep } from '../core/cabinet.ts';
import type { MonoMs, WallMs } from '../core/clock.ts';
import { HOUR_MS } from '../core/durations.ts';
import { type Message, msg } from '../core/message.ts';
import type { Intent, PointId } from '../core/words.ts';
import type { LightingSnapshot, LightingStreet, PhotocellState, ProgrammeChoice, SensorState } from './lighting.ts';

/** One situation in which streets are compared: its text for a refusal, and the input of `decide` in it. */
export interface LightCase {
  /** A part of a sentence, for example `without presence, no trusted time`. */
  readonly text: Message;
  /** No time is trusted, so the level does not depend on it: one instant is enough. */
  readonly isTimeless: boolean;
  /** One programme is chosen for all zones. A street without it keeps its usual ones. */
  readonly isChosen: boolean;
  readonly snapshotOf: (street: LightingStreet, nowMs: WallMs) => LightingSnapshot;
  /** As `snapshotOf`, for a floor (see `Floor`). Its photocells always report bright, so that the floor is as low as it can be. */
  readonly floorSnapshotOf: (street: LightingStreet, nowMs: WallMs) => LightingSnapshot;
}

/** Far from zero, so that an hour ago is not before the start of the clock. Units: ms. */
const NOW_MONO: MonoMs = 1_000_000_000;

/** Id of the only programme of a street from `darkestStreet`: 0 % all night. No id of a cabinet file may contain a star. */
export const DARKEST = '*floor';

const PRESENT: SensorState = { present: true, sinceMono: NOW_MONO - 1_000, lastPresentMono: NOW_MONO, quality: 'good' };

interface Situation {
  readonly isPresent?: boolean;
  readonly isBusy?: boolean;
  readonly cell?: PhotocellState['says'];
  readonly isTimeless?: boolean;
  readonly isOverridden?: boolean;
  /** Every rule that lowers light applies. */
  readonly isLowered?: boolean;
  /** The programme that all zones have, regardless of their calendars. */
  readonly chosen?: string;
  /** Burning hours of every lamp; undefined: not known. */
  readonly burningH?: number | undefined;
}

/**
 * Returns the situations in which these streets are compared: combined extremes of the inputs that the streets use, such as presence
 * or none. Those without a trusted time come last.
 */
export function casesFor(streets: readonly LightingStreet[]): readonly LightCase[] {
  const zones = streets.flatMap((street) => street.zones);
  const cells = zones.some(({ photocell }) => photocell !== null) ? ([null, 'bright', 'dark'] as const) : [null];
  const hours = zones.flatMap(({ constantLight }) => (constantLight === null ? [] : [0, constantLight.fullAtH]));
  const raises: readonly Situation[] = [
    ...(zones.some(({ presence }) => presence !== null) ? [{ isPresent: true }] : []),
    ...(zones.some(({ traffic }) => traffic !== null) ? [{ isBusy: true }] : []),
  ];
  const chosen = darkProgrammes(streets).map((id): Situation => ({ chosen: id }));
  const lowered = streets.some(({ rules }) => rules.some(({ lower }) => lower !== undefined)) ? [{ isLowered: true }] : [];
  const asks: readonly Situation[] = [{}, { isOverridden: true }, ...lowered, ...raises, ...chosen];
  return [false, true].flatMap((isTimeless) =>
    cells.flatMap((cell) =>
      [undefined, ...new Set(hours)].flatMap((burningH) => asks.map((ask) => caseOf({ ...ask, isTimeless, cell, burningH }))),
    ),
  );
}

/**
 * Returns the ids of programmes with a step that is given as 0 %, except `DARKEST`; empty unless some zone may be dark and another may not.
 */
export function darkProgrammes(streets: readonly LightingStreet[]): readonly string[] {
  const zones = streets.flatMap((street) => street.zones);
  if (zones.every(({ dark }) => dark === null) || zones.every(({ dark }) => dark !== null)) return [];
  const all = streets.flatMap(({ programmes }) => programmes).filter(({ id }) => id !== DARKEST);
  const isDark = (step: ProgrammeStep): boolean => 'pct' in step.level && step.level.pct === 0;
  return [...new Set(all.filter(({ steps }) => steps.some(isDark)).map(({ id }) => id))];
}

function caseOf(situation: Situation): LightCase {
  const { isPresent, isBusy, isOverridden, isLowered, isTimeless = false, cell, burningH, chosen } = situation;
  const who =
    isOverridden === true
      ? msg`under an override to 0 %`
      : isPresent === true
        ? msg`with presence`
        : isBusy === true
          ? msg`in traffic`
          : msg`without presence`;
  const rest = [
    ...(isLowered === true ? [msg`under every rule that lowers light`] : []),
    ...(chosen === undefined ? [] : [msg`with programme ${chosen}`]),
    ...(cell == null ? [] : [cell === 'dark' ? msg`a photocell that reports dark` : msg`a photocell that reports bright`]),
    ...(isTimeless ? [msg`no trusted time`] : []),
    ...(burningH === undefined ? [] : [msg`lamps of ${burningH} h`]),
  ];
  return {
    text: msg`${[who, ...rest]}`,
    isTimeless,
    isChosen: chosen !== undefined,
    snapshotOf: (street, nowMs) => snapshotOf(street, nowMs, situation),
    floorSnapshotOf: (street, nowMs) => snapshotOf(street, nowMs, { ...situation, cell: 'bright' }),
  };
}

function snapshotOf(street: LightingStreet, nowMs: WallMs, situation: Situation): LightingSnapshot {
  const { isPresent = false, isBusy = false, cell = null, isTimeless = false, isOverridden = false, burningH, chosen } = situation;
  const { zones, lamps, rules } = street;
  const lowering = situation.isLowered === true ? rules.filter(({ lower }) => lower !== undefined) : [];
  const sensors = isPresent ? zones.flatMap(({ presence }) => presence?.sensors ?? []) : [];
  const cells = cell === null ? [] : zones.flatMap(({ photocell }) => (photocell === null ? [] : [photocell]));
  return {
    nowMs,
    nowMono: NOW_MONO,
    clockQuality: isTimeless ? 'none' : 'synced',
    sensors: new Map(sensors.map(({ device, point }) => [`${device}.${point}` as PointId, PRESENT])),
    intents: isOverridden ? [overrideTo0(nowMs)] : [],
    photocells: new Map(cells.map(({ device, point }) => [`${device}.${point}` as PointId, cellThatSays(cell)])),
    // The lowest step is the lowest level that traffic allows.
    traffic: new Map(zones.map(({ id }) => [id, { flowPerH: 0, step: isBusy ? null : 0, sinceMono: NOW_MONO - HOUR_MS }])),
    ...(lowering.length === 0 ? {} : { rules: new Map(lowering.map(({ id }) => [id, { holds: true, sinceMono: NOW_MONO - HOUR_MS }])) }),
    ...(chosen === undefined ? {} : { programmes: new Map(zones.map(({ id }) => [id, choiceOf(chosen, nowMs)])) }),
    ...(burningH === undefined ? {} : { burningH: new Map(lamps.map(({ id }) => [id, burningH])) }),
  };
}

function choiceOf(programme: string, nowMs: WallMs): ProgrammeChoice {
  return { programme, untilMs: nowMs + HOUR_MS, untilMono: NOW_MONO + HOUR_MS };
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
