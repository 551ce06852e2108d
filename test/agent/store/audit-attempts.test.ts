/** What people who are not logged in, and those who are no admins, can push out of the audit log. */

import { join } from 'node:path';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import type { AuditHead, AuditNote } from '../../../agent/core/audit-tools.ts';
import { HOUR_MS, MINUTE_MS } from '../../../agent/core/durations.ts';
import { msg } from '../../../agent/core/message.ts';
import { texts } from '../../support/texts.ts';
import { createStoreRig, testFolder } from './fixtures/kit.ts';

const note = (changes: Partial<AuditNote> = {}): AuditNote => ({
  user: 'ada',
  role: 'admin',
  door: 'login',
  action: 'user add',
  detail: '',
  result: 'ok',
  ...changes,
});
const attempt = (result = 'wrong', user = 'unknown'): AuditNote => note({ user, role: '', action: 'login', result });

async function opened(t: Pick<Test, 'teardown'>, dir: string) {
  const { clock, store } = createStoreRig({ dir });
  await store.start();
  t.teardown(() => store.stop());
  const read = async (knownHead: AuditHead | null = null) => {
    await store.save('settled', true);
    const page = await store.audit.read({ sinceMs: 0, limit: 2_000, isVerified: true, knownHead });
    if (page === undefined) throw new Error('the disk was not asked');
    return { ...page, problems: page.verdict?.problems ?? [] };
  };
  return { clock, store, read };
}

/** Someone's SQL on the file of a closed store. */
function tampered(dir: string, sql: string): void {
  const db = new Database(join(dir, 'state.db'));
  db.exec(sql);
  db.close();
}

t.test('10,600 wrong logins in three hours are one entry a minute, and all of them are counted', async (t) => {
  const { clock, store, read } = await opened(t, testFolder(t));
  store.audit.note(note());
  for (let n = 0; n < 10_600; n++) {
    store.audit.note(attempt(n % 50 < 3 ? 'wrong' : 'locked', n % 2 === 0 ? 'unknown' : 'marie'));
    if (n % 60 === 59) await clock.advance(MINUTE_MS);
  }
  store.audit.note(note({ action: 'user remove' }));
  await clock.advance(MINUTE_MS);
  const { entries, problems } = await read();
  t.strictSame(problems, []);
  const logins = entries.filter(({ action }) => action === 'login');
  t.ok(logins.length <= 10_600 / 60 + 2, `${logins.length} entries`);
  t.match(logins[0], { user: 'unknown', result: 'wrong', detail: '' }, 'the first one at once');
  t.match(logins[1], { user: '', detail: /^59 attempts by marie 30, unknown 29$/, result: /^wrong \d+, locked \d+$/ });
  const counted = logins.reduce((sum, { detail }) => sum + Number(/^(\d+) attempts/.exec(detail)?.[1] ?? 1), 0);
  t.equal(counted, 10_600);
  t.match([entries[0]?.action, entries.filter(({ user }) => user === 'ada').length], ['user add', 2]);
});

t.test('a single attempt is an unchanged entry, also of another action, and no counted attempt is lost at the end', async (t) => {
  const dir = testFolder(t);
  const { clock, store, read } = await opened(t, dir);
  store.audit.note(attempt('wrong', 'marie'));
  store.audit.note(note({ user: 'nobody', role: '', action: 'lights on', detail: 'for=2h', result: 'ok' }));
  store.audit.note(attempt('locked', 'paul'));
  await clock.advance(MINUTE_MS);
  for (let n = 0; n < 3; n++) store.audit.note(attempt('locked', 'paul'));
  t.match(
    (await read()).entries.map(({ user, action, result }) => [user, action, result]),
    [
      ['marie', 'login', 'wrong'],
      ['nobody', 'lights on', 'ok'],
      ['paul', 'login', 'locked'],
    ],
  );
  await store.stop();
  const again = await opened(t, dir);
  t.match((await again.read()).entries.at(-1), { user: 'paul', detail: '3 attempts by paul 3', result: 'locked 3' });
  again.store.audit.note(note({ user: '', role: '', door: 'self', action: 'agent-started' }));
  again.store.audit.note(note({ user: '', role: '', door: 'platform', action: 'command' }));
  again.store.audit.note(note({ user: '', role: '', door: 'platform', action: 'command' }));
  t.equal((await again.read()).entries.length, 7, 'the agent and the platform are no attempts');
});

