/** The audit log as the uplink reads it: by number, with the hash of each entry. */
import { createHash } from 'node:crypto';
import t, { type Test } from 'tap';
import type { AuditNote, AuditRow } from '../../../agent/core/audit-tools.ts';
import { createStoreRig, testFolder } from './fixtures/kit.ts';

const note = (changes: Partial<AuditNote> = {}): AuditNote => ({
  ...{ user: 'marie', role: 'technician', door: 'login', action: 'override', detail: '', result: 'ok' },
  ...changes,
});

async function opened(t: Pick<Test, 'teardown'>) {
  const { store } = createStoreRig({ dir: testFolder(t) });
  await store.start();
  t.teardown(() => store.stop());
  const settled = (): Promise<unknown> => store.save('settled', true);
  const all = async (): Promise<AuditRow[]> => {
    const rows: AuditRow[] = [];
    for (
      let page = await store.auditAfter(0);
      page !== undefined && page.rows.length > 0;
      page = await store.auditAfter(rows.at(-1)?.n ?? 0)
    )
      rows.push(...page.rows);
    return rows;
  };
  return { store, settled, all };
}

t.test('entries are read by number, a hundred at a time, and each hash can be computed from them', async (t) => {
  const { store, settled, all } = await opened(t);
  t.match(await store.auditAfter(0), { rows: [], head: { n: 0 } });
  for (let i = 0; i < 250; i += 1) store.audit.note(note({ detail: `${i} é\n` }));
  await settled();
  t.equal((await store.auditAfter(0))?.rows.length, 100);
  const rows = await all();
  t.strictSame(
    rows.map(({ n }) => n),
    Array.from({ length: 250 }, (_, i) => i + 1),
  );
  let before = '0'.repeat(64);
  for (const { n, atMs, body, hash } of rows) {
    t.equal(createHash('sha256').update(`${before}\n${n}\n${atMs}\n${body}`).digest('hex'), hash);
    before = hash;
  }
  t.match(await store.auditAfter(250), { rows: [], head: { n: 250, hash: before } });
});

t.test('after trimming, the entries of admins are still available, in the order of their numbers', async (t) => {
  const { store, settled, all } = await opened(t);
  for (let i = 0; i < 10_600; i += 1) {
    store.audit.note(i % 100 === 7 && i < 700 ? note({ user: 'ada', role: 'admin', action: 'user add' }) : note());
    if (i % 500 === 499) await settled();
  }
  await settled();
  const numbers = (await all()).map(({ n }) => n);
  t.strictSame(numbers.slice(0, 6), [8, 108, 208, 308, 408, 508]);
  t.strictSame(
    numbers,
    numbers.toSorted((a, b) => a - b),
  );
  t.ok(numbers.includes(1_001) && !numbers.includes(999));
});
