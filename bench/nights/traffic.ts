/** Three weeks of real traffic counts as lighting classes: each intersection is a road whose light follows its flow. */
import { cabinetFrom } from '../../agent/config/load/load.ts';
import { type NightWindow, SettingsTally } from '../../agent/control/replay/settings-tally.ts';
import { createTrafficTracker } from '../../agent/control/sensing/traffic-tracker.ts';
import type { Cabinet } from '../../agent/core/cabinet.ts';
import { HOUR_MS, MINUTE_MS } from '../../agent/core/durations.ts';
import type { PointId, Reading } from '../../agent/core/words.ts';
import { powerW } from '../../agent/diagnosis/energy.ts';
import { createDecider } from '../../agent/lighting/decide.ts';
import { createLocalCalendar } from '../../agent/lighting/local-time.ts';
import { type BenchOptions, round } from '../result.ts';
import { countLog, type QuarterCount } from './press-log.ts';

const TIMEZONE = 'America/Los_Angeles';
const QUARTER_MIN = 15;
const LAMPS = 10;
/** Source: UNI 11248: below half of the design flow one class less, below a quarter two. */
const STEPS = [
  { belowPct: 25, class: 'M5' },
  { belowPct: 50, class: 'M4' },
];
/** The design flow is the highest hour. Units: hours. */
const QUARTERS_AN_HOUR = 4;

/** Emits the figures of each road; without `--data`, that there is none. Errors: throws for a missing file. */
export function trafficBench({ dataDir, quick, emit, progress }: BenchOptions): void {
  if (dataDir === null) {
    progress('nights: no real counts; give --data DIR');
    return;
  }
  const log = countLog(dataDir);
  const logged = new Set([...log.values()].flat().map(({ time }) => time));
  for (const [intersection, counts] of log) {
    progress(`nights: traffic of intersection ${intersection}`);
    const quarters = quartersOf(counts, logged);
    const used = quick ? quarters.slice(0, 2 * 24 * QUARTERS_AN_HOUR) : quarters;
    const run = runRoad(used);
    const gaps = used.filter((quarter) => quarter.counts === null).length;
    const detectors = new Set(counts.map(({ detector }) => detector)).size;
    const note = `${detectors} detectors, ${round(run.nightH / 24, 1)} days of darkness in ${round(used.length / 96, 1)} days, ${gaps} quarters without any count, design flow ${Math.round(run.designFlowPerH)} vehicles an hour, ${LAMPS} lamps of 60 W; M3 at full flow`;
    const base = { bench: 'nights', note };
    for (const [level, share] of run.shares)
      emit({ ...base, metric: `road-${intersection}-at-${level}-pct`, value: round(share, 1), unit: '% of lit lamp-hours' });
    emit({
      ...base,
      metric: `road-${intersection}-changes-a-night`,
      value: round(run.changes / Math.max(1, run.nights), 1),
      unit: 'changes',
    });
    emit({ ...base, metric: `road-${intersection}-energy`, value: round(run.kwh, 2), unit: 'kWh' });
    emit({ ...base, metric: `road-${intersection}-energy-without-traffic`, value: round(run.fullKwh, 2), unit: 'kWh' });
    emit({ ...base, metric: `road-${intersection}-saved`, value: round(100 * (1 - run.kwh / run.fullKwh), 1), unit: '%' });
    emit({ ...base, metric: `road-${intersection}-faults-of-counters`, value: run.faults, unit: 'events' });
  }
}

/** A quarter of an hour. Shape: `counts` by detector; null where the whole log has a gap. */
interface Quarter {
  readonly atMs: number;
  readonly counts: ReadonlyMap<string, number> | null;
}

/** Every quarter from the first to the last. */
function quartersOf(counts: readonly QuarterCount[], logged: ReadonlySet<string>): readonly Quarter[] {
  const calendar = createLocalCalendar(TIMEZONE);
  const times = [...logged].toSorted();
  const known = new Map(times.map((time) => [instantOf(time, calendar), new Map<string, number>()]));
  for (const { time, detector, vehicles } of counts) known.get(instantOf(time, calendar))?.set(detector, vehicles);
  const [fromMs, toMs] = [Math.min(...known.keys()), Math.max(...known.keys())];
  const length = (toMs - fromMs) / (QUARTER_MIN * MINUTE_MS) + 1;
  return Array.from({ length }, (_, at) => {
    const atMs = fromMs + at * QUARTER_MIN * MINUTE_MS;
    return { atMs, counts: known.get(atMs) ?? null };
  });
}

