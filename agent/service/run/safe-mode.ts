/**
 * Safe mode: runs only what is needed to light the street.
 */

import type { BusTools } from '../../core/bus-tools.ts';
import type { Cabinet } from '../../core/cabinet.ts';
import { msg } from '../../core/message.ts';
import { Refusal } from '../../core/refusal.ts';

/** Returns the cabinet for safe mode: a copy whose `uplink` is null, so that the agent connects to no platform. */
export function safeCabinet(cabinet: Cabinet): Cabinet {
  return { ...cabinet, uplink: null };
}

/** Returns tools whose `scan` and `write` reject with Refusal; the others are those of `bus`. */
export function readOnlyBus(bus: BusTools): BusTools {
  const refuse = async (): Promise<never> => {
    throw new Refusal(
      msg`the agent is in safe mode and only reads: see \`luciole events\`; it leaves safe mode by itself, or when it is restarted`,
    );
  };
  return { ...bus, scan: refuse, write: refuse };
}
