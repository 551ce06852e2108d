/**
 * Tests one lamp or zone with a ramp: reads each level back, measures its power, and restores the light afterwards.
 *
 * The ramp is an intent of maintenance rank with its own end, so it also ends if agent or console stop. It is refused if the target is
 * locked, because a person may be working on the lamp.
 */

import type { LampTestVerdict } from '../../../core/acceptance.ts';
import { every } from '../../../core/clock.ts';
import { reasonOf } from '../../../core/intent-reason.ts';
import { type Message, msg } from '../../../core/message.ts';
import { splitPointId } from '../../../core/point-id.ts';
import type { AgentView } from '../../../core/views.ts';
import type { LevelPct, Outcome, OutcomeState, PointId, Target } from '../../../core/words.ts';
import type { Job } from '../../command-spec.ts';
import { ConsoleError } from '../../console-error.ts';

/** Source: assumed; below the usual minimum, the usual night level, full. Confirmed by: minimum levels in data sheets of the installed drivers. */
const RAMP_PCT: readonly LevelPct[] = [20, 60, 100];
/** A step ends by itself after this time. Units: min. Source: the agent ends a command after one minute; two more for the meters. */
const STEP_MIN = 3;
/**
 * Longest wait for power readings once the lamps have settled. Units: ms. Source: the 30 s period of slow points, and one cycle of a full
 * line.
 */
export const POWER_WAIT_MS = 35_000;
/**
 * Shortest time from the outcome of a level request, such as `verified`, until power readings count. Units: ms. Source: assumed; ramps of 1
 * to 2 s. Confirmed by: power readings after a step on the installed drivers.
 */
export const RAMP_SETTLE_MS = 3_000;
const LOOK_MS = 1_000;
/**
 * A smaller power or rise counts as none. Units: W per lamp. Source: assumed; a tenth of half the power of a small lamp. Confirmed by:
 * noise of the installed meters.
 */
export const MIN_RISE_W = 1;

/** Longest wait for the lamps to confirm a level. Units: ms. Source: the agent ends a command after 60 s with a reason for each lamp. */
const CONFIRM_MS = 60_000;

/** What a step of a test waits for: that the lamps confirm `levelPct`, or that readings such as power arrive. */
export interface TestWait {
  readonly levelPct: LevelPct;
  /** Number of the step, from 1. */
  readonly step: number;
  readonly steps: number;
  readonly waitsFor: 'lamps' | 'power';
  /** Longest remaining wait for the lamps or for the power, not for the whole step. Units: ms. */
  readonly restMs: number;
}

/**
 * The result of one level of the ramp; `levelPct` is the requested one. `reason`: why the request was refused or failed, or a remark; may
 * be empty.
 */
export interface TestStep {
  readonly levelPct: LevelPct;
  /** How the request of this level ended, by lamp of the target. */
  readonly states: Readonly<Record<string, OutcomeState>>;
  readonly reason: Message;
  /** By lamp that measures its own power; a lamp without a usable reading at this level is absent. Units: W. */
  readonly lampW: Readonly<Record<string, number>>;
  /** Sum of the points that `cabinetMeters` returns; null if it is unknown or includes lamps outside the test. Units: W. */
  readonly meterW: number | null;
}

/**
 * Why the power of a lamp was not checked. `no-sensor`: nothing measures it in W. `shared-meter`: the meters also measure lamps outside
 * the test. `no-reading` and `no-meter-reading`: fewer than two usable readings.
 */
export type Unweighed = 'no-sensor' | 'no-reading' | 'no-meter-reading' | 'shared-meter';

/**
 * The result for one lamp. `weighedBy`: what measured power at more than one level. `lamp`: its own sensor. `meter`: the meters, which
 * measure the sum of all lamps of the test.
 */
export interface LampVerdict {
  readonly lamp: string;
  readonly verdict: LampTestVerdict;
  readonly weighedBy: 'lamp' | 'meter' | 'nothing';
  /** Why the power was not checked. Null unless `verdict` is `ok` and `weighedBy` is `nothing`. */
  readonly unweighed: Unweighed | null;
}

