/**
 * What the fault watch needs to know about a cabinet: its lamps with their points, how they are fed, and its meters. Computed once for a
 * configuration. Pure.
 */
import { isFloatType } from '../../../drivers/modbus/register-types.ts';
import type { Cabinet, Lamp } from '../../core/cabinet.ts';
import type { CabinetPoint } from '../../core/cabinet-points.ts';
import { outputNumber } from '../../core/output-values.ts';
import type { Profile, Semantic } from '../../core/profile.ts';
import { DEFAULT_WATCH, type FeederConfig, type WatchConfig } from '../../core/watch-config.ts';
import type { PointId } from '../../core/words.ts';
import type { Output } from '../../core/zone-config.ts';

/** The quantities of a lamp that the watch uses, each by the meaning of a point. */
export const LAMP_QUANTITIES = [
  'power',
  'voltage',
  'power-factor',
  'temperature',
  'derating',
  'uptime',
  'level',
] as const satisfies readonly Semantic[];
/** One of `LAMP_QUANTITIES`: a quantity of a lamp that the watch uses. */
export type LampQuantity = (typeof LAMP_QUANTITIES)[number];

/** One lamp with its own points. `feeder`: index in `WatchPlan.feeders`. */
export interface WatchedLamp {
  readonly id: string;
  readonly device: string;
  readonly pole: string;
  /** Empty if it is in no zone. */
  readonly zone: string;
  readonly feeder: number;
  readonly ratedPowerW: number;
  /** Step assumed for its power reading, which may be finer; 0 if it has no power point. Units: W. */
  readonly stepW: number;
  /** Time after a change of its level until its power is compared with the level. Units: ms. */
  readonly settleMs: number;
  /** Absent: no polled point for this quantity, or none for `power` in W. */
  readonly points: Readonly<Partial<Record<LampQuantity, PointId>>>;
}

/**
 * One circuit with its lamps, as indices. `meter`: `SUPPLY_METER`; -1 if the plan has no meter. `idle`: the value of its output that does
 * not switch it on; 0 without an output.
 */
export interface WatchedFeeder extends Omit<FeederConfig, 'zones'> {
  readonly lamps: readonly number[];
  readonly meter: number;
  readonly idle: number;
}

/**
 * One meter of the cabinet. `power`, `reactive`: points that add up to the total power and the total reactive power. `voltages`: of three
 * phases, or one voltage. Each of these is empty if no point of the meter is polled for it. `toW`, `toVar`: factors to W and var.
 */
export interface WatchedMeter {
  readonly id: string;
  readonly power: readonly PointId[];
  readonly reactive: readonly PointId[];
  readonly voltages: readonly PointId[];
  readonly toW: number;
  readonly toVar: number;
  /** Its lamps cannot communicate, so its power is judged against other nights instead of the sum of the lamps. */
  readonly isOfLoad?: boolean;
}

/**
 * The lamps, feeders and meters to watch, with the limits of the site. A cabinet has one supply: only the voltages of the first meter are
 * judged, and only its power is compared with the lamps.
 */
export interface WatchPlan {
  readonly cabinetId: string;
  readonly lamps: readonly WatchedLamp[];
  /** The last one has the id of the cabinet: it has the lamps that no other feeder has. */
  readonly feeders: readonly WatchedFeeder[];
  readonly meters: readonly WatchedMeter[];
  readonly settings: WatchConfig;
}

/** Added to the fade of a lamp before its readings count. Units: ms. Source: drivers settle 2 to 5 s after their fade. */
const SETTLE_MS = 5_000;
const PHASES = 3;
/** Index of the meter of the supply in `WatchPlan.meters`; that of a load if there is no other. The plan may have no meter. */
export const SUPPLY_METER = 0;
/** Names of points of one phase, and between two phases, in the shipped profiles: `power_l2`, `voltage_l1_l2`. */
const OF_PHASE = /_l[123]$/;
const LINE_TO_LINE = /_l[123]_?l[123]$/;
/** Units: W in a unit of power. */
const WATTS: Readonly<Record<string, number>> = { W: 1, kW: 1_000, var: 1, kvar: 1_000 };

/**
 * Returns the plan of a cabinet. The feeders are those of the section `watch`, then each other output that switches zones. Lamps in none of
 * them belong to a last one with the id of the cabinet. `points`: all points of the cabinet.
 */