t.test('actions of any name cannot make more than a few entries a minute', async (t) => {
  const { clock, store, read } = await opened(t, testFolder(t));
  for (let n = 0; n < 3_000; n++) {
    store.audit.note(attempt(`refused: ${'x'.repeat(n % 300)}`, `u${n}`));
    store.audit.note({ ...attempt('denied'), action: `made up ${n}` });
    if (n % 1_000 === 999) await clock.advance(HOUR_MS);
  }
  const { entries, problems } = await read();
  t.strictSame(problems, []);
  t.ok(entries.length < 3 * 2 * 10, `${entries.length} entries`);
  t.ok(entries.every(({ detail, result }) => detail.length <= 400 && result.length <= 200));
});

t.test(
  'commands that are refused to a user are entries at once, then one a minute for each, and people without a login hide none',
  async (t) => {
    const { clock, store, read } = await opened(t, testFolder(t));
    const refused = (action: string, user = 'vera'): AuditNote => note({ user, role: 'viewer', action, detail: 'x=1', result: 'denied' });
    for (let n = 0; n < 20; n++) store.audit.note({ ...attempt('denied'), action: `command ${n}` });
    for (const action of ['override', 'user add', 'bus write']) store.audit.note(refused(action));
    store.audit.note(refused('override', 'luc'));
    const ofUsers = async () =>
      (await read()).entries.filter(({ role }) => role === 'viewer').map(({ user, action, detail }) => [user, action, detail]);
    const atOnce = [
      ['vera', 'override', 'x=1'],
      ['vera', 'user add', 'x=1'],
      ['vera', 'bus write', 'x=1'],
      ['luc', 'override', 'x=1'],
    ];
    t.strictSame(await ofUsers(), atOnce);
    for (let n = 0; n < 5_000; n++) store.audit.note(refused('override'));
    for (let n = 0; n < 40; n++) store.audit.note(refused(`command ${n % 10}`, 'luc'));
    await clock.advance(MINUTE_MS);
    const later = await ofUsers();
    t.ok(later.length <= 4 + 2 * 9, `${later.length} entries`);
    t.match(later, [...atOnce, ...later.slice(4)]);
    t.ok(later.some(([user, action, detail]) => user === 'vera' && action === 'override' && detail === '5000 attempts by vera 5000'));
    t.ok(
      later.some(([user, , detail]) => user === 'luc' && /^\d+ attempts by luc \d+: command \d \d+, /.test(detail ?? '')),
      'the last ones share an entry that names them',
    );
    const counted = later.reduce((sum, [, , detail]) => sum + Number(/^(\d+) attempts/.exec(detail ?? '')?.[1] ?? 1), 0);
    t.equal(counted, 4 + 5_000 + 40, 'none is lost');
    t.match((await read()).problems, []);
  },
);

/** So many entries of a technician, in commits of 500. */
async function flooded(
  { store, read }: Awaited<ReturnType<typeof opened>>,
  entries: number,
  changes: Partial<AuditNote> = {},
): Promise<void> {
  for (let n = 0; n < entries; n++) {
    store.audit.note(note({ user: 'marie', role: 'technician', action: 'override', ...changes }));
    if (n % 500 === 499) await read();
  }
}

