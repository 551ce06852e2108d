/** Real presses of pedestrian buttons as presence over a night: each intersection is a cabinet. */
import { DARK_LIMITS } from '../../agent/control/replay/dark-moments.ts';
import { type NightFigures, NightReplay, type ReplaySettings } from '../../agent/control/replay/night-replay.ts';
import type { NightWindow } from '../../agent/control/replay/settings-tally.ts';
import type { Cabinet } from '../../agent/core/cabinet.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../agent/core/durations.ts';
import { powerW } from '../../agent/diagnosis/energy.ts';
import { createDecider } from '../../agent/lighting/decide.ts';
import type { LightingStreet } from '../../agent/lighting/lighting.ts';
import { against, type BenchOptions, type BenchResult, round } from '../result.ts';
import { LEVELS_PCT } from '../street-cabinet.ts';
import { buttonChangesOf, pressLog } from './press-log.ts';
import { type ButtonChange, pressedCabinet, runPressedNight } from './pressed-street.ts';

/** Noon of the day that the data has, in its local time. */
const NOON_MS = Date.parse('2024-05-22T12:00:00-07:00');
const WINDOW: NightWindow = { date: '2024-05-22', fromMs: NOON_MS, toMs: NOON_MS + DAY_MS };
const RECORDED_HOLD_S = 30;
const HOLDS_S = [10, 15, 30, 60, 120, 300];
/** The start and the end of the night are left out, where lamps are not lit yet. */
const MARGIN_MS = 5 * MINUTE_MS;
const QUICK_INTERSECTIONS = 12;
/** One of so many intersections gets a defective button, each kind in turn. */
const INJECTED_EVERY = 5;
const FAULT_FROM_MS = NOON_MS + 11 * HOUR_MS;

/** What a defective button does, and the events that name it. */
const FAULTS: Readonly<Record<string, { readonly code: string; readonly periodMs: number; readonly downMs: number }>> = {
  stuck: { code: 'sensor-stuck', periodMs: DAY_MS, downMs: DAY_MS },
  'chattering each 10 s': { code: 'sensor-busy', periodMs: 10_000, downMs: 2_000 },
  'chattering each second': { code: 'sensor-stuck', periodMs: 1_000, downMs: 200 },
};

interface Sums {
  presses: number;
  unlit: number;
  writes: number;
  differing: number;
  alarms: string[];
  readonly nights: Map<string, NightFigures[]>;
}

/** Emits the figures of all intersections; without `--data`, that there is none. Errors: rejects for a missing file. */
export async function pressesBench({ dataDir, quick, emit, progress }: BenchOptions): Promise<void> {
  if (dataDir === null) return progress('nights: no real presses; give --data DIR');
  const all = [...pressLog(dataDir)].slice(0, quick ? QUICK_INTERSECTIONS : undefined);
  const sums: Sums = { presses: 0, unlit: 0, writes: 0, differing: 0, alarms: [], nights: new Map() };
  const named = new Map<string, { found: number; of: number; others: number }>();
  for (const [at, [intersection, presses]] of all.entries()) {
    if (at % 10 === 0) progress(`nights: intersection ${at + 1} of ${all.length}`);
    const cabinet = pressedCabinet([...new Set(presses.map(({ button }) => button))], RECORDED_HOLD_S);
    const dark = darkOf(cabinet);
    const changes = buttonChangesOf(presses, { noonMs: NOON_MS, ...dark });
    await healthyNight(cabinet, changes, dark, sums, intersection);
    if (at % INJECTED_EVERY === 0) await faultyNight(cabinet, changes, dark, named, at / INJECTED_EVERY);
  }
  emitAll(sums, named, all.length, emit);
}

function darkOf(cabinet: Cabinet): { readonly fromMs: number; readonly toMs: number } {
  const [dark] =
    createDecider(cabinet)
      .plan('crossing')
      ?.nights.at(NOON_MS + HOUR_MS).dark ?? [];
  if (dark === undefined) throw new Error('the night has no darkness');
  return { fromMs: dark.fromMs + MARGIN_MS, toMs: dark.toMs - MARGIN_MS };
}

async function healthyNight(
  cabinet: Cabinet,
  changes: readonly ButtonChange[],
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
  sums: Sums,
  intersection: string,
): Promise<void> {
  const night = await runPressedNight(cabinet, changes, { fromMs: fromMs - 2 * MARGIN_MS, toMs: toMs + 2 * MARGIN_MS });
  sums.presses += night.presses;
  sums.unlit += night.unlit;
  sums.writes += night.writes - 2 * cabinet.lamps.length;
  sums.alarms.push(...night.events.map(({ code, source }) => `${intersection} ${code} ${source}`));
  const replay = new NightReplay({ windows: [WINDOW], settings: settingsOf(), powerOf: powerW, limits: DARK_LIMITS });
  for (const record of night.records) for (const _ of replay.segment(record));
  sums.differing += replay.ownReplay().differing;
  for (const { id, nights } of replay.figures()) sums.nights.set(id ?? '', [...(sums.nights.get(id ?? '') ?? []), ...nights]);
}

