/** Tracks every photocell of the street, using the rules of `lighting/photocell` and `photocell-fault`, and reports faulty ones. */

import { isDeepStrictEqual } from 'node:util';
import type { PhotocellConfig } from '../../core/cabinet.ts';
import type { MonoMs } from '../../core/clock.ts';
import { isRecord } from '../../core/is-record.ts';
import { Message, msg } from '../../core/message.ts';
import { withMessages } from '../../core/message-wire.ts';
import type { PointId, Reading } from '../../core/words.ts';
import type { LightingStreet, PhotocellState } from '../../lighting/lighting.ts';
import { afterLux, type PhotocellVerdict, photocellVerdict, type SunNow } from '../../lighting/photocell.ts';
import {
  afterEdge,
  afterEdgeLook,
  type EdgeFault,
  type EdgeFaults,
  type EdgeVerdicts,
  isWholeNight,
  NO_EDGE_FAULTS,
  photocellFault,
} from '../../lighting/photocell-fault.ts';
import { spell } from '../../lighting/spell.ts';
import type { TrackerParts } from './sensor-tracker.ts';

/** The dependencies with which `PhotocellTracker` is created. */
export interface PhotocellTrackerParts extends Omit<TrackerParts, 'street'> {
  readonly street: Pick<LightingStreet, 'zones'>;
  /** Returns true if any lamp of this zone is lit, by its decided level. */
  readonly isZoneLit: (zoneId: string) => boolean;
  /** Returns the sun of a zone now; null while the time is not trusted, or for an unknown zone. */
  readonly sunOf: (zoneId: string) => SunNow | null;
  /** Receives the faults of all cells when one changes or a night begins or is counted, to be stored for `restore` at the next start. */
  readonly onFaults?: (faults: Readonly<Record<PointId, StoredFaults>>) => void;
}

/** The ends of a night that are counted in the faults of a cell. */
type CountedEnds = Pick<EdgeVerdicts, 'duskMs' | 'afterDusk' | 'afterDawn'>;
/** The faults of a cell; `night`: the one found in its last whole night. `counted`: null before the first night. */
type StoredFaults = EdgeFaults & { readonly night: Message | null; readonly counted: CountedEnds | null };

interface Watched {
  readonly pointId: PointId;
  readonly config: PhotocellConfig;
  /** The zones that use the cell; it is judged by the sun of the first. */
  readonly zoneIds: readonly string[];
  night: EdgeVerdicts | undefined;
  edges: EdgeFaults;
  /** The fault found in the last whole night. */
  nightFault: Message | null;
  fault: Message | null;
}

const SOUND = { edges: NO_EDGE_FAULTS, nightFault: null, fault: null };

/** The states of the photocells. Raises `photocell-doubtful` for a cell that cannot be trusted or gives no value. */
export class PhotocellTracker {
  readonly #parts: PhotocellTrackerParts;
  readonly #cells: ReadonlyMap<PointId, Watched>;
  readonly #states = new Map<PointId, PhotocellState>();
  readonly #startMono: MonoMs;

  /** A cell that several zones share has the settings of the first of them, and is judged by the sun of that zone. */
  constructor(parts: PhotocellTrackerParts) {
    this.#parts = parts;
    this.#cells = watchedCells(parts.street);
    this.#startMono = parts.clock.monoMs();
  }

  /** Restores the faults that `onFaults` received in an earlier run. Ignores any other data. */
  restore(faults: unknown): void {
    for (const cell of this.#cells.values()) {
      const stored = isRecord(faults) ? withMessages(faults[cell.pointId]) : undefined;
      const [dusk, dawn] = isRecord(stored) ? [edgeFaultIn(stored['dusk']), edgeFaultIn(stored['dawn'])] : [];
      if (!isRecord(stored) || dusk === undefined || dawn === undefined) continue;
      cell.edges = { dusk, dawn };
      // Without it a cell that is stuck would count as sound until the end of the next whole night.
      cell.nightFault = faultIn(stored['night']) ?? null;
      cell.fault = faultOf(cell);
      // Otherwise each restart would count the same night again.
      cell.night = countedIn(stored['counted']);
    }
  }

  /** Takes new readings; those of other points are ignored. */
  take(readings: readonly Reading[]): void {
    for (const reading of readings) {
      const cell = this.#cells.get(reading.pointId);
      if (cell !== undefined) this.#takeOne(cell, reading);
    }
  }

