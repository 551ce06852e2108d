import t, { type Test } from 'tap';
import { DAY_MS } from '../../../../agent/core/durations.ts';
import { msg, NO_TEXT } from '../../../../agent/core/message.ts';
import type { AgentEvent, Outcome } from '../../../../agent/core/words.ts';
import { must, openStore } from '../files/open-store.ts';
import { STORE_START_MS, testFolder } from '../fixtures/kit.ts';

const NOTE = { user: 'marie', role: 'technician', door: 'login', action: 'override', detail: '', result: 'ok' } as const;

function openDated(t: Pick<Test, 'teardown'>, peopleDays: number | undefined) {
  const store = openStore(t, testFolder(t), { setup: peopleDays === undefined ? {} : { peopleDays } });
  const event = (atMs: number, endMs: number | null = atMs): AgentEvent => ({
    ...{ id: `door-open:K1:${atMs}`, code: 'door-open', source: 'K1', severity: 'info', text: msg`by console:marie`, startMs: atMs, endMs },
  });
  const outcome = (atMs: number): Outcome => ({
    ...{ commandId: `c${atMs}`, target: { kind: 'lamp', id: 'L01' }, levelPct: 5, state: 'verified', reason: NO_TEXT, lamps: {} },
    ...{ source: 'console:marie', atMs },
  });
  let last = STORE_START_MS;
  return {
    store,
    /** What marie did on this day, counted from the start. */
    act(day: number, role: 'technician' | 'admin' = 'technician'): void {
      const atMs = STORE_START_MS + day * DAY_MS;
      store.record({ events: [event(atMs)], outcomes: [outcome(atMs)], audits: [{ ...NOTE, role, atMs }] });
    },
    event,
    /** Runs the daily chore. Returns the number of deleted records. */
    retain(day: number, { isSynced = true } = {}): number {
      store.now.atMs = STORE_START_MS + day * DAY_MS;
      const livedMs = Math.max(0, store.now.atMs - last);
      last = store.now.atMs;
      return must(store.ask('retain', { provenSeq: 0, livedMs, isSynced })).people;
    },
    days: () => store.events().length,
    audit: () => must(store.ask('audit', { sinceMs: 0, limit: 2_000, isVerified: true, knownHead: null })),
    byMarie() {
      return this.audit().entries.filter(({ user }) => user === 'marie');
    },
  };
}

t.test('personal data is kept for at most the configured days and for at least 30 fewer; the chain records what was deleted', async (t) => {
  for (const peopleDays of [60, 365, 1_095]) {
    const dated = openDated(t, peopleDays);
    for (let day = 0; day <= peopleDays + 40; day++) {
      dated.act(day);
      dated.retain(day);
      const kept = dated.days();
      if (day === peopleDays) t.equal(kept, peopleDays + 1, 'none is too old yet');
      if (day > peopleDays && !(kept <= peopleDays + 1 && kept >= peopleDays - 30)) t.fail(`day ${day}: ${kept}`);
    }
    t.equal(dated.byMarie().length, dated.days(), 'audit entries go with the events');
    t.strictSame(dated.audit().verdict?.problems, []);
    const trims = dated.audit().entries.filter(({ action }) => action === 'audit trimmed').length;
    t.ok(trims >= 1 && trims <= 2, `${trims} entries in 40 days: one a month, not one a day`);
  }
});

t.test('entries of admins that were kept separately are removed by age too, and the chain verifies', async (t) => {
  const dated = openDated(t, 60);
  for (let n = 0; n < 10_600; n += 100)
    dated.store.record({ audits: Array.from({ length: 100 }, () => ({ ...NOTE, role: 'admin' as const, atMs: STORE_START_MS + DAY_MS })) });
  t.ok((dated.audit().verdict?.reserved ?? 0) > 0);
  t.ok(dated.retain(100) > 10_000);
  t.match(dated.audit().verdict, { reserved: 0, problems: [] });
  t.strictSame(dated.byMarie(), []);
  dated.act(101, 'admin');
  t.equal(dated.retain(102), 0, 'nothing is left to remove');
  t.match(dated.audit().verdict, { problems: [] });
});

t.test('an entry of an admin from an unset clock stays when older entries are removed by age, and the chain verifies', async (t) => {
  const dated = openDated(t, 60);
  dated.store.record({ audits: [{ ...NOTE, role: 'admin', atMs: 0 }] });
  for (let n = 0; n < 10_100; n += 100)
    dated.store.record({ audits: Array.from({ length: 100 }, () => ({ ...NOTE, atMs: STORE_START_MS + DAY_MS })) });
  t.equal(dated.audit().verdict?.reserved, 1);
  t.ok(dated.retain(100) > 9_000);
  t.equal(dated.audit().verdict?.reserved, 1);
  t.strictSame(dated.audit().verdict?.problems, []);
});

t.test('a clock that is not trusted or not synchronised deletes no personal data', async (t) => {
  const dated = openDated(t, 60);
  dated.act(0);
  t.equal(dated.retain(0), 0);
  t.equal(dated.retain(100, { isSynced: false }), 0);
  t.equal(dated.days(), 1);
  dated.store.now.atMs = STORE_START_MS + 4_000 * DAY_MS;
  const jumped = must(dated.store.ask('retain', { provenSeq: 0, livedMs: 0, isSynced: true }));
  t.match(jumped, { people: 0, isClockDoubted: true });
  t.equal(dated.days(), 1);
});

t.test('entries with wrong times are deleted with an older one behind them, and delay no other', async (t) => {
  const dated = openDated(t, 60);
  const at = (atMs: number): void => void dated.store.record({ audits: [{ ...NOTE, atMs }] });
  at(0);
  at(STORE_START_MS + 9_000 * DAY_MS);
  dated.act(0);
  dated.act(50);
  at(0);
  t.ok(dated.retain(70) > 0);
  t.strictSame(
    dated.byMarie().map(({ atMs }) => atMs),
    [STORE_START_MS + 50 * DAY_MS, 0],
    'the last one may be of yesterday',
  );
  t.strictSame(dated.audit().verdict?.problems, []);
  t.equal(dated.retain(70), 0, 'and it is not tried again each day');
});

t.test('an entry of a clock that is ahead may be of today: it stays until an older one is behind it', async (t) => {
  const dated = openDated(t, 60);
  dated.store.record({ audits: [{ ...NOTE, atMs: STORE_START_MS + 9_000 * DAY_MS }] });
  dated.act(70);
  t.equal(dated.retain(71), 0);
  t.equal(dated.byMarie().length, 2);
});

t.test('an event that has not ended stays, however old', async (t) => {
  const dated = openDated(t, 60);
  dated.store.tell(dated.event(STORE_START_MS, null));
  dated.act(1);
  dated.retain(500);
  t.equal(dated.days(), 1);
});

t.test('without the limit in days only the numbers of rows are limited', async (t) => {
  const dated = openDated(t, undefined);
  dated.act(0);
  t.equal(dated.retain(5_000), 0);
  t.equal(dated.days(), 1);
});
