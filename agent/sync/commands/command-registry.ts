/**
 * Every command of the platform with how it stands, kept over restarts.
 *
 * Owns the ids: one that is in here is answered when it comes again, never carried out again. What the disk refuses is written once it takes it
 * again: an old record of a command that has ended would be ended a second time at the next start. Knows no metric and sends nothing.
 */
import type { Clock, Timer, WallMs } from '../../core/clock.ts';
import { isRecord } from '../../core/is-record.ts';
import type { PlatformOrder, Store } from '../../core/ports.ts';
import type { CommandTarget, Outcome, OutcomeState } from '../../core/words.ts';

/** What is kept of one command. */
export interface CommandRecord {
  readonly commandId: string;
  /** In the order of arrival. */
  readonly n: number;
  /** `refused`: not sound, so nobody knows what it was to do. */
  readonly kind: PlatformOrder['kind'] | 'refused';
  /** Empty for one that was refused. */
  readonly digest: string;
  /** In words, for the audit. */
  readonly what: string;
  readonly receivedMs: WallMs;
  /** The newest stage, or the end. */
  readonly outcome: Outcome;
  /** The end is proven to have reached the broker. */
  readonly isTold: boolean;
}

export type NewRecord = Omit<CommandRecord, 'n' | 'isTold'>;

export interface CommandRegistry {
  /** Takes up what earlier runs left. Shape: all of it, in the order of arrival; undefined when the disk could not be asked. */
  restore(): Promise<readonly CommandRecord[] | undefined>;
  find(commandId: string): CommandRecord | undefined;
  /** Known at once; resolves whether it is on disk. */
  open(record: NewRecord): Promise<boolean>;
  /** A stage that is no end; a restart may forget it. */
  stage(outcome: Outcome): void;
  /** The end, which never changes again; resolves whether it is on disk. */
  end(outcome: Outcome): Promise<boolean>;
  told(commandIds: readonly string[]): void;
  /** Tries once more what the disk refused, and lets it be. */
  close(): Promise<void>;
}

const PREFIX = 'sync.command:';
/**
 * Commands remembered; the oldest go first. What was refused counts on its own, so that a flood of it does not wash the others out.
 *
 * Source: the rate limit lets 720 in within the five minutes in which a repeated payload still counts as new; rounded up.
 */
export const REMEMBERED = { sound: 1_024, refused: 256 };
/** Wait before what the disk refused is written again. Units: ms. Source: assumed; a full or stalled disk is not helped by haste. */
const RETRY_MS = 60_000;

/** Whether nothing follows. */
export function isFinal(state: OutcomeState): boolean {
  return state === 'verified' || state === 'refused' || state === 'failed';
}

/** An empty book. */
export function createCommandRegistry(store: Pick<Store, 'save' | 'loadAll'>, clock: Pick<Clock, 'after'>): CommandRegistry {
  const sound = new Map<string, CommandRecord>();
  const refused = new Map<string, CommandRecord>();
  /** Not on disk as they are here. */
  const unsaved = new Set<string>();
  let lastN = 0;
  let retry: Timer | null = null;
  let isClosed = false;
  const shelfOf = (kind: CommandRecord['kind']): { records: Map<string, CommandRecord>; most: number } =>
    kind === 'refused' ? { records: refused, most: REMEMBERED.refused } : { records: sound, most: REMEMBERED.sound };
  const find = (commandId: string): CommandRecord | undefined => sound.get(commandId) ?? refused.get(commandId);

  async function save(record: CommandRecord): Promise<boolean> {
    const { commandId } = record;
    const isSaved = await store.save(`${PREFIX}${commandId}`, record);
    if (isSaved || find(commandId) === undefined) unsaved.delete(commandId);
    else unsaved.add(commandId);
    if (unsaved.size > 0 && !isClosed) retry ??= clock.after(RETRY_MS, () => void saveAgain());
    return isSaved;
  }

  async function saveAgain(): Promise<void> {
    retry = null;
    await Promise.all([...unsaved].flatMap((commandId) => find(commandId) ?? []).map(save));
  }

  /** One in, and the oldest out once the shelf is full. */
  function put(record: CommandRecord): void {
    const { records, most } = shelfOf(record.kind);
    records.set(record.commandId, record);
    const [oldest] = records.keys();
    if (records.size <= most || oldest === undefined) return;
    records.delete(oldest);
    unsaved.delete(oldest);
    void store.save(`${PREFIX}${oldest}`, undefined);
  }

  function change(commandId: string, changed: Partial<CommandRecord>): CommandRecord | undefined {
    const record = find(commandId);
    if (record === undefined) return undefined;
    const next = { ...record, ...changed };
    shelfOf(record.kind).records.set(commandId, next);
    return next;
  }

  return {
    async restore() {
      const facts = await store.loadAll(PREFIX);
      if (facts === undefined) return undefined;
      const records = facts.flatMap(({ key, value }) => (isCommandRecord(value) && key === `${PREFIX}${value.commandId}` ? [value] : []));
      const earlier = records.filter(({ commandId }) => find(commandId) === undefined).toSorted((a, b) => a.n - b.n);
      lastN = Math.max(lastN, ...earlier.map(({ n }) => n));
      for (const record of earlier) put(record);
      return earlier.filter(({ commandId }) => find(commandId) !== undefined);
    },
    find,
    open(record) {
      lastN += 1;
      const entry = { ...record, n: lastN, isTold: false };
      put(entry);
      return save(entry);
    },
    stage(outcome) {
      change(outcome.commandId, { outcome });
    },
    end(outcome) {
      const record = change(outcome.commandId, { outcome });
      return record === undefined ? Promise.resolve(false) : save(record);
    },
    told(commandIds) {
      for (const commandId of commandIds) {
        const before = find(commandId);
        const record = before === undefined || before.isTold ? undefined : change(commandId, { isTold: true });
        if (record !== undefined) void save(record);
      }
    },
    async close() {
      isClosed = true;
      retry?.cancel();
      await saveAgain();
    },
  };
}

const KINDS: readonly CommandRecord['kind'][] = ['override', 'release', 'programme', 'blink', 'point', 'config', 'update', 'refused'];
const STATES: readonly OutcomeState[] = ['received', 'queued', 'sent', 'verified', 'refused', 'failed'];
const TARGETS: readonly CommandTarget['kind'][] = ['lamp', 'zone', 'cabinet', 'device'];

/** The disk may hold what it likes; what is no record counts as absent. */
function isCommandRecord(value: unknown): value is CommandRecord {
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
  return isRecord(value) ? value : undefined;
}
