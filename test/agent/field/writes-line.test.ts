import fc from 'fast-check';
import t, { type Test } from 'tap';
import type { WriteResult } from '../../../agent/core/ports.ts';
import type { Profile } from '../../../agent/core/profile.ts';
import { GATEWAY, HEARING, level, PLAIN } from './group-lamps.ts';
import { createPlant, type Plant, type PlantOptions, point, profile, SENSOR, type TestUnit } from './plant.ts';

const many = (count: number, type: Profile, prefix = 'L'): Record<string, Profile> =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`${prefix}${i + 1}`, type]));

// ── on the line ──────────────────────────────────────────────────────────────────────────────────────────────────────

async function plantWith(t: Pick<Test, 'teardown'>, options: PlantOptions): Promise<Plant> {
  const plant = createPlant(options);
  t.teardown(() => plant.field.stop());
  await plant.field.start();
  await plant.clock.advance(3_000);
  return plant;
}

/** From now on broadcasts do not reach it; requests to its own address do. */
function missBroadcasts(unit: TestUnit): void {
  const { read, write } = unit;
  let isAddressed = false;
  unit.onRequest = () => {
    isAddressed = true;
  };
  unit.read = (...args) => {
    isAddressed = false;
    return read(...args);
  };
  unit.write = (...args) => {
    if (!isAddressed) return undefined;
    isAddressed = false;
    return write(...args);
  };
}

const writesOf = (plant: Plant, id: string, sinceMono: number): string[] =>
  plant.askedSince(id, sinceMono).filter((what) => what.startsWith('write'));
const levelAt = (plant: Plant, id: string, address = 0): number => plant.unit(id).registers.get(`holding:${address}`) ?? 0;

async function allOf(plant: Plant, pending: readonly Promise<WriteResult>[], withinMs = 20_000): Promise<WriteResult[]> {
  let results: WriteResult[] | undefined;
  void Promise.all(pending).then((all) => {
    results = all;
  });
  for (let ms = 0; ms < withinMs && results === undefined; ms += 5) await plant.clock.advance(5);
  if (results === undefined) throw new Error(`not all settled in ${withinMs} ms`);
  return results;
}

t.test('a device whose id contains a dot is written, also beside one with the first part of its id', async (t) => {
  const plant = await plantWith(t, { devices: { quay: PLAIN, 'quay.1': PLAIN } });
  const [result] = await allOf(plant, [plant.write('quay.1', 40)]);
  t.match(result, { state: 'verified' });
  t.strictSame([levelAt(plant, 'quay', 50), levelAt(plant, 'quay.1', 50)], [0, 40]);
});

t.test('a whole line changes by one broadcast, sent twice, and each lamp is verified', async (t) => {
  const plant = await plantWith(t, { devices: many(12, HEARING) });
  const sinceMono = plant.clock.monoMs();
  const requests = plant.sim.stats.requests;
  const sent: number[] = [];
  const ids = Object.keys(many(12, HEARING));
  const pending = ids.map((id) => plant.write(id, 70, { onSent: (mono) => sent.push(mono) }));
  await plant.clock.advance(40);
  t.ok(
    ids.every((id) => levelAt(plant, id) === 70),
    'all lit within one frame',
  );
  const results = await allOf(plant, pending);
  t.ok(results.every(({ state }) => state === 'verified'));
  for (const id of ids) t.same(writesOf(plant, id, sinceMono), ['write holding:0=70', 'write holding:0=70']);
  t.equal(plant.askedSince('L5', sinceMono).filter((what) => what.startsWith('read')).length, 1);
  t.equal(sent.length, 12, 'each write is reported as sent once');
  t.ok(
    sent.every((mono) => mono >= sinceMono && mono < sinceMono + 30),
    `sent ${sent[0]}, asked ${sinceMono}`,
  );
  t.ok(plant.sim.stats.requests - requests <= 2 + 12 + 4, 'two broadcasts and twelve proofs');
  t.match(plant.sim.stats, { gapViolations: 0, collisions: 0, badRequests: 0 });
});