  /** Judges the cells by the age of their values and by their night, and reports events. */
  refresh(): void {
    for (const cell of this.#cells.values()) {
      const latest = this.#parts.field.latest(cell.pointId);
      if (latest !== undefined) this.#takeOne(cell, latest);
      this.#judge(cell);
      this.#report(cell);
    }
  }

  /** Returns the state of each cell, by point; a cell without a reading is absent. The map is live. */
  states(): ReadonlyMap<PointId, PhotocellState> {
    return this.#states;
  }

  #takeOne({ pointId, config, zoneIds, fault }: Watched, reading: Reading): void {
    const { clock, isZoneLit } = this.#parts;
    const next = afterLux(this.#states.get(pointId), reading, config, { nowMono: clock.monoMs(), isZoneLit: zoneIds.some(isZoneLit) });
    this.#states.set(pointId, { ...next, isDoubtful: fault !== null });
  }

  #judge(cell: Watched): void {
    const state = this.#states.get(cell.pointId);
    const sun = this.#parts.sunOf(cell.zoneIds[0] ?? '');
    if (sun === null || state === undefined || this.#isLost(cell)) return;
    // A faulty cell is still evaluated, otherwise it could never become reliable again.
    const verdict = photocellVerdict({ ...state, isDoubtful: false }, cell.config, this.#parts.clock.monoMs());
    const before = storedOf(cell);
    const night = afterEdgeLook(cell.night, { verdict, sun, config: cell.config });
    if (night !== undefined) {
      cell.edges = afterEdge(cell.edges, cell.night, night);
      if (isWholeNight(night)) cell.nightFault = photocellFault(night);
    }
    cell.night = night;
    cell.fault = faultOf(cell);
    if (!isDeepStrictEqual(before, storedOf(cell))) this.#store();
    this.#states.set(cell.pointId, { ...state, isDoubtful: cell.fault !== null });
  }

  #store(): void {
    this.#parts.onFaults?.(Object.fromEntries(Array.from(this.#cells.values(), (each) => [each.pointId, storedOf(each)])));
  }

  #report(cell: Watched): void {
    const { pointId, fault } = cell;
    const trouble = this.#isLost(cell) ? msg`no value for ${spell(this.#silentMs(cell))}` : fault;
    const text = trouble === null ? msg`${pointId}: is trusted again` : msg`${pointId}: ${trouble}; the sun decides meanwhile`;
    const event = { code: 'photocell-doubtful', source: pointId, severity: 'warning', text } as const;
    this.#parts.events.set(trouble !== null, event);
  }

  #isLost(cell: Watched): boolean {
    return this.#silentMs(cell) > cell.config.staleS * 1_000;
  }

  #silentMs({ pointId }: Watched): number {
    return this.#parts.clock.monoMs() - (this.#states.get(pointId)?.atMono ?? this.#startMono);
  }
}

function faultOf({ nightFault, edges }: Watched): Message | null {
  return nightFault ?? edges.dusk.fault ?? edges.dawn.fault;
}

function storedOf({ edges, nightFault, night }: Watched): StoredFaults {
  return { ...edges, night: nightFault, counted: night === undefined ? null : endsOf(night) };
}

function endsOf({ duskMs, afterDusk, afterDawn }: EdgeVerdicts): CountedEnds {
  return { duskMs, ...(afterDusk == null ? {} : { afterDusk }), ...(afterDawn == null ? {} : { afterDawn }) };
}

/** Accepts any stored data. */
function countedIn(stored: unknown): CountedEnds | undefined {
  if (!isRecord(stored) || typeof stored['duskMs'] !== 'number') return undefined;
  return endsOf({ duskMs: stored['duskMs'], afterDusk: verdictIn(stored['afterDusk']), afterDawn: verdictIn(stored['afterDawn']) });
}

function verdictIn(stored: unknown): PhotocellVerdict {
  return stored === 'dark' || stored === 'bright' ? stored : null;
}

/** Accepts any stored data. */
function edgeFaultIn(stored: unknown): EdgeFault | undefined {
  if (!isRecord(stored)) return undefined;
  const nights = stored['nights'];
  const fault = faultIn(stored['fault']);
  if (typeof nights !== 'number' || !Number.isInteger(nights) || nights < 0 || fault === undefined) return undefined;
  return { nights, fault };
}

/** Undefined if it is neither a fault nor null. */
function faultIn(stored: unknown): Message | null | undefined {
  if (stored === null || stored instanceof Message) return stored;
  return typeof stored === 'string' ? msg`${stored}` : undefined;
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
