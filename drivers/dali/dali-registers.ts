/**
 * DALI gear as registers, so that a DALI line is polled, written and set up like any other line.
 *
 * Pure.
 *
 *   input    bank x 256 + location   a byte of a memory bank
 *   holding  0x0000                  the level: written by DAPC, read by QUERY ACTUAL LEVEL
 *            0x002A to 0x0030        a stored setting, by the command that sets it; read by its query
 *            0x0090 to 0x00C4        a query, by its command; 0xC0 and 0xC1, the groups, can be written too
 *            type x 256 + 0xE0 ..    a query of this device type
 *            0xFE00 to 0xFE0F        the level of a group; 0xFE10: of all gear on the bus. Written only; the unit is ignored
 */
import type { Table } from '../../agent/core/profile.ts';
import {
  configFrame,
  DALI_COMMAND,
  DALI_LIMITS,
  type DaliFrame,
  type DaliTarget,
  levelFrame,
  queryFrame,
  specialFrame,
} from './dali-commands.ts';

const PAGE = 0x100;
/** Source: device types up to 253 have queries of their own; 254 means "no more types" (IEC 62386-102, QUERY NEXT DEVICE TYPE). */
const GROUP_PAGE = 0xfe;
/** First command of a device type. Source: IEC 62386-102, application extended commands 224 to 255. */
const FIRST_EXTENDED = 0xe0;
const FIRST_QUERY = 0x90;
const LAST_QUERY = 0xc4;
const GROUPS_PER_QUERY = 8;

/** A stored setting: the query that reads it, and its bits in the answer. */
interface Setting {
  readonly query: number;
  readonly shift: number;
  readonly mask: number;
}

/** By the command that sets it from DTR0. Source: IEC 62386-102; fade time and fade rate share one answer. */
const SETTINGS: Readonly<Record<number, Setting>> = {
  42: { query: 0xa1, shift: 0, mask: 0xff },
  43: { query: 0xa2, shift: 0, mask: 0xff },
  44: { query: 0xa4, shift: 0, mask: 0xff },
  45: { query: 0xa3, shift: 0, mask: 0xff },
  46: { query: 0xa5, shift: 4, mask: 0x0f },
  47: { query: 0xa5, shift: 0, mask: 0x0f },
  48: { query: 0xa8, shift: 0, mask: 0xff },
};
/** By address: the first of its eight groups. */
const GROUP_QUERIES: Readonly<Record<number, number>> = { 192: 0, 193: GROUPS_PER_QUERY };

/** The frames that read one register, in order. `valueOf` returns the register's value for the byte that answers the last of them. */
export interface RegisterRead {
  readonly frames: readonly DaliFrame[];
  valueOf(answer: number): number;
}

const whole = (answer: number): number => answer;

/**
 * Returns the frames that read a register of a gear; undefined if there are none, as for the table `input`, which `DaliMemory` reads. Any
 * coil or discrete input reads as 1 while the gear answers.
 */
export function registerRead(gear: number, table: Table, address: number): RegisterRead | undefined {
  if (table === 'discrete' || table === 'coil') return { frames: [queryFrame(gear, DALI_COMMAND.queryPresent)], valueOf: () => 1 };
  if (table !== 'holding') return undefined;
  const [page, opcode] = [Math.floor(address / PAGE), address % PAGE];
  if (page > 0 && page < GROUP_PAGE && opcode >= FIRST_EXTENDED)
    return { frames: [specialFrame('enableDeviceType', page), queryFrame(gear, opcode)], valueOf: whole };
  if (page > 0) return undefined;
  const setting = SETTINGS[opcode];
  if (setting !== undefined) {
    const { query, shift, mask } = setting;
    return { frames: [queryFrame(gear, query)], valueOf: (answer) => (answer >> shift) & mask };
  }
  if (opcode === 0) return { frames: [queryFrame(gear, DALI_COMMAND.queryActualLevel)], valueOf: whole };
  return opcode >= FIRST_QUERY && opcode <= LAST_QUERY ? { frames: [queryFrame(gear, opcode)], valueOf: whole } : undefined;
}

/** Whether an address is 0xFE00 or higher, where the levels of groups and of all gear are. A write there ignores the unit. */
export function isSharedRegister(address: number): boolean {
  return address >= GROUP_PAGE * PAGE;
}

/** Returns which gear executes a level that is written to this address; undefined for an address without a level. */
export function levelTarget(gear: number, address: number): DaliTarget | undefined {
  if (address === 0) return { gear };
  const group = address - GROUP_PAGE * PAGE;
  if (group >= 0 && group <= DALI_LIMITS.lastGroup) return { group };
  return group === DALI_LIMITS.lastGroup + 1 ? 'all' : undefined;
}

/**
 * What a write of one register needs. `frames`: send these in order. `groups`: send the query `before`, then the frames that `framesFor`
 * returns for its answer.
 */
export type RegisterWrite =
  | { readonly kind: 'frames'; readonly frames: readonly DaliFrame[] }
  | { readonly kind: 'groups'; readonly before: DaliFrame; framesFor(now: number): readonly DaliFrame[] };

/** Returns how to write a holding register; undefined for one that cannot be written, and for a value that it cannot have. */
export function registerWrite(gear: number, address: number, value: number): RegisterWrite | undefined {
  if (!Number.isInteger(value) || value < 0 || value >= PAGE) return undefined;
  const target = levelTarget(gear, address);
  if (target !== undefined) return value <= DALI_LIMITS.maxLevel ? { kind: 'frames', frames: [levelFrame(target, value)] } : undefined;
  const setting = SETTINGS[address];
  if (setting !== undefined) {
    if (value > setting.mask) return undefined;
    return { kind: 'frames', frames: [specialFrame('dtr0', value), configFrame(gear, address)] };
  }
  const first = GROUP_QUERIES[address];
  if (first === undefined) return undefined;
  return { kind: 'groups', before: queryFrame(gear, address), framesFor: (now) => groupFrames(gear, first, { now, wanted: value }) };
}

/** The commands that turn one set of eight groups into another, without touching the groups that stay. */
function groupFrames(gear: number, first: number, { now, wanted }: { readonly now: number; readonly wanted: number }): DaliFrame[] {
  const frames: DaliFrame[] = [];
  for (let i = 0; i < GROUPS_PER_QUERY; i++) {
    const [has, needs] = [(now >> i) & 1, (wanted >> i) & 1];
    if (has === needs) continue;
    frames.push(configFrame(gear, (needs === 1 ? DALI_COMMAND.addToGroup : DALI_COMMAND.removeFromGroup) + first + i));
  }
  return frames;
}
