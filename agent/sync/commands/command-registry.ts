/**
 * The commands of the platform with their states, kept over restarts: a repeated id is answered, never carried out again.
 *
 * A record that the disk refuses is written again later: an outdated record would end its command a second time at the next start.
 */
import { type Clock, isTrusted, type MonoMs, type Timer } from '../../core/clock.ts';
import type { Store } from '../../core/ports.ts';
import type { Outcome } from '../../core/words.ts';
import { type Lifetime, LONGEST_MS } from './command-expiry.ts';
import { type CommandRecord, fromStoredRecord, type NewRecord, toStoredRecord } from './command-record.ts';

const PREFIX = 'sync.command:';
/**
 * Limits for the commands that are remembered: `sound` counts accepted ones, `refused` the others.
 *
 * `unexpired`: additional accepted ones that have not reached their Command/Expires.
 * Source: the rate limits accept 900 within `MAX_AGE_MS`, five minutes; rounded up. `unexpired`: assumed; each lamp of the largest cabinet
 * four times a day, each for a day. A record has 600 bytes. `light`: additional ones for orders that only bring light, so that other orders
 * block no emergency. Confirmed by: a month of command logs of the largest cabinet.
 */
export const REMEMBERED = { sound: 1_024, refused: 256, unexpired: 4_096, light: 256 };
/** Wait before records that the disk refused are written again. Units: ms. Source: assumed; an early retry does not help a full or stalled disk. Confirmed by: the recovery times of disks in the logs of cabinets. */
const RETRY_MS = 60_000;

type RegistryClock = Pick<Clock, 'after' | 'wallMs' | 'monoMs' | 'quality'>;

/**
 * Remembers a limited number of commands of the platform with their states. After a restart, `restore` loads what was written to disk.
 * A record that the disk refuses is written again later. For a command with Command/Expires, call `hasRoom` before `open`.
 */
export class CommandRegistry {
  readonly #store: Pick<Store, 'save' | 'loadAll'>;
  readonly #clock: RegistryClock;
  readonly #sound = new Map<string, CommandRecord>();
  readonly #refused = new Map<string, CommandRecord>();
  /** Until when a command with a Command/Expires may be repeated, by this run's clock. */
  readonly #untilMono = new Map<string, MonoMs>();
  /** Ids whose record on disk is outdated or missing. */
  readonly #unsaved = new Set<string>();
  #lastN = 0;
  #retry: Timer | null = null;
  #isClosed = false;

