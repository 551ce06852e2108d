/**
 * The known burning hours of each lamp: counted from the decisions, kept in memory and on disk.
 *
 * They begin at the hours that the configuration or a technician states. Unknown hours are absent, never 0: a lamp may be older than its
 * agent, and constant light must not treat it as new.
 */
import type { Lamp } from '../core/cabinet.ts';
import { type Clock, isTrusted, type MonoMs } from '../core/clock.ts';
import type { CopyRule } from '../core/copied-state.ts';
import { HOUR_MS } from '../core/durations.ts';
import type { Store } from '../core/ports.ts';
import { RetriedSave } from '../core/retried-save.ts';
import { DISK_RETRY_MS } from '../core/within.ts';
import type { Decision } from '../core/words.ts';

/** Key of the hours by lamp. Shape: a lamp with unknown hours is absent, so that a former release can read the entry too. */
const BURNING_KEY = 'control.burning-hours';
/** The change of the stored burning hours when an older copy replaces the stored state: the age of the copy is added. */
export const BURNING_COPY_RULE: CopyRule = { key: BURNING_KEY, change: 'add-age', unitMs: HOUR_MS };
/** Key of the statements of the configuration that have been applied, by lamp: `12000@2026-05-01`. */
const STATED_KEY = 'control.burning-stated';
/** Units: ms. Source: flash wears; an hour in twelve years does not matter. */
const SAVE_MS = 3_600_000;
/** Longest step that counts: a longer one means that the machine was suspended. Units: ms. */
const MAX_STEP_MS = 60_000;

/** The dependencies with which `BurningHoursTracker` is created. */
export interface BurningHoursTrackerParts {
  readonly clock: Clock;
  readonly store: Pick<Store, 'save' | 'load'>;
  /** With the hours that the configuration states, if any. A statement is applied once, and the time since its date counts as burnt. */
  readonly lamps: readonly Pick<Lamp, 'id' | 'burned'>[];
}

/**
 * Counts and saves the burning hours of lamps for which the configuration or a technician stated hours. A lamp burns while its decided
 * level is above 0, whether or not it follows.
 */
export class BurningHoursTracker {
  readonly #parts: BurningHoursTrackerParts;
  readonly #known = new Map<string, number>();
  /** Time burnt in this run before the hours of the lamp were known. */
  readonly #early = new Map<string, number>();
  /** Statements of the configuration that have been applied, by lamp. */
  readonly #stated = new Map<string, string>();
  readonly #byHand = new Set<string>();
  readonly #saves: RetriedSave;
  #lastMono: MonoMs | null = null;
  /** When the hours are saved next, or read if they are not known yet. */
  #dueMono: MonoMs;
  #isRead = false;

  /** Stored hours are not known before `restore`. */
  constructor(parts: BurningHoursTrackerParts) {
    this.#parts = parts;
    this.#dueMono = parts.clock.monoMs() + SAVE_MS;
    // The store reports a failing disk.
    this.#saves = new RetriedSave({ clock: parts.clock, save: () => this.#write(), onFailed: () => {} });
  }

  /** Reads the stored hours; hours set by hand meanwhile are kept. Resolves also if they cannot be read. */
  async restore(): Promise<void> {
    const unread = {};
    // The store reports a failing disk. Until it can be read, the hours are unknown and nothing is overwritten.
    const load = (key: string): Promise<unknown> => this.#parts.store.load(key, unread).catch(() => unread);
    const [hours, stated] = await Promise.all([load(BURNING_KEY), load(STATED_KEY)]);
    if (this.#isRead) return;
    if (hours === unread || stated === unread) {
      this.#dueMono = this.#parts.clock.monoMs() + DISK_RETRY_MS;
      return;
    }
    this.#isRead = true;
    for (const [id, h] of entriesOf(hours)) if (isHours(h) && !this.#byHand.has(id)) this.#know(id, h + (this.#early.get(id) ?? 0));
    for (const [id, statement] of entriesOf(stated))
      if (typeof statement === 'string' && !this.#byHand.has(id)) this.#stated.set(id, statement);
  }

  /**
   * Adds the time since the last call, at most a minute, to the lamps that these decisions light. Saves the hours hourly, and repeats a
   * save or read that failed.
   */
  take(decisions: readonly Decision[]): void {
    this.#applyStated();
    const nowMono = this.#parts.clock.monoMs();
    const stepH = this.#lastMono === null ? 0 : Math.min(nowMono - this.#lastMono, MAX_STEP_MS) / HOUR_MS;
    this.#lastMono = nowMono;
    for (const { lampId, levelPct } of decisions) {
      const hours = this.#known.has(lampId) ? this.#known : this.#early;
      if (levelPct > 0) hours.set(lampId, (hours.get(lampId) ?? 0) + stepH);
    }
    this.#saves.tend();
    if (nowMono < this.#dueMono) return;
    // A read that hangs is repeated too.
    this.#dueMono = nowMono + DISK_RETRY_MS;
    void (this.#isRead ? this.save() : this.restore());
  }

  /** Returns the hours by lamp, in a live map; absent if unknown. Units: h. */
  hours(): ReadonlyMap<string, number> {
    return this.#known;
  }

  /** Sets the hours of these lamps. Resolves false if they are not saved yet. Units: h. */
  set(lampIds: readonly string[], h: number): Promise<boolean> {
    for (const id of lampIds) {
      this.#byHand.add(id);
      this.#know(id, h);
      // An earlier statement of the configuration is no longer applied, not even after the next start.
      const burned = this.#parts.lamps.find((lamp) => lamp.id === id)?.burned;
      if (burned != null) this.#stated.set(id, statementOf(burned));
    }
    return this.save();
  }

  /** Saves the hours now. Resolves false if they could not be saved, or before the stored hours are read. */
  save(): Promise<boolean> {
    if (!this.#isRead) return Promise.resolve(false);
    this.#dueMono = this.#parts.clock.monoMs() + SAVE_MS;
    this.#saves.now();
    return this.#saves.latest;
  }

  async #write(): Promise<boolean> {
    const { store } = this.#parts;
    const rounded = [...this.#known].map(([id, h]) => [id, Math.round(h * 100) / 100]);
    const saves = [store.save(BURNING_KEY, Object.fromEntries(rounded)), store.save(STATED_KEY, Object.fromEntries(this.#stated))];
    return (await Promise.all(saves)).every((isSaved) => isSaved);
  }

  #know(id: string, h: number): void {
    this.#known.set(id, h);
    this.#early.delete(id);
  }

  /** Applies each statement of the configuration once. All time since its date counts as burnt: prefer too much light. */
  #applyStated(): void {
    const { clock, lamps } = this.#parts;
    if (!this.#isRead || !isTrusted(clock.quality())) return;
    for (const { id, burned } of lamps) {
      const statement = statementOf(burned);
      if (burned == null || this.#stated.get(id) === statement) continue;
      const sinceH = (clock.wallMs() - Date.parse(burned.on)) / HOUR_MS;
      if (!Number.isFinite(sinceH)) continue;
      this.#stated.set(id, statement);
      this.#know(id, burned.hours + Math.max(0, sinceH));
      void this.save();
    }
  }
}

function statementOf(burned: Lamp['burned']): string {
  return burned == null ? '' : `${burned.hours}@${burned.on}`;
}

/** Accepts any stored data. */
function entriesOf(stored: unknown): readonly [string, unknown][] {
  return typeof stored === 'object' && stored !== null ? Object.entries(stored) : [];
}

function isHours(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