t.test('after a broadcast the line rests as long as its slowest lamp needs, and no longer', async (t) => {
  const restOf = async (turnaroundMs: number): Promise<number> => {
    const plant = await plantWith(t, { devices: many(3, HEARING) });
    plant.unit('L2').turnaroundMs = turnaroundMs;
    await plant.clock.advance(200_000);
    const pending = ['L1', 'L2', 'L3'].map((id) => plant.write(id, 70));
    await allOf(plant, pending);
    const [first, second] = plant.unit('L1').asked.filter(({ what }) => what.startsWith('write'));
    return (second?.atMono ?? 0) - (first?.atMono ?? 0);
  };
  const [quick, slow, sluggish] = [await restOf(3), await restOf(12), await restOf(60)];
  t.ok(quick < 5 + 9, `${quick.toFixed(1)} ms from one broadcast to the next`);
  t.ok(slow > quick + 4 && slow < 20, `${slow.toFixed(1)} ms`);
  t.ok(sluggish > 20 && sluggish < 20 + 9, `${sluggish.toFixed(1)} ms`);
});

t.test('a lamp that the broadcast did not reach is written alone', async (t) => {
  const plant = await plantWith(t, { devices: many(4, HEARING) });
  missBroadcasts(plant.unit('L3'));
  const sinceMono = plant.clock.monoMs();
  const results = await allOf(
    plant,
    ['L1', 'L2', 'L3', 'L4'].map((id) => plant.write(id, 70)),
  );
  t.ok(results.every(({ state }) => state === 'verified'));
  t.equal(levelAt(plant, 'L3'), 70);
  t.same(writesOf(plant, 'L3', sinceMono), ['write holding:0=70']);
  t.equal(writesOf(plant, 'L2', sinceMono).length, 2, 'and the others are left in peace');
});

t.test('a lamp that does not obey even alone fails, with what to check', async (t) => {
  const plant = await plantWith(t, { devices: many(3, HEARING) });
  plant.unit('L2').deaf = true;
  const results = await allOf(
    plant,
    ['L1', 'L2', 'L3'].map((id) => plant.write(id, 70)),
  );
  t.match(results, [
    { state: 'verified' },
    { state: 'failed', reason: /reads back 0, wrote 70: check/, sentMono: Number },
    { state: 'verified' },
  ]);
});

t.test('lamps of another level, and the last of a line without a request, are left unchanged', async (t) => {
  const plant = await plantWith(t, { devices: many(4, HEARING) });
  const sinceMono = plant.clock.monoMs();
  await allOf(
    plant,
    ['L1', 'L2', 'L3'].map((id) => plant.write(id, 70)),
  );
  t.same(writesOf(plant, 'L4', sinceMono), []);
  t.same(writesOf(plant, 'L1', sinceMono), ['write holding:0=70'], 'one by one');
});

t.test('a silent lamp does not keep the others from their broadcast, and has its light when it returns', async (t) => {
  const plant = await plantWith(t, { devices: many(4, HEARING) });
  plant.sim.silence(2);
  await plant.clock.advance(20_000);
  const pending = ['L1', 'L2', 'L3', 'L4'].map((id) => plant.write(id, 70, { ttlMs: 60_000 }));
  const sinceMono = plant.clock.monoMs();
  const answering = pending.filter((_, i) => i !== 1);
  t.ok((await allOf(plant, answering)).every(({ state }) => state === 'verified'));
  t.ok(plant.clock.monoMs() - sinceMono < 400, `${plant.clock.monoMs() - sinceMono} ms`);
  t.equal(writesOf(plant, 'L1', sinceMono).length, 2);
  plant.sim.revive(2);
  t.match(await allOf(plant, pending, 61_000), [{}, { state: 'verified' }]);
  t.equal(levelAt(plant, 'L2'), 70);
});

t.test('a newer level between broadcast and proof wins, and the repetition does not undo it', async (t) => {
  const plant = await plantWith(t, { devices: many(4, HEARING) });
  const older = ['L1', 'L2', 'L3', 'L4'].map((id) => plant.write(id, 70));
  await plant.clock.advance(10);
  t.equal(levelAt(plant, 'L2'), 70, 'the broadcast is out');
  const newer = plant.write('L2', 20);
  const results = await allOf(plant, [...older, newer]);
  t.match(results, [
    { state: 'verified' },
    { state: 'failed', reason: /newer level/, sentMono: Number },
    { state: 'verified' },
    { state: 'verified' },
    { state: 'verified' },
  ]);
  t.same(
    ['L1', 'L2', 'L3', 'L4'].map((id) => levelAt(plant, id)),
    [70, 20, 70, 70],
  );
});

