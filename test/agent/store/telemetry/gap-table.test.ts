/** More losses than there are records for. */

import { join } from 'node:path';
import Database from 'better-sqlite3';
import t from 'tap';
import { DAY_MS } from '../../../../agent/core/durations.ts';
import { msg, NO_TEXT } from '../../../../agent/core/message.ts';
import type { Gap } from '../../../../agent/core/ports.ts';
import type { LossReason, MemoryGap, TelemetryWork } from '../../../../agent/store/messages.ts';
import { must, openStore } from '../files/open-store.ts';
import { frame, STORE_START_MS, testFolder } from '../fixtures/kit.ts';

const WORK: TelemetryWork = { frames: [], gaps: [], deliveredUnstored: null, cursorSeq: null, probe: false, nextTicket: 1 };

/** A loss of as many readings as its number, in memory; every third one had row numbers. */
function loss(mark: number, epoch: string): MemoryGap {
  const reason: LossReason = mark % 2 === 0 ? 'memory-full' : 'malformed';
  const rows = mark % 3 === 0 ? { rows: { epoch, from: 10 * mark, to: 10 * mark + 4 } } : {};
  return { mark, readings: mark, reason, atMs: STORE_START_MS + mark, ...rows };
}

function opened(t: Parameters<typeof openStore>[0], dir: string, boot = 'run 1') {
  const store = openStore(t, dir, { setup: { boot } });
  const lose = (from: number, to: number): void => {
    const { epoch } = store.status();
    for (let mark = from; mark <= to; mark += 500) {
      const gaps = Array.from({ length: Math.min(500, to - mark + 1) }, (_, i) => loss(mark + i, epoch));
      must(store.ask('commit', { telemetry: { ...WORK, gaps }, state: null }).telemetry ?? { ok: false, message: msg`no answer` });
    }
  };
  /** As the platform reads: in pages, each after the last. */
  const after = (id: number): Gap[] => {
    const found: Gap[] = [];
    for (let last = id; ; last = found.at(-1)?.id ?? last) {
      const page = must(store.ask('gapsAfter', { id: last }));
      if (page.length === 0) return found;
      found.push(...page);
    }
  };
  return { ...store, lose, after };
}

const total = (gaps: Iterable<Gap>): number => [...gaps].reduce((sum, { readings }) => sum + readings, 0);
const sumTo = (n: number): number => (n * (n + 1)) / 2;

/** What a platform has: by id, and a merged one in the place of those that it stands for. */
function received(all: Map<number, Gap>, gaps: readonly Gap[]): Map<number, Gap> {
  for (const gap of gaps) {
    for (const id of all.keys()) if (id >= (gap.mergedFrom ?? gap.id) && id <= gap.id) all.delete(id);
    all.set(gap.id, gap);
  }
  return all;
}

t.test('with more losses than records every reading is still reported, whatever the platform already has', (t) => {
  const dir = testFolder(t);
  const store = opened(t, dir);
  store.commit(frame(1, 3));
  const platforms = new Map([0, 300, 750, 4_000].map((toId) => [toId, new Map<number, Gap>()]));
  store.lose(1, 4_000);
  for (const [toId, gaps] of platforms)
    received(
      gaps,
      store.after(0).filter(({ id }) => id <= toId),
    );
  store.lose(4_001, 7_300);
  const { account, gaps } = store.status();
  t.match(account, { produced: sumTo(7_300) + 3, backlog: 3, gaps: sumTo(7_300), isBalanced: true });
  t.ok(gaps <= 5_000, `${gaps} records`);
  for (const [toId, platform] of platforms) {
    received(platform, store.after(toId));
    t.equal(total(platform.values()), sumTo(7_300), `having had ${toId}`);
    received(platform, store.after(0));
    t.equal(total(platform.values()), sumTo(7_300), 'and all of it again');
  }
  const [merged, ...single] = store.after(0);
  t.match(merged, { mergedFrom: 1, firstSeq: 30, lastSeq: Number, reason: 'merged' });
  t.ok(single.every((gap) => gap.mergedFrom === undefined && gap.reason !== 'merged'));
  store.close();
  const later = opened(t, dir, 'run 2');
  later.lose(1, 20_000);
  t.match(later.status().account, { gaps: sumTo(7_300) + sumTo(20_000), isBalanced: true });
  t.equal(total(later.after(0)), sumTo(7_300) + sumTo(20_000));
  t.equal(later.after(0).filter(({ mergedFrom }) => mergedFrom !== undefined).length, 1);
  t.end();
});

