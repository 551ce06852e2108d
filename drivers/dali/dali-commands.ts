/**
 * DALI forward frames: address bytes, commands and queries.
 *
 * Pure. Source: IEC 62386-102, commands of control gear.
 */

/** One 16-bit forward frame. `address`: its whole first byte, not a short address. `data`: its second byte. */
export interface DaliFrame {
  readonly address: number;
  readonly data: number;
  /** The converter sends the frame twice: gear executes a configuration command only if it receives it twice within 100 ms. */
  readonly isTwice?: true;
  /** The gear may answer with one byte. The frame is sent in the same way without this mark. */
  readonly isQuery?: true;
  /** 1 to 5: with 1 the frame waits for the shortest idle time on the bus. */
  readonly priority: DaliPriority;
}

/**
 * The idle time that a frame waits for on the bus, as a priority: 1 is the shortest. Source: IEC 62386-101, priorities 1 to 5; the
 * converter's protocol passes them on.
 */
export type DaliPriority = 1 | 2 | 3 | 4 | 5;
const DALI_PRIORITY = { level: 2, config: 3, query: 4 } as const satisfies Record<string, DaliPriority>;

/** Highest short address of gear, highest group of a bus, and highest level. Source: IEC 62386-102. */
export const DALI_LIMITS = { lastShortAddress: 63, lastGroup: 15, maxLevel: 254 } as const;

/**
 * Opcodes of the addressed commands that the driver uses by name. Add the number of the group to `addToGroup` and `removeFromGroup`.
 *
 * Source: IEC 62386-102.
 */
export const DALI_COMMAND = {
  addToGroup: 0x60,
  removeFromGroup: 0x70,
  enableWriteMemory: 0x81,
  queryStatus: 0x90,
  queryPresent: 0x91,
  queryActualLevel: 0xa0,
  readMemory: 0xc5,
} as const;

/** First address byte of the special commands, which all gear executes. Source: IEC 62386-102. */
const SPECIAL = { dtr0: 0xa3, enableDeviceType: 0xc1, dtr1: 0xc3, writeMemory: 0xc7, writeMemoryNoReply: 0xc9 } as const;
const BROADCAST = 0xfe;
const GROUP = 0x80;
/** In the lowest bit of the address byte: a command follows, not a level. */
const IS_COMMAND = 1;

/** The gear that executes a level or a command: one, by its short address 0 to 63; the members of a group 0 to 15; or all on the bus. */
export type DaliTarget = { readonly gear: number } | { readonly group: number } | 'all';

/** Returns the frame that sets the level of one gear, of a group, or of all gear. Shape: `level` 0 to 254. */
export function levelFrame(target: DaliTarget, level: number): DaliFrame {
  return { address: addressByte(target), data: level, priority: DALI_PRIORITY.level };
}

/** Returns the query with the opcode `data` to one gear, by its short address 0 to 63. It is marked as a query. */
export function queryFrame(gear: number, data: number): DaliFrame {
  return { address: addressByte({ gear }) | IS_COMMAND, data, isQuery: true, priority: DALI_PRIORITY.query };
}

/** Returns the configuration command with the opcode `data` to one gear, by its short address 0 to 63. It is marked to be sent twice. */
export function configFrame(gear: number, data: number): DaliFrame {
  return { address: addressByte({ gear }) | IS_COMMAND, data, isTwice: true, priority: DALI_PRIORITY.config };
}

/** Returns a special command, which all gear receives, with its value `data`. It is sent once; only `writeMemory` is marked as a query. */
export function specialFrame(name: keyof typeof SPECIAL, data: number): DaliFrame {
  const frame = { address: SPECIAL[name], data, priority: DALI_PRIORITY.query };
  return name === 'writeMemory' ? { ...frame, isQuery: true } : frame;
}

function addressByte(target: DaliTarget): number {
  if (target === 'all') return BROADCAST;
  return 'gear' in target ? target.gear << 1 : GROUP | (target.group << 1);
}

/** What the two bytes of a forward frame mean to gear. A `level` of 255 sets no level: it stops a fade. */
export type DaliMeaning =
  | { readonly kind: 'level'; readonly target: DaliTarget; readonly level: number }
  | { readonly kind: 'command'; readonly target: DaliTarget; readonly opcode: number }
  | { readonly kind: 'special'; readonly name: keyof typeof SPECIAL; readonly value: number };

/** Returns what these two bytes mean to gear; null for an address byte that this driver does not use. */
export function meaningOf(address: number, data: number): DaliMeaning | null {
  const names = Object.keys(SPECIAL) as (keyof typeof SPECIAL)[];
  const name = names.find((each) => SPECIAL[each] === address);
  if (name !== undefined) return { kind: 'special', name, value: data };
  const target = targetOf(address);
  if (target === null) return null;
  return (address & IS_COMMAND) === 0 ? { kind: 'level', target, level: data } : { kind: 'command', target, opcode: data };
}

function targetOf(address: number): DaliTarget | null {
  if ((address & BROADCAST) === BROADCAST) return 'all';
  if (address < GROUP) return { gear: address >> 1 };
  return address < GROUP + 2 * (DALI_LIMITS.lastGroup + 1) ? { group: (address - GROUP) >> 1 } : null;
}
