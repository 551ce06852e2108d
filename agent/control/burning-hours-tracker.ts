/**
 * How many hours each lamp has burnt, as far as that is known.
 *
 * Owns the hours, in memory and on disk, and where they begin: at what the configuration or a technician states. Hours that are not known are
 * absent, never 0: a lamp may be older than its agent, and constant light must not take it for a new one.
 */
import type { Lamp } from '../core/cabinet.ts';
import { type Clock, isTrusted, type MonoMs } from '../core/clock.ts';
import type { Store } from '../core/ports.ts';
import type { Decision } from '../core/words.ts';

export interface BurningHoursTracker {
  /** Reads the disk; one that cannot be read is asked again each hour. */
  restore(): Promise<void>;
  /** Time goes by at these levels. */
  take(decisions: readonly Decision[]): void;
  /** By lamp; absent where not known. Units: h. */
  hours(): ReadonlyMap<string, number>;
  /** What a person knows of these lamps. Resolves false where it is in force, but could not be saved. Units: h. */
  set(lampIds: readonly string[], h: number): Promise<boolean>;
  save(): void;
}

/** Hours by lamp. Shape: a lamp whose hours are not known is absent, so that a former release reads it as well. */
const BURNING_KEY = 'control.burning-hours';
/** What the configuration stated when its hours were taken, by lamp: `12000@2026-05-01`. */
const STATED_KEY = 'control.burning-stated';
/** Units: ms. Source: flash wears; an hour of twelve years is nothing. */
const SAVE_MS = 3_600_000;
const HOUR_MS = 3_600_000;
/** Longest step that counts: more is a machine that slept. Units: ms. */
const MAX_STEP_MS = 60_000;

/** Nothing is known before `restore`. */
export function createBurningHoursTracker({
  clock,
  store,
  lamps,
}: {
  readonly clock: Clock;
  readonly store: Pick<Store, 'save' | 'load'>;
  readonly lamps: readonly Pick<Lamp, 'id' | 'burned'>[];
}): BurningHoursTracker {
  const known = new Map<string, number>();
  /** Burnt in this run before anything was known of the lamp. */
  const early = new Map<string, number>();
  const taken = new Map<string, string>();
  const byHand = new Set<string>();
  let lastMono: MonoMs | null = null;
  let savedMono = clock.monoMs();
  let isRead = false;

  async function restore(): Promise<void> {
    const unread = {};
    // The store reports a disk that fails; nothing is known of the lamps meanwhile, and what was not read is not overwritten.
    const load = (key: string): Promise<unknown> => store.load(key, unread).catch(() => unread);
    const [hours, stated] = await Promise.all([load(BURNING_KEY), load(STATED_KEY)]);
    if (hours === unread || stated === unread || isRead) return;
    isRead = true;
    for (const [id, h] of entriesOf(hours)) if (isHours(h) && !byHand.has(id)) know(id, h + (early.get(id) ?? 0));
    for (const [id, statement] of entriesOf(stated)) if (typeof statement === 'string' && !byHand.has(id)) taken.set(id, statement);
  }

  function know(id: string, h: number): void {
    known.set(id, h);
    early.delete(id);
  }

  /** Each statement of the configuration is taken once. What has passed since its day counts in full: rather too much light than too little. */
  function takeStated(): void {
    if (!isRead || !isTrusted(clock.quality())) return;
    for (const { id, burned } of lamps) {
      const statement = statementOf(burned);
      if (burned == null || taken.get(id) === statement) continue;
      const sinceH = (clock.wallMs() - Date.parse(burned.on)) / HOUR_MS;
      if (!Number.isFinite(sinceH)) continue;
      taken.set(id, statement);
      know(id, burned.hours + Math.max(0, sinceH));
      void save();
    }
  }

  async function save(): Promise<boolean> {
    savedMono = clock.monoMs();
    if (!isRead) return false;
    const rounded = [...known].map(([id, h]) => [id, Math.round(h * 100) / 100]);
    const saves = [store.save(BURNING_KEY, Object.fromEntries(rounded)), store.save(STATED_KEY, Object.fromEntries(taken))];
    return (await Promise.all(saves.map((each) => each.catch(() => false)))).every((isSaved) => isSaved);
  }

  return {
    restore,
    take(decisions) {
      takeStated();
      const nowMono = clock.monoMs();
      const stepH = lastMono === null ? 0 : Math.min(nowMono - lastMono, MAX_STEP_MS) / HOUR_MS;
      lastMono = nowMono;
      for (const { lampId, levelPct } of decisions) {
        const hours = known.has(lampId) ? known : early;
        if (levelPct > 0) hours.set(lampId, (hours.get(lampId) ?? 0) + stepH);
      }
      if (nowMono - savedMono < SAVE_MS) return;
      void save();
      if (!isRead) void restore();
    },
    hours: () => known,
    set(lampIds, h) {
      for (const id of lampIds) {
        byHand.add(id);
        know(id, h);
        // A statement from before is not taken any more, also after the next start.
        const burned = lamps.find((lamp) => lamp.id === id)?.burned;
        if (burned != null) taken.set(id, statementOf(burned));
      }
      return save();
    },
    save: () => void save(),
  };
}

function statementOf(burned: Lamp['burned']): string {
  return burned == null ? '' : `${burned.hours}@${burned.on}`;
}

/** The disk may hold anything. */
function entriesOf(stored: unknown): readonly [string, unknown][] {
  return typeof stored === 'object' && stored !== null ? Object.entries(stored) : [];
}

function isHours(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
