/**
 * The programmes that the platform chose for zones, in place of their calendars, and until when.
 *
 * Kept in memory for the tick and on disk for the next start. As with intents, a choice from before the start waits until the time is
 * trusted: without it the agent cannot tell whether the choice has ended, and until then each lamp is at its maximum.
 */

import { type Clock, isTrusted, type WallMs } from '../../core/clock.ts';
import type { CopyRule } from '../../core/copied-state.ts';
import { MINUTE_MS } from '../../core/durations.ts';
import type { EventTracker } from '../../core/event-tracker.ts';
import { type Message, msg, NO_TEXT } from '../../core/message.ts';
import type { Log, ProgrammeRequest, Store } from '../../core/ports.ts';
import { RetriedSave, recallStored } from '../../core/retried-save.ts';
import type { ChosenProgramme, LightingStreet } from '../../lighting/lighting.ts';

/** `restMs`: what was left of the choice when it was stored; it limits the rest after a restart under a clock that was set back. */
type StoredChoice = Omit<ChosenProgramme, 'untilMono'> & { readonly restMs?: number };

/** The dependencies with which `ProgrammeRegistry` is created. */
export interface ProgrammeRegistryParts {
  /** The zones and programmes that a request may name. */
  readonly street: Pick<LightingStreet, 'zones' | 'programmes'>;
  readonly clock: Clock;
  /** Keeps the choices for the next start. */
  readonly store: Pick<Store, 'save' | 'load'>;
  readonly log: Log;
  /** Receives the events `programme-chosen` and `programme-ended`. */
  readonly events: Pick<EventTracker, 'notice'>;
  /** Receives the choices in force after a change, without those that wait for a trusted time. */
  readonly onProgrammes?: (choices: readonly ChosenProgramme[]) => void;
}

const PROGRAMMES_KEY = 'control.programmes';
/** What happens to the stored choices of programmes when an older copy replaces the stored state: all are removed. */
export const PROGRAMMES_COPY_RULE: CopyRule = { key: PROGRAMMES_KEY, change: 'remove' };
/**
 * How long a choice may last. Units: min. Source: assumed; a month, after that it belongs in the configuration. Confirmed by: the longest
 * choices that energy managers request.
 */
const MINUTES = { min: 1, max: 31 * 24 * 60 };

/** The programmes chosen for zones, saved for a restart. */
export class ProgrammeRegistry {
  readonly #parts: ProgrammeRegistryParts;
  /** By zone. */
  #choices: ReadonlyMap<string, ChosenProgramme> = new Map();
  /** Choices from before the start, until the time is trusted. */
  #waiting: readonly StoredChoice[] = [];
  /** Zones with a request from before the stored choices could be read. */
  readonly #early = new Set<string>();
  readonly #saves: RetriedSave;

