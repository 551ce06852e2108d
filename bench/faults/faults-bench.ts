/**
 * The bench of the fault watch on the simulated street: how many faults it finds and how late, how often it is wrong, and what it costs.
 *
 * Seeds of this file were never used to set a limit of the watch: those below `FIRST_SEED` were.
 */

import { quantile } from '../../agent/core/quantile.ts';
import { WatchEngine } from '../../agent/diagnosis/watch/watch-engine.ts';
import { createWatchFrame } from '../../agent/diagnosis/watch/watch-frame.ts';
import type { BenchOptions, BenchResult } from '../result.ts';
import { FAULT_KINDS, type FaultKind, type FaultName, type InjectedFault } from './faults-of-street.ts';
import { poissonUpper } from './poisson.ts';
import { drawsFor } from './random.ts';
import { realCabinetBench } from './real-cabinet.ts';
import { type CabinetRecord, drawFault, drawTraits, type RaisedAlarm, runRecord } from './record.ts';
import { SimulatedCabinet } from './simulated-cabinet.ts';

const BENCH = 'faults';
const DAY_MIN = 1_440;
const MONTH_DAYS = 30;
/** Seeds from here on are for results. */
const FIRST_SEED = 10_000;
/** Nights before a fault, in which the watch learns; nights after it. */
const NIGHTS = { before: 4, after: 4 };
/** A mains cut explains a lost supply until the lamps answer again. Units: min. */
const CUT_SLACK_MIN = 15;
const RECALL_GOAL_PCT = 99;
const RATE_GOAL = 1;
const CONFIDENCE = 0.95;
/** Faults that take the supply of lamps: whatever begins later on such a lamp cannot be seen. In a pair they begin a night later. */
const SUPPLY: ReadonlySet<FaultName> = new Set<FaultName>(['breaker', 'cableCut', 'contactorOff', 'phaseLost']);
const LARGE_CABINET = 250;

/** The figures of the bench, by name: on the log of a real cabinet, then on the simulated street. */
export const FAULTS_FIGURES: Readonly<Record<string, (options: BenchOptions) => void>> = {
  'real-cabinet': realCabinetBench,
  recall,
  pairs,
  healthy,
  cpu,
};

/** Runs the named figures; all without names. */
export async function faultsBench(options: BenchOptions): Promise<void> {
  const names = options.figures.length === 0 ? Object.keys(FAULTS_FIGURES) : options.figures;
  for (const name of names) FAULTS_FIGURES[name]?.(options);
}

/** Each kind of fault alone, in different cabinets and seasons. */
function recall({ emit, progress, quick }: BenchOptions): void {
  const cases = quick ? 3 : 25;
  let [found, total, beside, further] = [0, 0, 0, 0];
  for (const [kind, name] of (Object.keys(FAULT_KINDS) as FaultName[]).entries()) {
    progress(`faults: ${name}`);
    const delays: number[] = [];
    for (let n = 0; n < cases; n++) {
      const { record, faults } = faultyRecord(FIRST_SEED + kind * 100 + n, [name]);
      const [fault] = faults;
      const hit = fault === undefined ? undefined : detectionOf(fault, record.alarms);
      total++;
      if (hit !== undefined && fault !== undefined) delays.push(hit.atMin - fault.fromMin);
      beside += record.alarms.filter((alarm) => !faults.some((each) => isAbout(each, alarm))).length;
      further += record.alarms.filter((alarm) => faults.some((each) => isAbout(each, alarm) && !codesOf(each).includes(alarm.code))).length;
    }
    found += delays.length;
    emit(figure(`recall of ${name}`, (100 * delays.length) / cases, '%', `${cases} cases`));
    emit(figure(`delay of ${name}, p50`, quantile(delays, 0.5), 'min', 'from its beginning, polls each 60 s'));
    emit(figure(`delay of ${name}, p95`, quantile(delays, 0.95), 'min', 'from its beginning, polls each 60 s'));
  }
  const pct = (100 * found) / total;
  emit({ ...figure('recall, faults alone', pct, '%', `${found} of ${total}`), goal: `>= ${RECALL_GOAL_PCT}`, ok: pct >= RECALL_GOAL_PCT });
  const records = `in ${total} records of ${NIGHTS.before + NIGHTS.after} nights`;
  emit(figure('alarms about other things, faults alone', beside, 'alarms', records));
  emit(figure('further kinds of alarms about the same thing', further, 'alarms', `${records}; cycling lamps are out and restart first`));
}

/** Two faults at about the same time: of two lamps, or of a lamp and the cabinet. */
function pairs({ emit, progress, quick }: BenchOptions): void {
  const cases = quick ? 10 : 150;
  const lampFaults = (Object.keys(FAULT_KINDS) as FaultName[]).filter(
    (name) => FAULT_KINDS[name].place === 'lamp' && name !== 'driverReset',
  );
  let [found, total] = [0, 0];
  const missed: string[] = [];
  for (let n = 0; n < cases; n++) {
    if (n % 25 === 0) progress(`faults: pair ${n}`);
    const draws = drawsFor(FIRST_SEED + n, 70);
    const first = lampFaults[Math.floor(draws.uniform() * lampFaults.length)] ?? 'lampOut';
    const others = (Object.keys(FAULT_KINDS) as FaultName[]).filter((name) => name !== first && canJoin(first, name));
    const second = others[Math.floor(draws.uniform() * others.length)] ?? 'leakage';
    const { record, faults } = faultyRecord(FIRST_SEED + 20_000 + n, [first, second]);
    for (const fault of faults) {
      total++;
      if (detectionOf(fault, record.alarms) === undefined) missed.push(`${fault.name} of ${first}+${second}`);
      else found++;
    }
  }
  const pct = (100 * found) / total;
  const note = `${found} of ${total}${missed.length === 0 ? '' : `; missed: ${missed.slice(0, 5).join(', ')}`}`;
  emit({ ...figure('recall, faults in pairs', pct, '%', note), goal: `>= ${RECALL_GOAL_PCT}`, ok: pct >= RECALL_GOAL_PCT });
}

