/** Builds the acceptance report of a cabinet from its configuration and the results stored so far. Pure. */
import type {
  AcceptanceLamp,
  AcceptanceRecord,
  AcceptanceReport,
  AcceptedLamp,
  AcceptedSensor,
  LampAcceptance,
  Placement,
  SensorWalk,
} from '../../core/acceptance.ts';
import type { Cabinet } from '../../core/cabinet.ts';
import type { WallMs } from '../../core/clock.ts';
import { sensorPointOf } from '../../lighting/presence.ts';
import { openPoints } from './open-points.ts';

/**
 * What the acceptance report is built from. `lamps`: those of the configuration. `hasMeter`: a meter of the cabinet measures power in W.
 * `record`: the results stored so far. `atMs`: when the report is made.
 */
export interface ReportFacts {
  readonly cabinet: Cabinet;
  readonly lamps: readonly AcceptanceLamp[];
  readonly hasMeter: boolean;
  readonly record: AcceptanceRecord;
  readonly atMs: WallMs;
  readonly isTimeTrusted: boolean;
}

type Result = AcceptanceReport['result'];

/**
 * Returns the report. The test of a lamp counts as missing if it was made with another device or another rated power. Its placement counts
 * with any device. A lamp that was found at another pole than its present one, or at several, fails.
 */
export function acceptanceReport({ cabinet, lamps, hasMeter, record, atMs, isTimeTrusted }: ReportFacts): AcceptanceReport {
  const rows = {
    lines: cabinet.lines
      .filter(({ kind }) => kind !== 'uart')
      .map(({ id }) => ({ line: id, scan: record.scans.find(({ line }) => line === id) ?? null })),
    lamps: lamps.map((lamp) => acceptedLamp(lamp, record, { cabinet, hasMeter })),
    sensors: acceptedSensors(cabinet, record.walks),
  };
  const entries = [...record.scans, ...record.placements, ...record.tests, ...record.walks];
  const open = openPoints(rows, cabinet);
  const results = [...rows.lamps, ...rows.sensors].map(({ result }) => result);
  const isFailed = rows.lines.some(({ scan }) => scan !== null && scan.missing.length + scan.damaged.length > 0);
  return {
    cabinet: { id: cabinet.id, name: cabinet.name },
    ...{ atMs, isTimeTrusted, hasMeter, startedMs: record.startedMs, ...rows, open },
    lastMs: entries.length === 0 ? null : Math.max(...entries.map((entry) => entry.atMs)),
    people: [...new Set(entries.map(({ by }) => by))].sort(),
    result: isFailed ? 'fail' : overall(results, open.length > 0),
  };
}

function overall(results: readonly Result[], hasOpen: boolean): Result {
  if (results.includes('fail')) return 'fail';
  return hasOpen || results.includes('open') ? 'open' : 'pass';
}

function acceptedLamp(
  { id, device, pole, zone, ratedPowerW, power }: AcceptanceLamp,
  { tests, placements }: AcceptanceRecord,
  { cabinet, hasMeter }: Pick<ReportFacts, 'cabinet' | 'hasMeter'>,
): AcceptedLamp {
  const test = tests.find((each) => each.lamp === id && each.device === device && each.ratedPowerW === ratedPowerW) ?? null;
  const placement = placements.find(({ lamp }) => lamp === id) ?? null;
  const isUnweighed = test?.weighedBy === 'nothing' && (hasMeter || power !== null);
  const isElsewhere = placement !== null && (placement.pole !== pole || isPoleElsewhere(placement, placements, cabinet));
  const found = lampResult(pole, test, placement);
  const result = found === 'pass' && isUnweighed ? 'open' : found;
  return { lamp: id, pole, zone, ratedPowerW, test, placement, isElsewhere, isUnweighed, result };
}

/** Lamps of one pole may have been given different places: the newest counts, as in `commission poles`. */
function isPoleElsewhere(placement: Placement, placements: readonly Placement[], { poles }: Cabinet): boolean {
  const { pole, atM, atMs } = placement;
  if (atM === null || placements.some((other) => other.pole === pole && other.atM !== null && other.atMs > atMs)) return false;
  return poles.find(({ id }) => id === pole)?.atM !== atM;
}

function lampResult(pole: string, test: LampAcceptance | null, placement: Placement | null): Result {
  if (test !== null && test.finding !== 'ok') return 'fail';
  if (placement !== null && (placement.pole !== pole || placement.others.length > 0)) return 'fail';
  return test === null || placement === null ? 'open' : 'pass';
}

function acceptedSensors({ zones, lines }: Cabinet, walks: readonly SensorWalk[]): readonly AcceptedSensor[] {
  const poles = new Map(lines.flatMap(({ devices }) => devices.map(({ id, pole }) => [id, pole] as const)));
  return zones.flatMap(({ id: zone, presence }) =>
    (presence?.sensors ?? [])
      .filter(({ listen }) => listen === 'own')
      .map((sensor): AcceptedSensor => {
        const pointId = sensorPointOf(sensor);
        const walk = walks.find((each) => each.zone === zone && each.pointId === pointId) ?? null;
        return { pointId, zone, pole: poles.get(sensor.device) ?? null, walk, result: sensorResult(walk) };
      }),
  );
}

/** By day a detection raises no lamp. */
function sensorResult(walk: SensorWalk | null): Result {
  if (walk === null) return 'open';
  if (walk.detections === 0) return 'fail';
  return !walk.night || walk.wasLit || walk.raised.length > 0 ? 'pass' : 'fail';
}
