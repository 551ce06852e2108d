/**
 * Filters the readings of one presence sensor: threshold, count, pulse, pause, own light, stuck, too many detections.
 *
 * Pure: state, reading and time in, state out.
 *
 * A spell begins with a reading at or above the threshold and ends with the first pause of `offDelayS`; chatter within it is one spell. It is
 * presence once it has lasted `minPulseS`. A counter has no such readings: each rise is a detection, and its spell ends `offDelayS` after the last.
 * Many people in a row are one spell of a counter, so how long it lasts proves nothing; it is ignored while it counts more than can pass.
 */
import type { PresenceSensor } from '../core/cabinet.ts';
import type { MonoMs } from '../core/clock.ts';
import type { Reading } from '../core/words.ts';
import type { SensorState } from './lighting.ts';
import { afterActivity, isNowBusy } from './sensor-activity.ts';

/** The state of a sensor after one more reading or tick, and what was detected with it. */
export interface SensorStep {
  readonly state: SensorState;
  /**
   * Whether a new detection was made with this step. False while presence only continues. A rise of a counter is a new detection, unless
   * the counter was ignored as `stuck`.
   */
  readonly detected: boolean;
  /** The value has risen again after a short pause during presence: it may be another person. */
  readonly returned: boolean;
}

/** The time of an evaluation, and what may disturb a sensor. */
export interface SensorTime {
  readonly nowMono: MonoMs;
  /** When the decided level of a lamp that lights the sensor's area last changed, or was first decided; null if none was decided. */
  readonly ownChangeMono: MonoMs | null;
}

/**
 * A pause of this length is certain: it clears a stuck sensor, which a single wrong reading must not.
 * After this time without any value, presence begins again. Units: ms. Source: assumed; longer than any `offDelayS`. Confirmed by: the longest pauses
 * of occupied sensors in a week of logs.
 */
const PAUSE_MS = 60_000;

/**
 * One rise of a counter counts as at most this share of its hourly limit. Source: assumed; six such jumps in an hour cannot be a replaced device.
 * Confirmed by: the largest rises between two readings in a week of logs of the counters.
 */
const LARGEST_JUMP = 1 / 6;

type Spell = Required<SensorState>;

const UNSEEN: Spell = {
  present: false,
  sinceMono: null,
  lastPresentMono: null,
  quality: 'missing',
  rawUpMono: null,
  rawDownMono: null,
  deafUntilMono: null,
  valueMono: null,
  count: null,
  stuck: false,
  activity: [],
  isBusy: false,
};

/**
 * Returns the state after one more reading, and whether a new detection was made by it or by the time up to `nowMono`. A reading without
 * a usable value, or older than the newest, changes only the quality, besides what time changes. Units: `sensor.threshold` is in the
 * unit of the point.
 */
export function afterSensorReading(
  before: SensorState | undefined,
  reading: Reading,
  sensor: PresenceSensor,
  { nowMono, ownChangeMono }: SensorTime,
): SensorStep {
  const was: Spell = { ...UNSEEN, ...before };
  const { quality, atMono } = reading;
  const value = answers(quality) ? reading.value : null;
  if (value === null || atMono < (was.valueMono ?? atMono)) return { ...passTime({ ...was, quality }, sensor, nowMono), returned: false };
  const until = passTime(was, sensor, atMono);
  const isPlausible = !until.state.stuck && !isTooLong(until.state, sensor, atMono);
  const input = { atMono, deafUntilMono: deafUntil(sensor, atMono, ownChangeMono), isPlausible };
  const seen =
    sensor.kind === 'counter'
      ? afterCount(until.state, value, { ...input, sensor })
      : afterLevel(until.state, value >= sensor.threshold, input);
  const now = passTime({ ...seen.state, quality }, sensor, Math.max(nowMono, atMono));
  return { state: now.state, detected: until.detected || seen.detected || now.detected, returned: seen.returned === true };
}

/** Returns the state after time has passed without a new reading, and whether that made a new detection; `returned` is false. */
export function afterSensorTick(before: SensorState, sensor: PresenceSensor, nowMono: MonoMs): SensorStep {
  return { ...passTime({ ...UNSEEN, ...before }, sensor, nowMono), returned: false };
}

interface SpellStep {
  readonly state: Spell;
  readonly detected: boolean;
  readonly returned?: boolean;
}

interface FilterInput {
  readonly atMono: MonoMs;
  /** A spell that begins with it does not count before this time; null: it counts immediately. */
  readonly deafUntilMono: MonoMs | null;
  /** The running spell has not lasted too long. */
  readonly isPlausible: boolean;
}

function answers(quality: Reading['quality']): boolean {
  return quality === 'good' || quality === 'stale';
}

