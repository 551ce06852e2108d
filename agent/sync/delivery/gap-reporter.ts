/**
 * Reports every recorded loss to the platform, each until the broker has it. Progress is kept over restarts.
 */
import type { Store } from '../../core/ports.ts';
import { GAPS_AT_ONCE, gapText } from './gap-text.ts';

export interface GapReporter {
  restore(): Promise<void>;
  /** Reports all losses that this epoch has recorded and that were not reported yet. */
  report(epoch: string): Promise<void>;
}

const KEY = 'sync.gapsTold';

/** A reporter that has reported nothing yet. */
export function createGapReporter({
  store,
  onGap,
  proven,
  isOpen,
}: {
  readonly store: Pick<Store, 'gapsAfter' | 'save' | 'load'>;
  readonly onGap: (texts: readonly string[]) => void;
  /** Resolves true when the broker has received what was sent, false when the link broke. */
  readonly proven: () => Promise<boolean>;
  readonly isOpen: () => boolean;
}): GapReporter {
  let reported = { epoch: '', id: 0 };
  let isReporting = false;

  /** True when there may be more. */
  async function reportSome(epoch: string): Promise<boolean> {
    const gaps = (await store.gapsAfter(reported.id)).slice(0, GAPS_AT_ONCE);
    const last = gaps.at(-1);
    if (last === undefined || !isOpen()) return false;
    onGap(gaps.map((gap) => gapText(epoch, gap)));
    if (!(await proven())) return false;
    reported = { epoch, id: last.id };
    void store.save(KEY, reported);
    return gaps.length === GAPS_AT_ONCE;
  }

  return {
    restore: async () => {
      const saved = await store.load(KEY);
      if (isReported(saved)) reported = { epoch: saved.epoch, id: saved.id };
    },
    report: async (epoch) => {
      if (isReporting || !isOpen()) return;
      isReporting = true;
      if (reported.epoch !== epoch) reported = { epoch, id: 0 };
      while (await reportSome(epoch));
      isReporting = false;
    },
  };
}

function isReported(value: unknown): value is { epoch: string; id: number } {
  if (typeof value !== 'object' || value === null || !('epoch' in value) || !('id' in value)) return false;
  return typeof value.epoch === 'string' && Number.isSafeInteger(value.id);
}
