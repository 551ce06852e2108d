/**
 * The requests in force for all places: in memory for the decision, and on disk for the next start.
 *
 * A request from before the start waits until the time is trusted, because without it the agent cannot tell whether the request has ended.
 * An emergency does not wait: it goes on for as long as it was requested, at most.
 */
import { type Clock, isTrusted, type MonoMs } from '../core/clock.ts';
import type { CopyRule } from '../core/copied-state.ts';
import { MINUTE_MS, SECOND_MS } from '../core/durations.ts';
import { isRecord } from '../core/is-record.ts';
import type { Log, Store } from '../core/ports.ts';
import { RetriedSave, recallStored } from '../core/retried-save.ts';
import { MAX_SOUND_MINUTES } from './sound-intents.ts';
import type { SoundIntent } from './sound-words.ts';

/**
 * `lengthMs`: how long it was to last when it was stored. `port`: that of the player's line; absent in the store of an earlier release.
 * `isEndKnown`: false if the clock was not trusted when it was stored, so `untilMs` means nothing; otherwise absent.
 */
type StoredIntent = Omit<SoundIntent, 'untilMono'> & { readonly lengthMs: number; readonly port?: string; readonly isEndKnown?: false };

/**
 * The dependencies with which `IntentRegistry` is created. `onEnd`: called for a request whose time is over, also for a stored one. Not
 * called if it was ended or replaced.
 */
export interface IntentRegistryParts {
  readonly clock: Clock;
  readonly store: Pick<Store, 'save' | 'load'>;
  readonly log: Log;
  /** The port of the player's line, by id of the place. A stored request is assigned by it, or else by that id. */
  readonly portOf: ReadonlyMap<string, string>;
  readonly onEnd: (intent: Pick<SoundIntent, 'place' | 'source'>) => void;
}

const SOUND_KEY = 'sound.intents';
/** How stored sound requests change when a copy of the stored state is adopted: requests of the platform are removed. */
export const SOUND_COPY_RULE: CopyRule = { key: SOUND_KEY, change: 'remove-items', where: { authority: /^platform$/ } };
const MAX_LENGTH_MS = MAX_SOUND_MINUTES * MINUTE_MS;
/** Most requests that are kept. Source: four kinds at each of 16 places. */
const MAX_INTENTS = 64;

/** The requests in force for the sound places, in memory and on disk. Call `restore` once at the start, and `tend` regularly. */
export class IntentRegistry {
  readonly #parts: IntentRegistryParts;
  readonly #saves: RetriedSave;
  readonly #startMono: MonoMs;
  #intents: readonly SoundIntent[] = [];
  /** Requests from before the start, until the time is trusted. */
  #waiting: readonly StoredIntent[] = [];
  /** Requests that were replaced or ended before the stored ones could be read. */
  #early: readonly ((each: StoredIntent) => boolean)[] = [];

  constructor(parts: IntentRegistryParts) {
    const { clock, store, log } = parts;
    this.#parts = parts;
    this.#startMono = clock.monoMs();
    this.#saves = new RetriedSave({
      clock,
      recall: () => recallStored(store, SOUND_KEY, (stored) => this.#takeStored(stored)),
      save: () => store.save(SOUND_KEY, this.#stored()),
      onFailed: () => log.event('sound-requests-not-saved', { check: 'the disk of store.dir; they hold until the agent stops' }, 'warning'),
    });
  }

  /** Resolves whether the newest save succeeded; true before the first. */
  get saved(): Promise<boolean> {
    return this.#saves.latest;
  }

