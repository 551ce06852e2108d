/**
 * Invented device types for tests: all defaults unless the test overrides them.
 */
import type { DeviceConfig, LineConfig, SerialSettings } from '../../agent/core/cabinet.ts';
import type { PointProfile, PointWrite, Profile, Quirks } from '../../agent/core/profile.ts';

export const SERIAL_8N2: SerialSettings = { baud: 19_200, parity: 'none', stopBits: 2, dataBits: 8 };

export const PLAIN_QUIRKS: Quirks = {
  maxReadRegisters: 125,
  maxReadBits: 2_000,
  maxHole: 4,
  evenAlign: false,
  minGapMs: 0,
  startupSilenceMs: 0,
  singleOnly: [],
  writeFunction: 'auto',
  readsZeroForUnknown: false,
  responseTimeoutMs: 200,
  retries: 2,
};

/** For `testPoint`: can be written, 0 to 100, and is read back at once, with these changes. */
export function writable(over: Partial<PointWrite> = {}): PointWrite {
  return {
    min: 0,
    max: 100,
    settleMs: 0,
    fades: false,
    tolerance: 0,
    address: null,
    table: null,
    verify: null,
    switchedBy: null,
    dangerous: false,
    ...over,
  };
}

/** A measured 16-bit value in input register 0 that cannot be written, with these changes. */
export function testPoint(id: string, over: Partial<PointProfile> = {}): PointProfile {
  return {
    id,
    semantic: 'other',
    table: 'input',
    address: 0,
    type: 'u16',
    bit: null,
    coils: 1,
    wordOrder: 'high-first',
    byteOrder: 'high-first',
    scale: 1,
    offset: 0,
    transform: 'none',
    decimals: 0,
    unit: '',
    invalid: [],
    range: null,
    poll: 'normal',
    deadband: 0,
    enum: null,
    flags: [],
    counter: null,
    write: null,
    ...over,
  };
}

/** A Modbus device type with these points and without quirks, with these changes. */
export function testProfile(id: string, points: readonly PointProfile[], over: Partial<Profile> = {}): Profile {
  return {
    id,
    vendor: 'Test',
    model: id,
    category: 'luminaire-driver',
    trust: 'A',
    experimental: null,
    transport: 'modbus',
    sources: ['this test'],
    notes: '',
    serial: SERIAL_8N2,
    unit: 1,
    identify: [],
    quirks: PLAIN_QUIRKS,
    nameplate: [],
    points,
    repeats: [],
    setup: [],
    fallsBack: false,
    groups: [],
    uptime: null,
    codec: null,
    examples: [],
    ...over,
  };
}

/** A device at address 1 whose type has its own id, with these changes. */
export function testDevice(id: string, over: Partial<DeviceConfig> = {}): DeviceConfig {
  return { id, unit: 1, profile: id, pole: null, roles: {}, instances: {}, groups: {}, quirks: {}, ...over };
}

export function testLine(id: string, devices: readonly DeviceConfig[], over: Partial<LineConfig> = {}): LineConfig {
  return { id, kind: 'modbus', port: id, serial: SERIAL_8N2, rs485: null, broadcast: true, maxWritesPerS: 50, devices, ...over };
}
