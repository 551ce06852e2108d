/**
 * How many hours each lamp has burnt.
 *
 * Owns the hours, in memory and on disk. Never decides about light. Called by `control` at each tick.
 */
import type { Clock, MonoMs } from '../core/clock.ts';
import type { Store } from '../core/ports.ts';
import type { Decision } from '../core/words.ts';

export interface BurningBook {
  restore(): Promise<void>;
  /** Time goes by at these levels. */
  take(decisions: readonly Decision[]): void;
  /** By lamp. Units: h. */
  hours(): ReadonlyMap<string, number>;
  save(): void;
}

const BURNING_KEY = 'control.burning-hours';
/** Units: ms. Source: flash wears; an hour of twelve years is nothing. */
const SAVE_MS = 3_600_000;
const HOUR_MS = 3_600_000;
/** Longest step that counts: more is a machine that slept. Units: ms. */
const MAX_STEP_MS = 60_000;

export function createBurningBook({ clock, store }: { readonly clock: Clock; readonly store: Pick<Store, 'save' | 'load'> }): BurningBook {
  const hours = new Map<string, number>();
  let lastMono: MonoMs | null = null;
  let savedMono = clock.monoMs();
  let isKnown = false;
  const save = (): void => {
    // What was not read must not be overwritten.
    if (!isKnown) return;
    savedMono = clock.monoMs();
    void store.save(BURNING_KEY, Object.fromEntries([...hours].map(([id, h]) => [id, Math.round(h * 100) / 100])));
  };
  return {
    async restore() {
      const unread = {};
      // A disk that fails is the store's to tell; the hours of this run then count for nothing.
      const found = await store.load(BURNING_KEY, unread).catch(() => unread);
      if (found === unread) return;
      isKnown = true;
      if (typeof found !== 'object' || found === null) return;
      for (const [id, h] of Object.entries(found)) if (Number.isFinite(h) && h >= 0) hours.set(id, (hours.get(id) ?? 0) + (h as number));
    },
    take(decisions) {
      const nowMono = clock.monoMs();
      const stepH = lastMono === null ? 0 : Math.min(nowMono - lastMono, MAX_STEP_MS) / HOUR_MS;
      lastMono = nowMono;
      for (const { lampId, levelPct } of decisions) if (levelPct > 0) hours.set(lampId, (hours.get(lampId) ?? 0) + stepH);
      if (nowMono - savedMono >= SAVE_MS) save();
    },
    hours: () => hours,
    save,
  };
}
