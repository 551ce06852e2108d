import type { WallMs } from '../../core/clock.ts';
import type { Log } from '../../core/ports.ts';
import type { AgentEvent, Outcome } from '../../core/words.ts';
import type { StateWork } from '../messages.ts';
import type { TimedNote } from '../state/audit-table.ts';

/** Most events, outcomes and audit notes in memory while the disk refuses them; the oldest are discarded first. */
const MAX_WAITING = 1_000;
const LOST = 'audit lost';

interface Save {
  readonly key: string;
  readonly json: string | null;
  readonly resolve: (saved: boolean) => void;
}

/**
 * Events, outcomes, audit notes and facts that wait in memory to be written to `state.db`. Above a limit old ones are discarded, except
 * facts. `onAdded` is called after an addition.
 */
export class StateQueue {
  readonly #log: Log;
  readonly #onAdded: () => void;
  #events: AgentEvent[] = [];
  #outcomes: Outcome[] = [];
  #audits: TimedNote[] = [];
  #saves: Save[] = [];

  constructor(log: Log, onAdded: () => void) {
    this.#log = log;
    this.#onAdded = onAdded;
  }

  /** True if events, outcomes or audit notes are waiting. */
  get hasRecords(): boolean {
    return this.#events.length + this.#outcomes.length + this.#audits.length > 0;
  }

  /** Number of audit notes that wait; discarded ones count as one. */
  get auditsWaiting(): number {
    return this.#audits.length;
  }

  /** True if facts are waiting. */
  get hasSaves(): boolean {
    return this.#saves.length > 0;
  }

  addEvent(event: AgentEvent): void {
    if (this.#events.push(event) > MAX_WAITING) this.#log.event('store-event-dropped', { event: this.#events.shift()?.id }, 'alarm');
    this.#onAdded();
  }

  addOutcome(outcome: Outcome): void {
    if (this.#outcomes.push(outcome) > MAX_WAITING) this.#outcomes.shift();
    this.#onAdded();
  }

  addAudit(note: TimedNote): void {
    if (this.#audits.push(note) > MAX_WAITING) this.#audits.splice(0, 2, lostAudit(this.#audits));
    this.#onAdded();
  }

  /**
   * Adds a fact, which is tried once. Resolves after that: true if it is on disk, false if that failed or is not known. Shape: `json` null
   * removes the key.
   */
  addSave(key: string, json: string | null): Promise<boolean> {
    return new Promise((resolve) => {
      this.#saves.push({ key, json, resolve });
      this.#onAdded();
    });
  }

  /** The newest waiting value of this key: null if it removes the key, undefined if there is none. */
  pendingSave(key: string): string | null | undefined {
    return this.#saves.findLast((save) => save.key === key)?.json;
  }

  /** All waiting work. It stays in the queue until it is settled. `probe`: as in `StateWork`. */
  take(probe: boolean): StateWork {
    return {
      events: [...this.#events],
      outcomes: [...this.#outcomes],
      audits: [...this.#audits],
      saves: this.#saves.map(({ key, json }) => ({ key, json })),
      probe,
    };
  }

  /** Removes events, outcomes and audit notes that are now on disk. Audit notes that were discarded meanwhile do not count as lost. */
  settle({ events, outcomes, audits }: StateWork): void {
    const waiting = new Set(this.#audits);
    const discarded = audits.filter((note) => !waiting.has(note));
    if (discarded.length > 0) this.#audits = withoutSaved(this.#audits, discarded);
    const written = new Set<unknown>([...events, ...outcomes, ...audits]);
    this.#events = this.#events.filter((event) => !written.has(event));
    this.#outcomes = this.#outcomes.filter((outcome) => !written.has(outcome));
    this.#audits = this.#audits.filter((note) => !written.has(note));
  }

  /** Removes the oldest facts, written or not, and resolves their promises. */
  settleSaves(count: number, isSaved: boolean): void {
    const settled = this.#saves.slice(0, count);
    this.#saves = this.#saves.slice(count);
    for (const { resolve } of settled) resolve(isSaved);
  }
}

/**
 * Returns the note that replaces the first two of these notes: how many entries are lost, at the time of the second. If the first is such
 * a note, its number is included.
 */
export function lostAudit([first, second]: readonly TimedNote[]): TimedNote {
  return lostNote(entriesOf(first) + 1, second?.atMs ?? 0);
}

/** Returns the notes, of which the first counts discarded entries, without those that were saved after all. */
function withoutSaved([lost, ...rest]: readonly TimedNote[], saved: readonly TimedNote[]): TimedNote[] {
  const entries = entriesOf(lost) - saved.reduce((sum, note) => sum + entriesOf(note), 0);
  return entries > 0 ? [lostNote(entries, lost?.atMs ?? 0), ...rest] : rest;
}

function entriesOf(note: TimedNote | undefined): number {
  return note?.action === LOST ? Number.parseInt(note.detail, 10) : 1;
}

function lostNote(entries: number, atMs: WallMs): TimedNote {
  return { user: '', role: '', door: 'self', action: LOST, detail: `${entries} entries`, result: 'the disk took none', atMs };
}
