import t from 'tap';
import { createRandom } from '../street/random.ts';
import {
  addressUnit,
  busBench,
  CHAR_MS,
  type End,
  endOf,
  GAP_MS,
  holding,
  replyTo,
  SERIAL,
  scriptBench,
  sealed,
  wordsOf,
} from './port-bench.ts';

t.test('silence is kept between frames and nothing collides', async (t) => {
  for (const serial of [SERIAL, { ...SERIAL, baud: 19_200, stopBits: 2 as const }, { ...SERIAL, baud: 115_200 }]) {
    const bench = await busBench({ 1: addressUnit(3), 2: addressUnit(0.1) }, serial, 2);
    let right = 0;
    const loop = async (): Promise<void> => {
      for (let i = 0; i < 200; i++) {
        const request = holding(i, 1 + (i % 12), 1 + (i % 2));
        const { words } = await bench.line.read(request, 100);
        if (`${words}` === `${wordsOf(request)}`) right++;
      }
    };
    const done = loop();
    await bench.clock.advance(60_000);
    await done;
    t.equal(right, 200);
    t.match(bench.sim.stats, { requests: 200, badRequests: 0, gapViolations: 0, collisions: 0 }, `${serial.baud} baud`);
  }
});

t.test('the timeout counts to the first byte: a dead unit costs no more, a reply that has begun is waited for', async (t) => {
  const bench = await busBench({ 1: addressUnit(30) }, SERIAL, 2);
  bench.sim.silence(1);
  const requestMs = 8 * CHAR_MS;
  const dead = await endOf(bench, bench.line.read(holding(0, 100), 40));
  t.match(dead, { code: 'timeout' });
  t.ok(dead.tookMs < requestMs + 40 + 3, `${dead.tookMs} ms, though the reply would take 213`);
  bench.sim.revive(1);
  const long = await endOf(bench, bench.line.read(holding(0, 101), 40));
  t.match(long, { words: wordsOf(holding(0, 101)) });
  if (!('reply' in long)) return;
  t.ok(Math.abs(long.reply.firstByteMs - 30 - 2 * CHAR_MS) < 0.01, `first byte after ${long.reply.firstByteMs} ms`);
  t.ok(Math.abs(long.reply.turnaroundMs - 30) < 0.01, `turnaround ${long.reply.turnaroundMs} ms`);
  await bench.line.close();
  const broken = await scriptBench((request) => [[35, replyTo(request).subarray(0, 20)]]);
  const end = await endOf(broken, broken.line.read(holding(0, 100), 40));
  t.match(end, { code: 'wrong-reply' });
  t.ok(
    end.tookMs > 200 && end.tookMs < requestMs + 40 + 205 * CHAR_MS + GAP_MS + 16 + 3,
    `a reply that stops costs no more than a whole one: ${end.tookMs} ms`,
  );
});

t.test('pieces of a reply wait in the port until it is whole', async (t) => {
  const bench = await busBench({ 1: addressUnit(5) }, SERIAL, 2);
  let [isHeld, deliveries, kept] = [false, 0, Buffer.alloc(0)];
  const { onBytes } = bench.wire.port;
  bench.wire.port.onBytes = (bytes) => {
    if (isHeld) {
      kept = Buffer.concat([kept, bytes]);
      return;
    }
    deliveries++;
    onBytes(bytes);
  };
  Object.assign(bench.wire.port, {
    hold(on: boolean) {
      isHeld = on;
      const bytes = kept;
      kept = Buffer.alloc(0);
      if (!on && bytes.length > 0) bench.wire.port.onBytes(bytes);
    },
  });
  const end = await endOf(bench, bench.line.read(holding(0, 20), 60));
  t.match(end, { words: wordsOf(holding(0, 20)) });
  t.ok(deliveries <= 4, `${deliveries} deliveries of 45 bytes`);
  if ('reply' in end) t.ok(Math.abs(end.reply.turnaroundMs - 5) < 0.01, 'and it comes no later for that');
  bench.sim.silence(1);
  t.match(await endOf(bench, bench.line.read(holding(0, 2), 60)), { code: 'timeout' });
  t.notOk(isHeld);
});