/** Months without faults: weather, dimming, presence, lost polls, mains cuts and restarts of the agent. */
function healthy({ emit, progress, quick }: BenchOptions): void {
  const months = quick ? 3 : 110;
  let [alarms, cuts] = [0, 0];
  const kinds = new Map<string, number>();
  for (let month = 0; month < months; month++) {
    if (month % 10 === 0) progress(`faults: healthy month ${month}`);
    const record = runRecord(FIRST_SEED + 50_000 + month, { days: MONTH_DAYS, hasCuts: true });
    cuts += record.cuts.length;
    for (const { code } of record.alarms.filter((alarm) => !isOfCut(alarm, record))) {
      alarms++;
      kinds.set(code, (kinds.get(code) ?? 0) + 1);
    }
  }
  const upper = poissonUpper(alarms, CONFIDENCE) / months;
  const seen = [...kinds].map(([code, n]) => `${code} ${n}`).join(', ');
  emit(figure('false alarms', alarms, 'alarms', `${months} cabinet-months, ${cuts} mains cuts${seen === '' ? '' : `: ${seen}`}`));
  emit({
    ...figure('false alarms, upper 95 % bound', upper, 'per cabinet-month', 'exact Poisson'),
    goal: `<= ${RATE_GOAL}`,
    ok: upper <= RATE_GOAL,
  });
}

/** The cost of the engine for a large cabinet whose lamps are all read each minute. */
function cpu({ emit, quick }: BenchOptions): void {
  const cabinet = new SimulatedCabinet(FIRST_SEED, { ...drawTraits(FIRST_SEED), lamps: LARGE_CABINET }, {});
  const frame = createWatchFrame(cabinet.plan);
  const engine = new WatchEngine(cabinet.plan, frame);
  const timed = { steps: 0, ms: 0 };
  const step = engine.step.bind(engine);
  engine.step = (moment) => {
    const start = performance.now();
    const changes = step(moment);
    timed.ms += performance.now() - start;
    timed.steps++;
    return changes;
  };
  for (let minute = 0; minute < (quick ? 1 : 3) * DAY_MIN; minute++) cabinet.minute(minute, frame, engine);
  emit(figure('step with 250 lamps, each just read', (1_000 * timed.ms) / timed.steps, 'us', `mean of ${timed.steps} steps`));
  emit(figure('share of a core at a step each 5 s', (100 * timed.ms) / timed.steps / 5_000, '%', 'of this machine'));
}

function faultyRecord(
  seed: number,
  names: readonly [FaultName, ...FaultName[]],
): { record: CabinetRecord; faults: readonly InjectedFault[] } {
  const needed = names
    .map((name): boolean | undefined => (FAULT_KINDS[name] as FaultKind).contactor)
    .find((contactor) => contactor !== undefined);
  const drawn = drawTraits(seed);
  const traits = { ...drawn, hasContactor: needed ?? drawn.hasContactor };
  const calm = new SimulatedCabinet(seed, traits, {});
  const draws = drawsFor(seed, 77);
  const faults: InjectedFault[] = [];
  for (const name of names) {
    const avoid = faults.flatMap(({ lamps }) => lamps);
    const fault = drawFault(name, calm, { day: NIGHTS.before + (SUPPLY.has(name) ? faults.length : 0), draws, avoid });
    faults.push(fault);
  }
  const days = NIGHTS.before + NIGHTS.after;
  return { record: runRecord(seed, { days, faults, traits }), faults };
}

function canJoin(first: FaultName, second: FaultName): boolean {
  const [one, two]: readonly FaultKind[] = [FAULT_KINDS[first], FAULT_KINDS[second]];
  return one?.contactor === undefined || two?.contactor === undefined || one.contactor === two.contactor;
}

function detectionOf(fault: InjectedFault, alarms: readonly RaisedAlarm[]): RaisedAlarm | undefined {
  return alarms.find((alarm) => isAbout(fault, alarm) && codesOf(fault).includes(alarm.code));
}

function codesOf({ name }: InjectedFault): FaultKind['codes'] {
  return FAULT_KINDS[name].codes;
}

/** During the fault, or within 10 min of its end, and about one of its lamps. */
function isAbout({ name, fromMin, toMin, lamps }: InjectedFault, { lamp, atMin }: RaisedAlarm): boolean {
  return atMin >= fromMin && atMin <= toMin + 10 && (lamp < 0 ? FAULT_KINDS[name].place !== 'lamp' : lamps.includes(lamp));
}

function isOfCut({ code, atMin }: RaisedAlarm, { cuts }: CabinetRecord): boolean {
  return code === 'supply-lost' && cuts.some(({ fromMin, toMin }) => atMin >= fromMin && atMin <= toMin + CUT_SLACK_MIN);
}

function figure(metric: string, value: number, unit: string, note: string): BenchResult {
  return { bench: BENCH, metric, value: Math.round(value * 1_000) / 1_000, unit, note };
}
