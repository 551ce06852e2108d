/** The section `watch` of `cabinet.yaml`: limits of the fault watch, and the feeders of the cabinet. Part of `cabinet.ts`. */
import type { PointId } from './words.ts';

/** Limits by which lamps and their supply are judged, and how the lamps are fed. */
export interface WatchConfig {
  /** Tolerance between measured and expected power of a lamp, before the fault watch adapts it. Units: % of the expected power. */
  readonly powerTolerancePct: number;
  /** Nominal voltage of the mains. */
  readonly voltageV: number;
  /** Largest allowed difference of the mains voltage from `voltageV`. Units: %. */
  readonly voltageTolerancePct: number;
  /** Lowest allowed power factor of a lamp at more than 50 %; a learned limit may be higher. */
  readonly powerFactorMin: number;
  /** Highest normal temperature of a driver. */
  readonly temperatureMaxC: number;
  /** Highest allowed ratio of reactive to active power of the cabinet before compensation is advised. */
  readonly tanPhiMax: number;
  /** Rated life of the lamps whose driver does not report one; null if unknown. Units: h of light. */
  readonly ratedHours: number | null;
  /** Feeders of the cabinet. Outputs with `litWith` that they do not name are feeders too. */
  readonly feeders: readonly FeederConfig[];
  /** Meters of lamps that cannot communicate; null: all meters if the cabinet has no lamps, else none. */
  readonly loadMeters?: readonly string[] | null;
  /** Rated power of one lamp at these meters; null if unknown. Units: W. */
  readonly loadLampW?: number | null;
}

/** One circuit that feeds lamps. Contacts read 1 while the condition is present; null where there is none. */
export interface FeederConfig {
  readonly id: string;
  /** It feeds the lamps of these zones. */
  readonly zones: readonly string[];
  /** The output that switches its contactor; null if the agent does not switch it. */
  readonly output: string | null;
  /** Contact behind the contactor and the breaker: 1 while the circuit has voltage. */
  readonly supply: PointId | null;
  /** Contact of the breaker: 1 once it has tripped. */
  readonly breaker: PointId | null;
  /** Contact of the earth-leakage relay: 1 once it has tripped. */
  readonly leakage: PointId | null;
  /** The phase that feeds it, 1 to 3 as the cabinet's meter numbers them; null for three phases or if unknown. */
  readonly phase: number | null;
}

/**
 * Used for the values that the section `watch` does not set. Source: CPD 3000 manual (power ±15 %, voltage ±15 %, power factor 0.65,
 * 65 °C); French grid tariffs (tan phi 0.4); 230 V by EN 60038.
 */
export const DEFAULT_WATCH: WatchConfig = {
  powerTolerancePct: 15,
  voltageV: 230,
  voltageTolerancePct: 15,
  powerFactorMin: 0.65,
  temperatureMaxC: 65,
  tanPhiMax: 0.4,
  ratedHours: null,
  feeders: [],
};
