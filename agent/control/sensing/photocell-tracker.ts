/**
 * What every photocell of the street has said, and whether it may be believed.
 *
 * Owns the cells' states while the agent runs and what is told of cells that fail. The rules are in `lighting/photocell`.
 */
import { isDeepStrictEqual } from 'node:util';
import type { PhotocellConfig } from '../../core/cabinet.ts';
import type { Clock } from '../../core/clock.ts';
import type { EventTracker } from '../../core/event-tracker.ts';
import { isRecord } from '../../core/is-record.ts';
import type { Field } from '../../core/ports.ts';
import type { PointId, Reading } from '../../core/words.ts';
import type { LightingStreet, PhotocellState } from '../../lighting/lighting.ts';
import { afterLux, photocellSay, type SunNow } from '../../lighting/photocell.ts';
import {
  afterEdge,
  afterEdgeLook,
  type EdgeFault,
  type EdgeFaults,
  type EdgeSays,
  isWholeNight,
  NO_EDGE_FAULTS,
  photocellFault,
} from '../../lighting/photocell-fault.ts';
import { spell } from '../../lighting/sentence.ts';

export interface PhotocellTrackerParts {
  readonly street: Pick<LightingStreet, 'zones'>;
  readonly field: Pick<Field, 'latest'>;
  readonly clock: Pick<Clock, 'monoMs'>;
  readonly events: Pick<EventTracker, 'set'>;
  /** Whether a lamp of this zone gives light. */
  readonly isZoneLit: (zoneId: string) => boolean;
  /** Null while the time is not to be trusted: a cell is then not judged. */
  readonly sunOf: (zoneId: string) => SunNow | null;
  /** The faults at the ends of the night have changed: to be kept for `restore` of the next start. */
  readonly onFaults?: (faults: Readonly<Record<PointId, EdgeFaults>>) => void;
}

export interface PhotocellTracker {
  /** Takes up the faults that an earlier start has kept: a gateway whose mains are cut each day would never see three nights. */
  restore(faults: unknown): void;
  take(readings: readonly Reading[]): void;
  /** Notices readings that have become stale or missing by their age, and judges each cell by its night. */
  refresh(): void;
  states(): ReadonlyMap<PointId, PhotocellState>;
}

interface Watched {
  readonly pointId: PointId;
  readonly config: PhotocellConfig;
  /** All that have it; the first one's sun judges it. */
  readonly zoneIds: readonly string[];
  night: EdgeSays | undefined;
  edges: EdgeFaults;
  /** By the last whole night. */
  nightFault: string | null;
  fault: string | null;
}

const SOUND = { edges: NO_EDGE_FAULTS, nightFault: null, fault: null };

/** A cell that several zones share is known by the settings of the first. */
export function createPhotocellTracker({
  street,
  field,
  clock,
  events,
  isZoneLit,
  sunOf,
  onFaults,
}: PhotocellTrackerParts): PhotocellTracker {
  const cells = watchedCells(street);
  const states = new Map<PointId, PhotocellState>();
  const startMono = clock.monoMs();

  function takeOne({ pointId, config, zoneIds, fault }: Watched, reading: Reading): void {
    const next = afterLux(states.get(pointId), reading, config, { nowMono: clock.monoMs(), isZoneLit: zoneIds.some(isZoneLit) });
    states.set(pointId, { ...next, isDoubtful: fault !== null });
  }

  function judge(cell: Watched): void {
    const state = states.get(cell.pointId);
    const [sun, nowMono] = [sunOf(cell.zoneIds[0] ?? ''), clock.monoMs()];
    if (sun === null || state === undefined || isLost(cell)) return;
    // One that is not believed is still looked at, or it could never be believed again.
    const say = photocellSay({ ...state, isDoubtful: false }, cell.config, nowMono);
    const before = cell.night;
    cell.night = afterEdgeLook(before, { say, sun, config: cell.config });
    if (cell.night !== undefined) {
      const edges = afterEdge(cell.edges, before, cell.night);
      const isChanged = !isDeepStrictEqual(edges, cell.edges);
      cell.edges = edges;
      if (isChanged) onFaults?.(Object.fromEntries([...cells.values()].map((each) => [each.pointId, each.edges])));
      if (isWholeNight(cell.night)) cell.nightFault = photocellFault(cell.night);
    }
    cell.fault = faultOf(cell);
    states.set(cell.pointId, { ...state, isDoubtful: cell.fault !== null });
  }

  function silentMs({ pointId }: Watched): number {
    return clock.monoMs() - (states.get(pointId)?.atMono ?? startMono);
  }

  function isLost(cell: Watched): boolean {
    return silentMs(cell) > cell.config.staleS * 1_000;
  }

  function tell(cell: Watched): void {
    const { pointId, fault } = cell;
    const trouble = isLost(cell) ? `no value for ${spell(silentMs(cell))}` : fault;
    const text = trouble === null ? 'is believed again' : `${trouble}; the sun decides meanwhile`;
    events.set(trouble !== null, { code: 'photocell-doubtful', source: pointId, severity: 'warning', text: `${pointId}: ${text}` });
  }

  return {
    restore(faults) {
      for (const cell of cells.values()) {
        const kept = isRecord(faults) ? faults[cell.pointId] : undefined;
        if (!isRecord(kept) || !isEdgeFault(kept['dusk']) || !isEdgeFault(kept['dawn'])) continue;
        cell.edges = { dusk: kept['dusk'], dawn: kept['dawn'] };
        cell.fault = faultOf(cell);
      }
    },
    take(readings) {
      for (const reading of readings) {
        const cell = cells.get(reading.pointId);
        if (cell !== undefined) takeOne(cell, reading);
      }
    },
    refresh() {
      for (const cell of cells.values()) {
        const latest = field.latest(cell.pointId);
        if (latest !== undefined) takeOne(cell, latest);
        judge(cell);
        tell(cell);
      }
    },
    states: () => states,
  };
}

function faultOf({ nightFault, edges }: Watched): string | null {
  return nightFault ?? edges.dusk.fault ?? edges.dawn.fault;
}

/** The disk may hold anything. */
function isEdgeFault(value: unknown): value is EdgeFault {
  if (!isRecord(value)) return false;
  const { nights, fault } = value;
  return Number.isInteger(nights) && (nights as number) >= 0 && (fault === null || typeof fault === 'string');
}

function watchedCells({ zones }: Pick<LightingStreet, 'zones'>): ReadonlyMap<PointId, Watched> {
  const cells = new Map<PointId, Watched>();
  for (const { photocell } of zones) {
    if (photocell === null) continue;
    const pointId: PointId = `${photocell.device}.${photocell.point}`;
    if (cells.has(pointId)) continue;
    const zoneIds = zones.filter((zone) => zone.photocell?.device === photocell.device && zone.photocell.point === photocell.point);
    cells.set(pointId, { pointId, config: photocell, zoneIds: zoneIds.map(({ id }) => id), night: undefined, ...SOUND });
  }
  return cells;
}
