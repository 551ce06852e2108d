/**
 * The light that traffic requires: counts vehicles in windows of ten minutes and derives the step from the flow.
 *
 * Pure: a state, a reading or a tick and the time in, a state out.
 *
 * Traffic raises: the programme of such a zone gives the level of the quiet night, and the flow raises it to the class that it requires.
 * The step in force is the highest of three: that of the running window so far, of the last full window, and of the one before.
 * So more light comes at once, stays for ten minutes at least, and ends only after two low counts in a row. An unknown flow counts as the
 * highest: before two windows are full, and while a counter fails, a zone has the light of its design class, never the dimmed one.
 * Source: UNI 11248:2016 annex D.
 */

import type { TrafficConfig, Zone } from '../core/cabinet.ts';
import type { MonoMs } from '../core/clock.ts';
import { HOUR_MS } from '../core/durations.ts';
import { classLevelPct } from '../core/lighting-class.ts';
import { type Message, msg } from '../core/message.ts';
import type { LevelPct, PointId, Reading } from '../core/words.ts';
import type { TrafficState } from './lighting.ts';

/** Length of one window in which vehicles are counted. Units: ms. Source: UNI 11248:2016 annex D: ten minutes, a sixth of an hour. */
export const WINDOW_MS = 600_000;
/**
 * A window with a smaller observed share is not full. Source: assumed; below half, more was missed than counted. Confirmed by: gaps in the readings
 * of the counters in a week of logs.
 */
const LEAST_SEEN = 0.5;
/** Light of the design class. Source: core/cabinet.ts, 100 % gives it. */
const DESIGN_PCT = 100;

/** The count of one counter in the running window. */
interface CounterCount {
  /** Newest good value; null before the first. */
  readonly value: number | null;
  /** Time of that value; before the first, the start of the wait for it. */
  readonly seenMono: MonoMs;
  /** Its newest value was good. */
  readonly isGood: boolean;
  readonly vehicles: number;
  /** Time between consecutive good values. Units: ms. */
  readonly seenMs: number;
}

/** The traffic count of a zone: its result, and what is needed to continue counting. */
export interface TrafficCount extends TrafficState {
  /** Start of the running window. */
  readonly windowMono: MonoMs;
  readonly counters: ReadonlyMap<PointId, CounterCount>;
  /** Flow of the last window and of the one before; null if it is not known. Units: vehicles an hour. */
  readonly windows: readonly [last: number | null, before: number | null];
}

/**
 * Returns the traffic count of a zone after one more reading of a counter, or after a tick (`reading` null). `before`: undefined at the
 * first call. A reading of a point that is no counter of the zone counts as a tick.
 */
export function afterCount(
  before: TrafficCount | undefined,
  reading: Reading | null,
  config: TrafficConfig,
  nowMono: MonoMs,
): TrafficCount {
  const start = before ?? freshCount(config, nowMono);
  // A value that was read before the window ended belongs to it, although it arrives later.
  const isOfNext = reading !== null && reading.atMono > start.windowMono + WINDOW_MS;
  const ended = closeWindow(isOfNext ? start : counted(start, reading), nowMono);
  return judged(isOfNext ? counted(ended, reading) : ended, config, nowMono, before);
}

/**
 * Returns the flow of the last window, or of the running one if that is higher; null if the flow of the last window is not known. The
 * step in force also depends on the window before. Units: vehicles an hour.
 */
export function flowPerH({ flowPerH: last, runningPerH = 0 }: TrafficState): number | null {
  return last === null ? null : Math.max(last, runningPerH);
}

/**
 * Returns the level that the traffic of a zone requires, with its text for the trace. Units: %, 100 while no step is in force. `state`:
 * undefined before the first evaluation.
 */
export function trafficLevel(
  state: TrafficState | undefined,
  config: TrafficConfig,
  { designClass }: Pick<Zone, 'designClass'>,
): { readonly levelPct: LevelPct; readonly text: Message } {
  const step = state?.step == null ? undefined : config.steps[state.step];
  const text = trafficText(state, config);
  if (step === undefined) return { levelPct: DESIGN_PCT, text };
  if ('pct' in step.level) return { levelPct: step.level.pct, text };
  return { levelPct: designClass === null ? DESIGN_PCT : classLevelPct(designClass, step.level.class), text };
}

