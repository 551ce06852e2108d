/** What a reader of a saving must check before it is used. Pure. */
import { type Message, msg } from '../../core/message.ts';
import type { SavingsChecks, SavingsResult } from '../../core/savings-view.ts';

/** Least energy of lamps with a fault that is named. Units: kWh. Source: the resolution of the pages. */
const NAMED_KWH = 0.05;
/** Another load than this is another one. Units: W, share. Source: assumed; the gateway's own power varies less. Confirmed by: meters of cabinets by day. */
const OTHER_W = 5;
const OTHER_SHARE = 0.2;

/**
 * Returns what must be checked, each without a capital letter and a full stop; empty if nothing must, and for a result without `checks`.
 * `kwh`: formats a number of kWh; the unit is added here.
 */
export function savingsCautions({ checks, baseline }: SavingsResult, kwh: (value: number) => string | number): readonly Message[] {
  if (checks === undefined) return [];
  const { lamps, otherLoad, darkKwh, silentKwh, unexplainedKwh } = checks;
  const isOther = otherLoad !== null && baseline.source === 'meter' && isOtherLoad(otherLoad);
  return [
    ...(isOther ? [msg`the other load is not that of the reference: find out what it is, and enter other-load`] : []),
    ...(darkKwh >= NAMED_KWH
      ? [msg`${kwh(darkKwh)} kWh were saved only because lamps were dark by a fault: enter an outage, unless the ledger has it`]
      : []),
    ...(silentKwh >= NAMED_KWH ? [msg`lamps that did not answer, and may have been dark, had ${kwh(silentKwh)} kWh to use`] : []),
    ...(unexplainedKwh > 0 && lamps !== null
      ? [
          msg`the meter counted ${kwh(lamps.usedKwh)} kWh where the lamps should use ${kwh(lamps.expectedKwh)} kWh: check the meter, its wiring and ratio, the powers, and other loads`,
        ]
      : []),
  ];
}

function isOtherLoad({ referenceW, measuredW }: NonNullable<SavingsChecks['otherLoad']>): boolean {
  return Math.abs(measuredW - referenceW) > Math.max(OTHER_W, OTHER_SHARE * referenceW);
}
