import { join } from 'node:path';
import t from 'tap';
import { msg, NO_TEXT } from '../../../../agent/core/message.ts';
import { KEPT_EVENTS } from '../../../../agent/core/store-port.ts';
import type { AgentEvent, Outcome } from '../../../../agent/core/words.ts';
import { inside, openStore } from '../files/open-store.ts';
import { STORE_START_MS, testFolder } from '../fixtures/kit.ts';

/** Source: docs/store.md. */
const KEPT_OUTCOMES = 2_000;
const ROWS_PER_WRITE = 100;

function event(n: number, endMs: number | null): AgentEvent {
  const startMs = STORE_START_MS + n;
  return { id: `door-open:K1:${n}`, code: 'door-open', source: 'K1', severity: 'info', text: msg`open`, startMs, endMs };
}

function outcome(n: number): Outcome {
  return {
    ...{ commandId: `c${n}`, target: { kind: 'lamp', id: 'L01' }, levelPct: 5, state: 'verified', reason: NO_TEXT, lamps: {} },
    ...{ source: 'console:marie', atMs: STORE_START_MS + n },
  };
}

t.test('the newest events and outcomes are kept, however often each was written', async (t) => {
  const dir = testFolder(t);
  const store = openStore(t, dir);
  const [events, outcomes] = [KEPT_EVENTS + ROWS_PER_WRITE, KEPT_OUTCOMES + ROWS_PER_WRITE];
  for (let from = 0; from < events; from += ROWS_PER_WRITE) {
    const batch = Array.from({ length: ROWS_PER_WRITE }, (_, i) => from + i);
    const made = from < outcomes ? batch.map(outcome) : [];
    store.record({ events: batch.map((n) => event(n, null)), outcomes: made });
    store.record({ events: batch.map((n) => event(n, STORE_START_MS + n + 1)), outcomes: made });
  }
  store.close();
  const rows = (table: 'event' | 'outcome') =>
    inside(join(dir, 'state.db'), (db) =>
      db.prepare(`SELECT count(*) AS n, min(${table === 'event' ? 'start_ms' : 'at_ms'}) AS since FROM ${table}`).get(),
    );
  t.strictSame(rows('event'), { n: KEPT_EVENTS, since: STORE_START_MS + ROWS_PER_WRITE });
  t.strictSame(rows('outcome'), { n: KEPT_OUTCOMES, since: STORE_START_MS + ROWS_PER_WRITE });
});
