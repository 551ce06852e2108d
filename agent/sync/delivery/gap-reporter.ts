/**
 * Tells the platform of every recorded loss, each until the broker has it.
 *
 * Owns how far it has told, over restarts.
 */
import type { Store } from '../../core/ports.ts';
import { GAPS_AT_ONCE, gapText } from './gap-text.ts';

export interface GapReporter {
  restore(): Promise<void>;
  /** All that this epoch has recorded since. */
  tell(epoch: string): Promise<void>;
}

const KEY = 'sync.gapsTold';

/** A teller that has told nothing yet. */
export function createGapReporter({
  store,
  onGap,
  proven,
  isOpen,
}: {
  readonly store: Pick<Store, 'gapsAfter' | 'save' | 'load'>;
  readonly onGap: (notes: readonly string[]) => void;
  /** What was told has reached the broker; false where the link broke. */
  readonly proven: () => Promise<boolean>;
  readonly isOpen: () => boolean;
}): GapReporter {
  let told = { epoch: '', id: 0 };
  let isTelling = false;

  /** True when there may be more. */
  async function tellSome(epoch: string): Promise<boolean> {
    const gaps = (await store.gapsAfter(told.id)).slice(0, GAPS_AT_ONCE);
    const last = gaps.at(-1);
    if (last === undefined || !isOpen()) return false;
    onGap(gaps.map((gap) => gapText(epoch, gap)));
    if (!(await proven())) return false;
    told = { epoch, id: last.id };
    void store.save(KEY, told);
    return gaps.length === GAPS_AT_ONCE;
  }

  return {
    restore: async () => {
      const kept = await store.load(KEY);
      if (isTold(kept)) told = { epoch: kept.epoch, id: kept.id };
    },
    tell: async (epoch) => {
      if (isTelling || !isOpen()) return;
      isTelling = true;
      if (told.epoch !== epoch) told = { epoch, id: 0 };
      while (await tellSome(epoch));
      isTelling = false;
    },
  };
}

function isTold(value: unknown): value is { epoch: string; id: number } {
  if (typeof value !== 'object' || value === null || !('epoch' in value) || !('id' in value)) return false;
  return typeof value.epoch === 'string' && Number.isSafeInteger(value.id);
}