  /**
   * Reads the requests from the disk. Those that are not over are in force once the time is trusted; an emergency also before. If the disk
   * cannot be read this is logged, and `tend` tries again.
   */
  async restore(): Promise<void> {
    if (!(await this.#saves.restore()))
      this.#parts.log.event('sound-requests-not-restored', { check: 'the disk of store.dir; it is read again' }, 'warning');
  }

  /** The requests in force at a place, the newest last. */
  of(place: string): readonly SoundIntent[] {
    const nowMono = this.#parts.clock.monoMs();
    return [...this.#waitingEmergencies(), ...this.#intents].filter((each) => each.place === place && nowMono < each.untilMono);
  }

  /** Puts a request in force. It replaces a request of the same action at the same place. */
  add(intent: SoundIntent): void {
    const isOther = (each: Pick<SoundIntent, 'place' | 'action'>): boolean => each.place !== intent.place || each.action !== intent.action;
    this.#dropWaiting((each) => !isOther(each));
    this.#set([...this.#intents.filter(isOther), intent].slice(-MAX_INTENTS));
  }

  /** Ends the requests for which `isEnded` returns true. `isEnded` is called again later if the stored requests have not been read yet. */
  end(isEnded: (intent: SoundIntent) => boolean): void {
    this.#dropWaiting((each) => isEnded(this.#unsure(each)));
    this.#set(this.#intents.filter((each) => !isEnded(each)));
  }

  /** Ends expired requests, resumes those that waited for a trusted time, and retries failed disk access. */
  tend(): void {
    const { clock, onEnd } = this.#parts;
    const [nowMs, nowMono] = [clock.wallMs(), clock.monoMs()];
    const over = [...this.#waitingEmergencies(), ...this.#intents].filter(({ untilMono }) => nowMono >= untilMono);
    this.#waiting = this.#waiting.filter(({ id }) => !over.some((each) => each.id === id));
    // After the clock was set, the end on the wall clock is another one.
    const shifted = this.#intents.map((each) => {
      const untilMs = Math.round(nowMs + each.untilMono - nowMono);
      return Math.abs(untilMs - each.untilMs) > SECOND_MS ? { ...each, untilMs } : each;
    });
    const isShifted = shifted.some((each, i) => each !== this.#intents[i]);
    if (over.length > 0 || isShifted) this.#set(shifted.filter(({ untilMono }) => nowMono < untilMono));
    for (const each of over) onEnd(each);
    this.#resume();
    this.#saves.tend();
  }

  /** A request that could not be read yet is dropped once it is read. */
  #dropWaiting(isDropped: (each: StoredIntent) => boolean): void {
    this.#waiting = this.#waiting.filter((each) => !isDropped(each));
    if (!this.#saves.isRecalled) this.#early = [...this.#early, isDropped].slice(-MAX_INTENTS);
  }

  #takeStored(loaded: unknown): void {
    const stored = (Array.isArray(loaded) ? loaded : []).filter(isStoredIntent).slice(-MAX_INTENTS);
    this.#waiting = stored.flatMap((each) => {
      const place = this.#placeOf(each);
      return place === undefined || this.#intents.some(({ id }) => id === each.id) ? [] : [{ ...each, place }];
    });
    for (const isDropped of this.#early) this.#waiting = this.#waiting.filter((each) => !isDropped(each));
    this.#early = [];
    this.#resume();
  }

  /** The place that a stored request is for now; undefined if there is none. */
  #placeOf({ place, port }: StoredIntent): string | undefined {
    const { portOf } = this.#parts;
    return [...portOf].find(([, each]) => each === port)?.[0] ?? (portOf.has(place) ? place : undefined);
  }

  #resume(): void {
    const { clock, onEnd } = this.#parts;
    if (this.#waiting.length === 0 || !isTrusted(clock.quality())) return;
    const [nowMs, nowMono] = [clock.wallMs(), clock.monoMs()];
    const waiting = this.#waiting;
    this.#waiting = [];
    const resumed = waiting.flatMap((stored) => {
      const intent = this.#unsure(stored);
      const isOpenEnded = stored.action === 'emergency' && stored.isEndKnown === false;
      // A clock that was set back must not make a request longer than it was.
      const restMs = Math.min(isOpenEnded ? Number.POSITIVE_INFINITY : stored.untilMs - nowMs, intent.untilMono - nowMono);
      return restMs > 0 ? [{ ...intent, untilMs: Math.round(nowMs + restMs), untilMono: nowMono + restMs }] : [];
    });
    for (const each of waiting) if (!resumed.some(({ id }) => id === each.id)) onEnd(each);
    this.#set([...resumed, ...this.#intents]);
  }

  #waitingEmergencies(): readonly SoundIntent[] {
    return this.#waiting.filter(({ action }) => action === 'emergency').map((each) => this.#unsure(each));
  }

  /** A stored request while the time is unknown: it lasts from the start for as long as it was to last when it was stored. */
  #unsure({ lengthMs, port: _, isEndKnown: _known, ...each }: StoredIntent): SoundIntent {
    return { ...each, untilMono: this.#startMono + Math.min(lengthMs, MAX_LENGTH_MS) };
  }

  #set(next: readonly SoundIntent[]): void {
    this.#intents = next;
    this.#saves.now();
  }

  #stored(): readonly StoredIntent[] {
    const { clock } = this.#parts;
    const nowMono = clock.monoMs();
    const mark = isTrusted(clock.quality()) ? {} : { isEndKnown: false as const };
    const present = this.#intents.map(({ untilMono, ...each }) => ({ ...each, lengthMs: Math.round(untilMono - nowMono), ...mark }));
    return [...this.#waiting, ...present].map((each): StoredIntent => {
      const port = this.#parts.portOf.get(each.place);
      return port === undefined ? each : { ...each, port };
    });
  }
}

/** Accepts any stored data. */
function isStoredIntent(value: unknown): value is StoredIntent {
  if (!isRecord(value)) return false;
  const texts = ['id', 'place', 'source', 'reason'].every((key) => typeof value[key] === 'string');
  const numbers = Number.isFinite(value['untilMs']) && Number.isFinite(value['lengthMs']);
  const isKnown = ['play', 'emergency', 'stop', 'volume'].some((action) => action === value['action']);
  const bySender = value['authority'] === 'technician' || value['authority'] === 'platform';
  const track = value['track'] === null || typeof value['track'] === 'string';
  const volume = value['volumePct'] === null || Number.isFinite(value['volumePct']);
  const port = value['port'] === undefined || typeof value['port'] === 'string';
  const isMarked = value['isEndKnown'] === undefined || value['isEndKnown'] === false;
  return texts && numbers && isKnown && bySender && track && volume && port && isMarked;
}