function trafficText(state: TrafficState | undefined, { designFlowPerH, steps }: TrafficConfig): Message {
  if (state?.fault != null) return msg`${state.fault} gives no count: design class`;
  const flow = state === undefined ? null : flowPerH(state);
  if (state === undefined || flow === null) return msg`flow not known until 20 min are counted: design class`;
  const [perH, sharePct] = [Math.round(flow), Math.round((100 * flow) / designFlowPerH)];
  const step = state.step === null ? undefined : steps[state.step];
  if (placeOf(flow, steps, designFlowPerH) < (state.step ?? steps.length))
    return msg`${perH}/h is ${sharePct} % of design, less after a second low count`;
  return step === undefined
    ? msg`${perH}/h is ${sharePct} % of design: design class`
    : msg`${perH}/h is ${sharePct} % of design, step below ${step.belowPct} %`;
}

function freshCount({ counters }: TrafficConfig, nowMono: MonoMs): TrafficCount {
  const unheard: CounterCount = { value: null, seenMono: nowMono, isGood: false, vehicles: 0, seenMs: 0 };
  const all = counters.map(({ device, point }): [PointId, CounterCount] => [`${device}.${point}`, unheard]);
  return { flowPerH: null, step: null, sinceMono: nowMono, windowMono: nowMono, counters: new Map(all), windows: [null, null] };
}

function counted(state: TrafficCount, reading: Reading | null): TrafficCount {
  const before = reading === null ? undefined : state.counters.get(reading.pointId);
  if (reading === null || before === undefined) return state;
  const after = afterWord(before, reading);
  return after === before ? state : { ...state, counters: new Map(state.counters).set(reading.pointId, after) };
}

function afterWord(before: CounterCount, { value, quality, atMono }: Reading): CounterCount {
  const isOld = before.value !== null && atMono < before.seenMono;
  if (value === null || quality !== 'good') return isOld || !before.isGood ? before : { ...before, isGood: false };
  if (before.value === null) return { ...before, value, seenMono: atMono, isGood: true };
  if (atMono <= before.seenMono) return before;
  const seenMs = before.seenMs + (before.isGood ? atMono - before.seenMono : 0);
  return { value, seenMono: atMono, isGood: true, vehicles: before.vehicles + Math.max(0, value - before.value), seenMs };
}

function closeWindow(state: TrafficCount, nowMono: MonoMs): TrafficCount {
  const endMono = state.windowMono + WINDOW_MS;
  if (nowMono < endMono) return state;
  const counters = new Map([...state.counters].map(([id, count]) => [id, { ...count, vehicles: 0, seenMs: 0 }]));
  // No evaluation for a whole window: the machine was suspended, and there is no data about the time between.
  if (nowMono >= endMono + WINDOW_MS) return { ...state, windowMono: nowMono, counters, windows: [null, null] };
  return { ...state, windowMono: endMono, counters, windows: [fullFlow([...state.counters.values()]), state.windows[0]] };
}

/** The flow of all counters together; null if one of them was not observed for long enough. */
function fullFlow(counters: readonly CounterCount[]): number | null {
  if (counters.length === 0 || counters.some(({ seenMs }) => seenMs < LEAST_SEEN * WINDOW_MS)) return null;
  return counters.reduce((sum, { vehicles, seenMs }) => sum + (vehicles * HOUR_MS) / seenMs, 0);
}

function judged(state: TrafficCount, { steps, designFlowPerH }: TrafficConfig, nowMono: MonoMs, before?: TrafficCount): TrafficCount {
  const fault = [...state.counters].find(([, { seenMono }]) => nowMono - seenMono > WINDOW_MS)?.[0] ?? null;
  const windows = fault === null ? state.windows : ([null, null] as const);
  const counters = [...state.counters.values()];
  const runningPerH = counters.reduce((sum, { vehicles, seenMs }) => sum + (vehicles * HOUR_MS) / Math.max(WINDOW_MS, seenMs), 0);
  const place = Math.max(...[runningPerH, ...windows].map((flow) => placeOf(flow, steps, designFlowPerH)));
  const step = place < steps.length ? place : null;
  const sinceMono = before?.step === step ? before.sinceMono : nowMono;
  return { ...state, flowPerH: windows[0], runningPerH, step, sinceMono, fault, windows };
}

/** Index of the step for a flow; one past the last for a flow above all of them, and for an unknown flow. */
function placeOf(flow: number | null, steps: TrafficConfig['steps'], designFlowPerH: number): number {
  const place = flow === null ? -1 : steps.findIndex(({ belowPct }) => flow < (belowPct / 100) * designFlowPerH);
  return place < 0 ? steps.length : place;
}
