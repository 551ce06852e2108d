/**
 * The stored record of one command, its description, and the check of a record read from disk. Pure.
 */

import type { AlarmOrder } from '../../core/alarm-tools.ts';
import type { WallMs } from '../../core/clock.ts';
import { isRecord } from '../../core/is-record.ts';
import { msg, NO_TEXT, type Said } from '../../core/message.ts';
import { messageIn } from '../../core/message-wire.ts';
import type { PlatformOrder } from '../../core/ports.ts';
import type { ConfigRequest } from '../../core/revisions.ts';
import type { UpdateOrder } from '../../core/updates.ts';
import type { CommandTarget, Outcome, OutcomeState } from '../../core/words.ts';
import { messageFields } from '../message-fields.ts';

/** A command of the platform and its state. */
export interface CommandRecord {
  readonly commandId: string;
  /** Number in the order of arrival. */
  readonly n: number;
  /** `refused`: refused before its order was passed on. A later refusal is only in `outcome`. */
  readonly kind: PlatformOrder['kind'] | 'refused';
  /** Identifies what is requested: the same id with another digest is another command, which is refused. Empty for the kind `refused`. */
  readonly digest: string;
  /** A description for the audit log; empty for the kind `refused`. */
  readonly what: string;
  /** When its first message arrived; repetitions do not change it. */
  readonly receivedMs: WallMs;
  /** The latest `Command/Expires` of this command; absent or null for none, and absent for the kind `refused`. */
  readonly expiresMs?: WallMs | null;
  /** The newest stage, or the end. */
  readonly outcome: Outcome;
  /** The broker is known to have received the end. */
  readonly isTold: boolean;
}

/** A record as it is added to the registry: without its number, and without the mark that the broker has its end. */
export type NewRecord = Omit<CommandRecord, 'n' | 'isTold'>;

/** Every kind, so that a record of a kind that is added later is read, too. */
const KINDS: Readonly<Record<CommandRecord['kind'], true>> = {
  override: true,
  release: true,
  programme: true,
  blink: true,
  point: true,
  panel: true,
  sound: true,
  alarm: true,
  config: true,
  update: true,
  refused: true,
};
const STATES: readonly OutcomeState[] = ['received', 'queued', 'sent', 'verified', 'refused', 'failed'];
const TARGETS: readonly CommandTarget['kind'][] = ['lamp', 'zone', 'cabinet', 'device'];

/** Whether a command in this state has ended: `verified`, `refused` or `failed`. */
export function isFinal(state: OutcomeState): boolean {
  return state === 'verified' || state === 'refused' || state === 'failed';
}

/**
 * Returns a record as it is stored. The reason of its outcome is stored as text and, unless it is empty or only a text from elsewhere, also
 * as template and values.
 */
export function toStoredRecord(record: CommandRecord): object {
  const { outcome } = record;
  return { ...record, outcome: { ...outcome, ...messageFields('reason', outcome.reason) } };
}

/** Restores a record from the parsed JSON of `toStoredRecord`; undefined if a check of its fields fails. Not every field is checked. */
export function fromStoredRecord(value: unknown): CommandRecord | undefined {
  if (!isStoredRecord(value)) return undefined;
  const { reason, reasonTemplate, ...outcome } = value.outcome;
  const message = messageIn(reasonTemplate);
  const said = reason === '' ? NO_TEXT : message !== undefined && String(message) === reason ? message : msg`${reason}`;
  return { ...value, outcome: { ...outcome, reason: said } };
}

type StoredRecord = Omit<CommandRecord, 'outcome'> & {
  readonly outcome: Omit<Outcome, 'reason'> & { readonly reason: string; readonly reasonTemplate?: unknown };
};

function isStoredRecord(value: unknown): value is StoredRecord {
  const outcome = isRecord(value) ? value['outcome'] : undefined;
  const target = isRecord(outcome) ? outcome['target'] : undefined;
  if (!isRecord(value) || !isRecord(outcome) || !isRecord(target)) return false;
  const texts = [value['commandId'], value['digest'], value['what'], outcome['reason'], outcome['source'], target['id']];
  const numbers = [value['n'], value['receivedMs'], outcome['atMs']];
  return (
    texts.every((text) => typeof text === 'string') &&
    numbers.every(Number.isFinite) &&
    typeof value['isTold'] === 'boolean' &&
    outcome['commandId'] === value['commandId'] &&
    Object.hasOwn(KINDS, String(value['kind'])) &&
    STATES.some((state) => state === outcome['state']) &&
    TARGETS.some((kind) => kind === target['kind']) &&
    isRecord(outcome['lamps'])
  );
}

