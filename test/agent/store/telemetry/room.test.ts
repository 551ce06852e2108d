/** A limit that is lowered far below the size of a store: space is freed step by step, commits run in between, and no loss is recorded twice. */
import { cpSync, statSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { HOUR_MS } from '../../../../agent/core/durations.ts';
import { createManualClock } from '../../../../agent/core/manual-clock.ts';
import { msg } from '../../../../agent/core/message.ts';
import type { Gap } from '../../../../agent/core/ports.ts';
import type { AgentEvent, PointId } from '../../../../agent/core/words.ts';
import { openInProcessLink } from '../../../../agent/store/client/in-process-link.ts';
import { StoreDatabase } from '../../../../agent/store/database.ts';
import type { Kind, OpenLink, Setup, StoreAnswer, StoreRequest, TelemetryWork } from '../../../../agent/store/messages.ts';
import { createStore } from '../../../../agent/store/store.ts';
import { openWorkerLink } from '../../../../agent/store/worker-link.ts';
import { SILENT, STORE_START_MS, testFolder } from '../fixtures/kit.ts';

const MB = 2 ** 20;
const HOURS = 120;
const POINTS = 100;
const PRODUCED = HOURS * 12 * POINTS;

type Frames = TelemetryWork['frames'];

function frameOf(ticket: number, atMs: number): Frames[number] {
  let seed = ticket;
  const rough = (): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return (seed >>> 8) % 100_000;
  };
  return {
    ticket,
    atMono: atMs - STORE_START_MS,
    atMs,
    clockQuality: 'synced',
    readings: Array.from({ length: POINTS }, (_, i) => ({
      pointId: `P${i}.v` as PointId,
      value: rough(),
      quality: 'good',
      atMono: atMs - STORE_START_MS,
      atMs,
    })),
  };
}

function database(dir: string, megabytes: number, boot = 'first') {
  const setup: Setup = {
    dir,
    boot,
    maxBytes: megabytes * MB,
    maxDays: 400,
    machine: null,
    counters: new Set<string>(),
    decimals: new Map(Array.from({ length: POINTS }, (_, i) => [`P${i}.v`, 0])),
    floorSeq: 0,
  };
  const db = new StoreDatabase(setup);
  const ask = <K extends Kind>(request: Omit<StoreRequest<K>, 'atMs'>, atMs = STORE_START_MS + HOURS * HOUR_MS): StoreAnswer<K>['answer'] =>
    db.handle<K>({ ...request, atMs } as unknown as StoreRequest<K>).answer;
  const commit = (frames: Frames, cursorSeq: number | null = null) => {
    const telemetry = { frames, gaps: [], deliveredUnstored: null, cursorSeq, probe: false, nextTicket: 1 };
    const done = ask<'commit'>({ kind: 'commit', telemetry, state: null } as never).telemetry;
    if (done?.ok !== true) throw new Error(`no commit: ${done?.message}`);
    return done.value;
  };
  const step = () => {
    const done = ask<'makeRoom'>({ kind: 'makeRoom', provenSeq: 0 } as never);
    if (!done.ok) throw new Error(String(done.message));
    return done.value;
  };
  const facts = () => {
    const done = ask<'status'>({ kind: 'status', atMono: 0, provenSeq: 0 } as never);
    if (!done.ok) throw new Error(String(done.message));
    return done.value;
  };
  const gaps = (): readonly Gap[] => {
    const done = ask<'gapsAfter'>({ kind: 'gapsAfter', id: 0 } as never);
    return done.ok ? done.value : [];
  };
  const end = (): void => void ask<'close'>({ kind: 'close', isAllCommitted: true } as never);
  return { ask, commit, step, facts, gaps, end };
}

/** Five days by hour, packed. Copied for each test. */
const FULL = testFolder({ teardown: t.teardown });
function fill(): void {
  const db = database(FULL, 64);
  for (let hour = 0; hour < HOURS; hour++) {
    db.commit(Array.from({ length: 12 }, (_, i) => frameOf(hour * 12 + i + 1, STORE_START_MS + hour * HOUR_MS + i * 300_000)));
    db.ask<'compact'>({ kind: 'compact', atMono: (hour + 1) * HOUR_MS } as never);
  }
  db.end();
}
fill();

function fullStore(t: Test): string {
  const dir = testFolder(t);
  cpSync(FULL, dir, { recursive: true });
  return dir;
}

