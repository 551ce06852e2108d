/** The faults that the watch detects from values: for lamps, feeders and meters, each with its persistence. */
import { HOUR_MS, MINUTE_MS } from '../../core/durations.ts';
import type { EventCode } from '../../core/words.ts';
import { FaultLatch, type LatchLimits } from './fault-latch.ts';

/**
 * Persistence of a fault of a lamp. Source: CPD 3000 manual, a condition must persist 60 s; three samples so that no single reading decides,
 * assumed. Confirmed by: `bench -- faults`.
 */
const USUAL: LatchLimits = { samples: 3, persistMs: 60_000, clearSamples: 3, clearMs: 60_000 };
/** Contacts and phases: two samples. Source: assumed; a relay bounces for some ms, a person sees a tripped breaker at once. Confirmed by: contacts of a cabinet. */
const CONTACT: LatchLimits = { samples: 2, persistMs: 5_000, clearSamples: 3, clearMs: 120_000 };
/**
 * The balance of the meter. Source: assumed; longer than a detection raises a lamp, so that readings taken at different times cancel out. Confirmed
 * by: `bench -- faults`. It is clear after a day and 2 h, so that a load that returns each day is one event.
 */
const BALANCE: LatchLimits = { samples: 8, persistMs: 15 * MINUTE_MS, clearSamples: 8, clearMs: 26 * HOUR_MS };
/** One sample that already covers a period. */
const AT_ONCE: LatchLimits = { samples: 1, persistMs: 0, clearSamples: 1, clearMs: 0 };

/** Faults that the watch detects of a lamp, by event code, each with the limits of its latch. */
export const LAMP_FAULTS = {
  'lamp-out': USUAL,
  'lamp-power-low': USUAL,
  'lamp-power-high': USUAL,
  'lamp-day-burner': USUAL,
  'lamp-cycling': { ...AT_ONCE, clearSamples: 60, clearMs: 60 * MINUTE_MS },
  'supply-voltage-low': USUAL,
  'supply-voltage-high': USUAL,
  'power-factor-low': USUAL,
  'temperature-high': USUAL,
  'driver-reset': AT_ONCE,
  'unit-silent': AT_ONCE,
} as const satisfies Partial<Record<EventCode, LatchLimits>>;

/** Faults that the watch detects of a feeder, by event code, each with the limits of its latch. */
export const FEEDER_FAULTS = {
  'breaker-tripped': CONTACT,
  'earth-leakage': CONTACT,
  'contactor-stuck-on': USUAL,
  'contactor-stuck-off': CONTACT,
  'supply-lost': CONTACT,
} as const satisfies Partial<Record<EventCode, LatchLimits>>;

/** Faults that the watch detects from the readings of a meter, by event code, each with the limits of its latch. */
export const METER_FAULTS = {
  'supply-lost': CONTACT,
  'phase-lost': CONTACT,
  'supply-voltage-low': USUAL,
  'supply-voltage-high': USUAL,
  'unexpected-load': { ...BALANCE, persistMs: 10 * MINUTE_MS },
  'meter-differs': BALANCE,
  'reactive-high': { samples: 30, persistMs: 60 * MINUTE_MS, clearSamples: 30, clearMs: 60 * MINUTE_MS },
} as const satisfies Partial<Record<EventCode, LatchLimits>>;

/** The code of the event for a fault that the watch detects of a lamp. `unit-silent` is reported by the line, not by the watch. */
export type LampFault = keyof typeof LAMP_FAULTS;
/** The code of the event for a fault that the watch detects of a feeder. */
export type FeederFault = keyof typeof FEEDER_FAULTS;
/** The code of the event for a fault that the watch detects from the readings of a meter. */
export type MeterFault = keyof typeof METER_FAULTS;

/** One latch for each fault. A latch has the states of all subjects of one kind, such as the lamps, by index. */
export type Latches<Fault extends string> = Readonly<Record<Fault, FaultLatch>>;

/** Creates the latches of a table of faults for `size` subjects. No fault is open. */
export function createLatches<Fault extends string>(faults: Readonly<Record<Fault, LatchLimits>>, size: number): Latches<Fault> {
  const entries = Object.entries<LatchLimits>(faults).map(([fault, limits]) => [fault, new FaultLatch(size, limits)]);
  return Object.fromEntries(entries) as Latches<Fault>;
}
