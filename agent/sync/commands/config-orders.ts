/**
 * Reads a configuration order: a part of a file, a check, apply, confirm, roll back. Pure.
 *
 * Checks the fields of each. The content of files is checked by `agent/config`.
 */
import type { PlatformOrder } from '../../core/ports.ts';
import type { CommitRequest, ConfigAsk } from '../../core/revisions.ts';
import { type Checked, type CommandFields, readBytes, readInteger, readText } from './command-fields.ts';
import { COMMAND_METRIC, CONFIG_METRIC, DEFAULT_TRIAL_MINUTES } from './command-metrics.ts';
import type { OrderFrame } from './command-orders.ts';

const ACTIONS = ['put', 'remove', 'check', 'apply', 'confirm', 'return', 'rollback', 'discard'] as const;
type Action = (typeof ACTIONS)[number];
/** Source: as network consoles have it, 1 to 168 min; texts as a terminal shows them. */
const LIMIT = { minutes: 168, commentLength: 200, userLength: 40, nameLength: 80, revision: 2 ** 31 };
const { action: ACTION, file, part, sha256, data, base, target, confirm, minutes, comment, user } = CONFIG_METRIC;
/** The fields that each action accepts; others are refused. */
const ALLOWED: Readonly<Record<Action, readonly string[]>> = {
  put: [file, part, sha256, data],
  remove: [file],
  check: [],
  apply: [comment, confirm, minutes, base],
  confirm: [],
  return: [],
  rollback: [target, comment, confirm, minutes, base],
  discard: [],
};

/** Whether a command concerns the configuration. */
export function isConfigAsked(fields: CommandFields): boolean {
  return [...fields.keys()].some((name) => name.startsWith('Config/'));
}

export function readConfigOrder(fields: CommandFields, { commandId }: OrderFrame): Checked<PlatformOrder> {
  const action = readAction(fields);
  if ('reason' in action) return action;
  const who = readText(fields, user, LIMIT.userLength);
  if ('reason' in who) return who;
  const ask = readAsk(fields, action.value);
  if ('reason' in ask) return ask;
  const by = who.value === '' ? 'platform' : `platform:${who.value}`;
  return { value: { kind: 'config', request: { commandId, by, ask: ask.value } } };
}

function readAction(fields: CommandFields): Checked<Action> {
  const text = readText(fields, ACTION, LIMIT.nameLength);
  if ('reason' in text) return text;
  const action = ACTIONS.find((each) => each === text.value);
  if (action === undefined) return { reason: `${ACTION} is one of ${ACTIONS.join(', ')}` };
  const known = new Set<string>([ACTION, user, COMMAND_METRIC.id, COMMAND_METRIC.expires, ...ALLOWED[action]]);
  const stray = [...fields.keys()].find((name) => !known.has(name));
  return stray === undefined ? { value: action } : { reason: `${stray} does not belong to ${ACTION} "${action}"` };
}

function readAsk(fields: CommandFields, action: Action): Checked<ConfigAsk> {
  if (action === 'put') return readPut(fields);
  if (action === 'remove') return within(readText(fields, file, LIMIT.nameLength), (name) => ({ value: { action, file: name } }));
  if (action === 'apply') return within(readCommit(fields), (request) => ({ value: { action, ...request } }));
  if (action !== 'rollback') return { value: { action } };
  const revision = readInteger(fields, target, { min: 1, max: LIMIT.revision, absent: 0 });
  if ('reason' in revision) return revision;
  if (revision.value === 0) return { reason: `${target} is missing: the number of the revision to go back to` };
  return within(readCommit(fields), (request) => ({ value: { action, ...request, revision: revision.value } }));
}

function readPut(fields: CommandFields): Checked<ConfigAsk> {
  const [name, hash, place] = [readText(fields, file, LIMIT.nameLength), readText(fields, sha256, 64), readText(fields, part, 16)];
  const bytes = readBytes(fields, data);
  if ('reason' in name) return name;
  if ('reason' in hash) return hash;
  if ('reason' in place) return place;
  if ('reason' in bytes) return bytes;
  const [, number, of] = /^(\d{1,4})\/(\d{1,4})$/.exec(place.value) ?? [];
  if (number === undefined || of === undefined) return { reason: `${part} says which part of how many: "1/3"` };
  return { value: { action: 'put', file: name.value, part: Number(number), parts: Number(of), sha256: hash.value, data: bytes.value } };
}

function readCommit(fields: CommandFields): Checked<Omit<CommitRequest, 'by' | 'author' | 'commandId' | 'lowersFloor'>> {
  const [why, mode, on] = [readText(fields, comment, LIMIT.commentLength), readText(fields, confirm, 16), readText(fields, base, 64)];
  const time = readInteger(fields, minutes, { min: 1, max: LIMIT.minutes, absent: DEFAULT_TRIAL_MINUTES });
  if ('reason' in why) return why;
  if ('reason' in mode) return mode;
  if ('reason' in on) return on;
  if ('reason' in time) return time;
  if (!['', 'auto', 'asked'].includes(mode.value)) return { reason: `${confirm} takes "auto" or "asked"` };
  if (!/^([0-9a-f]{64})?$/.test(on.value)) return { reason: `${base} is the Config/Hash of the revision that this is based on` };
  const request = { why: why.value, minutes: time.value, base: on.value === '' ? null : on.value };
  return { value: { ...request, mode: mode.value === 'asked' ? 'asked' : 'auto' } };
}

function within<T, U>(checked: Checked<T>, next: (value: T) => Checked<U>): Checked<U> {
  return 'reason' in checked ? checked : next(checked.value);
}
