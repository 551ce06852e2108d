import t from 'tap';
import type { ReadRequest } from '../../agent/core/driver.ts';
import type { BusError } from '../../agent/core/errors.ts';
import { createSystemClock } from '../../agent/core/system-clock.ts';
import { LateReplies } from '../../drivers/modbus/late-replies.ts';
import { ModbusClient } from '../../drivers/modbus/modbus-serial.ts';
import { createPtyCable } from '../street/pty.ts';
import { createRandom } from '../street/random.ts';
import { SimLine } from '../street/sim-line.ts';
import { addressUnit, busBench, endOf, holding, replyTo, SERIAL, scriptBench, sealed, wordsOf } from './port-bench.ts';

interface Seen {
  right: number;
  wrong: number;
  timeout: number;
  other: number;
}

/** Reads of one length, each of other registers, one reply in ten later than its deadline. */
async function lateReads(reads: number, read: (address: number) => Promise<readonly number[]>, beLate: () => void): Promise<Seen> {
  const random = createRandom(7);
  const seen: Seen = { right: 0, wrong: 0, timeout: 0, other: 0 };
  for (let i = 0; i < reads; i++) {
    if (random() < 0.1) beLate();
    try {
      const words = await read(4 * i);
      seen[`${words}` === `${wordsOf(holding(4 * i, 4))}` ? 'right' : 'wrong']++;
    } catch (error) {
      seen[(error as BusError).code === 'timeout' ? 'timeout' : 'other']++;
    }
  }
  return seen;
}

t.test('a late reply never becomes a value in 10,000 reads of one length; plain modbus-serial takes it for one', async (t) => {
  const bench = await busBench({ 1: addressUnit() });
  const random = createRandom(8);
  const done = lateReads(
    10_000,
    async (address) => (await bench.line.read(holding(address, 4), 50)).words,
    () => bench.sim.delayNext(1, 46 + 900 * random()),
  );
  await bench.clock.advance(2 * 3_600_000);
  const seen = await done;
  t.match(seen, { wrong: 0, other: 0 });
  t.ok(seen.timeout > 900, `${seen.timeout} replies were late enough`);
  t.equal(seen.right + seen.timeout, 10_000);
  t.equal(bench.line.counters.lateReplies, seen.timeout, 'each is counted as late');
  t.match(bench.sim.stats, { collisions: 0, gapViolations: 0 }, 'and the wire is quiet before each question');

  const serial = { ...SERIAL, baud: 115_200 };
  const clock = createSystemClock({ quality: () => 'synced' });
  const sim = new SimLine({ serial, clock, units: new Map([[1, addressUnit(1)]]) });
  const cable = createPtyCable((bytes) => sim.receive(bytes));
  sim.end = cable.end;
  const client = new ModbusClient();
  await client.connectRTUBuffered(cable.path, { baudRate: serial.baud });
  client.setID(1);
  client.setTimeout(40);
  const plain = await lateReads(
    200,
    async (address) => (await client.readHoldingRegisters(address, 4)).data,
    () => sim.delayNext(1, 45),
  );
  await new Promise<void>((resolve) => client.close(() => resolve()));
  cable.close();
  t.ok(plain.wrong > 0, `modbus-serial alone: ${plain.wrong} of 200 wrong`);
});

t.test('a unit that proved to be slow gets a longer timeout, up to 5 s, and others do not wait for it', async (t) => {
  const bench = await busBench({ 1: addressUnit(), 2: addressUnit() });
  const ask = (address: number, unit = 1) => endOf(bench, bench.line.read(holding(address, 2, unit), 50), 10_000);
  bench.sim.delayNext(1, 2_000);
  t.match(await ask(10), { code: 'timeout' });
  await bench.clock.advance(3_000);
  t.equal(bench.line.counters.lateReplies, 1, 'known for late beyond the first guard');
  bench.sim.delayNext(1, 3_500);
  t.match(await ask(20), { code: 'timeout' });
  const heldMs = bench.line.heldUntilMono(holding(0)) - bench.clock.monoMs();
  t.ok(heldMs > 3_700 && heldMs < 5_000, `${heldMs} ms`);
  t.match(await ask(30, 2), { words: [30, 31] });
  t.match(await ask(40), { words: [40, 41] }, 'asked when the late one has passed');
  t.equal(bench.line.counters.lateReplies, 2);
});