t.test('entries of admins survive a flood of other entries, and the chain still proves them', async (t) => {
  const dir = testFolder(t);
  const at = await opened(t, dir);
  at.store.audit.note(note({ detail: 'eve' }));
  at.store.audit.note(note({ action: 'status', isLook: true }));
  at.store.audit.note(note({ action: 'config commit', result: 'denied' }));
  const { head } = await at.read();
  await flooded(at, 21_000);
  const { entries, problems, verdict } = await at.read(head);
  t.strictSame(problems, []);
  t.match(verdict, { reserved: 1 });
  t.ok((verdict?.entries ?? 0) <= 10_002, 'within the bound');
  t.equal(entries.length, 2_000);
  const all = await at.store.audit.read({ sinceMs: 0, limit: 2_000, isVerified: true, knownHead: { n: 1, hash: 'f'.repeat(64) } });
  t.match(all?.verdict?.problems, [/entry 1 is not the one that was noted/]);
  await at.store.stop();
  for (const sql of [
    'DELETE FROM audit_reserved',
    "UPDATE audit_reserved SET body = replace(body, 'eve', 'bob')",
    'INSERT INTO audit_reserved SELECT 2, at_ms, body, hash FROM audit_reserved WHERE n = 1',
  ]) {
    tampered(dir, `CREATE TABLE IF NOT EXISTS was AS SELECT * FROM audit_reserved; ${sql}`);
    t.match(texts((await (await opened(t, dir)).read()).problems), [/entries of admins that were kept .* have changed/], sql);
    tampered(dir, 'DELETE FROM audit_reserved; INSERT INTO audit_reserved SELECT * FROM was');
  }
  t.strictSame((await (await opened(t, dir)).read()).problems, []);
});

t.test('the reserved share is bounded: the newest actions of admins stay', async (t) => {
  const at = await opened(t, testFolder(t));
  await flooded(at, 3_000, { user: 'ada', role: 'admin', action: 'user add' });
  await flooded(at, 14_000);
  const { verdict, problems } = await at.read();
  t.strictSame(problems, []);
  t.match(verdict, { reserved: 2_000 });
});

const EMPTIED = "DELETE FROM audit; DELETE FROM meta WHERE key = 'audit_head';";

t.test('a log that was emptied together with its head is detected, before and after the next entry and across restarts', async (t) => {
  for (const [story, sql] of [
    ['emptied', EMPTIED],
    ['cut, without a head', "DELETE FROM audit WHERE n > 3; DELETE FROM meta WHERE key = 'audit_head'"],
    ['with a head that is none', "DELETE FROM audit; UPDATE meta SET value = 'x' WHERE key = 'audit_head'"],
  ] as const) {
    const dir = testFolder(t);
    const first = await opened(t, dir);
    for (let n = 0; n < 5; n++) first.store.audit.note(note());
    await first.read();
    await first.store.stop();
    tampered(dir, sql);
    const second = await opened(t, dir);
    t.match((await second.read()).problems, [/does not say which entry is its newest/], story);
    second.store.audit.note(note({ user: '', role: '', door: 'self', action: 'agent-started' }));
    t.match((await second.read()).problems, [/says that the head was missing: entries before it may have been removed/], story);
    await second.store.stop();
    const third = await opened(t, dir);
    await flooded(third, 10_600);
    t.match((await third.read()).problems, [/says that the head was missing/], `${story}: it cannot be pushed out`);
  }
});

t.test('a log that was emptied and given an empty head is detected while it is empty', async (t) => {
  const dir = testFolder(t);
  const { store, read } = await opened(t, dir);
  t.strictSame((await read()).problems, [], 'a fresh store');
  store.appendEvent({ id: 'agent-started:1', code: 'agent-started', source: 'K1', severity: 'info', text: msg``, startMs: 1, endMs: 1 });
  store.audit.note(note());
  await store.stop();
  tampered(dir, `DELETE FROM audit; UPDATE meta SET value = '0 ${'0'.repeat(64)}' WHERE key = 'audit_head'`);
  t.match((await (await opened(t, dir)).read()).problems, [/the log is empty, though this store has events/]);
});

t.test('a file of the release before has its log after the upgrade, and an empty one gets a head', async (t) => {
  for (const notes of [0, 3]) {
    const dir = testFolder(t);
    const { store, read } = await opened(t, dir);
    for (let n = 0; n < notes; n++) store.audit.note(note());
    const { head } = await read();
    await store.stop();
    const head3 = notes === 0 ? "DELETE FROM meta WHERE key = 'audit_head';" : '';
    const columns = ['template', 'details', 'details_crc'].map((name) => `ALTER TABLE event DROP COLUMN ${name};`).join(' ');
    tampered(dir, `DROP TABLE audit_reserved; ${columns} ${head3} PRAGMA user_version = 3`);
    const later = await opened(t, dir);
    t.strictSame((await later.read(head)).problems, []);
    later.store.audit.note(note());
    t.match((await later.read()).entries.at(-1), { n: notes + 1 });
  }
});
