/**
 * A device type as data: what it measures, in which registers, how it is written, and the sources of all that.
 *
 * `drivers/` loads profiles from YAML and turns them into drivers; the field module plans its polls from them.
 */
import type { SerialSettings } from './cabinet.ts';
import { Message, msg } from './message.ts';

/**
 * The four address spaces of a Modbus device: bits (`coil` writable, `discrete` read-only) and registers (`holding` writable, `input`
 * read-only).
 */
export type Table = 'coil' | 'discrete' | 'input' | 'holding';
/**
 * How a value is encoded. `u`: unsigned, `s`: signed, `f`: IEEE 754, `bcd`: binary-coded decimal, each with the number of bits. `bit`: one
 * coil or discrete input. `bits`: several as one number. `text`: see `TextFormat`. Source: Modbus has 16-bit registers; wider types span
 * several.
 */
export type RegisterType =
  | 'bit'
  | 'bits'
  | 'u16'
  | 's16'
  | 'u32'
  | 's32'
  | 'f32'
  | 'u64'
  | 's64'
  | 'f64'
  | 'bcd16'
  | 'bcd32'
  | 'text'
  | ByteType;
/**
 * Numbers in registers of one byte each, highest byte first. `b`: unsigned, with the number of bits. `e`: a signed power of ten in the
 * first register, then an unsigned number with that many bits. Source: IEC 62386-102 memory banks; DiiA part 252.
 */
export type ByteType = 'b16' | 'b24' | 'b32' | 'b48' | 'e32' | 'e48';
/** Which comes first, the highest or the lowest part: of the registers of a value, or of the two bytes of a register. */
export type WordOrder = 'high-first' | 'low-first';
/**
 * How often a point is polled: `fast` for presence inputs, `normal` for lamps and contacts, `slow` for meters and weather, `never` not at
 * all.
 */
export type PollClass = 'fast' | 'normal' | 'slow' | 'never';
/** How reliable the register map of a profile is, from A (best) to C. C: doubtful; such a profile needs `experimental`. */
export type Trust = 'A' | 'A-' | 'B+' | 'B' | 'C';

/** One device type: how it is connected and recognised, its points, its writes and its sources. */
export interface Profile {
  readonly id: string;
  readonly vendor: string;
  readonly model: string;
  readonly category: DeviceCategory;
  /** How reliable the register map is, from A to C (doubtful). */
  readonly trust: Trust;
  /** Why the register map is doubtful, for display; null if it is not. Required for trust C. */
  readonly experimental: string | null;
  readonly transport: 'modbus' | 'uart' | 'dali';
  /** Where the registers are known from, such as a manual; at least one. */
  readonly sources: readonly string[];
  /** For people; empty for none. */
  readonly notes: string;
  /** Factory settings; null if the manufacturer states none. */
  readonly serial: SerialSettings | null;
  /** Factory address; null if it has none, for example because it is on a label or set with a tool. Not used for a raw UART. */
  readonly unit: number | null;
  /** How a unit of this type is recognised on an unknown line; empty if no way is known. */
  readonly identify: readonly IdentifyProbe[];
  readonly quirks: Quirks;
  /** Registers with its serial number, firmware and other texts for people; empty if none is known. */
  readonly nameplate: readonly NameplateEntry[];
  /** All points, including those of repeated parts, with full names: `ecg5_level`. */
  readonly points: readonly PointProfile[];
  /** Repeated parts, so that a cabinet file can list those it has. */
  readonly repeats: readonly RepeatedPart[];
  /** Registers and coils that must have certain values; they are written if they differ. */
  readonly setup: readonly SetupProfile[];
  /** Without reads or writes from an agent, its lamps go to a safe level by themselves. False: no such behaviour is known. */
  readonly fallsBack: boolean;
  /** Writes that set many level points at once. */
  readonly groups: readonly GroupProfile[];
  /** The point whose decrease shows that the unit has restarted, so that the set-up must be repeated; null if it has none. */
  readonly uptime: string | null;
  /** Name of the codec in `drivers/uart`, for a device on a raw UART; null for any other. */
  readonly codec: string | null;
  /** Exchanges that must decode to the stated values. A profile without any is not used in service. */
  readonly examples: readonly ProfileExample[];
}

