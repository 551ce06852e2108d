/**
 * What is left out in safe mode: all that the street does not need to be lit.
 *
 * Owns nothing.
 */
import type { BusTools } from '../../core/bus-tools.ts';
import type { Cabinet } from '../../core/cabinet.ts';
import { Refusal } from '../../core/refusal.ts';

/** Without its uplink: what comes from outside may be what ends the agent. */
export function safeCabinet(cabinet: Cabinet): Cabinet {
  return { ...cabinet, uplink: null };
}

/** Reading helps to find out; scans and writes wait. */
export function readOnlyBus(bus: BusTools): BusTools {
  const refuse = async (): Promise<never> => {
    throw new Refusal(
      'the agent is in safe mode and only reads: see `luciole events`; it leaves safe mode by itself, or when it is restarted',
    );
  };
  return { ...bus, scan: refuse, write: refuse };
}
