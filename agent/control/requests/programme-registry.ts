/**
 * Which zones have another programme than their calendar says, and until when.
 *
 * Owns the list while the agent runs and on disk for the next start, and its events. As with wishes, a choice from before the start waits until
 * the time is trusted: nobody knows before whether it is over, and until then the lamps stand at their maximum anyway.
 */
import { type Clock, isTrusted, type WallMs } from '../../core/clock.ts';
import type { EventTracker } from '../../core/event-tracker.ts';
import type { Log, ProgrammeRequest, Store } from '../../core/ports.ts';
import type { ChosenProgramme, LightingStreet } from '../../lighting/lighting.ts';

type StoredChoice = Omit<ChosenProgramme, 'untilMono'>;

export interface ProgrammeRegistryParts {
  readonly street: Pick<LightingStreet, 'zones' | 'programmes'>;
  readonly clock: Clock;
  readonly store: Pick<Store, 'save' | 'load'>;
  readonly log: Log;
  readonly events: Pick<EventTracker, 'notice'>;
  /** The choices in force changed. */
  readonly onChange: (choices: readonly ChosenProgramme[]) => void;
}

export interface ProgrammeRegistry {
  /** A late answer of the disk is still taken up. */
  restore(): Promise<void>;
  /** Why it cannot be done; empty when it can. */
  refusalOf(request: ProgrammeRequest): string;
  /** Takes the choice up, or gives the zone back to its calendar. */
  choose(request: ProgrammeRequest): void;
  choices(): ReadonlyMap<string, ChosenProgramme>;
  /** Ends what is over, writes wall ends anew after the clock was set, takes up what waited for a trusted time. */
  tend(): void;
}

const PROGRAMMES_KEY = 'control.programmes';
/** How long a choice may hold. Units: min. Source: assumed; a month, then somebody should write it into the configuration. */
const MINUTES = { min: 1, max: 31 * 24 * 60 };
const MINUTE_MS = 60_000;
/** A wall clock that moved this much against monotonic time was set. Units: ms. Source: as for wishes. */
const STEP_MS = 1_000;

/** A keeper of nothing. */
export function createProgrammeRegistry({ street, clock, store, log, events, onChange }: ProgrammeRegistryParts): ProgrammeRegistry {
  let choices: ReadonlyMap<string, ChosenProgramme> = new Map();
  let waiting: readonly StoredChoice[] = [];
  let wallAtZeroMs = clock.wallMs() - clock.monoMs();

  function keep(next: Iterable<ChosenProgramme>): void {
    choices = new Map([...next].map((choice) => [choice.zone, choice]));
    onChange([...choices.values()]);
    const stored = [...waiting, ...[...choices.values()].map(({ untilMono: _, ...choice }) => choice)];
    const complain = (): void =>
      log.event(
        'programmes-not-saved',
        { count: stored.length, check: 'the disk of store.dir; they hold until the agent stops' },
        'warning',
      );
    void store.save(PROGRAMMES_KEY, stored).then((saved) => (saved ? undefined : complain()), complain);
  }

  function end({ zone, programme }: StoredChoice, how: string): void {
    events.notice({ code: 'programme-ended', source: zone, severity: 'info', text: `programme ${programme} of ${zone} ${how}` });
  }

  function resume(): void {
    if (waiting.length === 0 || !isTrusted(clock.quality())) return;
    const [nowMs, nowMono] = [clock.wallMs(), clock.monoMs()];
    const { over = [], kept = [] } = Object.groupBy(waiting, ({ untilMs }) => (untilMs > nowMs ? 'kept' : 'over'));
    waiting = [];
    for (const choice of over) end(choice, 'is over');
    const resumed = kept.map((choice): ChosenProgramme => {
      const restMs = Math.min(choice.untilMs - nowMs, MINUTES.max * MINUTE_MS);
      return { ...choice, untilMs: nowMs + restMs, untilMono: nowMono + restMs };
    });
    keep([...resumed, ...choices.values()]);
  }

  function takeUp(loaded: unknown): void {
    const stored = (Array.isArray(loaded) ? loaded : []).filter(isStoredChoice).filter(({ zone }) => !choices.has(zone));
    const isKnown = ({ zone, programme }: StoredChoice): boolean =>
      street.zones.some(({ id }) => id === zone) && street.programmes.some(({ id }) => id === programme);
    for (const choice of stored) if (!isKnown(choice)) end(choice, 'is over: the configuration has it no more');
    waiting = stored.filter(isKnown);
    resume();
  }

  return {
    restore: () =>
      store
        .load(PROGRAMMES_KEY)
        .then(takeUp)
        .catch((cause: unknown) => log.event('programmes-not-restored', { cause: String(cause) }, 'warning')),
    refusalOf({ zone, programme, minutes }) {
      if (!street.zones.some(({ id }) => id === zone)) return `there is no zone ${zone} on this street`;
      const isHeld = choices.has(zone) || waiting.some((choice) => choice.zone === zone);
      if (programme === null) return isHeld ? '' : `no programme is chosen for ${zone}: it follows its calendar`;
      const names = street.programmes.map(({ id }) => id);
      if (!names.includes(programme)) return `there is no programme ${programme}: ${names.join(', ')} can be chosen`;
      return minutes >= MINUTES.min && minutes <= MINUTES.max
        ? ''
        : `${minutes} minutes are not allowed: ${MINUTES.min} to ${MINUTES.max} are`;
    },
    choose({ zone, programme, minutes, reason, source }) {
      waiting = waiting.filter((choice) => choice.zone !== zone);
      const others = [...choices.values()].filter((choice) => choice.zone !== zone);
      if (programme === null) {
        events.notice({ code: 'programme-ended', source: zone, severity: 'info', text: `${zone} back to its calendar by ${source}` });
        keep(others);
        return;
      }
      const lengthMs = Math.min(Math.max(minutes, MINUTES.min), MINUTES.max) * MINUTE_MS;
      const untilMs: WallMs = Math.round(clock.wallMs() + lengthMs);
      const why = reason === '' ? '' : `: ${reason}`;
      const text = `programme ${programme} for ${zone} by ${source}${why}`;
      events.notice({ code: 'programme-chosen', source: zone, severity: 'info', text });
      keep([...others, { zone, programme, reason, source, untilMs, untilMono: clock.monoMs() + lengthMs }]);
    },
    choices: () => choices,
    tend() {
      const [nowMs, nowMono] = [clock.wallMs(), clock.monoMs()];
      const isStepped = Math.abs(nowMs - nowMono - wallAtZeroMs) > STEP_MS;
      wallAtZeroMs = nowMs - nowMono;
      const all = [...choices.values()];
      const over = all.filter(({ untilMono }) => nowMono >= untilMono);
      if (over.length > 0 || (isStepped && all.length > 0)) {
        for (const choice of over) end(choice, 'is over');
        const kept = all.filter((choice) => !over.includes(choice));
        keep(isStepped ? kept.map((choice) => ({ ...choice, untilMs: Math.round(nowMs + choice.untilMono - nowMono) })) : kept);
      }
      resume();
    },
  };
}

/** The disk may hold what it likes. */
function isStoredChoice(value: unknown): value is StoredChoice {
  if (typeof value !== 'object' || value === null) return false;
  const { zone, programme, source, reason, untilMs } = value as Partial<Record<keyof StoredChoice, unknown>>;
  return [zone, programme, source, reason].every((text) => typeof text === 'string') && Number.isFinite(untilMs);
}