export function watchPlan(cabinet: Cabinet, points: ReadonlyMap<PointId, CabinetPoint>, profiles: ReadonlyMap<string, Profile>): WatchPlan {
  const settings = cabinet.watch ?? DEFAULT_WATCH;
  const byDevice = Map.groupBy(points.values(), ({ device }) => device.id);
  const zoneOf = new Map(cabinet.zones.flatMap((zone) => zone.lamps.map((id) => [id, zone] as const)));
  const found = [...byDevice].flatMap(([id, own]) => {
    const profile = profiles.get(own[0]?.device.profile ?? '');
    if (profile?.category !== 'meter') return [];
    const isOfLoad = settings.loadMeters?.includes(id) ?? cabinet.lamps.length === 0;
    return watchedMeter(id, own, isOfLoad).map((meter) => ({ meter, rank: rankOf(meter, profile) }));
  });
  const meters = found.toSorted((a, b) => b.rank - a.rank).map(({ meter }) => meter);
  const circuits = [...feedersOf(cabinet, settings), circuit({ id: cabinet.id })];
  const feederOf = (zone: string): number => {
    const own = circuits.findIndex(({ zones }) => zones.includes(zone));
    return own === -1 ? circuits.length - 1 : own;
  };
  const lamps = cabinet.lamps.map((lamp): WatchedLamp => {
    const zone = zoneOf.get(lamp.id);
    const isAlone = cabinet.lamps.every(({ id, device }) => id === lamp.id || device !== lamp.device);
    const own = ownPoints(lamp, byDevice.get(lamp.device) ?? [], isAlone);
    const fadeS = Math.max(zone?.presence?.rampUpS ?? 0, zone?.presence?.rampDownS ?? 0);
    return {
      ...{ id: lamp.id, device: lamp.device, pole: lamp.pole, zone: zone?.id ?? '', ratedPowerW: lamp.ratedPowerW },
      feeder: feederOf(zone?.id ?? ''),
      stepW: stepOf(pointOf(own, 'power')),
      settleMs: fadeS * 1_000 + SETTLE_MS,
      points: Object.fromEntries(
        LAMP_QUANTITIES.flatMap((quantity) => {
          const point = pointOf(own, quantity);
          return point === undefined ? [] : [[quantity, point.pointId]];
        }),
      ),
    };
  });
  const feeders = circuits.map(
    ({ zones: _, ...feeder }, index): WatchedFeeder => ({
      ...feeder,
      lamps: [...lamps.keys()].filter((at) => lamps[at]?.feeder === index),
      meter: meters.length > 0 ? SUPPLY_METER : -1,
      idle: idleOf(
        cabinet.outputs.find(({ id }) => id === feeder.output),
        points,
      ),
    }),
  );
  return { cabinetId: cabinet.id, lamps, feeders, meters, settings };
}

/** The feeders of the section `watch`, then the outputs that switch zones and are not named there. */
function feedersOf({ outputs }: Cabinet, { feeders }: WatchConfig): readonly FeederConfig[] {
  const named = new Set(feeders.flatMap(({ output }) => output ?? []));
  const switched = outputs.flatMap(({ id, litWith }) =>
    litWith === null || named.has(id) ? [] : [circuit({ id, zones: litWith.zones, output: id })],
  );
  return [...feeders, ...switched];
}

function idleOf(output: Output | undefined, points: ReadonlyMap<PointId, CabinetPoint>): number {
  if (typeof output?.idle !== 'string') return output?.idle ?? 0;
  const point = points.get(`${output.device}.${output.point}`);
  return (point && outputNumber(output.idle, point.profile)) ?? 0;
}

function circuit(given: Pick<FeederConfig, 'id'> & Partial<FeederConfig>): FeederConfig {
  return { zones: [], output: null, supply: null, breaker: null, leakage: null, phase: null, ...given };
}

/**
 * Returns the points of a lamp among those of its device. `isAlone`: the device has no other lamp, so all its points are returned. Else
 * only the point of the lamp and those with the same numbered prefix, such as `ecg5_`.
 */
export function ownPoints({ point }: Lamp, device: readonly CabinetPoint[], isAlone: boolean): readonly CabinetPoint[] {
  if (isAlone) return device;
  const stem = /^.*\d_/.exec(point)?.[0];
  return device.filter(({ profile }) => profile.id === point || (stem !== undefined && profile.id.startsWith(stem)));
}

function pointOf(own: readonly CabinetPoint[], quantity: LampQuantity): CabinetPoint | undefined {
  return own.find(
    ({ semantic, profile }) => semantic === quantity && profile.poll !== 'never' && (quantity !== 'power' || profile.unit === 'W'),
  );
}

/** The step of a reading in the unit of its point; 0 without a point. A number with its own power of ten has no step by its scale. */
function stepOf(point: CabinetPoint | undefined): number {
  if (point === undefined) return 0;
  const { type, scale, decimals } = point.profile;
  const step = 10 ** -decimals;
  return isFloatType(type) || type === 'e32' || type === 'e48' ? step : Math.max(scale, step);
}

function watchedMeter(id: string, own: readonly CabinetPoint[], isOfLoad: boolean): readonly WatchedMeter[] {
  const of = (semantic: Semantic): readonly CabinetPoint[] =>
    own.filter((point) => point.semantic === semantic && point.profile.poll !== 'never');
  const [power, reactive] = [totalOf(of('power')), totalOf(of('reactive'))];
  const voltages = of('voltage').filter(({ profile }) => profile.unit === 'V' && !LINE_TO_LINE.test(profile.id));
  if (power.length + voltages.length === 0) return [];
  return [
    {
      id,
      power: power.map(({ pointId }) => pointId),
      reactive: reactive.map(({ pointId }) => pointId),
      voltages: voltages.slice(0, voltages.length >= PHASES ? PHASES : 1).map(({ pointId }) => pointId),
      toW: WATTS[power[0]?.profile.unit ?? 'W'] ?? 1,
      toVar: WATTS[reactive[0]?.profile.unit ?? 'var'] ?? 1,
      isOfLoad,
    },
  ];
}

/**
 * The highest is the meter of the supply: not one of a load, the agent's own before the utility's, whose output may lack voltages, then that
 * with the most phases.
 */
function rankOf({ isOfLoad, voltages }: WatchedMeter, { codec }: Profile): number {
  return voltages.length + 2 * PHASES * Number(codec !== 'tic') + 4 * PHASES * Number(isOfLoad !== true);
}

/** The point that is not of one phase; without one, those of all phases. */
function totalOf(all: readonly CabinetPoint[]): readonly CabinetPoint[] {
  const total = all.find(({ profile }) => !OF_PHASE.test(profile.id));
  return total === undefined ? all : [total];
}
