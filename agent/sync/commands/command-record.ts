/**
 * What is kept of one command, and the check of what the disk returns. Pure.
 */
import type { WallMs } from '../../core/clock.ts';
import type { PlatformOrder } from '../../core/ports.ts';
import type { CommandTarget, Outcome, OutcomeState } from '../../core/words.ts';

/** Shape: the JSON under `sync.command:<id>` in the store. */
export interface CommandRecord {
  readonly commandId: string;
  /** Number in the order of arrival. */
  readonly n: number;
  /** `refused`: not sound, so it is not known what it should do. */
  readonly kind: PlatformOrder['kind'] | 'refused';
  /** Empty for a refused command. */
  readonly digest: string;
  /** A description for the audit log. */
  readonly what: string;
  readonly receivedMs: WallMs;
  /** The newest stage, or the end. */
  readonly outcome: Outcome;
  /** The broker has received the end. */
  readonly isTold: boolean;
}

export type NewRecord = Omit<CommandRecord, 'n' | 'isTold'>;

const KINDS: readonly CommandRecord['kind'][] = ['override', 'release', 'programme', 'blink', 'point', 'config', 'update', 'refused'];
const STATES: readonly OutcomeState[] = ['received', 'queued', 'sent', 'verified', 'refused', 'failed'];
const TARGETS: readonly CommandTarget['kind'][] = ['lamp', 'zone', 'cabinet', 'device'];

/** Whether a command in this state has ended. */
export function isFinal(state: OutcomeState): boolean {
  return state === 'verified' || state === 'refused' || state === 'failed';
}

/** Whether a value from the disk is a whole record; anything else counts as absent. */
export function isCommandRecord(value: unknown): value is CommandRecord {
  const record = asFields(value);
  const outcome = asFields(record?.['outcome']);
  const target = asFields(outcome?.['target']);
  if (record === undefined || outcome === undefined || target === undefined) return false;
  const texts = [record['commandId'], record['digest'], record['what'], outcome['reason'], outcome['source'], target['id']];
  const numbers = [record['n'], record['receivedMs'], outcome['atMs']];
  return (
    texts.every((text) => typeof text === 'string') &&
    numbers.every(Number.isFinite) &&
    typeof record['isTold'] === 'boolean' &&
    outcome['commandId'] === record['commandId'] &&
    KINDS.some((kind) => kind === record['kind']) &&
    STATES.some((state) => state === outcome['state']) &&
    TARGETS.some((kind) => kind === target['kind']) &&
    asFields(outcome['lamps']) !== undefined
  );
}

function asFields(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
}
