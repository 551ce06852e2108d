/**
 * Frames known of the shipped Modbus devices and what they mean, apart from the profiles' own examples.
 *
 * Facts, each with its origin.
 */

/**
 * A request and its response, in hexadecimal with CRC.
 *
 * `expect`: quantities of the profile in its units, null for no valid value; the response may contain more.
 */
export interface Vector {
  readonly profile: string;
  readonly origin: string;
  readonly request: string;
  readonly response: string;
  readonly expect: Readonly<Record<string, number | null>>;
}

type Row = readonly [profile: string, origin: string, request: string, response: string, expect: Vector['expect']];

// biome-ignore format: a table
const ROWS: readonly Row[] = [
  ['eastron-sdm630', 'manufacturer manual (SDM630MCT V1.7)', '01 04 00 00 00 02 71 CB', '01 04 04 43 66 33 34 1B 38', { voltage_l1: 230.2 }],
  ['eastron-sdm630', 'manufacturer manual', '01 03 00 00 00 02 C4 0B', '01 03 04 3F 80 00 00 F7 CF', {}],
  ['eastron-sdm630', 'synthetic', '01 04 01 56 00 02 90 27', '01 04 04 44 9A 50 00 F3 5B', { energy_total: 1234.5 }],
  ['peacefair-pzem-016', 'captured (esphome source comment)', '01 04 00 00 00 0A 70 0D', '01 04 14 08 D1 00 6C 00 00 00 F4 00 00 00 26 00 00 01 F4 00 64 00 00 51 34', { voltage: 225.7, current: 0.108, power: 24.4, energy: 0.038, frequency: 50, power_factor: 1, overpower: 0 }],
  ['carlogavazzi-em330-em340', 'synthetic', '01 04 00 00 00 06 70 08', '01 04 0C 08 FE 00 00 09 06 00 00 08 FA 00 00 C7 B8', { voltage_l1: 230.2, voltage_l2: 231, voltage_l3: 229.8 }],
  ['carlogavazzi-em330-em340', 'synthetic', '01 04 00 28 00 02 F1 C3', '01 04 04 C4 9B FF FF B6 EB', { power: -1520.5 }],
  ['carlogavazzi-em330-em340', 'synthetic overflow', '01 04 00 28 00 02 F1 C3', '01 04 04 FF FF 7F FF 9B D0', { power: null }],
  ['carlogavazzi-em330-em340', 'synthetic', '01 04 00 34 00 02 30 05', '01 04 04 E2 40 00 01 0D E8', { energy_import: 12345.6 }],
  ['carlogavazzi-em330-em340', 'synthetic', '01 03 00 0B 00 01 F5 C8', '01 03 02 01 55 79 EB', {}],
  ['schneider-iem3000', 'synthetic', '01 03 0B F3 00 02 36 1C', '01 03 04 40 8A 45 A2 7D 30', { power: 4321 }],
  ['schneider-iem3000', 'synthetic NaN', '01 03 0B F3 00 02 36 1C', '01 03 04 FF C0 00 00 CA 1B', { power: null }],
  ['schneider-iem3000', 'synthetic', '01 03 0C 83 00 04 B6 B1', '01 03 08 00 00 00 00 3A DE 68 B1 16 81', { energy_import: 987654.321 }],
  ['wirenboard-wb-map3e', 'synthetic', '01 04 14 10 00 02 75 FE', '01 04 04 59 D6 0C 00 0D E0', { voltage_l1: 229.98 }],
  ['wirenboard-wb-map3e', 'synthetic', '01 04 12 00 00 04 F4 B1', '01 04 08 CD 15 07 5B 00 00 00 00 C9 7F', { energy_import: 1234.568 }],
  ['wirenboard-wb-led', 'synthetic', '01 03 07 D0 00 04 44 84', '01 03 08 00 28 00 00 00 3C FF FF FC 69', { level: 40 }],
  ['wirenboard-wb-led-4ch', 'synthetic', '01 03 07 D0 00 04 44 84', '01 03 08 00 28 00 00 00 3C FF FF FC 69', { level: 40, level_2: 0, level_3: 60, level_4: null }],
  ['wirenboard-wb-led', 'synthetic', '01 04 01 90 00 03 B1 DA', '01 04 06 00 29 00 64 00 00 7C 8A', { temperature: 41, allowed_power: 100, overcurrent: 0 }],
  ['intesis-inmbsdal', 'synthetic', '01 03 01 F9 00 02 15 C6', '01 03 04 00 04 00 46 3A 00', { ecg5_status: 4, ecg5_level: 70 }],
  ['intesis-inmbsdal', 'synthetic lamp failure', '01 03 01 F9 00 02 15 C6', '01 03 04 00 02 00 00 5B F3', { ecg5_status: 2, ecg5_level: 0 }],
  ['wirenboard-wb-msw', 'synthetic', '01 04 00 09 00 02 A1 C9', '01 04 04 00 00 04 D2 79 19', { illuminance: 12.34 }],
  ['wirenboard-wb-msw', 'synthetic sensor error', '01 04 00 09 00 02 A1 C9', '01 04 04 FF FF FF FF FA 10', { illuminance: null }],
  ['wirenboard-wb-msw', 'synthetic', '01 04 01 18 00 04 70 32', '01 04 08 00 96 00 1E 00 0A 00 0C 5A 01', { motion: 150 }],
  ['wirenboard-wb-msw', 'synthetic temp error', '01 04 00 04 00 02 30 0A', '01 04 04 7F FF 11 94 DF 9F', { temperature: null, humidity: 45 }],
  ['icpdas-pir-130', 'synthetic', '01 02 00 00 00 01 B9 CA', '01 02 01 01 60 48', { motion: 1 }],
  ['icpdas-pir-130', 'synthetic', '01 02 00 00 00 01 B9 CA', '01 02 01 00 A1 88', { motion: 0 }],
  ['dfrobot-sen0644', 'synthetic', '01 03 00 02 00 02 65 CB', '01 03 04 00 01 E2 40 E2 A3', { illuminance: 123.456 }],
  ['ecowitt-wn90lp', 'vendor spec worked example values; CRC computed', '90 03 01 65 00 0A C8 AF', '90 03 14 06 E7 00 0D 02 96 00 3C 00 00 00 00 00 96 00 00 27 1A 00 12 4F 82', { illuminance: 17670, uv_index: 1.3, temperature: 26.2, humidity: 60, wind_speed: 0, wind_gust: 0, wind_direction: 150, rain: 0, pressure: 1001, rain_total: 0.18 }],
  ['ecowitt-wn90lp', 'captured (forum)', '85 03 01 65 00 09 8A 6B', '85 03 12 FF FF FF FF 02 67 FF FF 00 00 00 00 00 00 00 00 FF FF 0B 4D', { illuminance: null, uv_index: null, temperature: 21.5, humidity: null, pressure: null }],
  ['seeed-sensecap-orch-s4', 'vendor manual example values; FC/CRC assumed', '01 04 00 00 00 06 70 08', '01 04 0C 0A EE 1A B2 00 01 87 D5 00 05 FA 00 B2 52', { temperature: 27.98, humidity: 68.34, pressure: 1003.09, illuminance: 391.68 }],
  ['deltaohm-pmsense', 'synthetic', '01 04 00 03 00 03 40 0B', '01 04 06 00 51 00 7C 00 CB 1D 10', { pm1: 8.1, pm2_5: 12.4, pm10: 20.3 }],
  ['waveshare-modbus-relay-d8', 'synthetic', '01 01 00 00 00 08 3D CC', '01 01 01 05 91 8B', { relay_1: 1, relay_2: 0, relay_3: 1, relay_8: 0 }],
  ['waveshare-modbus-relay-d8', 'synthetic', '01 02 00 00 00 08 79 CC', '01 02 01 81 61 E8', { input_1: 1, input_2: 0, input_8: 1 }],
  ['eastron-sdm630', 'manufacturer manual', '01 10 00 02 00 02 04 42 70 00 00 67 D5', '01 10 00 02 00 02 E0 08', {}],
  ['wirenboard-wb-led', 'computed', '01 06 07 D0 00 3C 89 56', '01 06 07 D0 00 3C 89 56', {}],
  ['wirenboard-wb-led', 'computed', '01 05 00 00 FF 00 8C 3A', '01 05 00 00 FF 00 8C 3A', {}],
  ['wirenboard-wb-led', 'computed', '01 06 0B B8 13 88 06 9D', '01 06 0B B8 13 88 06 9D', {}],
  ['wirenboard-wb-led', 'computed', '01 06 00 08 00 3C 08 19', '01 06 00 08 00 3C 08 19', {}],
  ['wirenboard-wb-led', 'computed', '01 06 02 88 00 03 48 59', '01 06 02 88 00 03 48 59', {}],
  ['wirenboard-wb-led', 'computed', '01 06 02 90 00 46 09 AD', '01 06 02 90 00 46 09 AD', {}],
  ['intesis-inmbsdal', 'computed', '01 06 02 03 00 46 F9 80', '01 06 02 03 00 46 F9 80', {}],
  ['intesis-inmbsdal', 'computed', '01 06 1A 90 00 28 8E E1', '01 06 1A 90 00 28 8E E1', {}],
  ['ecodim-dali-gw2', 'computed', '01 06 0B B8 00 FE 8A 4B', '01 06 0B B8 00 FE 8A 4B', {}],
  ['wirenboard-wb-mdm3', 'computed', '01 06 00 00 00 32 08 1F', '01 06 00 00 00 32 08 1F', {}],
  ['waveshare-modbus-relay-d8', 'computed; frame also in community docs', '01 05 00 00 FF 00 8C 3A', '01 05 00 00 FF 00 8C 3A', {}],
  ['waveshare-modbus-relay-d8', 'computed', '01 05 00 00 55 00 F2 9A', '01 05 00 00 55 00 F2 9A', {}],
  ['waveshare-modbus-relay-d8', 'computed', '01 0F 00 00 00 08 01 FF BE D5', '01 0F 00 00 00 08 54 0D', {}],
  ['eastron-sdm630', 'computed', '01 04 00 01 00 02 20 0B', '01 84 02 C2 C1', {}],
  ['wirenboard-wb-mdm3', 'computed', '01 06 00 00 00 32 08 1F', '01 86 03 02 61', {}],
  ['wirenboard-wb-mdm3', 'computed', '01 03 00 00 00 01 84 0A', '01 83 06 C1 32', {}],
];

export const VECTORS: readonly Vector[] = ROWS.map(([profile, origin, request, response, expect]) => ({
  profile,
  origin,
  request,
  response,
  expect,
}));