  constructor(store: Pick<Store, 'save' | 'loadAll'>, clock: RegistryClock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Loads the records of earlier runs. Returns those that are now remembered, in the order of arrival; undefined if the disk failed. */
  async restore(): Promise<readonly CommandRecord[] | undefined> {
    const facts = await this.#store.loadAll(PREFIX);
    if (facts === undefined) return undefined;
    const records = facts.flatMap(({ key, value }) => {
      const record = fromStoredRecord(value);
      return record !== undefined && key === `${PREFIX}${record.commandId}` ? [record] : [];
    });
    const earlier = records.filter(({ commandId }) => this.find(commandId) === undefined).toSorted((a, b) => a.n - b.n);
    this.#lastN = Math.max(this.#lastN, ...earlier.map(({ n }) => n));
    for (const record of earlier) {
      this.#noteLife(record.commandId, record.expiresMs ?? null, this.#restMs(record));
      this.#recordsOf(record.kind).set(record.commandId, record);
    }
    this.#trim();
    return earlier.filter(({ commandId }) => this.find(commandId) !== undefined);
  }

  /** The record of a command; undefined if none with this id is remembered. */
  find(commandId: string): CommandRecord | undefined {
    return this.#sound.get(commandId) ?? this.#refused.get(commandId);
  }

  /**
   * Whether one more command can be remembered until its Command/Expires. `onlyLight`: an order that only brings light has additional room.
   */
  hasRoom(onlyLight: boolean): boolean {
    this.#trim();
    return this.#sound.size < REMEMBERED.sound + REMEMBERED.unexpired + (onlyLight ? REMEMBERED.light : 0);
  }

  /**
   * Adds a command; its id is registered immediately. `lifetime`: null for a refused one. Resolves to true if it is on disk, false if not.
   */
  open(record: NewRecord, lifetime: Lifetime | null = null): Promise<boolean> {
    this.#lastN += 1;
    const expiresMs = lifetime?.expiresMs ?? null;
    const entry = { ...record, ...(expiresMs === null ? {} : { expiresMs }), n: this.#lastN, isTold: false };
    if (lifetime !== null) this.#noteLife(record.commandId, expiresMs, lifetime.expiresMono - this.#clock.monoMs());
    this.#recordsOf(record.kind).set(record.commandId, entry);
    this.#trim();
    return this.#save(entry);
  }

  /** The command was repeated: it is remembered at least until its Command/Expires, if that is later than the known one. */
  extend(commandId: string, { expiresMs, expiresMono }: Lifetime): void {
    const known = this.find(commandId);
    if (known === undefined || expiresMs === null || expiresMs <= (known.expiresMs ?? 0)) return;
    this.#noteLife(commandId, expiresMs, expiresMono - this.#clock.monoMs());
    const record = this.#change(commandId, { expiresMs });
    if (record !== undefined) void this.#save(record);
  }

  /** Records a stage that is not the end; a restart may lose it. */
  stage(outcome: Outcome): void {
    this.#change(outcome.commandId, { outcome });
  }

  /** Records the end; call it once per command. Resolves to true if it is on disk, false if not. */
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
    const isSaved = await this.#store.save(`${PREFIX}${commandId}`, toStoredRecord(record));
    if (isSaved || this.find(commandId) === undefined) this.#unsaved.delete(commandId);
    else this.#unsaved.add(commandId);
    if (this.#unsaved.size > 0 && !this.#isClosed) this.#retry ??= this.#clock.after(RETRY_MS, () => void this.#saveAgain());
    return isSaved;
  }

  async #saveAgain(): Promise<void> {
    this.#retry = null;
    await Promise.all([...this.#unsaved].flatMap((commandId) => this.find(commandId) ?? []).map((record) => this.#save(record)));
  }

  #noteLife(commandId: string, expiresMs: number | null, restMs: number): void {
    if (expiresMs !== null) this.#untilMono.set(commandId, this.#clock.monoMs() + restMs);
  }

  /** The time until a command of an earlier run expires; the longest lifetime while the clock is not trusted. Units: ms. */
  #restMs({ expiresMs }: CommandRecord): number {
    return isTrusted(this.#clock.quality()) ? (expiresMs ?? 0) - this.#clock.wallMs() : LONGEST_MS;
  }

  /** Whether a repetition would be carried out if the command was not remembered. Either clock may have been corrected in between. */
  #isUnexpired({ commandId, expiresMs }: CommandRecord): boolean {
    const clock = this.#clock;
    if (expiresMs === undefined || expiresMs === null) return false;
    return clock.monoMs() < (this.#untilMono.get(commandId) ?? 0) || (isTrusted(clock.quality()) && clock.wallMs() < expiresMs);
  }

  /** Drops the oldest beyond the limits, except unexpired ones. */
  #trim(): void {
    for (const [records, limit] of [
      [this.#sound, REMEMBERED.sound],
      [this.#refused, REMEMBERED.refused],
    ] as const) {
      const older = [...records.values()].slice(0, Math.max(0, records.size - limit));
      for (const record of older) if (records === this.#refused || !this.#isUnexpired(record)) this.#drop(records, record.commandId);
    }
  }

  #drop(records: Map<string, CommandRecord>, commandId: string): void {
    records.delete(commandId);
    this.#untilMono.delete(commandId);
    this.#unsaved.delete(commandId);
    void this.#store.save(`${PREFIX}${commandId}`, undefined);
  }

  #change(commandId: string, changed: Partial<CommandRecord>): CommandRecord | undefined {
    const record = this.find(commandId);
    if (record === undefined) return undefined;
    const next = { ...record, ...changed };
    this.#recordsOf(record.kind).set(commandId, next);
    return next;
  }

  #recordsOf(kind: CommandRecord['kind']): Map<string, CommandRecord> {
    return kind === 'refused' ? this.#refused : this.#sound;
  }
}
