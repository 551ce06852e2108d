import { join } from 'node:path';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import type { AuditHead, AuditNote } from '../../../agent/core/audit-tools.ts';
import { createManualClock } from '../../../agent/core/manual-clock.ts';
import { openInProcessLink } from '../../../agent/store/client/in-process-link.ts';
import { lostAudit, StateQueue } from '../../../agent/store/client/state-queue.ts';
import { createStore } from '../../../agent/store/store.ts';
import { texts } from '../../support/texts.ts';
import { type Fault, faultyLink, STORE_START_MS, testFolder } from './fixtures/kit.ts';

const note = (n: number, changes: Partial<AuditNote> = {}): AuditNote => ({
  user: 'marie',
  role: 'technician',
  door: 'login',
  action: 'override',
  detail: `target=L${n}`,
  result: 'ok',
  ...changes,
});

async function opened(t: Pick<Test, 'teardown'>, dir: string, openLink = openInProcessLink) {
  const clock = createManualClock(STORE_START_MS);
  const store = createStore({
    dir,
    clock,
    log: { event: () => {} },
    commitSeconds: 10,
    maxMegabytes: 64,
    maxDays: 400,
    decimals: new Map(),
    openLink,
  });
  await store.start();
  t.teardown(() => store.stop());
  const read = async (knownHead: AuditHead | null = null) => {
    // What is saved after the notes is on disk after them.
    await store.save('settled', true);
    const page = await store.audit.read({ sinceMs: 0, limit: 2_000, isVerified: true, knownHead });
    if (page === undefined) throw new Error('the disk was not asked');
    return { ...page, problems: page.verdict?.problems ?? [] };
  };
  return { store, read, clock };
}

/** A closed log with this number of entries, and a manipulation of its file. */
async function tampered(t: Pick<Test, 'teardown'>, notes: number, sql: string) {
  const dir = testFolder(t);
  const before = await opened(t, dir);
  for (let n = 1; n <= notes; n++) {
    before.store.audit.note(note(n));
    if (n % 500 === 0) await before.read();
  }
  const { head } = await before.read();
  await before.store.stop();
  const db = new Database(join(dir, 'state.db'));
  db.exec(sql);
  db.close();
  return { ...(await opened(t, dir)), head };
}

t.test('notes are read back in order, also after a restart, and the chain verifies', async (t) => {
  const dir = testFolder(t);
  const first = await opened(t, dir);
  t.match(await first.read(), { entries: [], head: null, problems: [] });
  first.store.audit.note(note(1));
  first.store.audit.note(note(2, { user: '', role: '', door: 'platform' }));
  const { head } = await first.read();
  await first.store.stop();
  const second = await opened(t, dir);
  second.store.audit.note(note(3, { detail: `a\nb${'x'.repeat(900)}` }));
  const page = await second.read(head);
  t.match(page.entries, [
    { n: 1, atMs: STORE_START_MS, user: 'marie', role: 'technician', door: 'login', action: 'override', detail: 'target=L1', result: 'ok' },
    { n: 2, user: '', door: 'platform' },
    { n: 3, detail: /^a\?bx{397}$/ },
  ]);
  t.match(page.verdict, { entries: 3, firstN: 1, problems: [] });
  t.equal(page.head?.n, 3);
});

const TAMPERINGS: [story: string, sql: string, problem: RegExp][] = [
  ['a word changed', `UPDATE audit SET body = replace(body, 'L5', 'L6') WHERE n = 5`, /entry 5 was changed/],
  ['a time changed', 'UPDATE audit SET at_ms = at_ms + 1 WHERE n = 5', /entry 5 was changed/],
  ['an entry taken out', 'DELETE FROM audit WHERE n = 5', /entry 5 is missing/],
  ['the last ones cut', 'DELETE FROM audit WHERE n > 7', /entries 8 to 9 are missing/],
  ['the first ones cut', 'DELETE FROM audit WHERE n < 4', /entries 1 to 3 are missing, and no entry records their removal/],
  ['all of them gone', 'DELETE FROM audit', /entries 1 to 9 are missing/],
  [
    'two swapped',
    `CREATE TEMP TABLE two AS SELECT * FROM audit WHERE n IN (4, 5);
     UPDATE audit SET body = (SELECT body FROM two WHERE n = 5), hash = (SELECT hash FROM two WHERE n = 5) WHERE n = 4;
     UPDATE audit SET body = (SELECT body FROM two WHERE n = 4), hash = (SELECT hash FROM two WHERE n = 4) WHERE n = 5;`,
    /entry 4 was changed/,
  ],
  ['one put in', `INSERT INTO audit SELECT 10, at_ms, body, hash FROM audit WHERE n = 9`, /entry 10 was changed/],
];
for (const [story, sql, problem] of TAMPERINGS) {
  t.test(`the walk over the chain finds ${story}`, async (t) => {
    const { read, store } = await tampered(t, 9, sql);
    t.match(texts((await read()).problems[0]), problem);
    store.audit.note(note(99));
    const after = await read();
    t.equal(after.entries.at(-1)?.detail, 'target=L99', 'the log goes on');
    t.match(texts(after.problems.join('\n')), problem, 'and the finding stays');
  });
}

