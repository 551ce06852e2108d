/**
 * A wait that ended without the reply, as an error that says where to look, and as a count under its own name.
 *
 * Owns those sentences. Pure but for the counters it is handed. Called by the guarded port.
 */
import { BusError } from '../../agent/core/errors.ts';
import type { Exchange, LinkCounters } from './modbus-link.ts';
import type { WindowVerdict } from './reply-window.ts';

/** Counts the verdict where the window has not done so, and makes its error. */
export function verdictError(
  verdict: WindowVerdict,
  { request, timeoutMs }: Pick<Exchange, 'timeoutMs'> & { readonly request: Buffer },
  counters: LinkCounters,
): BusError {
  const unit = `unit ${request[0]}`;
  const waited = `no reply in ${Math.round(timeoutMs)} ms`;
  switch (verdict) {
    case 'damaged':
      counters.crcErrors++;
      return new BusError(
        'crc',
        `${unit}: damaged reply, check wiring, termination and baud rate, and that no second unit has its address`,
      );
    case 'truncated':
      counters.truncated++;
      return new BusError('wrong-reply', `${unit}: its reply broke off, check wiring, supply of the unit and a loose contact`);
    case 'wrong-reply':
      return new BusError('wrong-reply', `${unit}: answered something else than was asked, check that no second unit has its address`);
    case 'stranger':
      counters.timeouts++;
      return new BusError('timeout', `${unit}: ${waited}, but frames of others: check that no second master is on the line`);
    case 'noise':
      counters.timeouts++;
      return new BusError('timeout', `${unit}: ${waited}, only noise: check baud rate, parity, polarity (A/B) and bias of the line`);
    case 'silence':
      counters.timeouts++;
      return new BusError('timeout', `${unit}: ${waited}, check power, address and wiring`);
  }
}