/**
 * Returns the outcome of a platform command at this stage, without results from lamps. Its level is that of an override, null for any other
 * order. `order`: null if there is none, as for a refused command.
 */
export function stageOf(
  { commandId, target, order }: Pick<Outcome, 'commandId' | 'target'> & { readonly order: PlatformOrder | null },
  { state, reason, atMs }: Pick<Outcome, 'state' | 'reason' | 'atMs'>,
): Outcome {
  const levelPct = order?.kind === 'override' ? order.request.levelPct : null;
  return { commandId, target, levelPct, state, reason, lamps: {}, source: 'platform', atMs };
}

/** Describes an order in English for the audit log, for example `override of L01 to 80 % for 120 min: street works`. */
export function describeOrder(order: PlatformOrder): string {
  switch (order.kind) {
    case 'override': {
      const { target, rank, levelPct, minutes, reason } = order.request;
      const length = `for ${Math.round(minutes * 10) / 10} min`;
      return `${rank === 'emergency' ? 'emergency' : `override of ${target.id} to ${levelPct} %`} ${length}${because(reason)}`;
    }
    case 'release': {
      const { target, rank, atNextStep } = order.request;
      return rank === 'emergency' ? 'end of the emergency' : `release of ${target.id}${atNextStep === true ? ' at the next step' : ''}`;
    }
    case 'programme': {
      const { zone, programme, minutes, reason } = order.request;
      const length = programme === null ? '' : ` for ${Math.round(minutes)} min`;
      return `${programme === null ? 'usual programme' : `programme ${programme}`} of ${zone}${length}${because(reason)}`;
    }
    case 'blink':
      return `${order.request.lamp} to show itself${order.request.seconds === 0 ? ' no longer' : ` for ${order.request.seconds} s`}`;
    case 'config':
      return describeConfig(order.request);
    case 'update':
      return describeUpdate(order.request);
    case 'panel': {
      const { panel, text, isEmergency, minutes } = order.request;
      const kind = isEmergency ? 'emergency text' : 'text';
      return text === null ? `end of the ${kind} of ${panel}` : `${kind} of ${panel} for ${minutes} min: ${text}`;
    }
    case 'sound': {
      const { ask, place, reason } = order.request;
      return `sound ${Object.values(ask).join(' ')} at ${place}${because(reason)}`;
    }
    case 'alarm':
      return describeAlarm(order.request);
    case 'point':
      return `${order.request.pointId} to ${order.request.value}`;
  }
}

function describeAlarm(order: AlarmOrder): string {
  const who = order.source === 'platform' ? '' : ` (${order.source})`;
  if (order.action === 'acknowledge') return `acknowledgement of ${order.event}${who}${because(order.note)}`;
  const what = order.minutes === null ? 'end of maintenance' : `maintenance for ${order.minutes} min`;
  return `${what} of ${order.target === '' ? 'the cabinet' : order.target}${who}${because(order.reason)}`;
}

function describeConfig({ ask, by }: ConfigRequest): string {
  const who = by === 'platform' ? '' : ` (${by})`;
  if (ask.action === 'put') return `configuration: ${ask.file}, part ${ask.part} of ${ask.parts}${who}`;
  if (ask.action === 'remove') return `configuration: ${ask.file} taken out${who}`;
  if (ask.action === 'apply') return `configuration: apply${who}${because(ask.why)}`;
  return `configuration: ${ask.action}${ask.action === 'rollback' ? ` to revision ${ask.revision}` : ''}${who}`;
}

function describeUpdate({ ask }: UpdateOrder): string {
  if (ask.action === 'put') return `update: ${ask.part.data.length} bytes from byte ${ask.part.atByte} of ${ask.part.ofBytes}`;
  return `update: ${ask.action}${ask.isForced ? ' though lamps are lit' : ''}`;
}

function because(reason: Said): string {
  return String(reason) === '' ? '' : `: ${reason}`;
}
