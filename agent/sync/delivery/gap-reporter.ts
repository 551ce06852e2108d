/**
 * Reports every lost reading to the platform, as `Sync/Gap`: one JSON object for each loss.
 *
 * A loss that the store has recorded is reported until the broker has it; progress is kept over restarts.
 * Shape: `{epoch, id, from, to, readings, reason, atMs}`; from and to are null where the readings never had a row.
 */
import { isRecord } from '../../core/is-record.ts';
import type { Gap, Store } from '../../core/ports.ts';
import type { Sent } from '../sparkplug/publisher.ts';
import type { RowBatch } from './row-batches.ts';
import { wireEpoch } from './rows-mark.ts';

/** Gaps reported between two barriers. */
const GAPS_AT_ONCE = 20;
const KEY = 'sync.gapsTold';

export type GapReporter = ReturnType<typeof createGapReporter>;

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
}) {
  let reported = { epoch: '', id: 0 };
  let isReporting = false;

  /** True when there may be more. */
  async function reportSome(epoch: string): Promise<boolean> {
    const gaps = (await store.gapsAfter(reported.id)).slice(0, GAPS_AT_ONCE);
    const last = gaps.at(-1);
    if (last === undefined || !isOpen()) return false;
    onGap(
      gaps.map(({ id, mergedFrom, firstSeq: from, lastSeq: to, readings, reason, atMs }) =>
        gapText(epoch, { id, mergedFrom, from, to, readings, reason, atMs }),
      ),
    );
    if (!(await proven())) return false;
    reported = { epoch, id: last.id };
    void store.save(KEY, reported);
    return gaps.length === GAPS_AT_ONCE;
  }

  return {
    restore: async (): Promise<void> => {
      const saved = await store.load(KEY);
      if (isRecord(saved) && typeof saved['epoch'] === 'string' && Number.isSafeInteger(saved['id']))
        reported = { epoch: saved['epoch'], id: Number(saved['id']) };
    },
    /** Reports all losses that this epoch has recorded and that were not reported yet. */
    report: async (epoch: string): Promise<void> => {
      if (isReporting || !isOpen()) return;
      isReporting = true;
      if (reported.epoch !== epoch) reported = { epoch, id: 0 };
      while (await reportSome(epoch));
      isReporting = false;
    },
  };
}

/** The texts for the readings of these rows that could not be sent as metrics. `id` is null; the rows are the key. */
export function unsentGapTexts(
  epoch: string,
  { rows: { from, to }, frames }: RowBatch,
  { notConfigured, leftOut }: Pick<Sent, 'notConfigured' | 'leftOut'>,
): string[] {
  const atMs = frames[0]?.atMs ?? 0;
  const unsent = [
    { readings: notConfigured, reason: 'not-configured' },
    { readings: leftOut, reason: 'packet-limit' },
  ];
  return unsent
    .filter(({ readings }) => readings > 0)
    .map(({ readings, reason }) => gapText(epoch, { id: null, from, to, readings, reason, atMs }));
}

interface GapFields extends Pick<Gap, 'readings' | 'atMs'> {
  readonly id: number | null;
  /** Given where it replaces all gaps from this id on. */
  readonly mergedFrom?: number | undefined;
  readonly from: number | null;
  readonly to: number | null;
  readonly reason: string;
}

function gapText(epoch: string, gap: GapFields): string {
  return JSON.stringify({ epoch: wireEpoch(epoch), ...gap, atMs: Math.round(gap.atMs) });
}
