/**
 * The commands of the platform with their states, kept over restarts: a repeated id is answered, never carried out again.
 *
 * A record that the disk refuses is written again later: an outdated record would end its command a second time at the next start.
 */
import type { Clock, Timer } from '../../core/clock.ts';
import type { Store } from '../../core/ports.ts';
import type { Outcome } from '../../core/words.ts';
import { type CommandRecord, isCommandRecord, type NewRecord } from './command-record.ts';

const PREFIX = 'sync.command:';
/**
 * Commands remembered; the oldest are dropped first. Refused ones have a limit of their own, so that many of them do not displace the others.
 *
 * Source: the rate limit accepts 720 within the five minutes in which a repeated payload still counts as new; rounded up.
 */
export const REMEMBERED = { sound: 1_024, refused: 256 };
/** Wait before records that the disk refused are written again. Units: ms. Source: assumed; an early retry does not help a full or stalled disk. */
const RETRY_MS = 60_000;

export class CommandRegistry {
  readonly #store: Pick<Store, 'save' | 'loadAll'>;
  readonly #clock: Pick<Clock, 'after'>;
  readonly #sound = new Map<string, CommandRecord>();
  readonly #refused = new Map<string, CommandRecord>();
  /** Ids whose record on disk is outdated or missing. */
  readonly #unsaved = new Set<string>();
  #lastN = 0;
  #retry: Timer | null = null;
  #isClosed = false;

  constructor(store: Pick<Store, 'save' | 'loadAll'>, clock: Pick<Clock, 'after'>) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Loads the records of earlier runs. Shape: in the order of arrival; undefined when the disk did not respond. */
  async restore(): Promise<readonly CommandRecord[] | undefined> {
    const facts = await this.#store.loadAll(PREFIX);
    if (facts === undefined) return undefined;
    const records = facts.flatMap(({ key, value }) => (isCommandRecord(value) && key === `${PREFIX}${value.commandId}` ? [value] : []));
    const earlier = records.filter(({ commandId }) => this.find(commandId) === undefined).toSorted((a, b) => a.n - b.n);
    this.#lastN = Math.max(this.#lastN, ...earlier.map(({ n }) => n));
    for (const record of earlier) this.#put(record);
    return earlier.filter(({ commandId }) => this.find(commandId) !== undefined);
  }

  find(commandId: string): CommandRecord | undefined {
    return this.#sound.get(commandId) ?? this.#refused.get(commandId);
  }

  /** Adds a command; it is known at once. Resolves whether it is on disk. */
  open(record: NewRecord): Promise<boolean> {
    this.#lastN += 1;
    const entry = { ...record, n: this.#lastN, isTold: false };
    this.#put(entry);
    return this.#save(entry);
  }

  /** Records a stage that is not the end; a restart may lose it. */
  stage(outcome: Outcome): void {
    this.#change(outcome.commandId, { outcome });
  }

  /** Records the end, which never changes again. Resolves whether it is on disk. */
  end(outcome: Outcome): Promise<boolean> {
    const record = this.#change(outcome.commandId, { outcome });
    return record === undefined ? Promise.resolve(false) : this.#save(record);
  }

  /** Records that the broker has received the ends of these commands. */
  markReported(commandIds: readonly string[]): void {
    for (const commandId of commandIds) {
      const before = this.find(commandId);
      const record = before === undefined || before.isTold ? undefined : this.#change(commandId, { isTold: true });
      if (record !== undefined) void this.#save(record);
    }
  }

  /** Tries once more to write what the disk refused, then stops trying. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#retry?.cancel();
    await this.#saveAgain();
  }

  async #save(record: CommandRecord): Promise<boolean> {
    const { commandId } = record;
    const isSaved = await this.#store.save(`${PREFIX}${commandId}`, record);
    if (isSaved || this.find(commandId) === undefined) this.#unsaved.delete(commandId);
    else this.#unsaved.add(commandId);
    if (this.#unsaved.size > 0 && !this.#isClosed) this.#retry ??= this.#clock.after(RETRY_MS, () => void this.#saveAgain());
    return isSaved;
  }

  async #saveAgain(): Promise<void> {
    this.#retry = null;
    await Promise.all([...this.#unsaved].flatMap((commandId) => this.find(commandId) ?? []).map((record) => this.#save(record)));
  }

  /** Adds a record, and drops the oldest beyond the limit. */
  #put(record: CommandRecord): void {
    const { records, limit } = this.#recordsOf(record.kind);
    records.set(record.commandId, record);
    const [oldest] = records.keys();
    if (records.size <= limit || oldest === undefined) return;
    records.delete(oldest);
    this.#unsaved.delete(oldest);
    void this.#store.save(`${PREFIX}${oldest}`, undefined);
  }

  #change(commandId: string, changed: Partial<CommandRecord>): CommandRecord | undefined {
    const record = this.find(commandId);
    if (record === undefined) return undefined;
    const next = { ...record, ...changed };
    this.#recordsOf(record.kind).records.set(commandId, next);
    return next;
  }

  #recordsOf(kind: CommandRecord['kind']): { readonly records: Map<string, CommandRecord>; readonly limit: number } {
    return kind === 'refused' ? { records: this.#refused, limit: REMEMBERED.refused } : { records: this.#sound, limit: REMEMBERED.sound };
  }
}
