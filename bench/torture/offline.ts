/**
 * A month without the platform: the file stays below its cap, the memory flat, and every reading is stored or in a gap.
 *
 * Owns the run. The store as shipped on a simulated clock; its database on the main thread, so that its memory is seen too. In a process of
 * its own with the agent's heap settings.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { HOUR_MS } from '../../agent/core/durations.ts';
import leanStart from '../../agent/lean-start.json' with { type: 'json' };
import { openInProcessLink } from '../../agent/store/client/in-process-link.ts';
import { createStore } from '../../agent/store/store.ts';
import { answerParent, startChild } from '../child.ts';
import { createFeed, NO_LOG } from '../store/feed.ts';
import { scratchFolder } from '../undo.ts';
import type { TortureOptions } from './torture.ts';

export interface OfflineQuestion {
  readonly days: number;
  readonly maxMegabytes: number;
}

export interface OfflineAnswer {
  readonly days: number;
  readonly produced: number;
  readonly stored: number;
  readonly inGaps: number;
  readonly found: number;
  readonly isBalanced: boolean;
  readonly largestBytes: number;
  readonly maxBytes: number;
  /** Memory of the process at the end of each day. Units: MB. */
  readonly rssMb: readonly number[];
}

/** Too small for a month of readings, even after compaction. Units: MB. */
const CAP_MB = 8;
const DAYS = { full: 30, quick: 2 };
/** The first days fill caches and the file. */
const SETTLED_AFTER_DAYS = 5;
/** Units: MB. Source: issue "store", flat means within this. */
const FLAT_MB = 5;
const HEAP = ['--max-semi-space-size=1', '--max-old-space-size=64', '--expose-gc'];

export async function offlineTorture({ quick, emit, progress }: TortureOptions): Promise<boolean> {
  const child = startChild<OfflineQuestion, OfflineAnswer>('torture/offline-process.ts', [], HEAP, leanStart.env);
  try {
    const days = quick ? DAYS.quick : DAYS.full;
    progress(`offline: ${days} days of 518,400 readings into ${CAP_MB} MB`);
    const answer = await child.ask({ days, maxMegabytes: quick ? 1 : CAP_MB });
    const settled = answer.rssMb.slice(SETTLED_AFTER_DAYS);
    const spreadMb = settled.length === 0 ? 0 : Math.max(...settled) - Math.min(...settled);
    const isWhole = answer.isBalanced && answer.produced === answer.stored + answer.inGaps && answer.found === answer.stored;
    const ok = isWhole && answer.largestBytes <= answer.maxBytes && spreadMb <= 2 * FLAT_MB;
    const { rssMb, ...figures } = answer;
    const rssMbByDay = Object.fromEntries(rssMb.map((mb, day) => [`${day + 1}`, mb]));
    emit({ torture: 'offline', ok, ...figures, rssMbByDay, rssSpreadMb: Math.round(spreadMb * 10) / 10 });
    return ok;
  } finally {
    await child.stop();
  }
}

export function answerOffline(): void {
  answerParent<OfflineQuestion, OfflineAnswer>(async ({ days, maxMegabytes }) => {
    const { dir } = scratchFolder('torture');
    const feed = createFeed();
    const { clock, workload } = feed;
    const counters = new Set(workload.points.filter((point) => point.endsWith('.energy')));
    const store = createStore({
      dir,
      clock,
      log: NO_LOG,
      commitSeconds: 60,
      maxMegabytes,
      maxDays: 400,
      decimals: workload.decimals,
      counters,
      openLink: openInProcessLink,
    });
    feed.onFrame = store.append;
    await store.start();
    const rssMb: number[] = [];
    let largestBytes = 0;
    for (let hour = 1; hour <= days * 24; hour++) {
      await clock.advance(HOUR_MS);
      await store.compact();
      largestBytes = Math.max(largestBytes, statSync(join(dir, 'telemetry.db')).size);
      if (hour % 24 !== 0) continue;
      globalThis.gc?.();
      rssMb.push(Math.round((process.memoryUsage.rss() / 2 ** 20) * 10) / 10);
    }
    feed.onFrame = () => {};
    await clock.advance(61_000);
    const { account, maxBytes } = await store.status();
    let [found, seq] = [0, 0];
    for (let frames = await store.readAfter(0, 500); frames.length > 0; frames = await store.readAfter(seq, 500)) {
      found += frames.reduce((sum, { readings }) => sum + readings.length, 0);
      seq = frames.at(-1)?.seq ?? seq;
    }
    await store.stop();
    return {
      days,
      produced: account.produced,
      stored: account.backlog,
      inGaps: account.gaps,
      found,
      isBalanced: account.isBalanced,
      largestBytes,
      maxBytes,
      rssMb,
    };
  });
}