t.test('a line lost in the middle of a group ends all its writes', async (t) => {
  for (const afterMs of [1, 15, 45, 60]) {
    const plant = await plantWith(t, { devices: many(4, HEARING) });
    const pending = ['L1', 'L2', 'L3', 'L4'].map((id) => plant.write(id, 70));
    await plant.clock.advance(afterMs);
    plant.sim.unplug();
    const results = await allOf(plant, pending, 100);
    t.ok(results.every(({ state }) => state === 'failed') || afterMs === 60, `after ${afterMs} ms`);
  }
});

t.test('a line that is lost between a broadcast and its repetition does not repeat it when it is back', async (t) => {
  const plant = await plantWith(t, { devices: many(2, HEARING) });
  const sinceMono = plant.clock.monoMs();
  let isSent = false;
  const onSent = (): void => {
    isSent = true;
  };
  const pending = ['L1', 'L2'].map((id) => plant.write(id, 70, { onSent }));
  while (!isSent) await plant.clock.advance(0.2);
  plant.sim.unplug();
  t.match(await allOf(plant, pending), [{ state: 'failed', reason: /the line went down/ }, { state: 'failed' }]);
  plant.sim.replug();
  await plant.clock.advance(20_000);
  t.match(plant.field.lines(), [{ state: 'up' }]);
  t.same(writesOf(plant, 'L1', sinceMono), ['write holding:0=70']);
});

t.test('a newer level immediately ends the verification of an older one, and each is reported once as sent', async (t) => {
  const plant = await plantWith(t, { devices: many(2, HEARING) });
  missBroadcasts(plant.unit('L1'));
  const sent: string[] = [];
  const levels = (levelPct: number) =>
    ['L1', 'L2'].map((id) => plant.write(id, levelPct, { onSent: () => sent.push(`${id} ${levelPct}`) }));
  const older = levels(70);
  await plant.clock.advance(35);
  const newer = levels(30);
  const beforeMono = plant.clock.monoMs();
  t.match(await Promise.all(older), [{ state: 'failed', reason: /newer level/ }, { state: 'failed' }]);
  t.equal(plant.clock.monoMs(), beforeMono, 'without waiting for anything');
  t.match(await allOf(plant, newer), [{ state: 'verified' }, { state: 'verified' }]);
  t.same(sent, ['L1 70', 'L2 70', 'L1 30', 'L2 30'], 'a repair is no second sending');
});

t.test('the waiting time of an urgent level is reported, of others it is not', async (t) => {
  const plant = await plantWith(t, { devices: many(2, PLAIN) });
  const other = plant.write('L2', 70, { lane: 'command' });
  await plant.clock.advance(3);
  const askedMono = plant.clock.monoMs();
  const results = await allOf(plant, [plant.write('L1', 70), other]);
  const [stats] = plant.field.bus.stats();
  t.match(stats?.urgentWaitMs, { count: 1 });
  t.ok((stats?.urgentWaitMs?.max ?? 0) > 5, 'it waited for the write in flight');
  t.ok(Math.abs((stats?.urgentWaitMs?.max ?? 0) - ((results[0]?.sentMono ?? 0) - askedMono)) < 0.5, `${stats?.urgentWaitMs?.max} ms`);
});

t.test('an adapter that receives its own bytes does no harm', async (t) => {
  const plant = await plantWith(t, { devices: many(4, HEARING) });
  plant.sim.setEcho(true);
  await plant.clock.advance(6_000);
  const results = await allOf(
    plant,
    ['L1', 'L2', 'L3', 'L4'].map((id) => plant.write(id, 70)),
  );
  t.ok(results.every(({ state }) => state === 'verified'));
  t.ok(['L1', 'L2', 'L3', 'L4'].every((id) => levelAt(plant, id) === 70));
});

