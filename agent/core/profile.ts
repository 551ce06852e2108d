/**
 * A device type as data: what it measures, where, how to write to it, and where all that is known from.
 *
 * Owns the shapes. `drivers/` loads them from YAML and turns them into drivers; the field room plans its polls from them.
 */
import type { SerialSettings } from './cabinet.ts';

export type Table = 'coil' | 'discrete' | 'input' | 'holding';
/** Source: Modbus has 16-bit registers; wider types span several. */
export type RegisterType = 'bit' | 'u16' | 's16' | 'u32' | 's32' | 'f32' | 'u64';
export type WordOrder = 'high-first' | 'low-first';
/** How often a point is asked: presence inputs first, lamps and contacts soon, meters and weather when there is time. */
export type PollClass = 'fast' | 'normal' | 'slow' | 'never';
/** A is a manufacturer's document and an independent program in agreement; C is contradictory and needs `experimental`. */
export type Trust = 'A' | 'A-' | 'B+' | 'B' | 'C';

export interface Profile {
  readonly id: string;
  readonly vendor: string;
  readonly model: string;
  readonly category: 'luminaire-driver' | 'meter' | 'presence' | 'air' | 'io';
  readonly trust: Trust;
  readonly transport: 'modbus' | 'uart';
  readonly sources: readonly string[];
  readonly notes: string;
  /** Factory settings. */
  readonly serial: SerialSettings;
  readonly quirks: Quirks;
  readonly points: readonly PointProfile[];
  /** Registers written at first contact and again after the unit has been away. */
  readonly setup: readonly SetupProfile[];
  /** Name of the codec in drivers/uart for a device that talks by itself. */
  readonly codec: string | null;
  readonly examples: readonly ProfileExample[];
}

export interface Quirks {
  /** Source: Modbus Application Protocol V1.1b3 §6.3 allows 125. */
  readonly maxReadRegisters: number;
  readonly maxReadBits: number;
  /** Registers that may be read though nobody wants them, to save a request. */
  readonly maxHole: number;
  /** Start address and count must be even. */
  readonly evenAlign: boolean;
  /** Silence this unit needs before it is asked again. Units: ms. */
  readonly minGapMs: number;
  /** Longest wait for a reply before the unit has shown its own pace. Units: ms. */
  readonly responseTimeoutMs: number;
}

export interface PointProfile {
  /** The quantity, unique in the profile: `level`, `motion`, `power`. */
  readonly id: string;
  /** What the rest of the agent may do with it. */
  readonly semantic: Semantic;
  readonly table: Table;
  /** As in the frame: 0-based. */
  readonly address: number;
  readonly type: RegisterType;
  readonly wordOrder: WordOrder;
  /** value = raw × scale + offset. */
  readonly scale: number;
  readonly offset: number;
  /** Decimals worth keeping; also how the store scales it. */
  readonly decimals: number;
  readonly unit: string;
  /** Raw patterns that mean "no value". */
  readonly invalid: readonly number[];
  /** Plausible values; outside it the quality is bad. Units: the point's own. */
  readonly range: readonly [min: number, max: number] | null;
  readonly poll: PollClass;
  /** A change smaller than this is not news. Units: the point's own. */
  readonly deadband: number;
  readonly write: PointWrite | null;
}

export type Semantic =
  | 'level'
  | 'presence'
  | 'illuminance'
  | 'power'
  | 'energy'
  | 'voltage'
  | 'current'
  | 'temperature'
  | 'humidity'
  | 'sound'
  | 'particles'
  | 'relay'
  | 'door'
  | 'input'
  | 'fault'
  | 'derating'
  | 'other';

export interface PointWrite {
  readonly min: number;
  readonly max: number;
  /** Read it back after this long. Units: ms. */
  readonly settleMs: number;
  readonly tolerance: number;
}

/** One register put right at first contact. `value` may name a parameter of the zone or site policy. */
export interface SetupProfile {
  readonly table: 'coil' | 'holding';
  readonly address: number;
  readonly value: number | SetupParameter;
  readonly why: string;
}

export type SetupParameter = 'rampUpMs' | 'rampDownMs' | 'failsafeTimeoutS' | 'failsafeLevelPct';

/** A real or computed exchange and what must come out of it; every shipped profile's are run by the tests. */
export interface ProfileExample {
  readonly origin: string;
  /** Hex with blanks; null for a uart frame. */
  readonly request: string | null;
  readonly response: string;
  readonly expect: Readonly<Record<string, number | null>>;
}
