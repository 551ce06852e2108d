/**
 * How long a day of one point takes to come back, with a month stored.
 *
 * Owns the questions. Asked as the console asks, through the real thread.
 */
import { DAY_MS } from '../../agent/core/durations.ts';
import { createManualClock } from '../../agent/core/manual-clock.ts';
import { quantile } from '../../agent/core/quantile.ts';
import type { PointId } from '../../agent/core/words.ts';
import { createStore } from '../../agent/store/store.ts';
import { against, type BenchOptions, type BenchResult, round, withPeer } from '../result.ts';
import { scratchFolder } from '../undo.ts';
import { createFeed, feedFrames, NO_LOG } from './feed.ts';
import { storedMonth } from './month.ts';
import { openRowTable } from './row-table.ts';
import { createWorkload, DRIVERS } from './workload.ts';

/** Units: ms. Source: the number to reach. */
const GOAL_MS = 50;
/** One driver of the first, one from the middle, one of the last, and all their quantities. */
const DRIVERS_ASKED = [1, DRIVERS / 2, DRIVERS];
/** A month of rows would be 2 GB; its indexes hardly notice the difference. Units: days. */
const ROW_DAYS = { full: 7, quick: 1 };
/** Polls of one point in a day; one more or less at the edges. */
const ROWS_A_DAY = 1_440;

interface Question {
  readonly pointId: PointId;
  readonly fromMs: number;
  readonly toMs: number;
}

export async function historyBench({ quick, emit, progress }: BenchOptions): Promise<void> {
  const month = await storedMonth(quick, progress);
  const middleMs = month.untilMs - Math.max(DAY_MS, (month.days / 2) * DAY_MS);
  const ends = [month.untilMs, Math.max(middleMs, month.untilMs - (month.days - 1) * DAY_MS)];
  progress(`store: a day of one point, ${month.days} days stored`);
  const ours = await ask(month.compacted.dir, questions(ends), month.untilMs);
  const rowDays = quick ? ROW_DAYS.quick : ROW_DAYS.full;
  const rows = await askRows(rowDays);
  const note = `${ours.length} questions, ${month.days} days stored, compacted hourly`;
  const figure = (metric: string, ms: number): BenchResult => ({ bench: 'store', metric, value: round(ms, 1), unit: 'ms', note });
  const peer = `row a reading, ${rowDays} days stored`;
  for (const [name, share] of [
    ['median', 0.5],
    ['max', 1],
  ] as const) {
    const metric = `history-24h-${name}`;
    emit(withPeer(against(figure(metric, quantile(ours, share)), '<=', GOAL_MS), peer, round(quantile(rows, share), 1)));
  }
}

function questions(ends: readonly number[]): readonly Question[] {
  const { points } = createWorkload(1);
  const devices = DRIVERS_ASKED.map((n) => `D${String(n).padStart(2, '0')}.`);
  const asked = points.filter((point) => devices.some((device) => point.startsWith(device)));
  return ends.flatMap((toMs) => asked.map((pointId) => ({ pointId, fromMs: toMs - DAY_MS, toMs })));
}

async function ask(dir: string, asked: readonly Question[], nowMs: number): Promise<readonly number[]> {
  const { decimals } = createWorkload(1);
  const clock = createManualClock(nowMs);
  const store = createStore({ dir, clock, log: NO_LOG, commitSeconds: 10, maxMegabytes: 4_096, maxDays: 400, decimals });
  await store.start();
  try {
    const times: number[] = [];
    for (const question of asked) {
      const startMs = performance.now();
      const found = await store.history({ ...question, resolution: 'raw', limit: 2 * ROWS_A_DAY });
      times.push(performance.now() - startMs);
      expectDay(question, found?.rows.length);
    }
    return times;
  } finally {
    await store.stop();
  }
}

async function askRows(days: number): Promise<readonly number[]> {
  const { dir, remove } = scratchFolder('bench');
  const table = openRowTable(dir, 'unsafe');
  try {
    const feed = createFeed();
    for (let minute = 0; minute < days * 24 * 60; minute += 10) table.add(await feedFrames(feed, 600));
    return questions([feed.clock.wallMs()]).map((question) => {
      const startMs = performance.now();
      const found = table.read(question.pointId, question.fromMs, question.toMs);
      expectDay(question, found.length);
      return performance.now() - startMs;
    });
  } finally {
    table.close();
    remove();
  }
}

function expectDay({ pointId }: Question, rows: number | undefined): void {
  if (rows === undefined || Math.abs(rows - ROWS_A_DAY) > 2)
    throw new Error(`${pointId}: ${rows} readings of a day, expected ${ROWS_A_DAY}`);
}
