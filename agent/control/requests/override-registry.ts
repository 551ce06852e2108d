/**
 * The intents of platform and technicians in force: in memory for the tick, on disk for the next start.
 *
 * Lighting never waits for the disk: a list that cannot be saved is still in force. An intent from before the start is not in force until
 * the time is trusted, because without it the agent cannot tell whether the intent has ended. Until then each lamp is at its maximum, so
 * the intent could only darken the street.
 */

import { type Clock, isTrusted } from '../../core/clock.ts';
import type { CopyRule } from '../../core/copied-state.ts';
import type { EventTracker } from '../../core/event-tracker.ts';
import { type Message, msg } from '../../core/message.ts';
import type { Log, ReleaseRequest, Store } from '../../core/ports.ts';
import { RetriedSave, recallStored } from '../../core/retried-save.ts';
import type { Authorised, Intent, LevelPct } from '../../core/words.ts';
import { describeTarget } from './limits.ts';
import {
  addIntent,
  begunIntents,
  expireIntents,
  type Moment,
  mayMaintain,
  type Release,
  readStored,
  rebaseIntents,
  releaseIntents,
  resumeIntents,
  type StoredIntent,
  shortenIntents,
  toStored,
  withoutReplaced,
} from './overrides.ts';

/** Key of the list in the store. */
const OVERRIDES_KEY = 'control.overrides';
/**
 * What happens to the stored intents when an older copy replaces the stored state: those of the platform with rank `override` are removed.
 * Includes those that a former release stored without an authority, see `readStored`.
 */
export const OVERRIDES_COPY_RULE: CopyRule = {
  key: OVERRIDES_KEY,
  change: 'remove-items',
  where: { authority: /^(platform)?$/, rank: /^override$/, source: /^(?!console:)/ },
};

/** Most releases and additions that are kept for intents that could not be read yet. Source: more than people send while a disk does not answer. */
const MAX_EARLY = 100;

/** The dependencies with which `OverrideRegistry` is created. */
export interface OverrideRegistryParts {
  readonly clock: Clock;
  /** Keeps the intents for the next start. */
  readonly store: Pick<Store, 'save' | 'load'>;
  readonly log: Log;
  /** Receives the events `override-started` and `override-ended`. */
  readonly events: Pick<EventTracker, 'notice'>;
  /** Receives the intents of the registry in force after a change, without those that wait for a trusted time. */
  readonly onIntents?: (intents: readonly Intent[]) => void;
}

/** The intents that people and the platform requested, saved for a restart. */
export class OverrideRegistry {
  readonly #parts: OverrideRegistryParts;
  #intents: readonly Intent[] = [];
  /** Intents from before the start, until the time is trusted. */
  #waiting: readonly StoredIntent[] = [];
  /** Releases from before the stored intents could be read. They apply to these too. */
  #early: readonly ReleaseOrder[] = [];
  /** Intents that were added before then, also if they have ended. Stored ones that they replace, see `withoutReplaced`, are dropped. */
  #added: readonly Intent[] = [];
  readonly #saves: RetriedSave;

