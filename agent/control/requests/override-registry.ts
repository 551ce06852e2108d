/**
 * Keeps the wishes in force: in memory for the tick, on disk for the next start.
 *
 * Owns the list while the agent runs, and its events. Lighting never waits for the disk: a list that cannot be saved still holds. A wish from
 * before the start is not in force until the time is trusted: nobody knows whether it is over, and while the time is unknown each lamp stands
 * at its maximum, so it could only darken the street. It waits with its stored end, which then tells whether it still holds.
 */
import { type Clock, isTrusted } from '../../core/clock.ts';
import type { EventTracker } from '../../core/event-tracker.ts';
import type { Log, ReleaseRequest, Store } from '../../core/ports.ts';
import type { Intent, Rank, Target } from '../../core/words.ts';
import { inRestoreTime } from '../restore-time.ts';
import {
  addIntent,
  begunIntents,
  expireIntents,
  type Moment,
  type Release,
  readStored,
  rebaseIntents,
  releaseIntents,
  resumeIntents,
  type StoredIntent,
  shortenIntents,
  toStored,
  withoutSeat,
} from './overrides.ts';

/** Where the store keeps the list. */
const OVERRIDES_KEY = 'control.overrides';
/** A wall clock that moved this much against monotonic time was set. Units: ms. Source: slewing by a time server stays far below in the time between two ticks. */
const STEP_MS = 1_000;

export interface OverrideRegistryParts {
  readonly clock: Clock;
  readonly store: Pick<Store, 'save' | 'load'>;
  readonly log: Log;
  readonly events: EventTracker;
  /** The list in force changed: something was added, released, ended or restored. */
  readonly onChange: (intents: readonly Intent[]) => void;
}

export interface OverrideRegistry {
  /** Settles when the list is read or the disk took too long; a late answer is still taken up. */
  restore(): Promise<void>;
  intents(): readonly Intent[];
  add(intent: Intent, isFurther?: boolean): void;
  /** Takes away what is aimed at the target, of one rank or of any, be it in force or still waiting for the time. */
  release(target: Target, source: string, rank?: Rank): Pick<Release, 'released' | 'denied'>;
  /** Lets what is aimed at the target end at this moment at the latest; how many wishes that shortened. */
  shorten(request: Pick<ReleaseRequest, 'target' | 'source' | 'rank'>, end: Moment): number;
  /** A lamp follows these: they need no longer begin in time. */
  begun(ids: ReadonlySet<string>): void;
  /** Ends what is over, writes wall ends anew after the clock was set, takes up what waited for a trusted time. */
  tend(): void;
}

export function createOverrideRegistry({ clock, store, log, events, onChange }: OverrideRegistryParts): OverrideRegistry {
  let intents: readonly Intent[] = [];
  let waiting: readonly StoredIntent[] = [];
  let wallAtZeroMs = clock.wallMs() - clock.monoMs();
  const moment = (): Moment => ({ nowMs: clock.wallMs(), nowMono: clock.monoMs() });
  const save = (): void => {
    onChange(intents);
    const count = intents.length + waiting.length;
    const complain = (): void =>
      log.event('overrides-not-saved', { count, check: 'the disk of store.dir; they hold until the agent stops' }, 'warning');
    void store.save(OVERRIDES_KEY, [...waiting, ...toStored(intents)]).then((saved) => (saved ? undefined : complain()), complain);
  };
  const complainLoad = (cause: unknown): void => log.event('overrides-not-restored', { cause: String(cause) }, 'warning');
  const end = (ended: readonly StoredIntent[], how: string): void => {
    for (const intent of ended)
      events.notice({ code: 'override-ended', source: intent.target.id, severity: 'info', text: `${describe(intent)} ${how}` });
  };
  const resume = (): void => {
    if (waiting.length === 0 || !isTrusted(clock.quality())) return;
    const { kept, ended } = resumeIntents(waiting, moment());
    waiting = [];
    intents = [...kept, ...intents];
    log.event('overrides-restored', { count: kept.length, over: ended.length });
    end(ended, 'is over');
    save();
  };
  const takeUp = (loaded: unknown): void => {
    waiting = intents.reduce<readonly StoredIntent[]>(withoutSeat, readStored(loaded));
    resume();
    if (waiting.length === 0) return;
    log.event('overrides-waiting', { count: waiting.length, check: 'the time server; they hold once the time is known' }, 'warning');
  };
  return {
    restore: () => inRestoreTime(clock, store.load(OVERRIDES_KEY).then(takeUp).catch(complainLoad)),
    intents: () => intents,
    add(intent, isFurther = false) {
      intents = addIntent(intents, intent);
      waiting = withoutSeat(waiting, intent);
      if (!isFurther) events.notice({ code: 'override-started', source: intent.target.id, severity: 'info', text: describe(intent) });
      save();
    },
    release(target, source, rank) {
      const inForce = releaseIntents(ofRank(intents, rank), target, source);
      const held = releaseIntents(ofRank(waiting, rank), target, source);
      const released = [...held.released, ...inForce.released];
      const denied = [...held.denied, ...inForce.denied];
      if (released.length === 0) return { released, denied };
      intents = intents.filter((intent) => !inForce.released.includes(intent));
      waiting = waiting.filter((intent) => !held.released.includes(intent));
      end(released, `was released by ${source}`);
      save();
      return { released, denied };
    },
    shorten({ target, source, rank }, end) {
      const { intents: next, changed } = shortenIntents(intents, { target, source, end, rank });
      if (changed.length === 0) return 0;
      intents = next;
      save();
      return changed.length;
    },
    begun(ids) {
      if (!intents.some(({ id, startBy }) => startBy !== undefined && ids.has(id))) return;
      intents = begunIntents(intents, ids);
      save();
    },
    tend() {
      const { kept, ended } = expireIntents(intents, clock.monoMs());
      const nowAtZeroMs = clock.wallMs() - clock.monoMs();
      const stepped = Math.abs(nowAtZeroMs - wallAtZeroMs) > STEP_MS;
      wallAtZeroMs = nowAtZeroMs;
      if (ended.length > 0 || (stepped && kept.length > 0)) {
        intents = stepped ? rebaseIntents(kept, moment()) : kept;
        end(ended, 'is over');
        save();
      }
      resume();
    },
  };
}

/** Those of a rank; a technician's are always among them, so that who may not release them hears of it. */
function ofRank<T extends StoredIntent>(intents: readonly T[], rank: Rank | undefined): readonly T[] {
  return rank === undefined ? intents : intents.filter((intent) => intent.rank === rank || intent.rank === 'maintenance');
}

function describe({ rank, levelPct, target, source, reason }: StoredIntent): string {
  return `${rank} of ${target.kind} ${target.id} to ${levelPct} % by ${source}${reason === '' ? '' : `: ${reason}`}`;
}