/**
 * The kind of a device type. `meter`: an energy meter. `presence`, `traffic`, `light`, `weather`, `air`: a sensor of these. `io`: inputs,
 * relays, a sound player or a panel with numbered texts. `power`: a power supply of the cabinet. `panel`: shows texts from the agent.
 */
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
  | 'power'
  | 'panel';

/** A group of points that a device type has `count` times, numbered from 0, such as the lamp drivers behind a DALI gateway. */
export interface RepeatedPart {
  /** First part of the names of its points: with `lamp`, the point `level` of part 3 is `lamp3_level`. */
  readonly id: string;
  readonly count: number;
  /** Names of its points without this prefix. */
  readonly points: readonly string[];
}

/**
 * One read, and the answer by which a device type is recognised. `strong`: the answer proves the model. `plausible`: it only makes it
 * likely.
 */
export interface IdentifyProbe {
  readonly table: Table;
  /** As in the frame: 0-based. */
  readonly address: number;
  /** Number of registers, or of bits. */
  readonly count: number;
  /** Accepted answers, each as the values of the registers in the frame. One of them must match. */
  readonly oneOf: readonly (readonly number[])[];
  /**
   * A text, one character for each register; blanks, 0 and 0xFFFF at the end of the answer are ignored. `oneOf` is then empty. Null:
   * `oneOf` is used.
   */
  readonly text: string | null;
  readonly strength: 'strong' | 'plausible';
}

/** What an entry of a nameplate states. `serial`: the serial number. `firmware`, `hardware`: their versions. `maker`: the manufacturer. */
export type NameplateId = 'serial' | 'firmware' | 'hardware' | 'model' | 'maker';

/** One text of a nameplate. `u16`, `u32` and `u64` are shown in decimal digits. */
export interface NameplateEntry {
  readonly id: NameplateId;
  readonly table: 'input' | 'holding';
  /** As in the frame: 0-based. */
  readonly address: number;
  readonly type: 'text' | 'u16' | 'u32' | 'u64';
  /** Number of registers of a text. Always 1 for a number, whose registers follow from its type. */
  readonly count: number;
  /** Characters of a text in each register; a single one is in the last byte by `byteOrder`. */
  readonly perRegister: 1 | 2;
  /** Order of the registers of a number; `high-first` for a text. */
  readonly wordOrder: WordOrder;
  readonly byteOrder: WordOrder;
}

/** One write that sets several level points to one level. */
export interface GroupProfile {
  /** Unique in the profile: `all`, `group3`. */
  readonly id: string;
  /**
   * `bus`: a broadcast to unit 0, which every unit of this type on the line executes. `unit`: a register of this unit that sets several of
   * its points. `members`: a group address of the line, executed by the units whose cabinet file lists points of the group.
   */
  readonly reach: 'bus' | 'unit' | 'members';
  readonly table: 'coil' | 'holding';
  /** As in the frame: 0-based. */
  readonly address: number;
  /** Level points that it sets; null if the cabinet file defines them for each device (DALI groups). */
  readonly sets: readonly string[] | null;
}

/** Limits and peculiarities of a device type in communication. */
export interface Quirks {
  /** Most registers in one read. Source: Modbus Application Protocol V1.1b3 §6.3 allows 125. */
  readonly maxReadRegisters: number;
  readonly maxReadBits: number;
  /** Most unused registers or bits between two points that may be read too, to save a request. */
  readonly maxHole: number;
  /** Start address and count of a read must be even. */
  readonly evenAlign: boolean;
  /** Silence that this unit needs before the next request to it. Units: ms. */
  readonly minGapMs: number;
  /** Time after power-on in which it does not answer. Units: ms. */
  readonly startupSilenceMs: number;
  /** Address ranges, both ends included, whose points must each be read alone. */
  readonly singleOnly: readonly (readonly [from: number, to: number])[];
  /** How the value of a point is written if it is one register or coil. `multiple`: with FC16 or FC15. Otherwise: with FC06 or FC05. */
  readonly writeFunction: 'auto' | 'single' | 'multiple';
  /** Registers that do not exist read as 0 instead of being refused, so a 0 proves nothing. For people: the agent does not use it. */
  readonly readsZeroForUnknown: boolean;
  /** Usual limit of the wait for a reply. Units: ms. */
  readonly responseTimeoutMs: number;
  /** How often a lost write is repeated before it fails. It also affects when the unit counts as silent. */
  readonly retries: number;
}