t.test('the same question waits for its late answer, another one does not', async (t) => {
  const bench = await busBench({ 1: addressUnit(), 2: addressUnit() });
  bench.sim.delayNext(1, 400);
  t.match(await endOf(bench, bench.line.read(holding(10), 50)), { code: 'timeout' });
  t.ok(bench.line.heldUntilMono(holding(90)) > bench.clock.monoMs() + 900, 'same length, so the two replies cannot be distinguished');
  t.equal(bench.line.heldUntilMono(holding(10, 3)), 0);
  t.equal(bench.line.heldUntilMono(holding(10, 2, 2)), 0);
  const other = await endOf(bench, bench.line.read(holding(20, 2, 2), 50));
  t.match(other, { words: [20, 21] });
  t.ok(other.tookMs < 40, 'at once');
  const same = await endOf(bench, bench.line.read(holding(30), 50));
  t.match(same, { words: [30, 31] });
  t.ok(same.tookMs > 200 && same.tookMs < 450, `when the late one has passed, ${same.tookMs} ms`);
});

t.test('a second master that reads the same shape does not end the wait for a late answer', async (t) => {
  const sentMono: number[] = [];
  const bench = await scriptBench((request, turn) => {
    sentMono.push(bench.clock.monoMs());
    return [[turn === 0 ? 400 : 5, replyTo(request)]];
  });
  t.match(await endOf(bench, bench.line.read(holding(10), 50)), { code: 'timeout' });
  const heldMono = bench.line.heldUntilMono(holding(30));
  bench.wire.end.write(sealed(1, 3, 0, 90, 0, 2));
  await bench.clock.advance(20);
  t.match(bench.line.counters, { foreignFrames: 1 });
  t.equal(bench.line.heldUntilMono(holding(30)), heldMono);
  await endOf(bench, bench.line.read(holding(30), 50), 10_000);
  t.match(bench.line.counters, { lateReplies: 1, timeouts: 1 });
  const [first = 0, second = 0] = sentMono;
  t.ok(second - first > 400 && second < heldMono, `${second - first} ms: after the late answer, and no later`);
});

t.test('bits with the same number of bytes look alike, so a late answer of six is waited for before eight are requested', async (t) => {
  const outputs: ReadRequest = { unit: 1, table: 'discrete', address: 96, count: 6 };
  const inputs: ReadRequest = { unit: 1, table: 'discrete', address: 0, count: 8 };
  // The first is answered only while the second would be in flight.
  const bench = await scriptBench((_, turn) => [turn === 0 ? [70, sealed(1, 2, 1, 0b101)] : [30, sealed(1, 2, 1, 0b1000_0000)]]);
  t.match(await endOf(bench, bench.line.read(outputs, 50)), { code: 'timeout' });
  t.ok(bench.line.heldUntilMono(inputs) > bench.clock.monoMs());
  t.equal(bench.line.heldUntilMono({ ...inputs, count: 9 }), 0, 'a reply of another length can be distinguished');
  t.same(((await endOf(bench, bench.line.read(inputs, 50))) as { words: unknown }).words, [0, 0, 0, 0, 0, 0, 0, 1]);
  t.equal(bench.line.counters.lateReplies, 1);
});

t.test('a line with a dead unit is not searched for its answer for ever', async (t) => {
  const late = new LateReplies();
  for (let value = 0; value < 100; value++) late.add(sealed(9, 6, 0, 5, 0, value), { sentMono: 0, nowMono: 100, isHeld: true });
  t.equal(late.isOwed(4_999), true);
  t.equal(late.isOwed(5_000), false);
});

t.test('a guard time ends with its own late reply, not with a later debt that has none', async (t) => {
  const late = new LateReplies();
  const [request, reply] = [sealed(9, 3, 0, 5, 0, 1), sealed(9, 3, 2, 0, 7)];
  late.add(request, { sentMono: 0, nowMono: 500, isHeld: true });
  late.add(sealed(9, 3, 0, 8, 0, 1), { sentMono: 600, nowMono: 600, isHeld: false });
  t.equal(late.heldUntilMono(9, 3, 1), 1_500);
  late.take(reply, { nowMono: 700, isNew: true });
  t.equal(late.heldUntilMono(9, 3, 1), 0, 'the oldest is answered first');
});

t.test('a late reply is reported once for each request without a reply, and never for one that had its reply', async (t) => {
  const reported: number[] = [];
  const late = new LateReplies({ onLate: (_, afterMs) => reported.push(afterMs) });
  const [request, reply] = [sealed(9, 3, 0, 5, 0, 1), sealed(9, 3, 2, 0, 7)];
  late.add(request, { sentMono: 0, nowMono: 100, isHeld: true });
  late.add(request, { sentMono: 1_200, nowMono: 1_210, isHeld: false });
  t.equal(late.take(reply, { nowMono: 1_300, isNew: false }), true);
  t.equal(late.take(reply, { nowMono: 1_400, isNew: true }), true);
  t.same(reported, [1_300]);
});

