import { existsSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import t from 'tap';
import { readCatalogue } from '../../../agent/console/catalogue.ts';
import { count } from '../../../agent/core/counts.ts';
import { createManualClock } from '../../../agent/core/manual-clock.ts';
import { type Message, msg } from '../../../agent/core/message.ts';
import type { AgentEvent } from '../../../agent/core/words.ts';
import { openInProcessLink } from '../../../agent/store/client/in-process-link.ts';
import { readStoredState } from '../../../agent/store/last-state.ts';
import type { OpenLink } from '../../../agent/store/messages.ts';
import { STATE } from '../../../agent/store/schema.ts';
import { createStore } from '../../../agent/store/store.ts';
import { openWorkerLink } from '../../../agent/store/worker-link.ts';
import { SILENT, STORE_START_MS, testFolder } from './fixtures/kit.ts';

const ALL = { sinceMs: 0, limit: 100 };

function openStore(dir: string, openLink: OpenLink = openInProcessLink) {
  const clock = createManualClock(STORE_START_MS);
  return createStore({ dir, clock, log: SILENT, commitSeconds: 10, maxMegabytes: 64, maxDays: 400, decimals: new Map(), openLink });
}

function eventOf(id: string, text: Message): AgentEvent {
  return { id, code: 'store-trouble', source: 'telemetry.db', severity: 'alarm', text, startMs: STORE_START_MS, endMs: null };
}

async function kept(dir: string, openLink?: OpenLink): Promise<readonly AgentEvent[]> {
  const store = openStore(dir, openLink);
  await store.start();
  const events = await store.events(ALL);
  await store.stop();
  return events;
}

function within<T>(dir: string, act: (db: InstanceType<typeof Database>) => T): T {
  const db = new Database(join(dir, STATE.fileName));
  const result = act(db);
  db.close();
  return result;
}

for (const [kind, openLink] of [
  ['a thread of its own', openWorkerLink],
  ['the same thread', openInProcessLink],
] as const)
  t.test(`an event is shown in French after a restart, its quoted text as it was typed; the database on ${kind}`, async (t) => {
    const dir = testFolder(t);
    const store = openStore(dir, openLink);
    await store.start();
    const text = msg`readings wait in memory: ${msg`${'off; missing: {0}'} has expired, on ${'2026-01-01'} (${'bad'}): put a renewed one in its place`}`;
    store.appendEvent(eventOf('a', text));
    store.appendEvent(eventOf('b', msg`${count(1, 'reading')}: ${[msg`no space is left`, 'off']}`));
    await store.stop();
    const speech = readCatalogue('fr');
    const events = await kept(dir, openLink);
    t.strictSame(
      events.map((event) => String(event.text)),
      [String(text), '1 reading: no space is left, off'],
    );
    const shown = events.map((event) => event.text.in(speech));
    t.equal(shown[0], text.in(speech));
    t.match(shown[0], /off; missing: \{0\}/, 'what a person typed');
    t.not(shown[0], String(text));
    t.match(shown[1], /, off$/);
    const found = readStoredState(dir).events.find(({ id }) => id === 'a');
    t.equal(String(found?.text), String(text), 'also while no agent runs');
    t.not(found?.text.in(speech), String(text));
  });

t.test('the release before finds the text in its place, and valid rows', async (t) => {
  const dir = testFolder(t);
  const store = openStore(dir);
  await store.start();
  store.appendEvent(eventOf('a', msg`lamp ${'L07'} is dark`));
  await store.stop();
  const row = within(dir, (db) => db.prepare('SELECT text, template, crc FROM event').get()) as Record<string, unknown>;
  t.equal(row['text'], 'lamp L07 is dark');
  t.strictSame(JSON.parse(String(row['template'])), { id: 'lamp {0} is dark', args: ['L07'] });
  // Another release has no such template and writes only the text. The row is then shown as written, never with the old template.
  within(dir, (db) => db.exec("UPDATE event SET text = 'lamp L07 is lit again', crc = NULL"));
  const [event] = await kept(dir);
  t.equal(String(event?.text), 'lamp L07 is lit again');
  t.equal(event?.text.id, '{0}');
});

t.test('a template with damaged bytes loses no event: its text is shown as written', async (t) => {
  const dir = testFolder(t);
  const store = openStore(dir);
  await store.start();
  const damages = [
    '',
    '{',
    'null',
    '{"id":"lamp {0} is lit","args":["L07"]}',
    '{"id":"lamp {0} is dark","args":[null]}',
    '{"id":1,"args":[]}',
  ];
  for (const id of damages.keys()) store.appendEvent(eventOf(`${id}`, msg`lamp ${'L07'} is dark`));
  await store.stop();
  within(dir, (db) => {
    for (const [id, bytes] of damages.entries()) db.prepare('UPDATE event SET template = ? WHERE id = ?').run(bytes, `${id}`);
  });
  for (const { text } of await kept(dir)) t.strictSame([text.id, ...text.args], ['{0}', 'lamp L07 is dark']);
  t.equal((await kept(dir)).length, damages.length);
});

t.test('a state.db of the previous release is shown as written, and its audit chain verifies', async (t) => {
  const dir = testFolder(t);
  const store = openStore(dir);
  await store.start();
  store.appendEvent(eventOf('a', msg`off`));
  for (let n = 0; n < 5; n += 1)
    store.audit.note({ user: 'marie', role: 'admin', door: 'local', action: 'override', detail: 'off', result: 'ok' } as never);
  await store.stop();
  const earlier = openStore(dir);
  await earlier.start();
  const before = await earlier.audit.read({ ...ALL, isVerified: true, knownHead: null });
  await earlier.stop();
  t.equal(before?.entries.length, 5);
  within(dir, (db) =>
    db.exec(
      'ALTER TABLE event DROP COLUMN template; ALTER TABLE event DROP COLUMN details; ALTER TABLE event DROP COLUMN details_crc; PRAGMA user_version = 4',
    ),
  );
  t.equal(String(readStoredState(dir).events[0]?.text), 'off', 'also while no agent runs');
  const later = openStore(dir);
  await later.start();
  const [event] = await later.events(ALL);
  t.strictSame([event?.text.id, ...(event?.text.args ?? [])], ['{0}', 'off'], 'never translated: a person may have written it');
  const after = await later.audit.read({ ...ALL, isVerified: true, knownHead: before?.head ?? null });
  await later.stop();
  t.strictSame(after?.verdict?.problems, []);
  t.equal(after?.head?.hash, before?.head?.hash, 'its hashes are the same');
  t.notOk(existsSync(join(dir, 'quarantine')));
});