t.test('lamps behind a gateway go by its group register, once, and one by one where it refuses', async (t) => {
  const plant = await plantWith(t, { devices: { G1: GATEWAY } });
  const { registers, refusals } = plant.unit('G1');
  const unit = plant.unit('G1');
  const { write } = unit;
  unit.write = (table, address, values) => {
    const refusal = write(table, address, values);
    if (refusal === undefined && address === 300) for (const n of [0, 1]) registers.set(`holding:${200 + n}`, values[0] as number);
    return refusal;
  };
  let sinceMono = plant.clock.monoMs();
  const both = (levelPct: number) => ['lamp0', 'lamp1'].map((quantity) => plant.write('G1', levelPct, { quantity }));
  t.match(await allOf(plant, both(60)), [{ state: 'verified' }, { state: 'verified' }]);
  t.same(writesOf(plant, 'G1', sinceMono), ['write holding:300=60']);
  refusals.set('holding:300', 2);
  sinceMono = plant.clock.monoMs();
  t.match(await allOf(plant, both(30)), [{ state: 'verified' }, { state: 'verified' }]);
  t.same(writesOf(plant, 'G1', sinceMono), ['write holding:300=30', 'write holding:200=30', 'write holding:201=30']);
});

t.test('a level may be proven by another point, and be written elsewhere', async (t) => {
  const split = profile('split', [
    { ...level(10, { address: 20, verify: 'actual', tolerance: 1 }) },
    point('actual', { table: 'input', address: 30, semantic: 'other', poll: 'never' }),
  ]);
  const plant = await plantWith(t, { devices: { L1: split } });
  plant.unit('L1').registers.set('input:30', 69);
  const sinceMono = plant.clock.monoMs();
  t.match(await allOf(plant, [plant.write('L1', 70)]), [{ state: 'verified' }]);
  t.same(plant.askedSince('L1', sinceMono).slice(0, 2), ['write holding:20=70', 'read input:30+1']);
  t.match(await allOf(plant, [plant.write('L1', 75)]), [{ state: 'failed', reason: /reads back 69, wrote 75/ }]);
});

t.test('read-only points are not written', async (t) => {
  const plant = await plantWith(t, {
    devices: { L1: profile('d', [level(0, { dangerous: true })]), L2: profile('s', [level(0, { max: 80 })]), S1: SENSOR },
  });
  const sinceMono = plant.clock.monoMs();
  const results = await allOf(plant, [plant.write('L1', 10), plant.write('L2', 90), plant.write('S1', 10, { quantity: 'motion' })]);
  t.match(results, [{ reason: /dangerous/ }, { reason: /90 is outside 0\.\.80/ }, { reason: /motion of S1 cannot be written/ }]);
  t.same(
    ['L1', 'L2', 'S1'].flatMap((id) => writesOf(plant, id, sinceMono)),
    [],
  );
});

t.test('presence is polled in time while a whole zone is set and verified', async (t) => {
  const plant = await plantWith(t, { devices: { ...many(30, PLAIN), S1: SENSOR } });
  const sinceMono = plant.clock.monoMs();
  const pending = Object.keys(many(30, PLAIN)).map((id) => plant.write(id, 70, { lane: 'command' }));
  await plant.clock.advance(600);
  const proofsFromMono = plant.clock.monoMs();
  await allOf(plant, pending);
  const times = plant
    .unit('S1')
    .asked.map(({ atMono }) => atMono)
    .filter((mono) => mono >= sinceMono);
  const pauses = times.slice(1).map((mono, i) => mono - (times[i] as number));
  t.ok(plant.clock.monoMs() - proofsFromMono > 200, 'proofs took their time');
  t.ok(Math.max(...pauses) < 175, `longest pause ${Math.max(...pauses).toFixed(0)} ms`);
});

t.test('an urgent level is proven while commands take all the rest of the line', async (t) => {
  const plant = await plantWith(t, { devices: many(2, PLAIN) });
  const result = plant.write('L1', 33);
  let command = 0;
  for (let ms = 0; ms < 1_000; ms += 5) {
    void plant.write('L2', 1 + (command++ % 100), { lane: 'command' });
    await plant.clock.advance(5);
  }
  let end: unknown;
  void result.then((state) => {
    end = state;
  });
  await plant.clock.advance(0);
  t.match(end, { state: 'verified' });
  t.ok(plant.unit('L2').asked.filter(({ what }) => what.startsWith('write')).length > 30, 'and the commands went on');
});

// ── whatever is wished ───────────────────────────────────────────────────────────────────────────────────────────────