t.test('a log truncated together with its recorded head is detected by a head noted elsewhere', async (t) => {
  const cut =
    "DELETE FROM audit WHERE n > 7; UPDATE meta SET value = (SELECT n || ' ' || hash FROM audit WHERE n = 7) WHERE key = 'audit_head'";
  const { read, head } = await tampered(t, 9, cut);
  t.strictSame((await read()).problems, [], 'the chain alone cannot know');
  t.match((await read(head)).problems, [/entry 9, which was noted, is missing/]);
});

t.test('the oldest go when there are too many, and the chain proves that nothing else is missing', async (t) => {
  const { read, store } = await tampered(t, 10_200, '');
  const page = await read();
  t.strictSame(page.problems, []);
  t.match(page.verdict, { firstN: 501 });
  store.audit.note(note(1, { action: 'override', detail: '"action":"audit trimmed","detail":"through 400 ' }));
  t.strictSame(
    (await read({ n: 3, hash: 'f'.repeat(64) })).problems,
    [],
    'a head older than what is kept proves nothing and breaks nothing',
  );
});

t.test('an entry whose text claims a trimming does not excuse a missing beginning', async (t) => {
  const dir = testFolder(t);
  const { store, read } = await opened(t, dir);
  store.audit.note(note(1));
  const hash = (await read()).head?.hash ?? '';
  store.audit.note(note(2, { action: `x","action":"audit trimmed","detail":"through 1 ${hash}` }));
  store.audit.note(note(3, { action: 'audit trimmed', detail: `through 1 ${hash}` }));
  await store.stop();
  const db = new Database(join(dir, 'state.db'));
  db.exec('DELETE FROM audit WHERE n = 1');
  db.close();
  t.match((await (await opened(t, dir)).read()).problems, [/entry 1 is missing/]);
});

t.test('notes that were not on disk in time leave their number behind', async (t) => {
  const timed = (n: number) => ({ ...note(n), atMs: STORE_START_MS + n });
  const first = lostAudit([timed(1), timed(2)]);
  t.match(first, { action: 'audit lost', detail: '2 entries', atMs: STORE_START_MS + 2 });
  t.match(lostAudit([first, timed(3)]), { detail: '3 entries' });
});

t.test('notes that a commit wrote are not reported as lost, though newer ones took their place in memory meanwhile', async (t) => {
  const detailsAfter = (newer: number, isWritten: boolean, lostBefore = 0): string[] => {
    const queue = new StateQueue({ event: () => {} }, () => {});
    const add = (count: number): void => {
      for (let n = 1; n <= count; n++) queue.addAudit({ ...note(n), atMs: STORE_START_MS + n });
    };
    add(1_000 + lostBefore);
    const work = queue.take(false);
    add(newer);
    if (isWritten) queue.settle(work);
    return queue.take(false).audits.map(({ detail }) => detail);
  };
  t.strictSame(detailsAfter(3, true), ['target=L1', 'target=L2', 'target=L3']);
  t.strictSame(detailsAfter(3, true, 50), ['target=L1', 'target=L2', 'target=L3'], 'earlier losses are written too');
  t.equal(detailsAfter(3, false)[0], '4 entries');
  t.strictSame(detailsAfter(1_500, true).slice(0, 2), ['501 entries', 'target=L502']);
});

for (const waiting of [1, 7, 300]) {
  t.test(`a log whose disk is full reports that ${waiting} later entries wait, and none once they are written`, async (t) => {
    const fault: { now: Fault } = { now: 'none' };
    const { store, read, clock } = await opened(t, testFolder(t), faultyLink(fault));
    store.audit.note(note(1));
    t.equal((await read()).waiting, undefined);
    fault.now = 'refused';
    for (let n = 0; n < waiting; n++) store.audit.note(note(n));
    t.match(await read(), { waiting, problems: [], verdict: { entries: 1 } });
    fault.now = 'none';
    await clock.advance(31_000);
    const after = await read();
    t.equal(after.waiting, undefined);
    t.equal(after.verdict?.entries, 1 + waiting);
  });
}