/** The answer of `test lamp` and `test zone`. */
export interface Tested {
  readonly target: Target;
  /** In their order; fewer than the levels of the ramp if the client was gone. */
  readonly steps: readonly TestStep[];
  /** One for each lamp in the test. */
  readonly verdicts: readonly LampVerdict[];
  /** Number of lamps of the cabinet that were not in the test. */
  readonly otherLamps: number;
  /** Result of the release after the test. */
  readonly restored: Outcome['state'];
}

/** Measures more about the lamps during a ramp than their power. Units: levels in %; `requestedMono` in ms of monotonic time. */
export interface RampGauge {
  /** Further points that a step reads. */
  readonly points: readonly PointId[];
  /** Readings for `take` count from this time, at least `RAMP_SETTLE_MS`, after the outcome of the level request. Units: ms. */
  readonly settleMs: number;
  /** Called about each second while a step waits. `requestedMono`: when its level was requested. */
  look(levelPct: LevelPct, requestedMono: number): void;
  /** Receives the values read at a level, those of power too, as far as they arrived in time; empty for none. */
  take(levelPct: LevelPct, values: ReadonlyMap<PointId, number>): void;
}

/**
 * Requests several levels for the target in turn, reports the waits (`TestWait`) and the result of each level (`TestStep`), and then ends
 * its request, not those of others. Once the client is gone, no further level is requested. `gauge` may measure more.
 *
 * Errors: rejects, for example with ConsoleError 'failed' if the target is locked for maintenance before the test, or by another person
 * before one of its levels.
 */
export async function testTarget(view: AgentView, target: Target, job: Job, gauge: RampGauge | null = null): Promise<Tested> {
  expectFree(view, target);
  const steps: TestStep[] = [];
  let restored: Outcome['state'] = 'failed';
  try {
    for (const [index, levelPct] of RAMP_PCT.entries()) {
      if (job.signal.aborted) break;
      if (index > 0) expectFree(view, target, job.source);
      const wait = (waitsFor: TestWait['waitsFor'], restMs: number): void =>
        void job.report({ levelPct, step: index + 1, steps: RAMP_PCT.length, waitsFor, restMs } satisfies TestWait);
      const step = await rampStep(view, target, levelPct, { ...job, wait, gauge });
      steps.push(step);
      job.report(step);
    }
  } finally {
    restored = (await view.release({ target, source: job.source, rank: 'maintenance', isOwnOnly: true })).state;
  }
  const lamps = [...new Set(steps.flatMap(({ states }) => Object.keys(states)))].sort();
  const otherLamps = otherLampsOf(view, lamps);
  const { own, meters } = powerPoints(view, lamps);
  const verdicts = lamps.map((lamp): LampVerdict => {
    const judged = verdictOf(lamp, steps, { meteredLamps: otherLamps === 0 ? lamps.length : null, isAnswering: isAnswering(view, lamp) });
    const isUnweighed = judged.weighedBy === 'nothing' && judged.verdict === 'ok';
    return { ...judged, unweighed: isUnweighed ? unweighedFor(own[lamp] !== undefined, meters.length > 0, otherLamps) : null };
  });
  return { target, steps, verdicts, otherLamps, restored };
}

/** Returns the number of lamps outside the test. A meter of the whole cabinet is usable only if this is 0. */
function otherLampsOf(view: AgentView, lamps: readonly string[]): number {
  return view.names().lamps.length - lamps.length;
}

function unweighedFor(hasOwn: boolean, hasMeter: boolean, otherLamps: number): Unweighed {
  if (hasOwn) return 'no-reading';
  if (!hasMeter) return 'no-sensor';
  return otherLamps > 0 ? 'shared-meter' : 'no-meter-reading';
}

/**
 * Errors: throws ConsoleError 'failed' if a request of rank `maintenance` applies to the lamp or zone, or to a part of it. Those of the
 * source `except` do not count; default: all count.
 */