const LAMPS: readonly { readonly id: string; readonly quantity: string; readonly address: number }[] = [
  ...['A1', 'A2', 'A3'].map((id) => ({ id, quantity: 'level', address: 0 })),
  ...['B1', 'B2'].map((id) => ({ id, quantity: 'level', address: 50 })),
  ...[0, 1, 2].map((n) => ({ id: 'G1', quantity: `lamp${n}`, address: 200 + n })),
];
/** Intents that arrive together, the faults during that time, and the time until the next ones. */
const anyStep = fc.record({
  lamps: fc.oneof(fc.subarray([0, 1, 2, 3, 4, 5, 6, 7]), fc.constantFrom([0, 1, 2], [5, 6], [0, 1, 2, 3, 4, 5, 6, 7])),
  levelPct: fc.constantFrom(10, 50, 100),
  lane: fc.constantFrom('urgent' as const, 'command' as const),
  corrupt: fc.option(fc.constantFrom(2, 5, 6)),
  delay: fc.option(fc.constantFrom(1, 4)),
  waitMs: fc.constantFrom(0, 7, 25, 60, 300),
});
const anyNight = fc.record({
  steps: fc.array(anyStep, { minLength: 1, maxLength: 6 }),
  deafTo: fc.subarray(['A1', 'A2', 'A3']),
  echo: fc.boolean(),
});

async function nightOf({ steps, deafTo, echo }: typeof anyNight extends fc.Arbitrary<infer T> ? T : never): Promise<string> {
  const plant = createPlant({ devices: { ...many(3, HEARING, 'A'), ...many(2, PLAIN, 'B'), G1: GATEWAY } });
  const gateway = plant.unit('G1');
  const { write } = gateway;
  gateway.write = (table, address, values) => {
    if (address === 300) for (const n of [0, 1]) gateway.registers.set(`holding:${200 + n}`, values[0] as number);
    return write(table, address, values);
  };
  for (const id of deafTo) missBroadcasts(plant.unit(id));
  plant.sim.setEcho(echo);
  await plant.field.start();
  await plant.clock.advance(3_000);
  const wanted = new Map<number, number>();
  const faults = new Set<string>();
  const pending: { lamp: number; result: Promise<WriteResult> }[] = [];
  for (const { lamps, levelPct, lane, corrupt, delay, waitMs } of steps) {
    // Once each: three losses in a row end a write as failed, and rightly.
    if (corrupt !== null && !faults.has('corrupt')) plant.sim.corruptNext(corrupt);
    if (delay !== null && !faults.has('delay')) plant.sim.delayNext(delay, 150);
    if (corrupt !== null) faults.add('corrupt');
    if (delay !== null) faults.add('delay');
    for (const lamp of lamps) {
      const { id, quantity } = LAMPS[lamp] as (typeof LAMPS)[number];
      wanted.set(lamp, levelPct);
      pending.push({ lamp, result: plant.write(id, levelPct, { lane, quantity, ttlMs: 60_000 }) });
    }
    await plant.clock.advance(waitMs);
  }
  const results = await allOf(
    plant,
    pending.map(({ result }) => result),
  );
  await plant.clock.advance(1_000);
  await plant.field.stop();
  const wrong = LAMPS.map(({ id, address }, lamp) => [levelAt(plant, id, address), wanted.get(lamp) ?? 0] as const);
  const last = new Map(pending.map(({ lamp }, i) => [lamp, results[i] as WriteResult]));
  const unproven = [...last].filter(([, { state }]) => state !== 'verified').map(([lamp, result]) => `${lamp} ${JSON.stringify(result)}`);
  const others = results.filter((result) => result.state === 'failed' && !/newer level/.test(String(result.reason)));
  return wrong.every(([is, shall]) => is === shall) && unproven.length === 0 && others.length === 0
    ? ''
    : `${JSON.stringify(wrong)} ${unproven} ${JSON.stringify(others)}`;
}

t.test('in the end each lamp has the last requested level, verified, and no other lamp was changed', async (t) => {
  await fc.assert(
    fc.asyncProperty(anyNight, async (night) => {
      const complaint = await nightOf(night);
      if (complaint !== '') throw new Error(complaint);
    }),
    { numRuns: 60 },
  );
  t.pass('on all nights');
});
