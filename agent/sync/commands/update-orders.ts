/**
 * Reads an update order: a part of an update file, install, revert. Pure.
 *
 * Checks the fields of each. Whether the file is accepted is decided in `agent/service`.
 */
import type { PlatformOrder } from '../../core/ports.ts';
import type { UpdateAsk } from '../../core/updates.ts';
import { type Checked, type CommandFields, readBytes, readFlag, readInteger, readText } from './command-fields.ts';
import { COMMAND_METRIC, UPDATE_METRIC } from './command-metrics.ts';
import type { OrderFrame } from './command-orders.ts';

const ACTIONS = ['put', 'install', 'revert'] as const;
type Action = (typeof ACTIONS)[number];
const { action: ACTION, at, of, data, force } = UPDATE_METRIC;
const ALLOWED: Readonly<Record<Action, readonly string[]>> = { put: [at, of, data], install: [force], revert: [force] };
/** Larger than any update. Units: bytes. */
const MAX_BYTES = 2 ** 31;

/** Whether a command concerns the program. */
export function isUpdateAsked(fields: CommandFields): boolean {
  return [...fields.keys()].some((name) => name.startsWith('Update/'));
}

export function readUpdateOrder(fields: CommandFields, { commandId }: OrderFrame): Checked<PlatformOrder> {
  const text = readText(fields, ACTION, 16);
  if ('reason' in text) return text;
  const action = ACTIONS.find((each) => each === text.value);
  if (action === undefined) return { reason: `${ACTION} is one of ${ACTIONS.join(', ')}` };
  const known = new Set<string>([ACTION, COMMAND_METRIC.id, COMMAND_METRIC.expires, ...ALLOWED[action]]);
  const stray = [...fields.keys()].find((name) => !known.has(name));
  if (stray !== undefined) return { reason: `${stray} does not belong to ${ACTION} "${action}"` };
  const ask = action === 'put' ? readPut(fields) : readForce(fields, action);
  return 'reason' in ask ? ask : { value: { kind: 'update', request: { commandId, ask: ask.value } } };
}

function readPut(fields: CommandFields): Checked<UpdateAsk> {
  const [atByte, ofBytes] = [at, of].map((name) => readInteger(fields, name, { min: 0, max: MAX_BYTES, absent: -1 }));
  const bytes = readBytes(fields, data);
  if (atByte === undefined || ofBytes === undefined) throw new TypeError('two fields give two values');
  if ('reason' in atByte) return atByte;
  if ('reason' in ofBytes) return ofBytes;
  if ('reason' in bytes) return bytes;
  if (atByte.value < 0 || ofBytes.value < 0) return { reason: `${at} and ${of} say where the part begins and how many bytes the file has` };
  return { value: { action: 'put', part: { atByte: atByte.value, ofBytes: ofBytes.value, data: Buffer.from(bytes.value) } } };
}

function readForce(fields: CommandFields, action: 'install' | 'revert'): Checked<UpdateAsk> {
  const flag = readFlag(fields, force);
  return 'reason' in flag ? flag : { value: { action, isForced: flag.value === true } };
}