export function expectFree(view: AgentView, target: Target, except: string | null = null): void {
  const tested = new Set(lampsOf(view, target));
  const isOn = ({ kind, id }: Target): boolean =>
    kind === 'cabinet' || id === target.id || lampsOf(view, { kind, id }).some((lamp) => tested.has(lamp));
  const locks = view.light.intentsBy('technician').filter(({ rank, target: locked }) => rank === 'maintenance' && isOn(locked));
  const intent = locks.find(({ source }) => source !== except);
  if (intent === undefined) return;
  const { source, reason } = intent;
  throw new ConsoleError(
    'failed',
    reason === ''
      ? msg`${intent.target.id} is locked by ${source}: a person may be at work; release ${intent.target.id} first`
      : msg`${intent.target.id} is locked by ${source} (${reasonOf(intent)}): a person may be at work; release ${intent.target.id} first`,
  );
}

function lampsOf(view: AgentView, { kind, id }: Target): readonly string[] {
  return kind === 'zone' ? (view.why(id)?.lamps.map((lamp) => lamp.id) ?? []) : [id];
}

/** Reports what a step waits for, and in `restMs` the longest remaining wait for it. Units: ms. */
export type ReportWait = (waitsFor: TestWait['waitsFor'], restMs: number) => void;

async function rampStep(
  view: AgentView,
  target: Target,
  levelPct: LevelPct,
  { source, clock, signal, wait, gauge }: Job & { readonly wait: ReportWait; readonly gauge: RampGauge | null },
): Promise<TestStep> {
  const requestedMono = clock.monoMs();
  const look = (): void => gauge?.look(levelPct, requestedMono);
  const request = {
    target,
    levelPct,
    rank: 'maintenance',
    minutes: STEP_MIN,
    reason: `test: ${RAMP_PCT.join(', ')} %`,
    source,
    isFurther: levelPct !== RAMP_PCT[0],
  } as const;
  const { state, lamps, reason } = await countedDown(view.override(request), clock, (restMs) => {
    look();
    wait('lamps', restMs);
  });
  look();
  // A request that is refused as a whole names no lamps.
  const states = Object.keys(lamps).length > 0 ? lamps : Object.fromEntries(lampsOf(view, target).map((lamp) => [lamp, state]));
  const settledMono = clock.monoMs() + Math.max(RAMP_SETTLE_MS, gauge?.settleMs ?? 0);
  const wanted = powerPoints(view, Object.keys(states));
  const points = [...wanted.all, ...(gauge?.points ?? [])];
  const values =
    // If no lamp followed, there is no power to measure, and a person is waiting.
    points.length === 0 || Object.values(states).every((each) => each === 'refused' || each === 'failed')
      ? new Map<PointId, number>()
      : await freshValues(view, points, {
          ...{ clock, signal, settledMono },
          wait: (...waits) => {
            look();
            wait(...waits);
          },
        });
  gauge?.take(levelPct, values);
  const own = Object.entries(wanted.own).flatMap(([lamp, pointId]) =>
    values.has(pointId) ? [[lamp, values.get(pointId) ?? 0] as const] : [],
  );
  const meters = wanted.meters.map((pointId) => values.get(pointId));
  const isWeighed = meters.length > 0 && meters.every((value) => value !== undefined);
  return {
    levelPct,
    states,
    reason,
    lampW: Object.fromEntries(own),
    meterW: isWeighed ? meters.reduce<number>((sum, value) => sum + (value ?? 0), 0) : null,
  };
}

/** Reports the remaining time each second while the work runs. */
async function countedDown<T>(work: Promise<T>, clock: Job['clock'], report: (restMs: number) => void): Promise<T> {
  const untilMono = clock.monoMs() + CONFIRM_MS;
  const tell = (): void => report(Math.max(0, untilMono - clock.monoMs()));
  tell();
  const turns = every(clock, LOOK_MS, tell);
  try {
    return await work;
  } finally {
    turns.cancel();
  }
}

/** Returns the point `power` or `active_power` of each meter of the cabinet. A meter without such a point in W is left out. */
export function cabinetMeters(view: AgentView): readonly PointId[] {
  return powerPoints(view, []).meters;
}

