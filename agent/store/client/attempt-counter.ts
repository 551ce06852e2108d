import { DENIED } from '../../core/audit-tools.ts';
import type { Clock, Timer } from '../../core/clock.ts';
import { MINUTE_MS } from '../../core/durations.ts';
import type { TimedNote } from '../state/audit-table.ts';

/** Each action gets at most one entry in this time. Units: ms. Source: 10,000 entries then last for a week of continuous attempts. */
const PERIOD_MS = MINUTE_MS;
/** Actions counted separately, for people without and with a login; further actions share one entry. Source: assumed; logins, emergency light, and the commands that people try. Confirmed by: the audit logs of a year of cabinets. */
const MAX_ACTIONS = 8;
/** Names and results listed in an entry. Source: assumed; an entry has room for 400 characters. Confirmed by: the audit log of a cabinet under a password attack. */
const MAX_LISTED = 5;
/** Units: characters. */
const LISTED_CHARS = 24;
const OTHER = 'other';

/** Attempts counted since the last entry. */
interface Pending {
  readonly last: TimedNote;
  readonly attempts: number;
  readonly results: ReadonlyMap<string, number>;
  readonly users: ReadonlyMap<string, number>;
  readonly actions: ReadonlyMap<string, number>;
}

/**
 * Writes audit notes. At the console, notes of people without a role, also of successful actions, that repeat within a minute are counted
 * and written together. So are denied commands. Notes of the platform and of the agent itself, and all others, are written unchanged.
 */
export class AttemptCounter {
  readonly #clock: Pick<Clock, 'after'>;
  readonly #write: (note: TimedNote) => void;
  /** By action, for people who are not logged in. */
  readonly #strangers: Periods = new Map();
  /** By user and action. Separate, so that attempts without a login cannot displace the attempts of users. */
  readonly #users: Periods = new Map();

  constructor(clock: Pick<Clock, 'after'>, write: (note: TimedNote) => void) {
    this.#clock = clock;
    this.#write = write;
  }

  /** Writes the note, immediately or together with later ones. */
  add(note: TimedNote): void {
    if (isAttempt(note)) this.#count(note);
    else this.#write(note);
  }

  /** Writes the counts that are not written yet. Call it at the end of a run. */
  flush(): void {
    for (const periods of [this.#strangers, this.#users]) {
      for (const { pending, timer } of periods.values()) {
        timer.cancel();
        if (pending !== null) this.#write(toEntry(pending));
      }
      periods.clear();
    }
  }

  #count(note: TimedNote): void {
    const [periods, wanted] = note.role === '' ? [this.#strangers, note.action] : [this.#users, `${note.user} ${note.action}`];
    const key = periods.has(wanted) || periods.size < MAX_ACTIONS ? wanted : OTHER;
    const period = periods.get(key);
    if (period !== undefined) period.pending = withAttempt(period.pending, note);
    else this.#begin(periods, key, note);
  }

  #begin(periods: Periods, key: string, note: TimedNote): void {
    periods.set(key, { pending: null, timer: this.#clock.after(PERIOD_MS, () => this.#end(periods, key)) });
    this.#write(note);
  }

  #end(periods: Periods, key: string): void {
    const pending = periods.get(key)?.pending ?? null;
    periods.delete(key);
    if (pending !== null) this.#begin(periods, key, toEntry(pending));
  }
}

/** Shape: `pending` is null if there was no attempt since the last entry. */
type Periods = Map<string, { pending: Pending | null; readonly timer: Timer }>;

/** Not counted: the platform has its own rate limit, and the agent itself makes no attempts. */
function isAttempt({ door, role, result }: TimedNote): boolean {
  return (role === '' || result === DENIED) && (door === 'login' || door === 'agent');
}

function withAttempt(before: Pending | null, note: TimedNote): Pending {
  return {
    last: note,
    attempts: (before?.attempts ?? 0) + 1,
    results: counted(before?.results, note.result),
    users: counted(before?.users, note.user),
    actions: counted(before?.actions, note.action),
  };
}

function counted(before: ReadonlyMap<string, number> | undefined, text: string): ReadonlyMap<string, number> {
  const shown = text.slice(0, LISTED_CHARS);
  const name = before === undefined || before.has(shown) || before.size < MAX_LISTED ? shown : OTHER;
  return new Map(before).set(name, (before?.get(name) ?? 0) + 1);
}

/** A single attempt, unchanged. */
function toEntry({ last, attempts, results, users, actions }: Pending): TimedNote {
  if (attempts === 1) return last;
  const [user] = users.keys();
  const what = actions.size === 1 ? '' : `: ${listed(actions)}`;
  const detail = `${attempts} attempts by ${listed(users)}${what}`;
  return { ...last, user: users.size === 1 && user !== undefined ? user : '', detail, result: listed(results) };
}

function listed(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([name, count]) => `${name} ${count}`).join(', ');
}
