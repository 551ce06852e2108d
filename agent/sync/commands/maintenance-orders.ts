/**
 * Reads the orders about configuration and program: parts of a file, check, apply, confirm, roll back, install, revert. Pure.
 *
 * The content of files is checked by `agent/config` and `agent/service`.
 * Errors: throws Refusal, as for a field.
 */
import { msg } from '../../core/message.ts';
import type { PlatformOrder } from '../../core/ports.ts';
import { Refusal } from '../../core/refusal.ts';
import type { CommitRequest, ConfigAsk } from '../../core/revisions.ts';
import type { UpdateAsk } from '../../core/updates.ts';
import { type CommandFields, readBytes, readFlag, readInteger, readText } from './command-fields.ts';
import { COMMAND_METRIC, CONFIG_METRIC, DEFAULT_TRIAL_MINUTES, UPDATE_METRIC } from './command-metrics.ts';
import type { OrderFrame } from './command-orders.ts';

/** Source: as at network consoles, 1 to 168 min; texts as a terminal shows them; `updateBytes` is larger than any update. */
const LIMIT = { minutes: 168, commentLength: 200, userLength: 40, nameLength: 80, wordLength: 16, revision: 2 ** 31, updateBytes: 2 ** 31 };
const { file, part, sha256, data, base, target, confirm, minutes, comment, user } = CONFIG_METRIC;
/** The fields that each action accepts; others are refused. */
const CONFIG_ACTIONS = {
  put: [file, part, sha256, data],
  remove: [file],
  check: [],
  apply: [comment, confirm, minutes, base],
  confirm: [],
  return: [],
  rollback: [target, comment, confirm, minutes, base],
  discard: [],
} as const;
const UPDATE_ACTIONS = {
  put: [UPDATE_METRIC.at, UPDATE_METRIC.of, UPDATE_METRIC.data],
  install: [UPDATE_METRIC.force],
  revert: [UPDATE_METRIC.force],
} as const;

/**
 * Returns the order about the configuration or an update of the program; undefined if no field begins with `Config/` or `Update/`. Errors:
 * throws Refusal if the form of such an order is not valid.
 */
export function readMaintenanceOrder(fields: CommandFields, { commandId }: OrderFrame): PlatformOrder | undefined {
  const names = [...fields.keys()];
  if (names.some((name) => name.startsWith('Config/'))) return readConfigOrder(fields, commandId);
  if (names.some((name) => name.startsWith('Update/'))) return { kind: 'update', request: { commandId, ask: readUpdate(fields) } };
  return undefined;
}

/** The action, if all other fields of the command belong to it. */
function readAction<Action extends string>(
  fields: CommandFields,
  allowed: Readonly<Record<Action, readonly string[]>>,
  { name, maxLength, always }: { readonly name: string; readonly maxLength: number; readonly always: readonly string[] },
): Action {
  const text = readText(fields, name, maxLength);
  const actions = Object.keys(allowed) as Action[];
  const action = actions.find((each) => each === text);
  if (action === undefined) throw new Refusal(msg`${name} is one of ${actions}`);
  const known = new Set<string>([name, ...always, COMMAND_METRIC.id, COMMAND_METRIC.expires, ...allowed[action]]);
  const stray = [...fields.keys()].find((field) => !known.has(field));
  if (stray !== undefined) throw new Refusal(msg`${stray} does not belong to ${name} "${action}"`);
  return action;
}

function readConfigOrder(fields: CommandFields, commandId: string): PlatformOrder {
  const action = readAction(fields, CONFIG_ACTIONS, { name: CONFIG_METRIC.action, maxLength: LIMIT.nameLength, always: [user] });
  const who = readText(fields, user, LIMIT.userLength);
  const by = who === '' ? 'platform' : `platform:${who}`;
  return { kind: 'config', request: { commandId, by, ask: readConfigAsk(fields, action) } };
}

function readConfigAsk(fields: CommandFields, action: keyof typeof CONFIG_ACTIONS): ConfigAsk {
  if (action === 'put') return readConfigPart(fields);
  if (action === 'remove') return { action, file: readText(fields, file, LIMIT.nameLength) };
  if (action === 'apply') return { action, ...readCommit(fields) };
  if (action !== 'rollback') return { action };
  const revision = readInteger(fields, target, { min: 1, max: LIMIT.revision, absent: 0 });
  if (revision === 0) throw new Refusal(msg`${target} is missing: the number of the revision to go back to`);
  return { action, ...readCommit(fields), revision };
}

function readConfigPart(fields: CommandFields): ConfigAsk {
  const name = readText(fields, file, LIMIT.nameLength);
  const hash = readText(fields, sha256, 64);
  const place = readText(fields, part, LIMIT.wordLength);
  const bytes = readBytes(fields, data);
  const [, number, of] = /^(\d{1,4})\/(\d{1,4})$/.exec(place) ?? [];
  if (number === undefined || of === undefined) throw new Refusal(msg`${part} says which part of how many: "1/3"`);
  return { action: 'put', file: name, part: Number(number), parts: Number(of), sha256: hash, data: bytes };
}

function readCommit(fields: CommandFields): Omit<CommitRequest, 'by' | 'author' | 'commandId' | 'lowersFloor'> {
  const why = readText(fields, comment, LIMIT.commentLength);
  const mode = readText(fields, confirm, LIMIT.wordLength);
  const on = readText(fields, base, 64);
  const time = readInteger(fields, minutes, { min: 1, max: LIMIT.minutes, absent: DEFAULT_TRIAL_MINUTES });
  if (!['', 'auto', 'asked'].includes(mode)) throw new Refusal(msg`${confirm} takes "auto" or "asked"`);
  if (!/^([0-9a-f]{64})?$/.test(on)) throw new Refusal(msg`${base} is the Config/Hash of the revision that this is based on`);
  return { why, minutes: time, base: on === '' ? null : on, mode: mode === 'asked' ? 'asked' : 'auto' };
}

function readUpdate(fields: CommandFields): UpdateAsk {
  const { action: name, at, of, force } = UPDATE_METRIC;
  const action = readAction(fields, UPDATE_ACTIONS, { name, maxLength: LIMIT.wordLength, always: [] });
  if (action !== 'put') return { action, isForced: readFlag(fields, force) === true };
  const range = { min: 0, max: LIMIT.updateBytes, absent: -1 };
  const atByte = readInteger(fields, at, range);
  const ofBytes = readInteger(fields, of, range);
  const bytes = readBytes(fields, UPDATE_METRIC.data);
  if (atByte < 0 || ofBytes < 0) throw new Refusal(msg`${at} and ${of} say where the part begins and how many bytes the file has`);
  return { action, part: { atByte, ofBytes, data: Buffer.from(bytes) } };
}