  constructor(parts: OverrideRegistryParts) {
    this.#parts = parts;
    this.#saves = new RetriedSave({
      clock: parts.clock,
      recall: () => recallStored(parts.store, OVERRIDES_KEY, (stored) => this.#takeStored(stored)),
      save: () => parts.store.save(OVERRIDES_KEY, [...this.#waiting, ...toStored(this.#intents)]),
      onFailed: () => this.#complain(),
    });
  }

  /** Resolves with whether the newest save succeeded; true before the first. */
  get saved(): Promise<boolean> {
    return this.#saves.latest;
  }

  /** Reads the list from the disk. If the disk cannot be read this is logged, and `tend` tries again. */
  async restore(): Promise<void> {
    if (!(await this.#saves.restore()))
      this.#parts.log.event('overrides-not-restored', { check: 'the disk of store.dir; it is read again' }, 'warning');
  }

  /** The intents as of the last change or `tend`; not those that wait for a trusted time. */
  intents(): readonly Intent[] {
    return this.#intents;
  }

  /**
   * Adds an intent in place of one of the same source, target and rank. Returns it as it is in force, which may be longer than requested.
   * `isFurther`: without an event.
   */
  add(intent: Intent, isFurther = false): Intent {
    this.#intents = addIntent(this.#intents, intent);
    this.#waiting = withoutReplaced(this.#waiting, intent);
    if (!this.#saves.isRecalled) this.#added = [...this.#added, intent].slice(-MAX_EARLY);
    if (!isFurther)
      this.#parts.events.notice({ code: 'override-started', source: intent.target.id, severity: 'info', text: describe(intent) });
    this.#save();
    return this.#intents.at(-1) ?? intent;
  }

  /**
   * Removes the intents on a target or everywhere, of one rank or of any, of one source or of any. Stored ones that are not read yet are
   * removed later and are not in `released`. `denied`: maintenance that this sender may not release, which stays.
   */
  release(order: ReleaseOrder): Pick<Release, 'released' | 'denied'> {
    const { target, authority, source, everywhere } = order;
    if (!this.#saves.isRecalled) this.#early = [...this.#early, order].slice(-MAX_EARLY);
    const inForce = releaseIntents(namedByRelease(order, this.#intents), target, authority, everywhere);
    const held = releaseIntents(namedByRelease(order, this.#waiting), target, authority, everywhere);
    const released = [...held.released, ...inForce.released];
    const denied = [...held.denied, ...inForce.denied];
    if (released.length === 0) return { released, denied };
    this.#intents = this.#intents.filter((intent) => !inForce.released.includes(intent));
    this.#waiting = this.#waiting.filter((intent) => !held.released.includes(intent));
    this.#report(released, (what) => msg`${what} was released by ${source}`);
    this.#save();
    return { released, denied };
  }

  /**
   * Makes the intents in force that the order names end at this moment at the latest, if the sender may release them. Returns how many were
   * shortened.
   */
  shorten(order: Omit<ReleaseOrder, 'source' | 'isOwnOnly'>, end: Moment): number {
    const { intents, changed } = shortenIntents(this.#intents, { ...order, end });
    if (changed.length === 0) return 0;
    this.#intents = intents;
    this.#save();
    return changed.length;
  }

  /** Call it when a lamp follows these intents: they no longer expire with their command. */
  begun(ids: ReadonlySet<string>): void {
    if (!this.#intents.some(({ id, startBy }) => startBy !== undefined && ids.has(id))) return;
    this.#intents = begunIntents(this.#intents, ids);
    this.#save();
  }

  /**
   * Ends expired intents, resumes intents once the time is trusted, and repeats a failed save. Call it with true after the clock was set.
   */
  tend(wasClockSet: boolean): void {
    const { kept, ended } = expireIntents(this.#intents, this.#parts.clock.monoMs());
    if (ended.length > 0 || (wasClockSet && kept.length > 0)) {
      this.#intents = wasClockSet ? rebaseIntents(kept, this.#now()) : kept;
      this.#report(ended);
      this.#save();
    }
    this.#resume();
    this.#saves.tend();
  }

  #takeStored(stored: unknown): void {
    const found = this.#added.reduce<readonly StoredIntent[]>(withoutReplaced, readStored(stored));
    this.#added = [];
    this.#waiting = this.#early.reduce((kept, order) => {
      const { released } = releaseIntents(namedByRelease(order, kept), order.target, order.authority, order.everywhere);
      return kept.filter((intent) => !released.includes(intent));
    }, found);
    this.#early = [];
    this.#resume();
    const count = this.#waiting.length;
    if (count === 0) return;
    this.#parts.log.event('overrides-waiting', { count, check: 'the time server; they hold once the time is known' }, 'warning');
  }

  #resume(): void {
    const { clock, log } = this.#parts;
    if (this.#waiting.length === 0 || !isTrusted(clock.quality())) return;
    const { kept, ended } = resumeIntents(this.#waiting, this.#now());
    this.#waiting = [];
    // An intent that waited may last longer than a newer one that could not replace it.
    this.#intents = [...kept, ...this.#intents].reduce<readonly Intent[]>(addIntent, []);
    log.event('overrides-restored', { count: kept.length, over: ended.length });
    this.#report(ended);
    this.#save();
  }

  #save(): void {
    this.#parts.onIntents?.(this.#intents);
    this.#saves.now();
  }

  #complain(): void {
    const count = this.#intents.length + this.#waiting.length;
    this.#parts.log.event('overrides-not-saved', { count, check: 'the disk of store.dir; they hold until the agent stops' }, 'warning');
  }

  #report(ended: readonly StoredIntent[], toText: (what: Message) => Message = (what) => msg`${what} is over`): void {
    const { events } = this.#parts;
    for (const intent of ended)
      events.notice({ code: 'override-ended', source: intent.target.id, severity: 'info', text: toText(describe(intent)) });
  }

  #now(): Moment {
    const { clock } = this.#parts;
    return { nowMs: clock.wallMs(), nowMono: clock.monoMs() };
  }
}

type ReleaseOrder = Authorised<Pick<ReleaseRequest, 'target' | 'source' | 'rank' | 'isOwnOnly' | 'everywhere'>>;

/**
 * Returns the intents of the rank and source that a release names. Includes maintenance that the sender may not release, so that the refusal
 * can name it.
 */
function namedByRelease<T extends StoredIntent>({ rank, authority, source, isOwnOnly }: ReleaseOrder, intents: readonly T[]): readonly T[] {
  const isRank = (intent: T): boolean => rank === undefined || intent.rank === rank;
  const isNamed = (intent: T): boolean => intent.rank === 'maintenance' && !mayMaintain(authority);
  return intents.filter((intent) => (isRank(intent) || isNamed(intent)) && (isOwnOnly !== true || intent.source === source));
}

function describe({ rank, levelPct, target, source, reason }: StoredIntent): Message {
  const what = describeRequest(rank, describeTarget(target), levelPct, source);
  return reason === '' ? what : msg`${what}: ${reason}`;
}

function describeRequest(rank: StoredIntent['rank'], of: Message, levelPct: LevelPct, source: string): Message {
  if (rank === 'maintenance') return msg`maintenance of ${of} to ${levelPct} % by ${source}`;
  return rank === 'emergency'
    ? msg`emergency of ${of} to ${levelPct} % by ${source}`
    : msg`override of ${of} to ${levelPct} % by ${source}`;
}