function runRoad(quarters: readonly Quarter[]) {
  const designFlowPerH = highestHour(quarters);
  const detectors = [...new Set(quarters.flatMap(({ counts }) => [...(counts?.keys() ?? [])]))];
  const cabinet = roadOf(detectors, designFlowPerH);
  const zone = cabinet.zones[0];
  if (zone === undefined) throw new Error('the road has a zone');
  const startMs = quarters[0]?.atMs ?? 0;
  const window: NightWindow = { date: 'all', fromMs: startMs, toMs: startMs + quarters.length * QUARTER_MIN * MINUTE_MS };
  const [tally, full] = [new SettingsTally([window], powerW), new SettingsTally([window], powerW)];
  tally.begin(cabinet);
  full.begin(cabinet);
  let nowMono = 0;
  const faulty = new Set<string>();
  const latest = new Map<PointId, Reading>();
  const tracker = trackerOf(cabinet, { latest, faulty, monoMs: () => nowMono });
  const decider = createDecider(cabinet);
  const totals = new Map<string, number>();
  let [changes, lastStep, nights, wasNight, nightMs]: [number, number | null, number, boolean, number] = [0, null, 0, false, 0];
  for (const { counts } of quarters) {
    for (let minute = 0; minute < QUARTER_MIN; minute++) {
      const nowMs = startMs + nowMono;
      for (const detector of detectors) {
        const total = (totals.get(detector) ?? 0) + (counts?.get(detector) ?? 0) / QUARTER_MIN;
        totals.set(detector, total);
        const pointId = `${detector}.count` as PointId;
        const isKnown = counts !== null;
        latest.set(pointId, {
          pointId,
          value: isKnown ? Math.floor(total) : null,
          quality: isKnown ? 'good' : 'missing',
          atMono: nowMono,
          atMs: nowMs,
        });
      }
      tracker.refresh();
      const { decisions, zones } = decider.decide({
        ...{ nowMs, nowMono, clockQuality: 'synced', sensors: new Map(), intents: [] },
        traffic: tracker.states(),
      });
      const isNight = zones[0]?.night === true;
      const step = tracker.states().get('road')?.step ?? null;
      if (isNight && wasNight && step !== lastStep) changes++;
      if (isNight && !wasNight) nights++;
      if (isNight) nightMs += MINUTE_MS;
      [lastStep, wasNight] = [step, isNight];
      tally.change({ nowMono, nowMs, zones, levelsPct: decisions.map(({ levelPct }) => levelPct) });
      full.change({ nowMono, nowMs, zones, levelsPct: decisions.map(() => (isNight ? 100 : 0)) });
      nowMono += MINUTE_MS;
    }
  }
  tally.end(nowMono);
  full.end(nowMono);
  const [sums, fullSums] = [tally.sums()[0], full.sums()[0]];
  return {
    ...{ designFlowPerH, changes, nights, faults: faulty.size, nightH: nightMs / HOUR_MS },
    shares: sharesOf(sums?.levelLampH ?? {}),
    kwh: sums?.kwh ?? 0,
    fullKwh: fullSums?.kwh ?? 0,
  };
}

/** `faulty`: collects the texts of faults. */
function trackerOf(
  cabinet: Cabinet,
  {
    latest,
    faulty,
    monoMs,
  }: { readonly latest: ReadonlyMap<PointId, Reading>; readonly faulty: Set<string>; readonly monoMs: () => number },
) {
  return createTrafficTracker({
    street: cabinet,
    field: { latest: (pointId) => latest.get(pointId) },
    clock: { monoMs },
    events: {
      set: (isOn, { text }) => {
        if (isOn) faulty.add(String(text));
      },
    },
  });
}

/** By level. Units: % of the lit hours. */
function sharesOf(levelLampH: Readonly<Record<number, number>>): readonly (readonly [string, number])[] {
  const levels = Object.entries(levelLampH);
  const litH = levels.reduce((sum, [, h]) => sum + h, 0);
  return levels.map(([level, h]) => [level, (100 * h) / litH] as const);
}

function highestHour(quarters: readonly Quarter[]): number {
  const sums = quarters.map(({ counts }) => [...(counts?.values() ?? [])].reduce((sum, each) => sum + each, 0));
  return sums.reduce(
    (most, _, at) =>
      Math.max(
        most,
        sums.slice(at, at + QUARTERS_AN_HOUR).reduce((sum, each) => sum + each, 0),
      ),
    1,
  );
}

function instantOf(time: string, calendar: ReturnType<typeof createLocalCalendar>): number {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0] = time.split(/[-T:]/).map(Number);
  return calendar.instantOf({ year, month, day, hour, minute });
}

function roadOf(detectors: readonly string[], designFlowPerH: number): Cabinet {
  const lamps = Array.from({ length: LAMPS }, (_, at) => `L${at + 1}`);
  const cabinet = cabinetFrom({
    cabinet: { id: 'road', name: 'Road', latitudeDeg: 45.5, longitudeDeg: -122.7, timezone: TIMEZONE },
    lines: [
      {
        id: 'street',
        port: '/dev/street',
        devices: [...lamps, ...detectors].map((id, at) => ({ id, unit: at + 1, profile: 'wirenboard-wb-led', pole: 'P1' })),
      },
    ],
    poles: [{ id: 'P1', atM: 0 }],
    lamps: lamps.map((id) => ({ id, ratedPowerW: 60, minPct: 10 })),
    zones: [
      {
        ...{ id: 'road', lamps, kind: 'road', programme: 'quiet', minPct: 10, designClass: 'M3' },
        traffic: {
          counters: detectors.map((device) => ({ device, point: 'count' })),
          designFlowPerH: Math.round(designFlowPerH),
          steps: STEPS,
        },
      },
    ],
    programmes: [{ id: 'quiet', steps: [{ at: 'dusk', levelPct: 10 }] }],
  });
  if (cabinet === undefined) throw new Error('the road does not fit the schema');
  return cabinet;
}
