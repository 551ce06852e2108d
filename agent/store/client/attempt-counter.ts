import type { Clock, Timer } from '../../core/clock.ts';
import { MINUTE_MS } from '../../core/durations.ts';
import type { TimedNote } from '../state/audit-table.ts';

/** At most one entry for each action in this time. Units: ms. Source: 10,000 entries then last for a week of attempts without a pause. */
const PERIOD_MS = MINUTE_MS;
/** Actions counted apart; further ones share one entry. Source: assumed; logins, emergency light, and the commands that people try. */
const MAX_ACTIONS = 8;
/** Names and results listed in an entry. Source: assumed; an entry has room for 400 characters. */
const MAX_LISTED = 5;
/** Units: characters. */
const LISTED_CHARS = 24;
const OTHER = 'other';

/** Attempts since the last entry. */
interface Pending {
  readonly last: TimedNote;
  readonly attempts: number;
  readonly results: ReadonlyMap<string, number>;
  readonly users: ReadonlyMap<string, number>;
}

/**
 * Actions of people who are not logged in, before they reach the audit log: wrong logins, refused commands, emergency light.
 *
 * The first of each action is written at once. Those that follow within a minute are counted and become one entry, so that nobody can push
 * other entries out of the log by trying.
 */
export class AttemptCounter {
  readonly #clock: Pick<Clock, 'after'>;
  readonly #write: (note: TimedNote) => void;
  /** By action. Shape: null where nothing was tried since the last entry. */
  readonly #periods = new Map<string, { pending: Pending | null; readonly timer: Timer }>();

  constructor(clock: Pick<Clock, 'after'>, write: (note: TimedNote) => void) {
    this.#clock = clock;
    this.#write = write;
  }

  /** Writes the note, now or with those that follow it. */
  add(note: TimedNote): void {
    if (isAttempt(note)) this.#count(note);
    else this.#write(note);
  }

  /** Writes what is counted: the end of a run. */
  flush(): void {
    for (const { pending, timer } of this.#periods.values()) {
      timer.cancel();
      if (pending !== null) this.#write(toEntry(pending));
    }
    this.#periods.clear();
  }

  #count(note: TimedNote): void {
    const isKnown = this.#periods.has(note.action);
    const action = isKnown || this.#periods.size < MAX_ACTIONS ? note.action : OTHER;
    const period = this.#periods.get(action);
    if (period !== undefined) period.pending = withAttempt(period.pending, note);
    else this.#begin(action, note);
  }

  #begin(action: string, note: TimedNote): void {
    this.#periods.set(action, { pending: null, timer: this.#clock.after(PERIOD_MS, () => this.#end(action)) });
    this.#write(note);
  }

  #end(action: string): void {
    const pending = this.#periods.get(action)?.pending ?? null;
    this.#periods.delete(action);
    if (pending !== null) this.#begin(action, toEntry(pending));
  }
}

/** The platform has a pace of its own, and the agent itself is nobody's attempt. */
function isAttempt({ door, role }: TimedNote): boolean {
  return role === '' && (door === 'login' || door === 'agent');
}

function withAttempt(before: Pending | null, note: TimedNote): Pending {
  return {
    last: note,
    attempts: (before?.attempts ?? 0) + 1,
    results: counted(before?.results, note.result),
    users: counted(before?.users, note.user),
  };
}

function counted(before: ReadonlyMap<string, number> | undefined, text: string): ReadonlyMap<string, number> {
  const shown = text.slice(0, LISTED_CHARS);
  const name = before === undefined || before.has(shown) || before.size < MAX_LISTED ? shown : OTHER;
  return new Map(before).set(name, (before?.get(name) ?? 0) + 1);
}

/** A single attempt as it is. */
function toEntry({ last, attempts, results, users }: Pending): TimedNote {
  if (attempts === 1) return last;
  const [user] = users.keys();
  const detail = `${attempts} attempts by ${listed(users)}`;
  return { ...last, user: users.size === 1 && user !== undefined ? user : '', detail, result: listed(results) };
}

function listed(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([name, count]) => `${name} ${count}`).join(', ');
}
