/**
 * Reports every lost reading to the platform, as `Sync/Gap`: one JSON object for each loss that the store has recorded.
 *
 * Shape: `{epoch, id, after, from, to, readings, reason, atMs}`; from and to are null if the readings never had a row. With
 * `estimate` true, readings could not be counted: `readings` is approximate, and 0 means an unknown number.
 */
import type { Clock } from '../../core/clock.ts';
import type { Gap, Store } from '../../core/ports.ts';
import type { Sent } from '../sparkplug/publisher.ts';
import { RecordReporter, type ReportedRecord, type ReportLink } from './record-reporter.ts';
import type { RowBatch } from './row-batches.ts';
import { wireEpoch } from './rows-mark.ts';

/** Gaps that are repeated after a birth for a platform that acknowledges none. Source: assumed; 100 gaps are 15 KB, fewer bytes than the births. Confirmed by: the data use of a cabinet on a cellular link in a month. */
const NEWEST = 100;
/** Shortest and longest wait for an acknowledgement before gaps are repeated. Units: ms. Source: as for rows, `ack-watch.ts`. */
const WAIT_MS = { first: 60_000, longest: 600_000 };
const KEY = 'sync.gapsTold';

/**
 * The dependencies of `createGapReporter`. `store`: has the losses, and keeps what was reported. `onGap`: receives the texts for
 * `Sync/Gap`, one JSON object for each loss.
 */
export interface GapReporterParts extends Omit<ReportLink, 'onTexts'> {
  readonly store: Pick<Store, 'gapsAfter' | 'save' | 'load'>;
  readonly clock: Pick<Clock, 'monoMs'>;
  readonly onGap: (texts: readonly string[]) => void;
}

/** Creates the reporter of lost readings, which passes the texts that are due to `onGap` when `report` is called. */
export function createGapReporter({ store, onGap, ...link }: GapReporterParts): RecordReporter {
  const recordsAfter = async (fromId: number, epoch: string, limit: number): Promise<readonly ReportedRecord[]> => {
    let after = fromId;
    const gaps = (await store.gapsAfter(fromId)).slice(0, limit);
    return gaps.map(({ id, mergedFrom, firstSeq: from, lastSeq: to, readings, isEstimate: estimate, reason, atMs }) => {
      const text = gapText(epoch, { id, mergedFrom, after, from, to, readings, estimate, reason, atMs });
      after = id;
      return { id, text };
    });
  };
  return new RecordReporter({ ...link, store, onTexts: onGap, key: KEY, newest: NEWEST, waitMs: WAIT_MS, recordsAfter });
}

/**
 * Returns the `Sync/Gap` texts for readings of these rows that `notConfigured` and `leftOut` count: one for each that is above 0. A text
 * names all rows of the batch, and the time of the first frame.
 */
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
    .map(({ readings, reason }) => gapText(epoch, { id: null, after: null, from, to, readings, reason, atMs }));
}

interface GapFields extends Pick<Gap, 'readings' | 'atMs'> {
  readonly id: number | null;
  /** Present if it replaces all gaps from this id on. */
  readonly mergedFrom?: number | undefined;
  /** The previous gap in this epoch. */
  readonly after: number | null;
  readonly from: number | null;
  readonly to: number | null;
  readonly reason: string;
  /** Present if the readings could not be counted. */
  readonly estimate?: true | undefined;
}

function gapText(epoch: string, gap: GapFields): string {
  return JSON.stringify({ epoch: wireEpoch(epoch), ...gap, atMs: Math.round(gap.atMs) });
}
