/**
 * Which speeds and parities a scan tries, and how long it waits for an answer at each.
 *
 * Pure.
 */
import { charMs, gapMs } from '../../../drivers/modbus/wire-time.ts';
import type { SerialSettings } from '../../core/cabinet.ts';
import type { Profile } from '../../core/profile.ts';

/** Units: bit/s. Source: speeds of the shipped device types, the most common first; 2400 is for old meters. */
const COMMON_BAUDS = [9_600, 19_200, 38_400, 57_600, 115_200, 4_800, 2_400];
/**
 * Time that a short read allows a unit, besides the silence that ends the request, where bytes are visible as they arrive. Units: ms.
 * Source: 247 addresses at 9600 baud within 8 s while a presence sensor is polled.
 */
const QUICK_TURNAROUND_MS = 6;
/**
 * The same where bytes are not visible as they arrive. There an earlier request would collide with a reply that is not visible yet: a short reply,
 * and the pause after which a UART passes on fewer bytes than its trigger. Source: 16550 and PL011 wait 4 characters for the trigger of 8 bytes; the
 * shortest answers have 5 and 7.
 */
const HIDDEN = { chars: 11, turnaroundMs: 2 } as const;
/** Bytes that are visible this soon after they began are visible as they arrive. Units: characters. */
const AT_ONCE_CHARS = 3;
/**
 * How long a scan waits by default for the first byte of a reply through a serial server or Modbus TCP gateway. Units: ms. Source: assumed.
 * Confirmed by: response times through the gateways on the bench.
 */
export const NETWORK_WAIT_MS = 150;

/**
 * How long a read request takes on the wire: its 8 characters and the silence before them. Units: ms. Source: Modbus over Serial Line V1.02
 * §2.5.1.1.
 */
export function requestMs(serial: SerialSettings): number {
  return 8 * charMs(serial) + gapMs(serial);
}

/**
 * How long a read request, the silence before it and the exception that answers it, 5 characters, take on the wire. Without the turnaround
 * of the unit. Units: ms.
 */
export function refusalMs(serial: SerialSettings): number {
  return requestMs(serial) + 5 * charMs(serial);
}

/** Delays between the wire and the program. */
export interface Adapter {
  /** How long the adapter delays an answer at most; null when unknown. Units: ms. */
  readonly latencyMs: number | null;
  /** Typical time from the start of a reply until its first bytes are visible here; null when unknown. Units: characters. */
  readonly hiddenChars: number | null;
}

/**
 * Returns how long a scan waits by default for the first byte of a reply at this speed, through this adapter. An unknown latency counts as
 * 0, unknown `hiddenChars` as more than 3. Units: ms.
 */
export function quickWaitMs(serial: SerialSettings, { latencyMs, hiddenChars }: Adapter): number {
  const isSeenAtOnce = hiddenChars !== null && hiddenChars <= AT_ONCE_CHARS;
  const replyMs = isSeenAtOnce ? QUICK_TURNAROUND_MS : HIDDEN.turnaroundMs + HIDDEN.chars * charMs(serial);
  return gapMs(serial) + replyMs + (latencyMs ?? 0);
}

/**
 * Returns the other speeds and parities worth a scan, without the line's own: those of known device types first, then common ones. Each has
 * 8 data bits, and 2 stop bits without parity, otherwise 1.
 */
export function otherSettings(home: SerialSettings, profiles: readonly Profile[]): SerialSettings[] {
  const factory = profiles.flatMap(({ transport, serial }) => (transport === 'modbus' && serial !== null ? [serial] : []));
  const common = COMMON_BAUDS.flatMap((baud) => (['none', 'even'] as const).map((parity) => ({ baud, parity })));
  const wanted = new Map<string, SerialSettings>();
  for (const { baud, parity } of [...factory, ...common]) {
    if (baud === home.baud && parity === home.parity) continue;
    wanted.set(`${baud} ${parity}`, { baud, parity, stopBits: parity === 'none' ? 2 : 1, dataBits: 8 });
  }
  return [...wanted.values()];
}
