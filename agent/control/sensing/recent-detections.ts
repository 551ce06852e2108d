/** The detections of the last minutes, as the wave needs them: oldest first, and bounded. */
import type { Clock } from '../../core/clock.ts';
import type { Detection } from '../../lighting/lighting.ts';
import { DETECTIONS_KEPT_MS } from '../../lighting/movers.ts';

/** The list of the newest detections at sensors of this cabinet. */
export interface RecentDetections {
  /** Adds a detection in the order of time. If the list is full, the oldest is dropped. */
  note(detection: Pick<Detection, 'source' | 'pole' | 'atMono'>): void;
  /**
   * Adds a person who may have come while the sensor still detected another, and returns true. Returns false and adds nothing within 5 s
   * after the last detection of this `source`.
   */
  noteReturn(source: string, pole: string): boolean;
  /** Removes detections older than `DETECTIONS_KEPT_MS`. */
  refresh(): void;
  /** Returns the detections, oldest first. */
  all(): readonly Detection[];
}

/**
 * Source: assumed; more than one every two seconds for some minutes adds no information. Confirmed by: the most detections of a busy street
 * in a week of logs.
 */
const MOST = 200;
/**
 * Shortest time between two detections of one spell. Units: ms. Source: assumed; the usual `offDelayS`, within which two people share the
 * light around them. Confirmed by: counts of people who pass a sensor together.
 */
const RETURN_MS = 5_000;

/** Creates an empty list, which keeps the newest 200 detections at most. `clock`: gives the time of `noteReturn` and `refresh`. */
export function createRecentDetections(clock: Pick<Clock, 'monoMs'>): RecentDetections {
  let recent: readonly Detection[] = [];
  const note: RecentDetections['note'] = (detection) => {
    const plain = { isRelayed: false, speedKmh: null, direction: null };
    recent = [...recent, { ...detection, ...plain }].sort((a, b) => a.atMono - b.atMono).slice(-MOST);
  };
  return {
    note,
    noteReturn(source, pole) {
      const atMono = clock.monoMs();
      const last = recent.findLast((detection) => detection.source === source);
      if (last !== undefined && atMono - last.atMono < RETURN_MS) return false;
      note({ source, pole, atMono });
      return true;
    },
    refresh() {
      const fromMono = clock.monoMs() - DETECTIONS_KEPT_MS;
      if (recent.some(({ atMono }) => atMono < fromMono)) recent = recent.filter(({ atMono }) => atMono >= fromMono);
    },
    all: () => recent,
  };
}
