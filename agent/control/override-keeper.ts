/**
 * Keeps the wishes in force: in memory for the tick, on disk for the next start.
 *
 * Owns the list while the agent runs, and its events. Lighting never waits for the disk: a list that cannot be saved still holds.
 * Called by `control`.
 */
import type { Clock } from '../core/clock.ts';
import type { Log, Store } from '../core/ports.ts';
import type { Intent, Target } from '../core/words.ts';
import type { Episodes } from './episodes.ts';
import {
  addIntent,
  expireIntents,
  type Moment,
  type Release,
  rebaseIntents,
  releaseIntents,
  restoreIntents,
  toStored,
} from './overrides.ts';

/** Where the store keeps the list. */
const OVERRIDES_KEY = 'control.overrides';
/** A wall clock that moved this much against monotonic time was set. Units: ms. Source: slewing by a time server stays far below in the time between two ticks. */
const STEP_MS = 1_000;
/** Longest wait for the disk at start, before the street is lit without it. Units: ms. Source: assumed; lamps hold their level meanwhile. */
const RESTORE_MS = 2_000;

export interface KeeperParts {
  readonly clock: Clock;
  readonly store: Pick<Store, 'save' | 'load'>;
  readonly log: Log;
  readonly episodes: Episodes;
  /** The list changed: something was added, released, ended or restored. */
  readonly onChange: (intents: readonly Intent[]) => void;
}

export interface OverrideKeeper {
  /** Settles when the list is read or the disk took too long; a late answer is still taken up. */
  restore(): Promise<void>;
  intents(): readonly Intent[];
  add(intent: Intent): void;
  release(target: Target, source: string): Release;
  /** Ends what is over, and writes wall ends anew after the clock was set. */
  tend(): void;
}

export function createOverrideKeeper({ clock, store, log, episodes, onChange }: KeeperParts): OverrideKeeper {
  let intents: readonly Intent[] = [];
  let wallAtZeroMs = clock.wallMs() - clock.monoMs();
  const moment = (): Moment => ({ nowMs: clock.wallMs(), nowMono: clock.monoMs(), clockQuality: clock.quality() });
  const save = (): void => {
    onChange(intents);
    const count = intents.length;
    const complain = (): void =>
      log.event('overrides-not-saved', { count, check: 'the disk of store.dir; they hold until the agent stops' }, 'warning');
    void store.save(OVERRIDES_KEY, toStored(intents)).then((saved) => (saved ? undefined : complain()), complain);
  };
  const takeUp = (loaded: unknown): void => {
    const stored = restoreIntents(loaded, moment());
    intents = intents.reduce(addIntent, stored);
    if (stored.length === 0) return;
    log.event('overrides-restored', { count: stored.length });
    onChange(intents);
  };
  const complainLoad = (cause: unknown): void => log.event('overrides-not-restored', { cause: String(cause) }, 'warning');
  const end = (ended: readonly Intent[], how: string): void => {
    for (const intent of ended)
      episodes.notice({ code: 'override-ended', source: intent.target.id, severity: 'info', text: `${describe(intent)} ${how}` });
  };
  return {
    restore: () => withinTime(clock, store.load(OVERRIDES_KEY).then(takeUp).catch(complainLoad)),
    intents: () => intents,
    add(intent) {
      intents = addIntent(intents, intent);
      episodes.notice({ code: 'override-started', source: intent.target.id, severity: 'info', text: describe(intent) });
      save();
    },
    release(target, source) {
      const release = releaseIntents(intents, target, source);
      if (release.released.length === 0) return release;
      intents = release.kept;
      end(release.released, `was released by ${source}`);
      save();
      return release;
    },
    tend() {
      const { kept, ended } = expireIntents(intents, clock.monoMs());
      const nowAtZeroMs = clock.wallMs() - clock.monoMs();
      const stepped = Math.abs(nowAtZeroMs - wallAtZeroMs) > STEP_MS;
      wallAtZeroMs = nowAtZeroMs;
      if (ended.length === 0 && !(stepped && kept.length > 0)) return;
      intents = stepped ? rebaseIntents(kept, moment()) : kept;
      end(ended, 'is over');
      save();
    },
  };
}

function describe({ rank, levelPct, target, source, reason }: Intent): string {
  return `${rank} of ${target.kind} ${target.id} to ${levelPct} % by ${source}${reason === '' ? '' : `: ${reason}`}`;
}

function withinTime(clock: Clock, work: Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.after(RESTORE_MS, resolve);
    void work.finally(() => {
      timer.cancel();
      resolve();
    });
  });
}
