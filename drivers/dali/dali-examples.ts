/**
 * Decodes the example of a DALI profile: the forward frames as they were sent, two bytes each, and the answers in the same order.
 *
 * Pure.
 */
import { type Message, msg } from '../../agent/core/message.ts';
import type { Table } from '../../agent/core/profile.ts';
import { DALI_COMMAND, meaningOf } from './dali-commands.ts';

const FIRST_QUERY = 0x90;
const PAGE = 0x100;

/**
 * One register that an example reads. `table`: `holding` for a query, `input` for memory. `address`: of a query, device type x 256 + its
 * opcode, with type 0 for a common query; of memory, bank x 256 + location. `word`: the byte that the gear answered.
 */
export interface ExampleRegister {
  readonly table: Table;
  readonly address: number;
  readonly word: number;
}

/** Why an example cannot be decoded, and at which of its keys. */
export interface ExampleFlaw {
  readonly at: 'request' | 'response';
  readonly message: Message;
}

/**
 * Returns the registers that the frames of a request read, in their order, with the bytes of the response. Every command with an opcode
 * from 0x90 counts as a query with an answer; the special command `writeMemory` has an answer too, but reads no register. Returns a flaw
 * if the number of bytes does not fit.
 */
export function daliExchange(request: Uint8Array, response: Uint8Array): readonly ExampleRegister[] | ExampleFlaw {
  if (request.length % 2 !== 0)
    return { at: 'request', message: msg`found ${request.length} bytes; a DALI frame has two, so give an even number` };
  const read: ExampleRegister[] = [];
  const state = { dtr0: 0, dtr1: 0, type: 0 };
  let answers = 0;
  for (let at = 0; at < request.length; at += 2) {
    const meaning = meaningOf(request[at] as number, request[at + 1] as number);
    if (meaning === null || meaning.kind === 'level') continue;
    if (meaning.kind === 'special') {
      if (meaning.name === 'dtr0') state.dtr0 = meaning.value;
      else if (meaning.name === 'dtr1') state.dtr1 = meaning.value;
      else if (meaning.name === 'enableDeviceType') state.type = meaning.value;
      else if (meaning.name === 'writeMemory') answers++;
      continue;
    }
    if (meaning.opcode < FIRST_QUERY) continue;
    const word = response[answers++] ?? 0;
    if (meaning.opcode === DALI_COMMAND.readMemory) read.push({ table: 'input', address: state.dtr1 * PAGE + state.dtr0++, word });
    else read.push({ table: 'holding', address: state.type * PAGE + meaning.opcode, word });
    state.type = 0;
  }
  if (answers === response.length) return read;
  return {
    at: 'response',
    message: msg`found ${response.length} bytes; the frames of the request have ${answers} answers of one byte each`,
  };
}