const sumOf = (gaps: readonly Gap[]): number => gaps.reduce((sum, { readings }) => sum + readings, 0);

t.test('a commit under a lowered limit does its own work and reports that space is needed', async (t) => {
  const db = database(fullStore(t), 0.05, 'second');
  const before = db.facts();
  t.match(before.account, { produced: PRODUCED, backlog: PRODUCED, gaps: 0 });
  t.ok(before.segments.count >= HOURS - 2, 'a segment for each hour');
  const { isOverCap, tickets } = db.commit([frameOf(1, STORE_START_MS + HOURS * HOUR_MS)]);
  t.match({ isOverCap, tickets }, { isOverCap: true, tickets: [{ readings: POINTS }] });
  t.equal(db.facts().segments.count, before.segments.count, 'nothing else has changed');
  t.equal(db.facts().account.gaps, 0);
  db.end();
});

for (const [megabytes, story] of [
  [0.3, 'to less than half'],
  [0.05, 'to a tenth'],
  [0.001, 'below one segment'],
] as const)
  t.test(`a cap that is lowered ${story} is reached in bounded steps, and each loss is recorded once`, async (t) => {
    const dir = fullStore(t);
    const db = database(dir, megabytes, 'second');
    db.commit([frameOf(1, STORE_START_MS + HOURS * HOUR_MS)]);
    let steps = 0;
    let lostReadings = 0;
    for (let more = true; more; steps++) {
      const before = db.facts();
      const step = db.step();
      more = step.more;
      lostReadings += step.lost.reduce((sum, { readings }) => sum + readings, 0);
      const { segments, account } = db.facts();
      if (before.segments.count - segments.count > 16) t.fail(`${before.segments.count - segments.count} segments in one step`);
      if (!account.isBalanced) t.fail(`not balanced: ${JSON.stringify(account)}`);
      if (account.gaps !== lostReadings) t.fail(`${account.gaps} in gaps, ${lostReadings} reported`);
      if (steps > 2_000) return t.fail('does not end');
    }
    const { account } = db.facts();
    t.ok(account.backlog < PRODUCED && account.backlog >= POINTS, 'and the newest row is still there');
    t.match(account, { produced: PRODUCED + POINTS, isBalanced: true });
    t.equal(sumOf(db.gaps()), account.gaps);
    t.ok(db.gaps().length <= 2, `${db.gaps().length} gaps for ${steps} steps`);
    db.commit([frameOf(2, STORE_START_MS + HOURS * HOUR_MS + 1_000)]);
    db.end();
    if (megabytes >= 0.3) t.ok(statSync(join(dir, 'telemetry.db')).size <= megabytes * MB + 256 * 2_048, 'the file itself shrinks too');
  });

t.test('a run that is killed between two steps is continued, whatever the steps before', async (t) => {
  const dir = fullStore(t);
  let boot = 0;
  let more = true;
  for (let life = 1; more; life++) {
    const db = database(dir, 0.05, `life ${life}`);
    db.commit([frameOf(1, STORE_START_MS + (HOURS + life) * HOUR_MS)]);
    for (let steps = 0; more && steps < life; steps++) more = db.step().more;
    // Killed: the files stay as they are, in the middle of the work.
    const { account } = db.facts();
    t.match(account, { produced: PRODUCED + life * POINTS, isBalanced: true });
    t.equal(sumOf(db.gaps()), account.gaps);
    boot = life;
    if (life > 60) return t.fail('does not end');
  }
  t.ok(boot > 2, `${boot} lives`);
});

t.test('a limit that is raised in the middle stops it; one that is lowered again continues it', async (t) => {
  const dir = fullStore(t);
  const low = database(dir, 0.05, 'low');
  low.commit([frameOf(1, STORE_START_MS + HOURS * HOUR_MS)]);
  for (let i = 0; i < 3; i++) low.step();
  const { account } = low.facts();
  low.end();
  const high = database(dir, 64, 'high');
  t.equal(high.commit([frameOf(1, STORE_START_MS + HOURS * HOUR_MS)]).isOverCap, false);
  t.strictSame(high.step(), { more: false, lost: [] });
  t.equal(high.facts().account.gaps, account.gaps);
  high.end();
  const again = database(dir, 0.03, 'again');
  t.equal(again.commit([]).isOverCap, true);
  again.end();
});

