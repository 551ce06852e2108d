/**
 * Stores readings as fast as they are committed, and reports each promise of the store, until it is killed.
 *
 * Shape: the argument is the orders as JSON. One line for each promise, written before anything else happens: `o` the store is open, `a`
 * frames are handed in up to a ticket, `c` a frame is committed, `s` a fact is saved and the event before it, `m` the cursor may be moved
 * so far.
 */
import { writeSync } from 'node:fs';
import { every } from '../../agent/core/clock.ts';
import { msg } from '../../agent/core/message.ts';
import { createSystemClock } from '../../agent/core/system-clock.ts';
import { createStore } from '../../agent/store/store.ts';
import { createRandom } from '../../test/street/random.ts';
import { COUNTERS, checksumOf, DECIMALS, frameOf } from './content.ts';
import { type Orders, toEventId } from './writer.ts';

const STDOUT = 1;
/** Most frames appended at once. The other actions happen once in this many commits, on average. */
const FRAMES_AT_ONCE = 6;
const ONE_IN = { save: 3, compact: 6, retain: 20 };
/** The cursor lags a little, as the platform does. Units: rows. */
const CURSOR_LAG = 10;

const orders = JSON.parse(process.argv[2] ?? '') as Orders;
const { seed, round, load } = orders;
const random = createRandom(seed + 7_919 * round);
const clock = createSystemClock({ quality: () => 'synced', wallOffsetMs: orders.wallOffsetMs });
const { dir, commitSeconds, maxMegabytes, maxDays } = orders;
const store = createStore({
  dir,
  clock,
  log: { event: () => {} },
  commitSeconds,
  maxMegabytes,
  maxDays,
  decimals: DECIMALS,
  counters: COUNTERS,
});
const atMs = new Map<number, number>();
const checksums = new Map<number, number>();
let ticket = 0;
let saves = 0;
let isBusy = false;

const report = (text: string): void => void writeSync(STDOUT, text);
const chance = (oneIn: number): boolean => random() * oneIn < 1;

store.onEvent = ({ code, text }) => report(`e ${code} ${String(text).replaceAll('\n', ' ')}\n`);
store.onCommitted = ({ tickets }) => {
  report(
    tickets
      .map((done) => `c ${done.seq} ${done.ticket} ${done.readings} ${checksums.get(done.ticket)} ${atMs.get(done.ticket)}\n`)
      .join(''),
  );
  for (const done of tickets) forget(done.ticket);
  if (chance(ONE_IN.save)) save();
  if (chance(orders.cursorOneIn)) move((tickets.at(-1)?.seq ?? 0) - Math.floor(random() * CURSOR_LAG));
  if (chance(ONE_IN.compact)) chore(store.compact);
  if (orders.isTight && chance(ONE_IN.retain)) chore(store.retain);
  if (orders.paceMs === null) append();
};
await store.start();
report('o\n');
append();
if (orders.paceMs !== null) every(clock, orders.paceMs, append);
// The reader has closed its end: nothing is left to prove.
process.stdin.resume().on('end', () => process.exit(0));

function append(): void {
  for (let i = Math.floor(random() * FRAMES_AT_ONCE); i >= 0; i--) {
    const name = { seed, round, ticket: ++ticket, atMs: clock.wallMs() };
    const frame = frameOf(name, load, clock.monoMs());
    atMs.set(ticket, frame.atMs);
    checksums.set(ticket, checksumOf(frame.readings));
    store.append(frame);
  }
  report(`a ${ticket} ${clock.wallMs()}\n`);
}

function forget(done: number): void {
  atMs.delete(done);
  checksums.delete(done);
}

function save(): void {
  const number = ++saves;
  const [id, now] = [toEventId(round, number), clock.wallMs()];
  store.appendEvent({ id, code: 'door-open', source: 'torture', severity: 'info', text: msg`${id}`, startMs: now, endMs: now });
  void store.save('torture', { round, number }).then((saved) => {
    if (saved) report(`s ${number}\n`);
  });
}

function move(seq: number): void {
  if (seq < 1) return;
  report(`m ${seq}\n`);
  store.moveCursor(seq);
}

function chore(work: () => Promise<unknown>): void {
  if (isBusy) return;
  isBusy = true;
  void work().then(() => {
    isBusy = false;
  });
}
