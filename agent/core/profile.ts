/**
 * A device type as data: what it measures, in which registers, how it is written, and the sources of all that.
 *
 * `drivers/` loads profiles from YAML and turns them into drivers; the field room plans its polls from them.
 */
import type { SerialSettings } from './cabinet.ts';
import { Message, msg } from './message.ts';

export type Table = 'coil' | 'discrete' | 'input' | 'holding';
/** Source: Modbus has 16-bit registers; wider types span several. */
export type RegisterType = 'bit' | 'u16' | 's16' | 'u32' | 's32' | 'f32' | 'u64' | 's64';
export type WordOrder = 'high-first' | 'low-first';
/** How often a point is asked: presence inputs first, lamps and contacts soon, meters and weather when there is time. */
export type PollClass = 'fast' | 'normal' | 'slow' | 'never';
/** A is a manufacturer's document and an independent program in agreement; C is contradictory and needs `experimental`. */
export type Trust = 'A' | 'A-' | 'B+' | 'B' | 'C';

export interface Profile {
  readonly id: string;
  readonly vendor: string;
  readonly model: string;
  readonly category: DeviceCategory;
  readonly trust: Trust;
  /** Why the register map is doubtful, for a person; null when it is not. Required for trust C. */
  readonly experimental: string | null;
  readonly transport: 'modbus' | 'uart';
  readonly sources: readonly string[];
  readonly notes: string;
  /** Factory settings; null where the maker states none, so that the cabinet must give them. */
  readonly serial: SerialSettings | null;
  /** Factory address; null where there is none, as on a label or in a tool. */
  readonly unit: number | null;
  /** How a unit of this type is recognised on an unknown line. */
  readonly identify: readonly IdentifyProbe[];
  readonly quirks: Quirks;
  /** Repeated parts included, each point by its full name: `ecg5_level`. */
  readonly points: readonly PointProfile[];
  /** Parts that occur many times, so that a cabinet can name those it has. */
  readonly repeats: readonly RepeatedPart[];
  /** Registers written at first contact and again after the unit has been away. */
  readonly setup: readonly SetupProfile[];
  /** Its lamps go to a safe level by themselves once no agent writes or reads; false: they keep the last level. */
  readonly fallsBack: boolean;
  /** Writes that reach many level points at once. */
  readonly groups: readonly GroupProfile[];
  /** A register whose fall shows that the unit has restarted, so that its set-up is repeated; null where it has none. */
  readonly uptime: string | null;
  /** Name of the codec in drivers/uart for a device that talks by itself. */
  readonly codec: string | null;
  readonly examples: readonly ProfileExample[];
}

export type DeviceCategory =
  | 'luminaire-driver'
  | 'dali-gateway'
  | 'meter'
  | 'presence'
  | 'traffic'
  | 'light'
  | 'weather'
  | 'air'
  | 'io'
  | 'power';

/** Points that occur `count` times, as `<id><n>_<point>` with n from 0: the ballasts behind a DALI gateway. */
export interface RepeatedPart {
  readonly id: string;
  readonly count: number;
  /** Names of its points without the part. */
  readonly points: readonly string[];
}

/** One read and the expected answer; `strong` proves the model, `plausible` only makes it likely. */
export interface IdentifyProbe {
  readonly table: Table;
  readonly address: number;
  readonly count: number;
  /** Registers as in the frame; one of these. */
  readonly oneOf: readonly (readonly number[])[];
  /** A text, one character a register; alternative to `oneOf`. */
  readonly text: string | null;
  readonly strength: 'strong' | 'plausible';
}

/** One write that sets many level points. */
export interface GroupProfile {
  /** Unique in the profile: `all`, `group3`. */
  readonly id: string;
  /** `bus`: unit 0, which every unit of this type on the line obeys. `unit`: a register of this unit that sets several of its points. */
  readonly reach: 'bus' | 'unit';
  readonly table: 'coil' | 'holding';
  readonly address: number;
  /** Level points that it sets; null when the cabinet defines them for each device (DALI groups). */
  readonly sets: readonly string[] | null;
}