/**
 * One quantity of a device type: where it is read, how it is decoded, and how it may be written. On a raw UART the codec gives the value;
 * only `decimals` and `range` are applied to it.
 */
export interface PointProfile {
  /** The quantity, unique in the profile: `level`, `motion`, `power`. */
  readonly id: string;
  /** Its meaning for the rest of the agent. */
  readonly semantic: Semantic;
  readonly table: Table;
  /** Register address as in the frame: 0-based. */
  readonly address: number;
  readonly type: RegisterType;
  /** The bit of the value to use, 0 is the lowest; null: the whole value. */
  readonly bit: number | null;
  /** Number of coils or discrete inputs of type `bits`, the first is the lowest bit; 1 for every other type. */
  readonly coils: number;
  /** Order of the registers of the value. */
  readonly wordOrder: WordOrder;
  /** Order of the two bytes in each register. Source: Modbus sends the high byte first; some devices fill their registers the other way. */
  readonly byteOrder: WordOrder;
  /** value = raw × scale + offset; not for a single `bit`, nor with a `transform`, nor on a raw UART. */
  readonly scale: number;
  readonly offset: number;
  /** `dali-log`: raw 0..254 on the logarithmic curve of IEC 62386-102, in and out as % of light. */
  readonly transform: 'none' | 'dali-log';
  /** Number of decimals to keep; the store also scales values by it. */
  readonly decimals: number;
  readonly unit: string;
  /**
   * Bit patterns that mean "no value", for every type as unsigned numbers: 0xFFFF, not -1. The orders of words and bytes are applied
   * first. Those from 2^53 on are text in hex: `0x7fffffffffffffff`.
   */
  readonly invalid: readonly (number | string)[];
  /** Plausible range, both ends included; a value outside it has quality `bad`. Null: every value is plausible. Units: the point's own. */
  readonly range: readonly [min: number, max: number] | null;
  readonly poll: PollClass;
  /** Changes of the value that are clearly smaller are not stored at once. Units: the point's own. */
  readonly deadband: number;
  /** Names of its values, by raw value, which is before `scale`; null for none. */
  readonly enum: Readonly<Record<string, string>> | null;
  /** The conditions that it reports; see `PointFlag`. */
  readonly flags: readonly PointFlag[];
  /**
   * Set for a value that only increases, until it rolls over or the device is reset or replaced. Null for a point that is not a counter.
   */
  readonly counter: PointCounter | null;
  /** Null: it cannot be written. */
  readonly write: PointWrite | null;
  /**
   * How its characters are stored; only for type `text`. The value of such a point is the checksum of its registers
   * (`drivers/modbus/text-codec.ts`).
   */
  readonly text?: TextFormat | null;
}

/** How the registers of a text point store its characters. */
export interface TextFormat {
  /** `utf16`: one code unit in each register. */
  readonly encoding: 'ascii' | 'latin1' | 'utf16';
  /** Characters of the whole point. */
  readonly length: number;
  readonly perRegister: 1 | 2;
  /** Which byte of a register has its first character; with one character, the other byte is 0. Not used for `utf16`. */
  readonly order: 'high-first' | 'low-first';
  /** Where a shorter text is in the line; padding fills the rest. */
  readonly align: 'left' | 'center' | 'right';
  /** Fills the rest of the registers: a character, or `nul` for zeros. */
  readonly pad: string;
  /** The characters that the panel can show, besides the space; null for all of the encoding. */
  readonly characters: string | null;
  /** Shown in place of a character that the panel does not have and that has no similar one. */
  readonly replacement: string;
}

/**
 * How a counter behaves. `rolloverAt`: it restarts at 0 instead of reaching this value; null: it does not. `maxPowerKw`: the largest power
 * that the meter can measure; absent: not stated. Units: `rolloverAt` in the point's own, after `scale`.
 */
export interface PointCounter {
  readonly rolloverAt: number | null;
  readonly maxPowerKw?: number | undefined;
}

