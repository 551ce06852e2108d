/**
 * Limits how many messages are parsed. Beyond the limit, up to 2,000 short messages a second are still searched for an emergency.
 */
import type { Clock } from '../../core/clock.ts';
import { createTokenBucket } from '../../core/token-bucket.ts';
import type { InboundMessage } from '../mqtt/mqtt-transport.ts';
import { decodePayload } from '../sparkplug/codec.ts';
import type { MetricTable } from '../sparkplug/metric-table.ts';
import { EMERGENCY_METRIC } from './command-metrics.ts';
import { nameOf } from './commands.ts';

/** Messages that are parsed. Source: assumed; far above what any platform sends, low enough that parsing does not delay the tick: measured, 25 to 90 us each. Confirmed by: the message rate of a platform in use. */
const MESSAGES = { burst: 1_000, perS: 100 };
/**
 * Their bytes. Source: the parts of a program update, 48 KB each, as fast as `COMMANDS` of the inbox accepts them; rounded up. Measured, 60 KB of empty metrics
 * take 23 ms to parse.
 */
const BYTES = { burst: 8 * 2 ** 20, perS: 128 * 2 ** 10 };
/**
 * Messages beyond that limit that are searched for an emergency; each 128 bytes begun cost one token. Source: measured, 2 to 7 us for a command, and
 * 48 us for 128 bytes of empty metrics: a tenth of the processor at most, a fiftieth for commands.
 */
const SEARCHES = { burst: 4_000, perS: 2_000, bytes: 128 };
/** Emergencies among them that are parsed. Source: measured, 60 to 90 us each; 500 are a twentieth of the processor. */
const EMERGENCIES = { burst: 500, perS: 500 };
/** Longest message that may contain an emergency. Units: bytes. Source: with the longest id and reason it has 600. */
const MAX_BYTES = 2_048;
const NAME = Buffer.from(EMERGENCY_METRIC.on);

/**
 * Creates the rate limit for the messages that are parsed; some that start an emergency pass beyond it. `table`: resolves their aliases.
 * Call `admits` once for a message; false: drop it unread. `deviceId`: null for a message to the node.
 */
export function createReadLimit(clock: Pick<Clock, 'monoMs'>, table: Pick<MetricTable, 'node' | 'devices'>) {
  const messages = createTokenBucket(clock, MESSAGES);
  const bytes = createTokenBucket(clock, BYTES);
  const searches = createTokenBucket(clock, SEARCHES);
  const emergencies = createTokenBucket(clock, EMERGENCIES);

  const ofNode = { get: (alias: number) => table.node.find((entry) => entry.alias === alias) };
  const asksForLight = (deviceId: string | null, payload: Uint8Array): boolean => {
    const byAlias = deviceId === null ? ofNode : (table.devices.get(deviceId)?.byAlias ?? new Map());
    const on = decodePayload(payload)?.metrics.find((metric) => nameOf(metric, byAlias) === EMERGENCY_METRIC.on);
    return on?.value?.kind === 'boolean' && on.value.value;
  };
  const mayLook = (payload: Uint8Array): boolean => {
    // With an alias it is short. A search for the name costs less than a microsecond.
    const isCandidate = payload.length <= SEARCHES.bytes || (payload.length <= MAX_BYTES && asBuffer(payload).includes(NAME));
    return isCandidate && searches.take(Math.ceil(payload.length / SEARCHES.bytes));
  };

  return {
    /** Whether this message may be parsed. */
    admits: ({ payload, retained }: InboundMessage, deviceId: string | null): boolean => {
      if (messages.take() && bytes.take(payload.length)) return true;
      return !retained && mayLook(payload) && asksForLight(deviceId, payload) && emergencies.take();
    },
  };
}

/** Returns a Buffer over the same memory. */
function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