t.test('a loss on disk after thousands of others takes none of them out of the sum', (t) => {
  const store = openStore(t, testFolder(t), { setup: { maxDays: 1 } });
  store.commit(frame(1, 3));
  store.commit(frame(2, 3));
  const gaps: MemoryGap[] = Array.from({ length: 6_000 }, (_, mark) => ({ mark, readings: 2, reason: 'malformed', atMs: STORE_START_MS }));
  must(store.ask('commit', { telemetry: { ...WORK, gaps }, state: null }).telemetry ?? { ok: false, message: NO_TEXT });
  store.now.atMs = STORE_START_MS + 3 * DAY_MS;
  t.match(must(store.ask('retain', { provenSeq: 0, livedMs: 0, isSynced: true })), { readings: 3, lost: 3 });
  const pages = [0, 2_000, 4_000].flatMap((id) => must(store.ask('gapsAfter', { id })).filter((gap) => gap.id <= id + 2_000));
  t.equal(total(new Map([...pages, ...must(store.ask('gapsAfter', { id: 6_000 }))].map((gap) => [gap.id, gap])).values()), 12_003);
  t.end();
});

t.test('losses without a row stay without one when they are merged', (t) => {
  const store = opened(t, testFolder(t));
  const gaps = (from: number): MemoryGap[] =>
    Array.from({ length: 500 }, (_, i) => ({ mark: from + i, readings: 2, reason: 'malformed', atMs: STORE_START_MS }));
  for (let from = 1; from <= 5_501; from += 500)
    must(store.ask('commit', { telemetry: { ...WORK, gaps: gaps(from) }, state: null }).telemetry ?? { ok: false, message: NO_TEXT });
  t.match(store.after(0)[0], { mergedFrom: 1, firstSeq: null, lastSeq: null, atMs: STORE_START_MS });
  t.match(store.status().account, { produced: 12_000, gaps: 12_000, isBalanced: true });
  t.end();
});

t.test('a loss that could not be counted stays one when it is merged with others', (t) => {
  const dir = testFolder(t);
  const store = opened(t, dir);
  store.commit(frame(1, 1));
  store.close();
  const db = new Database(join(dir, 'telemetry.db'));
  db.exec("INSERT INTO gap(n, reason, at_ms, estimate) VALUES(0, 'set-aside', 1, 1)");
  db.close();
  const again = opened(t, dir, 'run 2');
  t.match(again.status().account, { estimates: 1 });
  again.lose(1, 6_000);
  const [merged, next] = again.after(0);
  t.match(merged, { mergedFrom: 1, reason: 'merged', isEstimate: true });
  t.notOk(next?.isEstimate);
  t.match(again.status().account, { estimates: 1, isBalanced: true });
  t.end();
});

t.test('the previous release reads a file with merged losses, and its account is balanced', (t) => {
  const dir = testFolder(t);
  const store = opened(t, dir);
  store.commit(frame(1, 3));
  store.lose(1, 6_000);
  store.close();
  const db = new Database(join(dir, 'telemetry.db'));
  // Its own words. Source: `gap-table.ts` of version 3.
  const sum = db
    .prepare<[], { all: number; uncommitted: number }>(
      'SELECT coalesce(sum(n), 0) AS "all", coalesce(sum(CASE WHEN first_seq IS NULL THEN n ELSE 0 END), 0) AS uncommitted FROM gap',
    )
    .get();
  const kept = (key: string): number => Number(db.prepare('SELECT value FROM meta WHERE key = ?').pluck().get(key) ?? 0);
  t.equal((sum?.all ?? 0) + kept('gaps_trimmed'), sumTo(6_000));
  t.equal((sum?.uncommitted ?? 0) + kept('gaps_trimmed_unnumbered'), sumTo(6_000));
  db.close();
  t.end();
});