t.test('delivered readings are removed without a gap, and rows between two damaged ones are in none', async (t) => {
  const dir = fullStore(t);
  const db = database(dir, 0.05, 'second');
  const { lastSeq } = db.facts();
  db.commit([frameOf(1, STORE_START_MS + HOURS * HOUR_MS)], lastSeq);
  for (let more = true; more; ) more = db.step().more;
  t.match(db.facts().account, { delivered: PRODUCED, gaps: 0, isBalanced: true });
  db.end();
});

/** A real thread, and its requests in order. */
function watchedLink(asked: Kind[], refuse: { left: number } = { left: 0 }): OpenLink {
  return (setup, onLost) => {
    const link = openWorkerLink(setup, onLost);
    return {
      close: link.close,
      ask: async <K extends Kind>(request: StoreRequest<K>): Promise<StoreAnswer<K>> => {
        asked.push(request.kind);
        if (request.kind !== 'makeRoom' || refuse.left === 0) return link.ask<K>(request);
        refuse.left -= 1;
        return { answer: { ok: false, code: 'full', message: msg`the disk is full` }, notices: [] } as unknown as StoreAnswer<K>;
      },
    };
  };
}

async function lowered(t: Test, refusals: number) {
  const dir = fullStore(t);
  const clock = createManualClock(STORE_START_MS + HOURS * HOUR_MS);
  const asked: Kind[] = [];
  const events: AgentEvent[] = [];
  const store = createStore({
    dir,
    clock,
    log: SILENT,
    commitSeconds: 1,
    maxMegabytes: 0.05,
    maxDays: 400,
    decimals: new Map(),
    openLink: watchedLink(asked, { left: refusals }),
  });
  store.onEvent = (event) => events.push(event);
  await store.start();
  let ticket = 0;
  const isDone = async (): Promise<boolean> => (await store.status()).segments.count < 10;
  while (!(await isDone())) {
    store.append(frameOf(++ticket, clock.wallMs()));
    await clock.advance(1_000);
    if (ticket > 500) break;
  }
  // Second by second: the thread works in real time and must not seem to hang.
  for (let s = 0; s < 70; s++) {
    await clock.advance(1_000);
    await store.status();
  }
  const status = await store.status();
  await store.stop();
  return { asked, events, status, ticket };
}

t.test('on the real thread commits run between the steps', async (t) => {
  const { asked, events, status, ticket } = await lowered(t, 0);
  const steps = asked.filter((kind) => kind === 'makeRoom').length;
  t.ok(steps > 3, `${steps} steps`);
  const between = asked.lastIndexOf('makeRoom') - asked.indexOf('makeRoom') - steps;
  t.ok(between > 0, `${between} other questions between them`);
  t.match(status, { state: 'ok', readingsWaiting: 0, account: { produced: PRODUCED + ticket * POINTS, isBalanced: true } });
  t.ok(events.filter(({ code }) => code === 'readings-lost').length <= 4, 'a few events, not one a step');
});

t.test('a disk that becomes full during the steps is a failure with an end, and room is made afterwards', async (t) => {
  const { status, events } = await lowered(t, 2);
  t.match(status, { state: 'ok', account: { isBalanced: true } });
  t.ok(events.some(({ code, endMs }) => code === 'store-trouble' && endMs !== null));
});

t.test('a backlog that is being drained while the cap is lowered arrives as rows or as gaps', async (t) => {
  const dir = fullStore(t);
  const clock = createManualClock(STORE_START_MS + HOURS * HOUR_MS);
  const common = { dir, clock, log: SILENT, commitSeconds: 10, maxDays: 400, decimals: new Map(), openLink: openInProcessLink };
  let found = 0;
  let seq = 0;
  let store = createStore({ ...common, maxMegabytes: 64 });
  await store.start();
  const drain = async (pages: number): Promise<void> => {
    for (let page = 0; page < pages; page++) {
      const frames = await store.readAfter(seq, 40);
      found += frames.reduce((sum, { readings }) => sum + readings.length, 0);
      seq = frames.at(-1)?.seq ?? seq;
      store.moveCursor(seq);
      await clock.advance(61_000);
    }
  };
  await drain(5);
  await store.stop();
  store = createStore({ ...common, maxMegabytes: 0.3 });
  await store.start();
  await drain(60);
  const { account, backlogFrames } = await store.status();
  t.equal(backlogFrames, 0);
  t.equal(found + account.gaps, PRODUCED);
  t.match(account, { delivered: found, backlog: 0, isBalanced: true });
  t.ok(account.gaps > 0);
  await store.stop();
});
