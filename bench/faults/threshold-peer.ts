/** A detector with fixed thresholds, for comparison: more than 200 W and 2 % below the other nights for 7 min, not in the 10 min after switching. */

import type { NightTrace } from '../../agent/diagnosis/night-load/night-trace.ts';
import { medianOfAll } from '../../agent/diagnosis/night-load/robust.ts';

/** Source: SLightliMon, as quoted in the issue. */
const LIMIT = { watts: 200, share: 0.02, minutes: 7, afterSwitchingMin: 10 };

/** Returns the minutes since switch-on at which it alarms. `night` may be any night of the cabinet; the others are its reference. */
export function thresholdAlarms(night: NightTrace, others: readonly NightTrace[]): readonly number[] {
  const alarms: number[] = [];
  let low = 0;
  for (let minute = LIMIT.afterSwitchingMin; minute < night.length; minute++) {
    const usualW = Math.exp(medianOfAll(others.map(({ lnW }) => lnW[minute] ?? Number.NaN)));
    const missingW = usualW - Math.exp(night.lnW[minute] ?? Number.NaN);
    low = missingW > LIMIT.watts && missingW > LIMIT.share * usualW ? low + 1 : 0;
    if (low === LIMIT.minutes) alarms.push(minute);
  }
  return alarms;
}
