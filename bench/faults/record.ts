/** One record of a simulated cabinet: its faults, mains cuts and restarts of the agent, and the alarms that the watch raised. */

import type { EventCode } from '../../agent/core/words.ts';
import { WatchEngine } from '../../agent/diagnosis/watch/watch-engine.ts';
import { createWatchFrame } from '../../agent/diagnosis/watch/watch-frame.ts';
import { FAULT_KINDS, type FaultName, type InjectedFault } from './faults-of-street.ts';
import { type Draws, drawsFor } from './random.ts';
import { type MainsCut, SimulatedCabinet } from './simulated-cabinet.ts';
import type { StreetTraits } from './street-model.ts';

const DAY_MIN = 1_440;
const LAMPS = 35;
/** Advice, not an alarm. */
const ADVICE: ReadonlySet<EventCode> = new Set<EventCode>(['reactive-high']);
/** Time between two states of the curves that a restart keeps. Units: min. */
const KEEP_MIN = 360;
/** An agent that does not run. */
const IDLE = { step: () => [] } as unknown as WatchEngine;

/** An alarm of the watch. `subject`: index of the lamp; -1 for feeder or meter. */
export interface RaisedAlarm {
  readonly code: EventCode;
  readonly lamp: number;
  readonly atMin: number;
}

/** The alarms of one record. */
export interface CabinetRecord {
  readonly days: number;
  readonly faults: readonly InjectedFault[];
  readonly cuts: readonly MainsCut[];
  readonly alarms: readonly RaisedAlarm[];
}

/** Draws what differs between cabinets. */
export function drawTraits(seed: number): StreetTraits {
  const draws = drawsFor(seed, 9);
  return {
    lamps: LAMPS,
    hasContactor: draws.uniform() < 0.5,
    powerStepW: draws.uniform() < 0.5 ? 0.1 : 1,
    firstDay: Math.floor(draws.uniform() * 365),
  };
}

/** Losses of the mains: one in about a week, seconds to hours long; half of them also end the agent. */
function drawCuts(seed: number, days: number): readonly MainsCut[] {
  const draws = drawsFor(seed, 8);
  return Array.from({ length: days }, (_, day) => day).flatMap((day): MainsCut[] => {
    if (draws.uniform() > 0.14) return [];
    const fromMin = day * DAY_MIN + Math.floor(draws.uniform() * DAY_MIN);
    return [{ fromMin, toMin: fromMin + Math.ceil(Math.exp(draws.between(0, 5))) }];
  });
}

/** Runs a cabinet for some days. `restarts`: the agent starts again after half of the cuts, with what it had stored. */
export function runRecord(
  seed: number,
  {
    days,
    faults = [],
    hasCuts = false,
    traits = drawTraits(seed),
  }: { days: number; faults?: readonly InjectedFault[]; hasCuts?: boolean; traits?: StreetTraits },
): CabinetRecord {
  const cuts = hasCuts ? drawCuts(seed, days) : [];
  const cabinet = new SimulatedCabinet(seed, traits, { faults, cuts });
  const alarms: RaisedAlarm[] = [];
  let frame = createWatchFrame(cabinet.plan);
  let engine = new WatchEngine(cabinet.plan, frame);
  let kept = learnedOf(engine);
  for (let minute = 0; minute < days * DAY_MIN; minute++) {
    const cut = cuts.find(({ fromMin, toMin }) => minute >= fromMin && minute < toMin);
    if (cut !== undefined && cut.fromMin % 2 === 0) {
      if (minute === cut.fromMin) {
        frame = createWatchFrame(cabinet.plan);
        engine = new WatchEngine(cabinet.plan, frame);
        restore(engine, kept);
      }
      cabinet.minute(minute, createWatchFrame(cabinet.plan), IDLE);
      continue;
    }
    for (const change of cabinet.minute(minute, frame, engine))
      if (change.begins && !ADVICE.has(change.fault))
        alarms.push({ code: change.fault, lamp: change.kind === 'lamp' ? change.index : -1, atMin: minute });
    if (minute % KEEP_MIN === 0) kept = learnedOf(engine);
  }
  return { days, faults, cuts, alarms };
}

function learnedOf(engine: WatchEngine) {
  const ids = Array.from({ length: LAMPS }, (_, at) => at);
  return {
    power: ids.map((at) => engine.lamps.power.stored(at)),
    powerFactor: ids.map((at) => engine.lamps.powerFactor.stored(at)),
    meter: engine.meters.learned.stored(0),
  };
}

function restore(engine: WatchEngine, kept: ReturnType<typeof learnedOf>): void {
  for (const [at, lamp] of kept.power.entries()) engine.lamps.power.restore(at, lamp);
  for (const [at, lamp] of kept.powerFactor.entries()) engine.lamps.powerFactor.restore(at, lamp);
  engine.meters.learned.restore(0, kept.meter);
}

/** Draws one fault of a kind that begins on a day. `avoid`: lamps that have another fault. */
export function drawFault(
  name: FaultName,
  cabinet: Pick<SimulatedCabinet, 'lit'>,
  { day, draws, avoid = [] }: { day: number; draws: Draws; avoid?: readonly number[] },
): InjectedFault {
  const kind = FAULT_KINDS[name];
  const { onMin, offMin } = cabinet.lit(day);
  const fromMin = Math.floor(
    {
      lit: () => draws.between(onMin + 30, offMin - 150),
      dusk: () => (name === 'contactorOn' ? draws.between(onMin + 30, offMin - 30) : draws.between(onMin - 200, onMin - 20)),
      dawn: () => draws.between(offMin - 20, offMin),
      day: () => draws.between((day + 1) * DAY_MIN + 600, (day + 1) * DAY_MIN + 840),
      any: () => draws.between(day * DAY_MIN, (day + 1) * DAY_MIN),
    }[kind.when](),
  );
  const toMin = Math.ceil(fromMin + draws.between(kind.lastsMin[0], kind.lastsMin[1]));
  const free = Array.from({ length: LAMPS }, (_, at) => at).filter((at) => !avoid.includes(at));
  const size = 'size' in kind ? kind.size(draws) : 1;
  const lamps =
    kind.place === 'lamp'
      ? [free[Math.floor(draws.uniform() * free.length)] ?? 0]
      : kind.place === 'lamps'
        ? free.filter(() => draws.uniform() < size)
        : [];
  return { name, fromMin, toMin, lamps, size };
}