t.test('a late reply is recognised however many of its shape are on their way within a minute', async (t) => {
  const late = new LateReplies();
  const [request, reply] = [sealed(9, 3, 0, 5, 0, 1), sealed(9, 3, 2, 0, 7)];
  for (let s = 0; s < 59; s++) late.add(request, { sentMono: 1_000 * s, nowMono: 1_000 * s + 100, isHeld: true });
  const known = Array.from({ length: 60 }, (_, i) => late.take(reply, { nowMono: 59_000 + i, isNew: false }));
  t.equal(known.filter((isKnown) => isKnown).length, 59);
});

t.test('a late reply that arrives byte by byte is still recognised as one', async (t) => {
  const bench = await busBench({ 1: addressUnit() }, SERIAL, 1);
  bench.sim.delayNext(1, 100);
  t.match(await endOf(bench, bench.line.read(holding(10), 50)), { code: 'timeout' });
  t.match(await endOf(bench, bench.line.read(holding(30), 50)), { words: [30, 31] });
  t.equal(bench.line.counters.lateReplies, 1);
});

t.test('a late reply of another length that falls into a request in flight is skipped', async (t) => {
  // The first question is answered only while the second is in flight, right before its own answer.
  let first: Buffer | undefined;
  const bench = await scriptBench((request, turn) => {
    if (turn > 0) return [[5, Buffer.concat([replyTo(first as Buffer), replyTo(request)])]];
    first = request;
    return [];
  });
  t.match(await endOf(bench, bench.line.read(holding(10, 4), 50)), { code: 'timeout' });
  t.match(await endOf(bench, bench.line.read(holding(70, 2), 50)), { words: [70, 71] });
});

t.test('a late reply alone is no noise', async (t) => {
  let first: Buffer | undefined;
  const bench = await scriptBench((request, turn) => {
    if (turn > 0) return [[5, replyTo(first as Buffer)]];
    first = request;
    return [];
  });
  t.match(await endOf(bench, bench.line.read(holding(10, 4), 50)), { code: 'timeout' });
  t.match(await endOf(bench, bench.line.read(holding(70, 2), 50)), { code: 'timeout', error: { message: /no reply in 50 ms, check/ } });
  t.equal(bench.line.counters.lateReplies, 1);
});

t.test('a slow unit whose every reply is too late is never trusted', async (t) => {
  const bench = await scriptBench((request) => [[70, replyTo(request)]]);
  const wrong: string[] = [];
  for (let i = 0; i < 60; i++) {
    const request = holding(10 * i, 2 + (i % 2));
    const end = await endOf(bench, bench.line.read(request, 50 + (i % 3)));
    if ('words' in end && `${end.words}` !== `${wordsOf(request)}`) wrong.push(`${i}: ${end.words}`);
  }
  t.same(wrong, []);
});

t.test('a late refusal is not taken for the answer to the next question', async (t) => {
  const refusal = sealed(1, 0x83, 2);
  const bench = await scriptBench((request, turn) =>
    turn === 0
      ? []
      : ([
          [3, refusal],
          [20, replyTo(request)],
        ].slice(turn > 1 ? 1 : 0) as [number, Buffer][]),
  );
  t.match(await endOf(bench, bench.line.read(holding(10, 4), 50)), { code: 'timeout' });
  t.match(await endOf(bench, bench.line.read(holding(70, 2), 50)), { words: [70, 71] }, "the refusal was the older question's");
  t.equal(bench.line.counters.lateReplies, 1);
});

t.test('an answer to another write is skipped, alone or in one piece with the right one', async (t) => {
  const ack = (value: number): Buffer => sealed(1, 6, 0, 5, 0, value);
  const replies = [[], [ack(11), ack(12)], [ack(12)]];
  const bench = await scriptBench((_, turn) => [[3, Buffer.concat(replies[turn] ?? [])]]);
  const write = (value: number) => endOf(bench, bench.line.write({ unit: 1, table: 'holding', address: 5, values: [value] }, 50));
  t.match(await write(11), { code: 'timeout' });
  t.match(await write(12), { words: [] });
  t.match(bench.line.counters, { lateReplies: 1, wrongReplies: 0 });
  t.match(await write(13), { code: 'wrong-reply', error: { message: /no second unit has its address/ } });
  t.match(bench.line.counters, { lateReplies: 1, wrongReplies: 1, timeouts: 1 });
});