/** Only a rise just after the agent's own change of light can be caused by it; an earlier one is a person. Light does not affect a counter. */
function deafUntil({ blankS, kind }: PresenceSensor, atMono: MonoMs, ownChangeMono: MonoMs | null): MonoMs | null {
  if (kind === 'counter' || ownChangeMono === null || atMono < ownChangeMono) return null;
  const untilMono = ownChangeMono + blankS * 1_000;
  return atMono < untilMono ? untilMono : null;
}

function passTime(before: Spell, sensor: PresenceSensor, nowMono: MonoMs): SpellStep {
  const state = withActivity(before, sensor, nowMono);
  const { rawUpMono, rawDownMono, quality, present, stuck } = state;
  if (rawUpMono === null) return { state, detected: false };
  if (rawDownMono !== null && isPause(state, sensor, nowMono - rawDownMono)) {
    return { state: { ...state, present: false, stuck: false, rawUpMono: null, deafUntilMono: null }, detected: false };
  }
  if (!answers(quality)) return { state, detected: false };
  if (present && isTooLong(state, sensor, nowMono)) return { state: { ...state, present: false, stuck: true }, detected: false };
  const lastedMs = nowMono - rawUpMono;
  if (present || stuck || rawDownMono !== null || state.deafUntilMono !== null || lastedMs < pulseMs(sensor))
    return { state, detected: false };
  const activity = afterActivity(state.activity, 1, nowMono);
  const seen = { ...state, present: true, sinceMono: rawUpMono, lastPresentMono: state.valueMono, activity };
  return { state: withActivity(seen, sensor, nowMono), detected: true };
}

/** The state from the detections of the last hour. A counter that counts more than can pass is ignored; another sensor may detect real people. */
function withActivity(state: Spell, { kind, maxPerH }: PresenceSensor, nowMono: MonoMs): Spell {
  const isBusy = isNowBusy(state.isBusy, state.activity, maxPerH, nowMono);
  if (kind === 'counter' && (isBusy || state.stuck)) return { ...state, isBusy, stuck: isBusy, present: state.present && !isBusy };
  return isBusy === state.isBusy ? state : { ...state, isBusy };
}

/** Whether there was no presence for long enough. The silence of a stuck sensor does not prove a pause. */
function isPause({ stuck, quality }: Spell, { offDelayS }: PresenceSensor, pausedMs: number): boolean {
  if (!stuck) return pausedMs >= offDelayS * 1_000;
  return answers(quality) && pausedMs >= Math.max(PAUSE_MS, offDelayS * 1_000);
}

/** Presence without a pause for longer than a person stays. Does not apply to a counter: each count may be another person. */
function isTooLong({ rawUpMono }: Spell, { kind, stuckS }: PresenceSensor, nowMono: MonoMs): boolean {
  return kind !== 'counter' && rawUpMono !== null && stuckS > 0 && nowMono - rawUpMono > stuckS * 1_000;
}

/** A press of a button counts, however short. Units: ms. */
function pulseMs({ kind, minPulseS }: PresenceSensor): number {
  return kind === 'button' ? 0 : minPulseS * 1_000;
}

function afterLevel(state: Spell, isUp: boolean, { atMono, deafUntilMono, isPlausible }: FilterInput): SpellStep {
  const read = { ...state, valueMono: atMono };
  if (!isUp) return { state: { ...read, rawDownMono: state.rawDownMono ?? atMono }, detected: false };
  const up = { ...read, rawDownMono: null };
  const wasLost = atMono - (state.valueMono ?? atMono) > PAUSE_MS;
  if (state.rawUpMono === null || wasLost) return { state: { ...up, present: false, rawUpMono: atMono, deafUntilMono }, detected: false };
  if (state.deafUntilMono !== null && atMono >= state.deafUntilMono) {
    return { state: { ...up, rawUpMono: atMono, deafUntilMono: null }, detected: false };
  }
  const isPresent = state.present && isPlausible;
  return { state: isPresent ? { ...up, lastPresentMono: atMono } : up, detected: false, returned: isPresent && state.rawDownMono !== null };
}

/** A count that fell was reset, or has rolled over: that is not a detection. */
function afterCount(
  state: Spell,
  count: number,
  { atMono, isPlausible, sensor: { maxPerH } }: FilterInput & { readonly sensor: PresenceSensor },
): SpellStep {
  const rise = state.count === null ? 0 : count - state.count;
  if (rise <= 0) return { state: { ...state, valueMono: atMono, count }, detected: false };
  // One jump, as of a replaced device, is not a rate.
  const activity = afterActivity(state.activity, Math.min(rise, maxPerH * LARGEST_JUMP), atMono, atMono - (state.valueMono ?? atMono));
  const read = { ...state, valueMono: atMono, count, activity };
  if (!isPlausible) return { state: { ...read, rawDownMono: atMono }, detected: false };
  const sinceMono = state.rawUpMono ?? atMono;
  return {
    state: { ...read, present: true, sinceMono, lastPresentMono: atMono, rawUpMono: sinceMono, rawDownMono: atMono },
    detected: true,
  };
}
