/**
 * Frames known of the shipped devices and what they mean, apart from the profiles' own examples.
 *
 * Facts, each with its origin. `expect` names the quantities of the profile; the frame may say more.
 */
export interface Vector {
  readonly profile: string;
  readonly origin: string;
  readonly request: string | null;
  readonly response: string;
  readonly expect: Readonly<Record<string, number | null>>;
}

export const VECTORS: readonly Vector[] = [
  {
    profile: 'eastron-sdm630',
    origin: 'Eastron SDM630MCT Modbus protocol V1.7',
    request: '01 04 00 00 00 02 71 CB',
    response: '01 04 04 43 66 33 34 1B 38',
    expect: { voltage_l1: 230.2 },
  },
  {
    profile: 'wirenboard-wb-led',
    origin: 'computed from the register list; channel 4 does not exist in this mode',
    request: '01 03 07 D0 00 04 44 84',
    response: '01 03 08 00 28 00 00 00 3C FF FF FC 69',
    expect: { level: 40 },
  },
  {
    profile: 'wirenboard-wb-led',
    origin: 'computed from the register list',
    request: '01 04 01 90 00 03 B1 DA',
    response: '01 04 06 00 29 00 64 00 00 7C 8A',
    expect: { temperature: 41, allowed_power: 100, overcurrent: 0 },
  },
  {
    profile: 'wirenboard-wb-msw',
    origin: 'computed from the register list',
    request: '01 04 00 09 00 02 A1 C9',
    response: '01 04 04 00 00 04 D2 79 19',
    expect: { illuminance: 12.34 },
  },
  {
    profile: 'wirenboard-wb-msw',
    origin: 'computed; the sensor cannot measure',
    request: '01 04 00 09 00 02 A1 C9',
    response: '01 04 04 FF FF FF FF FA 10',
    expect: { illuminance: null },
  },
  {
    profile: 'wirenboard-wb-msw',
    origin: 'computed; maximum, raw, -, present motion',
    request: '01 04 01 18 00 04 70 32',
    response: '01 04 08 00 96 00 1E 00 0A 00 0C 5A 01',
    expect: { motion: 150 },
  },
  {
    profile: 'wirenboard-wb-msw',
    origin: 'computed; temperature sensor fault',
    request: '01 04 00 04 00 02 30 0A',
    response: '01 04 04 7F FF 11 94 DF 9F',
    expect: { temperature: null, humidity: 45 },
  },
  {
    profile: 'waveshare-modbus-relay-d8',
    origin: 'computed; relays 1 and 3 on',
    request: '01 01 00 00 00 08 3D CC',
    response: '01 01 01 05 91 8B',
    expect: { relay_1: 1, relay_2: 0, relay_3: 1, relay_8: 0 },
  },
  {
    profile: 'waveshare-modbus-relay-d8',
    origin: 'computed; inputs 1 and 8 closed',
    request: '01 02 00 00 00 08 79 CC',
    response: '01 02 01 81 61 E8',
    expect: { input_1: 1, input_2: 0, input_8: 1 },
  },
  {
    profile: 'nova-sds011',
    origin: 'captured by PyPMS',
    request: null,
    response: 'AA C0 06 00 06 00 58 D9 3D AB',
    expect: { pm2_5: 0.6, pm10: 0.6 },
  },
  {
    profile: 'nova-sds011',
    origin: 'captured by PyPMS',
    request: null,
    response: 'AA C0 09 00 09 00 58 D9 43 AB',
    expect: { pm2_5: 0.9, pm10: 0.9 },
  },
];