/** Returns the points that measure power: a lamp's own, otherwise the cabinet's meters if they measure no other lamps. */
function powerPoints(view: AgentView, lamps: readonly string[]) {
  const inW = view.points('power').filter(({ unit, pointId }) => unit === 'W' && /\.(?:active_)?power$/.test(pointId));
  const of = (device: string) => inW.find(({ pointId }) => splitPointId(pointId).deviceId === device)?.pointId;
  const known = new Map(view.acceptance.lamps().map(({ id, power }) => [id, power ?? undefined]));
  const own: Readonly<Record<string, PointId>> = Object.fromEntries(
    lamps.flatMap((lamp) => [known.get(lamp) ?? of(lamp)].flatMap((pointId) => (pointId === undefined ? [] : [[lamp, pointId] as const]))),
  );
  const meterIds = view.profiles().flatMap(({ category, usedBy }) => (category === 'meter' ? usedBy : []));
  const meters = meterIds.flatMap((device) => [of(device)].flatMap((pointId) => pointId ?? []));
  return { own, meters, all: [...Object.values(own), ...(otherLampsOf(view, lamps) > 0 ? [] : meters)] };
}

/**
 * What a wait for readings requires. `settledMono`: only readings since then count. `wait` is called about each second. Aborting `signal`
 * ends the wait. Units: `settledMono` in ms of monotonic time.
 */
export interface ReadingWait extends Pick<Job, 'clock' | 'signal'> {
  readonly settledMono: number;
  readonly wait: ReportWait;
}

/**
 * Resolves with the good values of the points that were read since `settledMono`. A point without one in time is absent. Ends once all are
 * read, at the latest about `POWER_WAIT_MS` after `settledMono`, or once the signal is aborted.
 */
export async function freshValues(
  view: AgentView,
  points: readonly PointId[],
  { clock, signal, settledMono, wait }: ReadingWait,
): Promise<ReadonlyMap<PointId, number>> {
  const values = new Map<PointId, number>();
  const untilMono = settledMono + POWER_WAIT_MS;
  while (values.size < points.length && clock.monoMs() < untilMono && !signal.aborted) {
    wait('power', untilMono - clock.monoMs());
    await new Promise<void>((resolve) => clock.after(LOOK_MS, resolve));
    for (const { pointId, value, ageS, quality } of view.points('')) {
      const readMono = clock.monoMs() - (ageS ?? Number.POSITIVE_INFINITY) * 1_000;
      if (points.includes(pointId) && value !== null && quality === 'good' && readMono >= settledMono) values.set(pointId, value);
    }
  }
  return values;
}

/** Whether the last request to the device of a lamp was answered. */
function isAnswering(view: AgentView, lamp: string): boolean {
  const level = view.acceptance.lamps().find(({ id }) => id === lamp)?.level ?? null;
  const device = level === null ? lamp : splitPointId(level).deviceId;
  return view.devices().some(({ id, state }) => id === device && state === 'ok');
}

/** `meteredLamps`: null if no meter measures these lamps only. */
function verdictOf(
  lamp: string,
  steps: readonly TestStep[],
  { meteredLamps, isAnswering }: { readonly meteredLamps: number | null; readonly isAnswering: boolean },
): Omit<LampVerdict, 'unweighed'> {
  const states = steps.map((step) => step.states[lamp]);
  const own = steps.flatMap((step) => step.lampW[lamp] ?? []);
  const meter = meteredLamps === null ? [] : steps.flatMap(({ meterW }) => meterW ?? []);
  const weighedBy = own.length > 1 ? 'lamp' : meter.length > 1 ? 'meter' : 'nothing';
  const rises =
    weighedBy === 'lamp' ? isRising(own, MIN_RISE_W) : weighedBy === 'meter' ? isRising(meter, MIN_RISE_W * (meteredLamps ?? 0)) : true;
  if (!isAnswering && states.every((state) => state === 'failed')) return { lamp, verdict: 'no answer', weighedBy };
  if (states.some((state) => state === 'failed')) return { lamp, verdict: 'does not follow', weighedBy };
  if (states.some((state) => state === 'refused')) return { lamp, verdict: 'refused', weighedBy };
  if (weighedBy === 'lamp' && (own.at(-1) ?? 0) < MIN_RISE_W) return { lamp, verdict: 'no power', weighedBy };
  return { lamp, verdict: rises ? 'ok' : 'power does not rise', weighedBy };
}

function isRising(values: readonly number[], minRise: number): boolean {
  return values.every((value, index) => index === 0 || value - (values[index - 1] ?? 0) >= minRise);
}
