/**
 * Every frame known of the shipped raw UART devices, apart from the profiles' own examples.
 *
 * Facts, each with its origin.
 */

/** One frame that a device sends, as it is on the wire. */
export interface UartVector {
  readonly profile: string;
  readonly origin: string;
  readonly frame: Buffer;
}

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

export const UART_VECTORS: readonly UartVector[] = [
  { profile: 'nova-sds011', origin: 'captured by PyPMS', frame: hex('AA C0 06 00 06 00 58 D9 3D AB') },
  { profile: 'nova-sds011', origin: 'captured by PyPMS', frame: hex('AA C0 09 00 09 00 58 D9 43 AB') },
  {
    profile: 'plantower-pms5003',
    origin: 'captured by PyPMS',
    frame: hex('42 4D 00 1C 00 00 00 08 00 08 00 00 00 08 00 08 00 D2 00 46 00 2D 00 1E 00 00 00 00 97 00 02 C5'),
  },
  {
    profile: 'sensirion-sps30',
    origin: 'captured by PyPMS, 1 stuffed byte pair',
    frame: hex(
      '7E 00 03 00 28 40 A7 83 20 41 17 77 BB 41 4A 5F 83 41 54 8D DD 41 D2 83 3E 42 7D 33 FC 85 42 26 17 22 42 29 A4 D9 42 2A 29 BC 3F 55 B7 E7 9E 7E',
    ),
  },
  {
    profile: 'sensirion-sps30',
    origin: 'captured by PyPMS, 3 stuffed byte pairs',
    frame: hex(
      '7E 00 03 00 28 40 DF 03 DA 41 7D 31 62 AE 41 27 9E 32 41 2C 10 7D 5E 42 30 7D 5E D3 42 55 C0 4C 42 5E 09 08 42 5F A2 8A 42 5F E4 43 3F 40 FA 1F FF 7E',
    ),
  },
  {
    profile: 'hilink-ld2410',
    origin: 'captured, or the vendor’s example; moving and still',
    frame: hex('F4 F3 F2 F1 0D 00 02 AA 03 4F 00 64 4C 00 64 32 00 55 00 F8 F7 F6 F5'),
  },
  {
    profile: 'hilink-ld2410',
    origin: 'captured, or the vendor’s example; no target',
    frame: hex('F4 F3 F2 F1 0D 00 02 AA 00 45 00 3E 00 00 3A 00 00 55 00 F8 F7 F6 F5'),
  },
  {
    profile: 'hilink-ld2410',
    origin: 'captured, or the vendor’s example; still',
    frame: hex('F4 F3 F2 F1 0D 00 02 AA 02 51 00 00 00 00 3B 00 00 55 00 F8 F7 F6 F5'),
  },
  { profile: 'hilink-ld2451', origin: 'synthetic', frame: hex('F4 F3 F2 F1 07 00 01 01 8A 19 01 2D 50 F8 F7 F6 F5') },
  { profile: 'hilink-ld2451', origin: 'synthetic, no target', frame: hex('F4 F3 F2 F1 00 00 F8 F7 F6 F5') },
  {
    profile: 'omnipresense-ops243',
    origin: 'vendor manual',
    frame: Buffer.from('{"speed":0.58, "direction":"inbound","time":105, "tick":135}\r\n'),
  },
];
