/**
 * Converts register numbers as manuals print them into addresses in a frame, for a hint on an address that does not exist. Pure.
 */
import { type Message, msg, NO_TEXT } from './message.ts';
import type { Table } from './profile.ts';

/** Source: the numbering of Modicon's PI-MBUS-300, which counts from 1 after the digit of the table; frames count from 0. */
const NUMBERED: readonly { readonly table: Table; readonly first: number; readonly last: number }[] = [
  { table: 'input', first: 30_001, last: 39_999 },
  { table: 'holding', first: 40_001, last: 49_999 },
];

/**
 * Returns the end of a sentence about the number of an input or holding register in a manual, such as 40101: which address and table it
 * means. Empty for any number outside 30001 to 39999 and 40001 to 49999.
 */
export function manualHint(address: number): Message {
  const found = NUMBERED.find(({ first, last }) => address >= first && address <= last);
  return found === undefined
    ? NO_TEXT
    : msg`; a manual that says ${address} means address ${address - found.first} of table ${found.table}`;
}
