/**
 * A wait that ended without the reply: as an error with what to check, and as a count under its own name.
 *
 * Pure except for the counters, which are arguments.
 */

import { BusError } from '../../agent/core/errors.ts';
import { type Message, msg } from '../../agent/core/message.ts';
import type { Exchange, LinkCounters } from './modbus-link.ts';
import type { WindowVerdict } from './reply-window.ts';

/** What to check. */
interface VerdictAdvice {
  readonly damaged: Message;
  readonly truncated: Message;
  readonly foreign: Message;
  readonly noise: Message;
  readonly silence: Message;
}

const ON_WIRE: VerdictAdvice = {
  damaged: msg`check wiring, termination and baud rate, and that no second unit has its address`,
  truncated: msg`check wiring, supply of the unit and a loose contact`,
  foreign: msg`check that no second master is on the line`,
  noise: msg`check baud rate, parity, polarity (A/B) and bias of the line`,
  silence: msg`check power, address and wiring`,
};

/** Advice for a serial server that passes bytes on. */
const BEHIND_GATEWAY: VerdictAdvice = {
  damaged: msg`check the serial settings of the gateway and the cable behind it, and that no second unit has its address`,
  truncated: msg`check the network, the gateway, and supply and cable of the unit behind it`,
  foreign: msg`check that no second client uses the gateway`,
  noise: msg`check the serial settings of the gateway and that its port passes raw bytes on`,
  silence: msg`check the unit behind the gateway: power, address and cable`,
};

/** The request whose wait ended without a valid reply, as a frame. `timeoutMs`: the limit of that wait, for the message. */
export interface FailedExchange extends Pick<Exchange, 'timeoutMs'> {
  readonly request: Buffer;
  /** The line is behind a serial server. */
  readonly isNetwork: boolean;
}

/**
 * Returns the error of a wait without a valid reply, with what to check. Its code is `crc`, `wrong-reply` or `timeout`. Increases one of
 * `counters`; none for the verdict `wrong-reply`.
 */
export function verdictError(verdict: WindowVerdict, { request, timeoutMs, isNetwork }: FailedExchange, counters: LinkCounters): BusError {
  const words = isNetwork ? BEHIND_GATEWAY : ON_WIRE;
  const [unit = 0] = request;
  const waitedMs = Math.round(timeoutMs);
  switch (verdict) {
    case 'damaged':
      counters.crcErrors++;
      return new BusError('crc', msg`unit ${unit}: damaged reply, ${words.damaged}`);
    case 'truncated':
      counters.truncated++;
      return new BusError('wrong-reply', msg`unit ${unit}: its reply broke off, ${words.truncated}`);
    case 'wrong-reply':
      return new BusError('wrong-reply', msg`unit ${unit}: its answer does not fit the request, check that no second unit has its address`);
    case 'foreign':
      counters.timeouts++;
      return new BusError('timeout', msg`unit ${unit}: no reply in ${waitedMs} ms, but frames of others: ${words.foreign}`);
    case 'noise':
      counters.timeouts++;
      return new BusError('timeout', msg`unit ${unit}: no reply in ${waitedMs} ms, only noise: ${words.noise}`);
    case 'silence':
      counters.timeouts++;
      return new BusError('timeout', msg`unit ${unit}: no reply in ${waitedMs} ms, ${words.silence}`, {
        finding: msg`unit ${unit}: no reply in ${waitedMs} ms`,
      });
  }
}

/** Returns the BusError `doubtful` for a reply that fits its request but may belong to another one, so that no value is taken from it. */
export function doubtfulError(request: Buffer): BusError {
  return new BusError('doubtful', msg`unit ${request[0] ?? 0}: its reply could be a late or repeated one, no value was taken from it`);
}
