/**
 * The inputs of the fault watch as arrays: the newest value of each quantity of each lamp, feeder and meter, and when it was measured.
 *
 * Arrays in place of objects: the watch looks at each lamp every few seconds and must leave no garbage.
 */
import type { MonoMs } from '../../core/clock.ts';
import type { LevelPct } from '../../core/words.ts';
import { LAMP_QUANTITIES, type LampQuantity, type WatchPlan } from './watch-plan.ts';

/** Values by index, NaN for none, and the time of each, -Infinity if never set. Units: the quantity's own; ms of the monotonic clock. */
export interface Series {
  readonly values: Float64Array;
  readonly atMono: Float64Array;
}

/** By lamp, the decided level and since when; 0 and -Infinity before the first decision. Units: %; ms of the monotonic clock. */
export interface Commands {
  readonly levelPct: Float64Array;
  readonly sinceMono: Float64Array;
}

/**
 * The inputs of the watch. Shape: `commandedOn` of a feeder is 1, 0, or -1 if no command is known; `sinceMono`: since when, -Infinity
 * before the first command. A contact is 1 while its condition is present (see `FeederConfig`), and NaN until it is read.
 */
export interface WatchFrame {
  readonly lamps: Readonly<Record<LampQuantity, Series>>;
  /** Time of the newest good reading of each lamp's device; -Infinity for none. */
  readonly answeredMono: Float64Array;
  readonly commands: Commands;
  readonly feeders: {
    readonly commandedOn: Int8Array;
    readonly sinceMono: Float64Array;
    readonly supply: Series;
    readonly breaker: Series;
    readonly leakage: Series;
  };
  /** By meter; phase voltages by `3 × meter + phase`, where the phase is 0 to 2. Units: W, var, V. */
  readonly meters: { readonly power: Series; readonly reactive: Series; readonly voltage: Series };
  /** A door of the cabinet is open. False also if that is not known. */
  isDoorOpen: boolean;
}

/** Number of places for the phase voltages of one meter in the frame. */
export const PHASES = 3;

/** Creates a frame without values for a plan; no feeder has a known command, and the level of each lamp is 0. */
export function createWatchFrame({ lamps, feeders, meters }: Pick<WatchPlan, 'lamps' | 'feeders' | 'meters'>): WatchFrame {
  const n = lamps.length;
  return {
    lamps: Object.fromEntries(LAMP_QUANTITIES.map((quantity) => [quantity, createSeries(n)])) as Record<LampQuantity, Series>,
    answeredMono: new Float64Array(n).fill(Number.NEGATIVE_INFINITY),
    commands: { levelPct: new Float64Array(n), sinceMono: new Float64Array(n).fill(Number.NEGATIVE_INFINITY) },
    feeders: {
      commandedOn: new Int8Array(feeders.length).fill(-1),
      sinceMono: new Float64Array(feeders.length).fill(Number.NEGATIVE_INFINITY),
      supply: createSeries(feeders.length),
      breaker: createSeries(feeders.length),
      leakage: createSeries(feeders.length),
    },
    meters: { power: createSeries(meters.length), reactive: createSeries(meters.length), voltage: createSeries(meters.length * PHASES) },
    isDoorOpen: false,
  };
}

/** Records a value with its time; null, for one that could not be measured, is recorded as NaN. */
export function setValue({ values, atMono }: Series, index: number, value: number | null, nowMono: MonoMs): void {
  values[index] = value ?? Number.NaN;
  atMono[index] = nowMono;
}

/** Records the level decided for a lamp. The first call and each other level set the time; a repeated level keeps it. */
export function setCommand({ levelPct, sinceMono }: Commands, lamp: number, level: LevelPct, nowMono: MonoMs): void {
  if (levelPct[lamp] !== level || sinceMono[lamp] === Number.NEGATIVE_INFINITY) sinceMono[lamp] = nowMono;
  levelPct[lamp] = level;
}

/** Records whether a feeder is commanded on. A repeated command keeps its time. */
export function setFeeder({ commandedOn, sinceMono }: WatchFrame['feeders'], feeder: number, isOn: boolean, nowMono: MonoMs): void {
  const next = isOn ? 1 : 0;
  if (commandedOn[feeder] !== next) sinceMono[feeder] = nowMono;
  commandedOn[feeder] = next;
}

function createSeries(size: number): Series {
  return { values: new Float64Array(size).fill(Number.NaN), atMono: new Float64Array(size).fill(Number.NEGATIVE_INFINITY) };
}
