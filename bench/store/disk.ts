/**
 * How many bytes a reading takes on disk: as frames and compacted, after a day and after a month.
 *
 * Owns the day's stores. Files are measured closed, that is with their journal written back and gone.
 */
import { statSync } from 'node:fs';
import { against, type BenchOptions, type BenchResult, round, withPeer } from '../result.ts';
import { scratchFolder } from '../undo.ts';
import { closeMeasured, openFedStore, type Sizes } from './fed-store.ts';
import { createFeed, feedFrames } from './feed.ts';
import { storedMonth } from './month.ts';
import { openRowTable } from './row-table.ts';
import { SERIES } from './workload.ts';

/** Units: bytes a reading. Source: the and the design's numbers to reach. */
const GOAL = { frames: 6, compacted: 1 };
const DAY_HOURS = { full: 24, quick: 3 };
/** As shipped, and the slowest that is usual. Units: s. */
const COMMIT_SECONDS = [10, 60] as const;
const PEER = 'row a reading';

export async function diskBench({ quick, emit, progress }: BenchOptions): Promise<void> {
  const hours = quick ? DAY_HOURS.quick : DAY_HOURS.full;
  progress(`store: ${hours} h of ${SERIES} series as rows, as frames, compacted`);
  const rows = await rowBytes(hours);
  const age = quick ? `${hours}h` : 'day';
  for (const commitSeconds of COMMIT_SECONDS) {
    const how = `${SERIES} series a minute for ${hours} h, a commit each ${commitSeconds} s by the real thread`;
    emit(besideRows(framesFigure(`${age}-${commitSeconds}s`, await dayOf({ hours, commitSeconds, isCompacted: false }), how)));
    if (commitSeconds !== COMMIT_SECONDS[0]) continue;
    for (const figure of compactedFigures(age, await dayOf({ hours, commitSeconds, isCompacted: true }), how)) emit(besideRows(figure));
  }
  progress('store: a month of the same');
  const { days, frames, compacted } = await storedMonth(quick, progress);
  const how = `${SERIES} series a minute for ${days} days, a commit a minute, without a thread`;
  const monthAge = `${days}-days`;
  for (const figure of [framesFigure(monthAge, frames.sizes, how), ...compactedFigures(monthAge, compacted.sizes, how)])
    emit(besideRows(figure));

  function besideRows(figure: BenchResult): BenchResult {
    return withPeer(figure, PEER, rows);
  }
}

function framesFigure(age: string, sizes: Sizes, how: string): BenchResult {
  const note = `${how}; the whole file; the journal beside it took ${round(sizes.journalBytes / 2 ** 20, 1)} MB while running`;
  return against(perReading(`bytes-per-reading-frames-${age}`, sizes.bytes / sizes.readings, note), '<=', GOAL.frames);
}

function compactedFigures(age: string, { bytes, segmentBytes, readings, status }: Sizes, how: string): readonly BenchResult[] {
  const { count, readings: compacted } = status.segments;
  const note = `${how}, compacted each hour; ${count} segments with ${compacted} of ${readings} readings, their whole pages`;
  const whole = `${how}, compacted each hour; the whole file, ${readings - compacted} readings of the last two hours still as frames`;
  return [
    against(perReading(`bytes-per-reading-compacted-${age}`, segmentBytes / compacted, note), '<=', GOAL.compacted),
    perReading(`bytes-per-reading-whole-file-${age}`, bytes / readings, whole),
  ];
}

async function dayOf({ hours, ...how }: { hours: number; commitSeconds: number; isCompacted: boolean }): Promise<Sizes> {
  const { dir, remove } = scratchFolder('bench');
  const fed = await openFedStore({ dir, ...how });
  try {
    await fed.run(hours);
    return await closeMeasured(fed);
  } finally {
    await fed.store.stop();
    remove();
  }
}

async function rowBytes(hours: number): Promise<number> {
  const { dir, remove } = scratchFolder('bench');
  const table = openRowTable(dir, 'unsafe');
  const feed = createFeed();
  for (let minute = 0; minute < hours * 60; minute++) table.add(await feedFrames(feed, 60));
  table.close();
  const bytes = statSync(table.file).size;
  remove();
  return round(bytes / feed.readings(), 2);
}

function perReading(metric: string, bytes: number, note: string): BenchResult {
  return { bench: 'store', metric, value: round(bytes, 2), unit: 'B', note };
}