export interface Quirks {
  /** Source: Modbus Application Protocol V1.1b3 §6.3 allows 125. */
  readonly maxReadRegisters: number;
  readonly maxReadBits: number;
  /** Unused registers that may be read too, to save a request. */
  readonly maxHole: number;
  /** Start address and count must be even. */
  readonly evenAlign: boolean;
  /** Silence this unit needs before it is asked again. Units: ms. */
  readonly minGapMs: number;
  /** Silence after power-on before it answers. Units: ms. */
  readonly startupSilenceMs: number;
  /** Address ranges, both ends included, whose registers give true values only when each is read alone. */
  readonly singleOnly: readonly (readonly [from: number, to: number])[];
  /** Which function writes one register: FC06, FC16, or whichever fits. */
  readonly writeFunction: 'auto' | 'single' | 'multiple';
  /** Registers that do not exist read as 0 instead of being refused, so a 0 proves nothing. */
  readonly readsZeroForUnknown: boolean;
  /** Longest wait for a reply before the unit's own response time is learned. Units: ms. */
  readonly responseTimeoutMs: number;
  /** Repetitions of a lost write before it has failed, and lost replies in a row before the one that makes the unit silent. */
  readonly retries: number;
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
  /** The one bit of the register that is meant, 0 the lowest; null for the whole. */
  readonly bit: number | null;
  readonly wordOrder: WordOrder;
  /** value = raw × scale + offset. */
  readonly scale: number;
  readonly offset: number;
  /** `dali-log`: raw 0..254 on the logarithmic curve of IEC 62386-102, in and out as % of light. */
  readonly transform: 'none' | 'dali-log';
  /** Decimals worth keeping; also how the store scales it. */
  readonly decimals: number;
  readonly unit: string;
  /** Raw patterns that mean "no value", as in the frame; one above 2^53 as text in hex: `0x7fffffffffffffff`. */
  readonly invalid: readonly (number | string)[];
  /** Plausible values; outside it the quality is bad. Units: the point's own. */
  readonly range: readonly [min: number, max: number] | null;
  readonly poll: PollClass;
  /** A change smaller than this is not stored. Units: the point's own. */
  readonly deadband: number;
  /** Names of its values, by raw value, for people. */
  readonly enum: Readonly<Record<string, string>> | null;
  /** What it says is wrong when it is not 0 (`bit` null) for each bit that is set; each becomes an event with a start and an end. */
  readonly flags: readonly PointFlag[];
  /** Only grows, until it rolls over at this value (null: never) or the device is replaced; null for a point that is no counter. */
  readonly counter: { readonly rolloverAt: number | null } | null;
  readonly write: PointWrite | null;
}

/** One condition that a register reports: a door, a breaker, a lamp fault. */
export interface PointFlag {
  /** Which bit; null: the value as a whole. */
  readonly bit: number | null;
  /** The event's code: `mains-lost`, `overcurrent`. */
  readonly id: string;
  readonly severity: 'info' | 'warning' | 'alarm';
  /** What a person reads: "mains lost". */
  readonly message: string;
  /** The flag is up when the bit is 0: `voltage ok`. */
  readonly inverted: boolean;
  /** Its profile comes with the agent, so the catalogues have its message. */
  readonly isShipped?: true;
}

/** What a flag says: in the reader's language where its profile comes with the agent, as written where the site wrote it. */
export function flagText({ message, isShipped }: PointFlag): Message {
  return isShipped === true ? new Message(message.replace(/[{}]/g, '$&$&')) : msg`${message}`;
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
  | 'frequency'
  | 'power-factor'
  | 'reactive'
  | 'distance'
  | 'speed'
  | 'count'
  | 'pressure'
  | 'wind'
  | 'rain'
  | 'gas'
  | 'uptime'
  | 'other';

export interface PointWrite {
  /** Where it is written, when that is not where it is read; null for the same register. */
  readonly address: number | null;
  readonly table: 'coil' | 'holding' | null;
  /** The point that proves it, when that is not the point itself. */
  readonly verify: string | null;
  /** The coil that must be 1 for the level to be light: a dimmer keeps the level of a channel that is off. Null where there is none. */
  readonly switchedBy: string | null;
  /** Never written unless a person insists: cuts a supply, wears a memory. */
  readonly dangerous: boolean;
  readonly min: number;
  readonly max: number;
  /** Read it back after this long. Units: ms. */
  readonly settleMs: number;
  /** The level read back moves while the driver fades, so that `settleMs` counts from the end of the fade that set-up writes as `daliFadeTime`. */
  readonly fades: boolean;
  readonly tolerance: number;
}

/** One register put right at first contact. `value` may name a parameter of the zone or site policy. */
export interface SetupProfile {
  readonly table: 'coil' | 'holding';
  readonly address: number;
  readonly value: number | SetupParameter;
  /** What is longer or higher than the register takes is cut to this. Default: 65535. */
  readonly max?: number;
  readonly why: string;
  /** A level may be refused before it. Where no row says so, any of them may be needed. */
  readonly forLevel?: boolean;
}

/** `daliFadeTime` is `rampUpMs` as a fade time of DALI, 0 to 15: such a driver has one for both directions. */
export type SetupParameter = 'rampUpMs' | 'rampDownMs' | 'daliFadeTime' | 'failsafeTimeoutS' | 'failsafeLevelPct';

/** A real or computed exchange and what must come out of it; every shipped profile's are run by the tests. */
export interface ProfileExample {
  readonly origin: string;
  /** Hex with blanks; null for a uart frame. */
  readonly request: string | null;
  readonly response: string;
  readonly expect: Readonly<Record<string, number | null>>;
}