t.test('a broadcast is obeyed by all and takes its own time and the pause, no timeout', async (t) => {
  const units = { 1: addressUnit(), 2: addressUnit() };
  const bench = await busBench(units);
  const single = await endOf(bench, bench.line.write({ unit: 0, table: 'holding', address: 3, values: [9] }, 20));
  t.match(single, { words: [] });
  t.ok(Math.abs(single.tookMs - (8 * CHAR_MS + 20)) <= 1, `${single.tookMs} ms`);
  t.match(await endOf(bench, bench.line.write({ unit: 0, table: 'holding', address: 4, values: [1, 2] }, 20)), { words: [] });
  t.match(await endOf(bench, bench.line.write({ unit: 0, table: 'coil', address: 0, values: [1, 0, 1] }, 20)), { words: [] });
  t.same(units[2].written, [
    ['holding', 3, [9]],
    ['holding', 4, [1, 2]],
    ['coil', 0, [1, 0, 1]],
  ]);
  t.same(units[1].written, units[2].written);
  t.match(bench.line.counters, { timeouts: 0 });
  t.match(await endOf(bench, bench.line.read(holding(5), 60)), { words: [5, 6] });
  bench.sim.setEcho(true);
  const echoed = await endOf(bench, bench.line.write({ unit: 0, table: 'holding', address: 3, values: [9] }, 20));
  t.ok(echoed.tookMs > 8 * CHAR_MS + 19, `its echo does not shorten the pause: ${echoed.tookMs} ms`);
});

t.test('coils, discrete inputs and input registers are read with their own functions', async (t) => {
  const bench = await busBench({ 1: addressUnit() }, SERIAL, 2);
  for (const table of ['coil', 'discrete'] as const) {
    const end = await endOf(bench, bench.line.read({ unit: 1, table, address: 0, count: 10 }, 60));
    t.match(end, { words: [0, 1, 0, 1, 0, 1, 0, 1, 0, 1] });
    t.equal('words' in end && end.words.length, 10, 'not the padding of the last byte');
  }
  t.match(await endOf(bench, bench.line.read({ unit: 1, table: 'input', address: 300, count: 125 }, 60)), {
    words: wordsOf(holding(300, 125)),
  });
});

t.test('a reply contains the time of its request and how long the unit took', async (t) => {
  const bench = await busBench({ 1: addressUnit(8) });
  const end = await endOf(bench, bench.line.read(holding(5, 10), 60));
  if (!('reply' in end)) return t.fail('no reply');
  t.ok(Math.abs(end.reply.turnaroundMs - 8) < 0.001, `${end.reply.turnaroundMs} ms`);
  t.ok(Math.abs(end.reply.atMono - end.reply.askedMono - (8 + 33 * CHAR_MS)) < 0.001);
  t.ok(Math.abs(bench.line.wireMs(holding(5, 10)) - 33 * CHAR_MS) < 0.001);
  t.ok(Math.abs(bench.line.counters.busyMs - (8 + 33 * CHAR_MS + GAP_MS)) < 0.001);
});

t.test('a confirmed reply has the time of the first request that was answered with its values', async (t) => {
  for (const [values, first] of [
    [[1, 1, 1], 0],
    [[1, 8, 8, 8], 1],
  ] as const) {
    const sentMono: number[] = [];
    const bench = await scriptBench((_, turn) => {
      sentMono.push(bench.clock.monoMs());
      const reply = (value: number) => sealed(1, 3, 2, 0, value);
      // The first reply comes twice, so the line is in doubt, and of a value that was there before three replies in a row must agree.
      return turn === 0
        ? [
            [5, reply(1)],
            [40, reply(1)],
          ]
        : [[5, reply(values[turn - 1] ?? 0)]];
    });
    await endOf(bench, bench.line.read(holding(10, 1), 200));
    await bench.clock.advance(2_000);
    const end = await endOf(bench, bench.line.read(holding(10, 1), 200));
    if (!('reply' in end)) return t.fail(end.code);
    t.equal(sentMono.length, 1 + values.length);
    t.same(end.words, [values.at(-1)]);
    t.equal(end.reply.askedMono, sentMono[1 + first]);
    t.ok(end.reply.atMono > (sentMono.at(-1) ?? 0));
  }
});

