import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import t from 'tap';
import { msg } from '../../../agent/core/message.ts';
import { createSystemClock } from '../../../agent/core/system-clock.ts';
import type { OpenLink } from '../../../agent/store/messages.ts';
import { createStore } from '../../../agent/store/store.ts';
import { openWorkerLink, type WorkerLink } from '../../../agent/store/worker-link.ts';
import { frame, SILENT, testFolder } from './fixtures/kit.ts';

const clock = createSystemClock({ quality: () => 'synced' });
const WRITER = fileURLToPath(new URL('./fixtures/writer.ts', import.meta.url));
const ADDON_WATCH = new URL('./fixtures/addon-watch.mjs', import.meta.url).href;
const ENDER = fileURLToPath(new URL('./fixtures/thread-ender.ts', import.meta.url));

function open(dir: string, openLink?: OpenLink, commitSeconds = 0.05) {
  const parts = { dir, clock, log: SILENT, commitSeconds, maxMegabytes: 64, maxDays: 400, decimals: new Map() };
  return createStore(openLink === undefined ? parts : { ...parts, openLink });
}

t.test('the thread commits by itself at its period, and events without waiting for it', async (t) => {
  const dir = testFolder(t);
  const store = open(dir);
  t.teardown(() => store.stop());
  const committed = new Promise((resolve) => {
    store.onCommitted = resolve;
  });
  await store.start();
  store.append(frame(1, 5));
  t.strictSame(await committed, { tickets: [{ ticket: 1, seq: 1, readings: 5 }] });
  await store.stop();

  const slow = open(dir, undefined, 3_600);
  t.teardown(() => slow.stop());
  await slow.start();
  slow.append(frame(1));
  slow.appendEvent({ id: 'e', code: 'door-open', source: 'K1', severity: 'warning', text: msg``, startMs: 1, endMs: null });
  t.equal(await slow.save('a', 1), true);
  const other = new Database(join(dir, 'state.db'), { readonly: true });
  t.equal(other.prepare('SELECT count(*) FROM event').pluck().get(), 1);
  other.close();
  t.match(await slow.status(), { readingsWaiting: 1, frames: 1 });
});

t.test(
  'a thread that is ended at its start loads its database first, as an addon that is interrupted there ends the process',
  async (t) => {
    const child = spawn(process.execPath, ['--import', ADDON_WATCH, ENDER, testFolder(t)], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (data: Buffer) => (output += data.toString()));
    const [code, signal] = await once(child, 'close');
    t.strictSame({ code, signal, output }, { code: 0, signal: null, output: 'begin\nend\n' });
  },
);

t.test('a thread that ends is replaced; every frame arrives once', async (t) => {
  const dir = testFolder(t);
  const links: WorkerLink[] = [];
  const store = open(dir, (setup, onLost) => {
    const link = openWorkerLink(setup, onLost);
    links.push(link);
    return link;
  });
  t.teardown(() => store.stop());
  const tickets: number[] = [];
  const events: string[] = [];
  let arrived = (): void => {};
  store.onEvent = ({ code, source, endMs }) => events.push(`${code} ${source} ${endMs === null ? 'start' : 'end'}`);
  store.onCommitted = (committed) => {
    tickets.push(...committed.tickets.map(({ ticket }) => ticket));
    if (tickets.length >= 60) arrived();
  };
  await store.start();
  const done = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  for (let ticket = 1; ticket <= 60; ticket++) {
    store.append(frame(ticket, 10));
    if (ticket === 30) {
      const saved = store.save('a', 1);
      await links[0]?.kill();
      t.type(await saved, 'boolean', 'a caller in the middle of it hears something');
    }
  }
  await done;
  t.strictSame(
    tickets,
    Array.from({ length: 60 }, (_, i) => i + 1),
  );
  t.equal(links.length, 2);
  t.strictSame(events, ['store-trouble storage thread start', 'store-trouble storage thread end']);
  t.match(await store.status(), { state: 'ok', frames: 60, readings: 600, readingsStored: 600, readingsLost: 0 });
  t.strictSame(
    (await store.readAfter(0, 100)).map(({ readings }) => readings[0]?.value),
    tickets,
  );
});

/** Runs the writer until it has reported `frames` frames, then kills it. */
function writeUntilKilled(dir: string, frames: number): Promise<readonly [ticket: number, seq: number, readings: number][]> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [WRITER, dir], { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.on('data', (data: Buffer) => {
      text += data.toString();
      if (text.split('\n').length > frames) child.kill('SIGKILL');
    });
    child.on('error', reject);
    child.on('close', () => {
      const lines = text.split('\n').slice(0, -1);
      resolve(lines.map((line) => line.split(' ').map(Number) as [number, number, number]));
    });
  });
}

t.test('every commit that was reported exists after kill -9, and no number is used twice', async (t) => {
  const dir = testFolder(t);
  let highest = 0;
  for (let round = 0; round < 10; round++) {
    const reported = await writeUntilKilled(dir, 1 + ((round * 37) % 90));
    t.ok(reported.length > 0 && reported.every(([, seq]) => seq > highest), `round ${round}: numbers go on`);
    const store = open(dir);
    const events: string[] = [];
    store.onEvent = ({ text }) => events.push(String(text));
    await store.start();
    const frames = new Map((await store.readAfter(highest, 2_000)).map((stored) => [stored.seq, stored]));
    const missing = reported.filter(([ticket, seq, readings]) => {
      const stored = frames.get(seq);
      return stored?.readings.length !== readings || stored.readings[0]?.value !== ticket;
    });
    t.strictSame(missing, [], `round ${round}: all ${reported.length} reported frames are there and whole`);
    t.strictSame(events, [], `round ${round}: opened without trouble`);
    t.match(await store.status(), { state: 'ok', gaps: 0 });
    highest = Math.max(highest, ...frames.keys());
    await store.stop();
    const db = new Database(join(dir, 'telemetry.db'), { readonly: true });
    t.equal(db.pragma('integrity_check', { simple: true }), 'ok');
    db.close();
  }
});