/** One condition that a point reports, such as an open door, a tripped breaker or a lamp fault. */
export interface PointFlag {
  /** The bit of the value, 0 is the lowest; null: the value as a whole, set if it is not 0. */
  readonly bit: number | null;
  /** Its name: `mains-lost`, `overcurrent`. */
  readonly id: string;
  readonly severity: 'info' | 'warning' | 'alarm';
  /** Text for people: "mains lost". */
  readonly message: string;
  /** The condition is present when the bit, or without one the value, is 0, as for `voltage ok`. */
  readonly inverted: boolean;
  /** The profile is shipped with the agent, so the translations contain its message. */
  readonly isShipped?: true;
}

/** Returns the text of a condition for display; it can be translated if its profile is shipped with the agent. */
export function flagText({ message, isShipped }: PointFlag): Message {
  return isShipped === true ? new Message(message.replace(/[{}]/g, '$&$&')) : msg`${message}`;
}

/**
 * What a point means to the rest of the agent, independent of the device's own name for it. The cabinet file may replace that of a contact
 * (`DeviceConfig.roles`).
 */
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
  | 'clock'
  | 'subscribed-power'
  | 'text'
  | 'other';

/** How a point is written and verified. Units: `min`, `max` and `tolerance` in the point's own. */
export interface PointWrite {
  /** Address for writes if it differs from the read address; null for the same register. */
  readonly address: number | null;
  /** Table for writes; null for the table that is read. */
  readonly table: 'coil' | 'holding' | null;
  /** The point that verifies the write, if it is not the point itself. */
  readonly verify: string | null;
  /** The coil that must be 1 before the level produces light: a dimmer keeps the level of a channel that is off. Null if there is none. */
  readonly switchedBy: string | null;
  /** Written only if a person insists, because it cuts a supply or wears a memory. */
  readonly dangerous: boolean;
  /** This and `max`: the lowest and the highest value that may be written, both included. Not used for a text. */
  readonly min: number;
  readonly max: number;
  /** Delay before the value is read back. Units: ms. */
  readonly settleMs: number;
  /** The level that is read back changes while the driver fades; `settleMs` then counts from the end of the fade. */
  readonly fades: boolean;
  /** Largest difference between the written and the read value that verifies the write. */
  readonly tolerance: number;
  /** False: the device does not return what was written, so its acknowledgement is the only proof. Default: true. Unused for a raw UART. */
  readonly readBack?: boolean;
}

/**
 * One register or coil that must have a value; it is written if it differs. `value`: a number, or the name of a parameter.
 */
export interface SetupProfile {
  readonly table: 'coil' | 'holding';
  /** As in the frame: 0-based. */
  readonly address: number;
  readonly value: number | SetupParameter;
  /** Higher values of a parameter are limited to this. Default: 65535. */
  readonly max?: number;
  /** The reason for this value, for people. */
  readonly why: string;
  /** A level may be refused until it is written. If no row has this, all rows may be required first. */
  readonly forLevel?: boolean;
}

/** The parameters that a set-up register may take its value from. Units: by suffix, ms, s or %. The `dali` ones have the coding of DALI. */
export type SetupParameter = 'rampUpMs' | 'rampDownMs' | 'failsafeTimeoutS' | 'failsafeLevelPct' | DaliParameter;
/**
 * The set-up parameters that are computed for DALI gear, see `SetupParameter`. `daliGroups0`, `daliGroups8`: the groups 0 to 7 and 8 to 15
 * that it is a member of, as bits. These two are not written if no device of the line lists groups.
 */
export type DaliParameter = 'daliFadeTime' | 'daliFailsafeLevel' | 'daliGroups0' | 'daliGroups8';

/** One exchange with a device, recorded or computed, and values that its response must decode to (`expect`); others are not checked. */
export interface ProfileExample {
  /** Where the exchange is from, as text for people. */
  readonly origin: string;
  /** Hex, with or without spaces; null for a uart frame. */
  readonly request: string | null;
  /** Hex, as `request`. */
  readonly response: string;
  /** By point; null: no valid value. A text point has its text here. */
  readonly expect: Readonly<Record<string, number | string | null>>;
  /** Texts of the nameplate that the response contains; null for an entry without a usable text or number. */
  readonly nameplate?: Readonly<Partial<Record<NameplateId, string | null>>> | undefined;
}