t.test('the deadline of an answered request does not end a later one', async (t) => {
  const bench = await scriptBench((request, turn) => [[turn === 0 ? 5 : 300, replyTo(request)]]);
  t.match(await endOf(bench, bench.line.read(holding(1), 200)), { words: [1, 2] });
  await bench.clock.advance(100);
  t.match(await endOf(bench, bench.line.read(holding(3), 500)), { words: [3, 4] });
  t.match(bench.line.counters, { timeouts: 0 });
});

t.test('an unplugged cable ends the request in flight at once, and a new plug works', async (t) => {
  const bench = await busBench({ 1: addressUnit() });
  const lost: Error[] = [];
  bench.line.onLost = (cause) => lost.push(cause);
  bench.sim.silence(1);
  bench.clock.after(20, () => bench.sim.unplug());
  const flying = await endOf(bench, bench.line.read(holding(1), 2_000));
  t.match(flying, { code: 'port-closed' });
  t.ok(flying.tookMs <= 21, `${flying.tookMs} ms`);
  t.equal(lost.length, 1);
  t.match(await endOf(bench, bench.line.read(holding(1), 60)), { code: 'port-closed' }, 'nothing is sent while it is gone');
  await t.rejects(bench.line.open(), { code: 'port-missing' });
  bench.sim.replug();
  bench.sim.revive(1);
  await bench.line.open();
  t.match(await endOf(bench, bench.line.read(holding(6, 3), 60)), { words: [6, 7, 8] });
  bench.clock.after(1, () => bench.sim.unplug());
  bench.sim.noise(Buffer.from([1, 2, 3]));
  t.match(await endOf(bench, bench.line.read(holding(1), 60)), { code: 'port-closed' }, 'a request still waiting for silence ends too');
});

t.test('closing ends the request in flight, and it opens again', async (t) => {
  const bench = await busBench({ 1: addressUnit() });
  const flying = bench.line.read(holding(1), 2_000);
  const rejected = t.rejects(flying, { code: 'port-closed' });
  await bench.line.close();
  await rejected;
  await bench.line.open();
  t.match(await endOf(bench, bench.line.read(holding(6), 60)), { words: [6, 7] });
});

t.test('two requests at a time are a programming error', async (t) => {
  const bench = await busBench({ 1: addressUnit() });
  const first = endOf(bench, bench.line.read(holding(1), 60));
  t.throws(() => bench.line.read(holding(2), 60), TypeError);
  t.match(await first, { words: [1, 2] });
});

t.test('a flood of a million random bytes crashes nothing, yields no value, and leaves the line usable', async (t) => {
  const random = createRandom(42);
  let replying = false;
  const bench = await scriptBench((request) => (replying ? [[3, replyTo(request)]] : []));
  let fed = 0;
  let flooding = true;
  const flood = (): void => {
    if (!flooding) return;
    const bytes = Buffer.from(Array.from({ length: 1 + Math.floor(600 * random()) }, () => Math.floor(256 * random())));
    // Every other burst starts like a reply.
    if (fed % 2 === 0) bytes.set([1, 3, 4].slice(0, bytes.length));
    fed += bytes.length;
    bench.wire.end.write(bytes);
    if (fed < 1_100_000) bench.clock.after(4 * random(), flood);
    else flooding = false;
  };
  flood();
  const ends: End[] = [];
  while (flooding) ends.push(await endOf(bench, bench.line.read(holding(Math.floor(1_000 * random()), 2), 30)));
  t.ok(ends.length > 30, `${ends.length} reads`);
  t.same(
    ends.filter((end) => 'words' in end),
    [],
  );
  t.ok(
    ends.every((end) => 'code' in end && ['crc', 'timeout', 'wrong-reply'].includes(end.code)),
    'each ends as damaged, wrong or lost',
  );
  replying = true;
  await bench.clock.advance(2_000);
  t.match(await endOf(bench, bench.line.read(holding(6), 60)), { words: [6, 7] });
});