function settingsOf(): readonly ReplaySettings[] {
  const withZone =
    (change: (zone: LightingStreet['zones'][number]) => Partial<LightingStreet['zones'][number]>) => (street: LightingStreet) => ({
      ...street,
      zones: street.zones.map((zone) => ({ ...zone, ...change(zone) })),
    });
  const held = HOLDS_S.map((holdS) => ({
    id: `${holdS} s`,
    streetFor: withZone(({ presence }) => ({ presence: presence === null ? null : { ...presence, holdS } })),
  }));
  const full = (street: LightingStreet): LightingStreet => ({
    ...withZone(() => ({ presence: null }))(street),
    programmes: street.programmes.map((programme) => ({
      ...programme,
      steps: programme.steps.map((each) => ({ ...each, level: { pct: LEVELS_PCT.boost } })),
    })),
  });
  return [...held, { id: 'base', streetFor: withZone(() => ({ presence: null })) }, { id: 'full', streetFor: full }];
}

async function faultyNight(
  cabinet: Cabinet,
  changes: readonly ButtonChange[],
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
  named: Map<string, { found: number; of: number; others: number }>,
  number: number,
): Promise<void> {
  const kinds = Object.keys(FAULTS);
  const kind = kinds[number % kinds.length] ?? '';
  const fault = FAULTS[kind];
  const button = cabinet.zones[0]?.presence?.sensors[0]?.device;
  if (fault === undefined || button === undefined) return;
  const { periodMs, downMs, code } = fault;
  const injected: ButtonChange[] = [];
  for (let atMs = FAULT_FROM_MS; atMs < toMs; atMs += periodMs)
    injected.push({ atMs, button, isDown: true, isMeasured: false }, { atMs: atMs + downMs, button, isDown: false, isMeasured: false });
  const own = changes.filter((change) => change.button !== button || change.atMs < FAULT_FROM_MS);
  const merged = [...own, ...injected.filter(({ atMs }) => atMs < toMs)].toSorted((a, b) => a.atMs - b.atMs);
  const { events } = await runPressedNight(cabinet, merged, { fromMs: fromMs - 2 * MARGIN_MS, toMs: toMs + 2 * MARGIN_MS });
  const count = named.get(kind) ?? { found: 0, of: 0, others: 0 };
  count.of++;
  if (events.some((event) => event.code === code && event.source === `${button}.pressed`)) count.found++;
  count.others += events.filter(({ source }) => source.endsWith('.pressed') && source !== `${button}.pressed`).length;
  named.set(kind, count);
}

function emitAll(
  { presses, unlit, writes, differing, alarms, nights }: Sums,
  named: ReadonlyMap<string, { readonly found: number; readonly of: number; readonly others: number }>,
  intersections: number,
  emit: BenchOptions['emit'],
): void {
  const note = `${intersections} intersections, 4 lamps of 60 W each, base ${LEVELS_PCT.base} %, ${LEVELS_PCT.boost} % with presence, a night of 22 May in Oregon, ${presses} presses`;
  const figure = (metric: string, value: number, unit: string, decimals = 2): BenchResult => ({
    ...{ bench: 'nights', metric, value: round(value, decimals), unit, note },
  });
  const kwhOf = (id: string): number => (nights.get(id) ?? []).reduce((sum, { kwh }) => sum + kwh, 0);
  emit(against(figure('presses-without-light-after-2-s', unlit, 'presses'), '<=', 0));
  emit(figure('level-writes-a-press', writes / Math.max(1, presses), 'writes'));
  emit(against(figure('recorded-decisions-that-differ-in-the-replay', differing, 'decisions'), '<=', 0));
  emit({
    ...figure('alarms-of-healthy-buttons', alarms.length, 'events'),
    note: `${note}${alarms.length === 0 ? '' : `: ${alarms.slice(0, 6).join(', ')}`}`,
  });
  for (const holdS of HOLDS_S) {
    const id = `${holdS} s`;
    const sums = nights.get(id) ?? [];
    const [boosted, lit] = [LEVELS_PCT.boost, null].map((level) =>
      sums.reduce((sum, { levelLampH }) => sum + hoursOf(levelLampH, level), 0),
    );
    const of = (value: (night: NightFigures) => number): number => sums.reduce((sum, night) => sum + value(night), 0);
    emit(figure(`boosted-share-hold-${holdS}-s`, (100 * (boosted ?? 0)) / Math.max(1, lit ?? 0), '% of lit lamp-hours', 1));
    emit(figure(`energy-hold-${holdS}-s`, kwhOf(id), 'kWh'));
    emit(figure(`saved-against-full-hold-${holdS}-s`, 100 * (1 - kwhOf(id) / kwhOf('full')), '%', 1));
    emit(
      figure(
        `dark-moments-hold-${holdS}-s`,
        of(({ darkMoments }) => darkMoments),
        'moments',
        0,
      ),
    );
  }
  emit(figure('energy-without-presence-at-base', kwhOf('base'), 'kWh'));
  emit(figure('energy-without-presence-at-full', kwhOf('full'), 'kWh'));
  for (const [kind, { found, of, others }] of named) {
    const goal = against(figure(`named-buttons-${kind.replaceAll(' ', '-')}`, (100 * found) / of, '%', 1), '>=', 100);
    emit({ ...goal, note: `${found} of ${of} named by ${FAULTS[kind]?.code}; ${others} events about other buttons` });
  }
}

function hoursOf(levelLampH: NightFigures['levelLampH'], level: number | null): number {
  if (level !== null) return levelLampH[level] ?? 0;
  return Object.entries(levelLampH).reduce((sum, [each, h]) => (Number(each) > 0 ? sum + h : sum), 0);
}