  constructor(parts: ProgrammeRegistryParts) {
    this.#parts = parts;
    const { clock, store, log } = parts;
    this.#saves = new RetriedSave({
      clock,
      recall: () => recallStored(store, PROGRAMMES_KEY, (stored) => this.#takeStored(stored)),
      save: () => store.save(PROGRAMMES_KEY, this.#stored()),
      onFailed: () => {
        const fields = { count: this.#stored().length, check: 'the disk of store.dir; they hold until the agent stops' };
        log.event('programmes-not-saved', fields, 'warning');
      },
    });
  }

  /** Resolves with whether the newest save succeeded; true before the first. */
  get saved(): Promise<boolean> {
    return this.#saves.latest;
  }

  /**
   * Reads the choices from the disk, except for zones with a request since. If the disk cannot be read this is logged, and `tend` tries
   * again.
   */
  async restore(): Promise<void> {
    if (!(await this.#saves.restore()))
      this.#parts.log.event('programmes-not-restored', { check: 'the disk of store.dir; it is read again' }, 'warning');
  }

  /**
   * Returns why a request is refused; empty if it is allowed. Once the stored choices are read, a return to the calendar is refused for a
   * zone without a choice.
   */
  refusalOf({ zone, programme, minutes }: ProgrammeRequest): Message {
    const { street } = this.#parts;
    if (!street.zones.some(({ id }) => id === zone)) return msg`there is no zone ${zone} on this street`;
    // While the stored choices are unread, one of them may be for this zone.
    const mayBeHeld = !this.#saves.isRecalled || this.#choices.has(zone) || this.#waiting.some((choice) => choice.zone === zone);
    if (programme === null) return mayBeHeld ? NO_TEXT : msg`no programme is chosen for ${zone}: it follows its calendar`;
    const names = street.programmes.map(({ id }) => id);
    if (!names.includes(programme)) return msg`there is no programme ${programme}; choose one of ${names}`;
    return minutes >= MINUTES.min && minutes <= MINUTES.max
      ? NO_TEXT
      : msg`${minutes} minutes are not allowed: ${MINUTES.min} to ${MINUTES.max} are`;
  }

  /**
   * Puts a choice in force in place of the zone's present one, or returns the zone to its calendar (`programme` null). Only for a request
   * that `refusalOf` allows.
   */
  choose({ zone, programme, minutes, reason, source }: ProgrammeRequest): void {
    const { clock, events } = this.#parts;
    this.#waiting = this.#waiting.filter((choice) => choice.zone !== zone);
    if (!this.#saves.isRecalled) this.#early.add(zone);
    const others = [...this.#choices.values()].filter((choice) => choice.zone !== zone);
    if (programme === null) {
      events.notice({ code: 'programme-ended', source: zone, severity: 'info', text: msg`${zone} back to its calendar by ${source}` });
      this.#set(others);
      return;
    }
    const lengthMs = Math.min(Math.max(minutes, MINUTES.min), MINUTES.max) * MINUTE_MS;
    const untilMs: WallMs = Math.round(clock.wallMs() + lengthMs);
    const what = msg`programme ${programme} for ${zone} by ${source}`;
    const text = reason === '' ? what : msg`${what}: ${reason}`;
    events.notice({ code: 'programme-chosen', source: zone, severity: 'info', text });
    this.#set([...others, { zone, programme, reason, source, untilMs, untilMono: clock.monoMs() + lengthMs }]);
  }

  /** The choices by zone, as of the last change or `tend`; not those that wait for a trusted time. */
  choices(): ReadonlyMap<string, ChosenProgramme> {
    return this.#choices;
  }

  /**
   * Ends expired choices, resumes choices once the time is trusted, and repeats a failed save. Call it with true after the clock was set.
   */
  tend(wasClockSet: boolean): void {
    const { clock } = this.#parts;
    const [nowMs, nowMono] = [clock.wallMs(), clock.monoMs()];
    const all = [...this.#choices.values()];
    const over = all.filter(({ untilMono }) => nowMono >= untilMono);
    if (over.length > 0 || (wasClockSet && all.length > 0)) {
      for (const choice of over) this.#reportEnd(choice);
      const kept = all.filter((choice) => !over.includes(choice));
      this.#set(wasClockSet ? kept.map((choice) => ({ ...choice, untilMs: Math.round(nowMs + choice.untilMono - nowMono) })) : kept);
    }
    this.#resume();
    this.#saves.tend();
  }

  #takeStored(loaded: unknown): void {
    const { street } = this.#parts;
    const stored = (Array.isArray(loaded) ? loaded : []).filter(isStoredChoice).filter(({ zone }) => !this.#early.has(zone));
    this.#early.clear();
    const isKnown = ({ zone, programme }: StoredChoice): boolean =>
      street.zones.some(({ id }) => id === zone) && street.programmes.some(({ id }) => id === programme);
    for (const choice of stored)
      if (!isKnown(choice))
        this.#reportEnd(choice, msg`programme ${choice.programme} of ${choice.zone} is over: it is no longer in the configuration`);
    this.#waiting = stored.filter(isKnown);
    this.#resume();
  }

  #resume(): void {
    const { clock } = this.#parts;
    if (this.#waiting.length === 0 || !isTrusted(clock.quality())) return;
    const [nowMs, nowMono] = [clock.wallMs(), clock.monoMs()];
    const { over = [], kept = [] } = Object.groupBy(this.#waiting, ({ untilMs }) => (untilMs > nowMs ? 'kept' : 'over'));
    this.#waiting = [];
    for (const choice of over) this.#reportEnd(choice);
    const resumed = kept.map(({ restMs: storedMs = Infinity, ...choice }): ChosenProgramme => {
      const restMs = Math.min(choice.untilMs - nowMs, storedMs, MINUTES.max * MINUTE_MS);
      return { ...choice, untilMs: nowMs + restMs, untilMono: nowMono + restMs };
    });
    this.#set([...resumed, ...this.#choices.values()]);
  }

  /** Puts these choices in force, publishes and saves them. */
  #set(next: Iterable<ChosenProgramme>): void {
    this.#choices = new Map([...next].map((choice) => [choice.zone, choice]));
    this.#parts.onProgrammes?.([...this.#choices.values()]);
    this.#saves.now();
  }

  #stored(): readonly StoredChoice[] {
    const nowMono = this.#parts.clock.monoMs();
    const inForce = [...this.#choices.values()].map(({ untilMono, ...choice }) => ({ ...choice, restMs: Math.round(untilMono - nowMono) }));
    return [...this.#waiting, ...inForce];
  }

  #reportEnd({ zone, programme }: StoredChoice, text = msg`programme ${programme} of ${zone} is over`): void {
    this.#parts.events.notice({ code: 'programme-ended', source: zone, severity: 'info', text });
  }
}

/** Accepts any stored data. */
function isStoredChoice(value: unknown): value is StoredChoice {
  if (typeof value !== 'object' || value === null) return false;
  const { zone, programme, source, reason, untilMs, restMs = 0 } = value as Partial<Record<keyof StoredChoice, unknown>>;
  return [zone, programme, source, reason].every((text) => typeof text === 'string') && Number.isFinite(untilMs) && Number.isFinite(restMs);
}
