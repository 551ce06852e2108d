/**
 * Acknowledgements of conditions that were open when the agent stopped, or when a part of it was replaced.
 *
 * The condition itself may last on: a dead lamp is found again in the next night. The event that reports it again is a new one, but the same occurrence, so
 * it takes over the acknowledgement.
 */
import type { Clock, MonoMs } from '../../core/clock.ts';
import type { CopyRule } from '../../core/copied-state.ts';
import { DAY_MS, HOUR_MS } from '../../core/durations.ts';
import { type Acknowledgement, conditionOf, isAcknowledgement } from '../../core/event-handling.ts';
import { isRecord } from '../../core/is-record.ts';
import type { Log, Store } from '../../core/ports.ts';
import { RetriedSave, recallStored } from '../../core/retried-save.ts';
import type { AgentEvent } from '../../core/words.ts';

const KEY = 'service.acknowledged';
/** The change of the waiting acknowledgements when a copy replaces the stored state: all are removed. */
export const ACKNOWLEDGED_COPY_RULE: CopyRule = { key: KEY, change: 'remove' };
/**
 * How long an acknowledgement waits for its condition, as running time of the agent. Units: ms. Source: assumed; a lamp that failed is found again when it is
 * next lit. Confirmed by: the events after the restarts of a year.
 */
const WAIT_MS = DAY_MS;
/** How often the remaining wait is saved. Units: ms. */
const SAVE_MS = HOUR_MS;
/** Most that wait; the oldest are discarded. Source: one for each lamp of the largest cabinet, 4 lines of 247 units. */
const MAX_WAITING = 1_000;

interface Waiting {
  readonly acknowledged: Acknowledgement;
  readonly untilMono: MonoMs;
}

/** The acknowledgements that wait for an event that reports their condition again: one with the same `conditionOf`. */
export class CarriedAcknowledgements {
  readonly #clock: Pick<Clock, 'monoMs'>;
  readonly #waiting = new Map<string, Waiting>();
  readonly #saves: RetriedSave;
  #savedMono: MonoMs;
  #isChanged = false;

  constructor({ clock, store, log }: { readonly clock: Clock; readonly store: Pick<Store, 'save' | 'load'>; readonly log: Log }) {
    this.#clock = clock;
    this.#savedMono = clock.monoMs();
    this.#saves = new RetriedSave({
      clock,
      recall: () => recallStored(store, KEY, (stored) => this.#takeStored(stored)),
      save: () => store.save(KEY, this.#stored()),
      onFailed: () => log.event('acknowledgements-not-saved', { check: 'the disk of store.dir' }, 'warning'),
    });
  }

  /** Reads those that waited in the earlier run, and adds those of the events that it left open. If the disk cannot be read, `tend` tries again. */
  async restore(leftOpen: readonly AgentEvent[]): Promise<void> {
    await this.#saves.restore();
    for (const event of leftOpen) if (event.acknowledged !== undefined) this.put(event, event.acknowledged);
  }

  /** Keeps the acknowledgement of an event whose condition may last on, for about a day of running time; a restart may add an hour. */
  put(event: Pick<AgentEvent, 'id' | 'startMs'>, acknowledged: Acknowledgement): void {
    this.#put(conditionOf(event), acknowledged, WAIT_MS);
    this.#isChanged = true;
  }

  /** Returns the acknowledgement that waits for this condition, which then no longer waits; undefined for none. */
  take(event: Pick<AgentEvent, 'id' | 'startMs'>): Acknowledgement | undefined {
    if (this.#waiting.size === 0) return undefined;
    const key = conditionOf(event);
    const found = this.#waiting.get(key);
    if (found === undefined) return undefined;
    this.#waiting.delete(key);
    this.#isChanged = true;
    return found.untilMono > this.#clock.monoMs() ? found.acknowledged : undefined;
  }

  /** Discards what has waited too long, and saves changes. Call it every few seconds. */
  tend(): void {
    const nowMono = this.#clock.monoMs();
    for (const [key, { untilMono }] of this.#waiting) if (untilMono <= nowMono) this.#isChanged = this.#waiting.delete(key);
    if (this.#isChanged || (this.#waiting.size > 0 && nowMono - this.#savedMono >= SAVE_MS)) {
      this.#isChanged = false;
      this.#savedMono = nowMono;
      this.#saves.now();
    } else this.#saves.tend();
  }

  #takeStored(stored: unknown): void {
    for (const value of Array.isArray(stored) ? stored : [])
      if (
        isRecord(value) &&
        typeof value['key'] === 'string' &&
        isAcknowledgement(value['acknowledged']) &&
        !this.#waiting.has(value['key'])
      )
        this.#put(value['key'], value['acknowledged'], Number(value['restMs']) || 0);
  }

  #put(key: string, acknowledged: Acknowledgement, restMs: number): void {
    this.#waiting.delete(key);
    this.#waiting.set(key, { acknowledged, untilMono: this.#clock.monoMs() + Math.min(Math.max(0, restMs), WAIT_MS) });
    const [oldest] = this.#waiting.keys();
    if (this.#waiting.size > MAX_WAITING && oldest !== undefined) this.#waiting.delete(oldest);
  }

  /** Undefined removes the fact. */
  #stored(): unknown {
    const nowMono = this.#clock.monoMs();
    const items = [...this.#waiting].map(([key, { acknowledged, untilMono }]) => ({ key, acknowledged, restMs: untilMono - nowMono }));
    return items.length === 0 ? undefined : items;
  }
}
