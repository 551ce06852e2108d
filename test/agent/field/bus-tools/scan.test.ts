import t from 'tap';
import type { BusTransaction, FoundUnit, ScanProgress } from '../../../../agent/core/bus-tools.ts';
import type { SerialSettings } from '../../../../agent/core/cabinet.ts';
import type { LevelWrite } from '../../../../agent/core/ports.ts';
import { AT_9600, registers, rigWith, SCAN } from './bus-rig.ts';

const AT_19200_EVEN: SerialSettings = { baud: 19_200, parity: 'even', stopBits: 1, dataBits: 8 };

const SIGNATURE: readonly (readonly [string, number])[] = [
  ['holding:200', 'W'.charCodeAt(0)],
  ['holding:201', 'B'.charCodeAt(0)],
];

const foundAt = (found: readonly FoundUnit[], unit: number): FoundUnit | undefined => found.find((each) => each.unit === unit);

// ── scan ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

for (const [bytes, chunkBytes, sensors] of [
  ['bytes that come one by one', 1, 1],
  ['replies that come whole', 16, 0],
] as const) {
  t.test(`247 addresses at 9600 take 8 s at most while 35 units are polled, with ${bytes}, and nothing is written`, async (t) => {
    const rig = await rigWith(t, { lamps: 35 - sensors, sensors, chunkBytes, unknownUnits: new Map([[60, registers(4, SIGNATURE)]]) });
    await rig.clock.advance(6_000);
    const before = rig.sim.stats.requests;
    const progress: ScanProgress[] = [];
    const result = await rig.settled(rig.field.bus.scan(SCAN, (each) => progress.push(each)));
    t.ok(result.durationMs <= 8_000, `${result.durationMs} ms`);
    t.equal(result.found.length, 36);
    t.match(foundAt(result.found, 60), { profiles: [{ id: 'meter', strength: 'strong' }], device: null });
    t.match(foundAt(result.found, 7), { device: 'L7', profiles: [{ id: 'lamp', strength: 'strong' }], serial: AT_9600 });
    t.same([result.missing, result.damaged], [[], []]);
    t.match(progress.at(-1), { done: 247, total: 247 });
    t.ok(
      progress.every(({ done }, i) => done >= (progress[i - 1]?.done ?? 0)),
      'progress never goes back',
    );
    t.equal(progress.filter(({ found }) => found !== null).length, 36, 'each unit is reported as it is found');
    const polls = rig.sim.stats.requests - before - 212;
    t.ok(polls >= 20, `${polls} polls in ${result.durationMs} ms`);
    t.same(
      [...rig.units.values()].flatMap(({ writes }) => writes),
      [],
    );
    t.match(rig.sim.stats, { gapViolations: 0, badRequests: 0 });
  });
}

t.test('a slow unit, a refusing one, a missing one and two that share an address are each reported as such', async (t) => {
  const unknownUnits = new Map([
    [50, registers(4, [])],
    [100, registers(45, SIGNATURE)],
    [101, registers(4, SIGNATURE)],
    [150, registers(4)],
    [200, registers(120)],
  ]);
  const rig = await rigWith(t, { lamps: 5, unknownUnits, shared: [150] });
  rig.sim.silence(3);
  await rig.clock.advance(8_000);
  const result = await rig.settled(rig.field.bus.scan(SCAN, () => {}));
  t.same(
    result.found.map(({ unit }) => unit),
    [1, 2, 4, 5, 50, 100, 101, 200],
  );
  t.match(foundAt(result.found, 50), { exception: 'illegal-address', profiles: [] });
  t.match(foundAt(result.found, 100), { turnaroundMs: 45, profiles: [{ id: 'meter' }] });
  t.ok(Math.abs((foundAt(result.found, 200)?.turnaroundMs ?? 0) - 120) < 2);
  t.ok(result.durationMs <= 9_000, `${result.durationMs} ms, slow ones and all`);
  t.same(result.missing, [{ unit: 3, device: 'L3' }]);
  t.same(result.damaged, [150]);
});

t.test('a cabinet’s own unit with a second one at its address is damaged too', async (t) => {
  const rig = await rigWith(t, { lamps: 3 });
  await rig.clock.advance(20_000);
  for (let i = 0; i < 12; i++) {
    if (i % 2 === 0) rig.sim.corruptNext(2);
    await rig.clock.advance(5_000);
  }
  const result = await rig.settled(rig.field.bus.scan({ ...SCAN, to: 3 }, () => {}));
  t.same(result.damaged, [2]);
});

t.test('presence keeps its pace during a scan, and an urgent write waits for one probe at most', async (t) => {
  const rig = await rigWith(t, { lamps: 10, sensors: 1 });
  await rig.clock.advance(6_000);
  const seen: BusTransaction[] = [];
  t.teardown(rig.field.bus.watch('north', (each) => seen.push(each)));
  const scan = rig.field.bus.scan(SCAN, () => {});
  await rig.clock.advance(1_003);
  const write: LevelWrite = {
    commandId: 'c',
    lampId: 'L1',
    pointId: 'L1.level',
    levelPct: 40,
    lane: 'urgent',
    expiresMono: rig.clock.monoMs() + 5_000,
  };
  const wishedMono = rig.clock.monoMs();
  const done = await rig.settled(rig.field.write(write));
  t.match(done, { state: 'verified' });
  t.ok((done.sentMono ?? 0) - wishedMono <= 30, `${(done.sentMono ?? 0) - wishedMono} ms`);
  await rig.settled(scan);
  await rig.clock.advance(200);
  const presence = seen.filter(({ lane }) => lane === 'presence').map(({ atMs }) => atMs);
  const pauses = presence.slice(1).map((atMs, i) => atMs - (presence[i] as number));
  t.ok(Math.max(...pauses) <= 100 + 2 * 35, `longest pause ${Math.max(...pauses)} ms`);
  t.ok((rig.field.bus.stats()[0]?.urgentWaitMs?.count ?? 0) >= 1);
});

t.test('the wait may be made longer, and an adapter that waits is waited for', async (t) => {
  const unknownUnits = new Map([[9, registers(25)]]);
  const rig = await rigWith(t, { unknownUnits });
  const patient = await rig.settled(rig.field.bus.scan({ ...SCAN, to: 10, waitMs: 60 }, () => {}));
  t.same([patient.found.length, patient.found[0]?.turnaroundMs], [1, 25]);
  t.ok(patient.durationMs >= 9 * 60, 'each is waited for');
  for (const [latencyMs, late, unit] of [
    [16, 0, 10],
    [0, 1, 10],
    [0, 1, 8],
  ] as const) {
    const { field, settled } = await rigWith(t, { unknownUnits: new Map([[unit, registers(20)]]), latencyMs, chunkBytes: 16 });
    const { found, durationMs } = await settled(field.bus.scan({ ...SCAN, to: 10 }, () => {}));
    t.ok(durationMs < 1_000, `${durationMs} ms: no wait for the guard against late replies`);
    t.equal(found.length, 1, 'even the last address is heard');
    const [stats] = field.bus.stats();
    t.equal(stats?.console.lateReplies, late, 'and with an adapter known to wait, at once');
    t.equal(stats?.lateReplies, 0, 'which says nothing of the line');
  }
});

t.test('a scan with a longer wait reads again after bytes that no unit explains, so that a busy machine misses no unit', async (t) => {
  // Its first replies come when addresses far behind it are read.
  const busyUntil = (requests: number) => {
    let seen = 0;
    const unit = registers(4);
    return {
      ...unit,
      get turnaroundMs() {
        return ++seen <= requests ? 450 : 4;
      },
    };
  };
  for (const [waitMs, found] of [
    [null, 0],
    [60, 1],
  ] as const) {
    const rig = await rigWith(t, { unknownUnits: new Map([[3, busyUntil(1)]]) });
    const result = await rig.settled(rig.field.bus.scan({ ...SCAN, to: 30, waitMs }, () => {}));
    t.equal(result.found.length, found, `with ${waitMs ?? 'the usual'} ms`);
  }
});

t.test('other speeds are tried in slices that let the street continue', async (t) => {
  const elsewhere = {
    serial: AT_19200_EVEN,
    units: new Map([
      [12, registers(5, SIGNATURE)],
      [13, registers(5, [])],
    ]),
  };
  const rig = await rigWith(t, { lamps: 4, sensors: 1, elsewhere });
  await rig.clock.advance(6_000);
  const seen: BusTransaction[] = [];
  t.teardown(rig.field.bus.watch('north', (each) => seen.push(each)));
  const progress: ScanProgress[] = [];
  const result = await rig.settled(rig.field.bus.scan({ ...SCAN, to: 20, autoBaud: true }, (each) => progress.push(each)));
  t.same(
    result.found.map(({ unit, serial }) => `${unit} ${serial?.baud} ${serial?.parity}`),
    ['1', '2', '3', '4', '5'].map((unit) => `${unit} 9600 none`).concat('12 19200 even', '13 19200 even'),
  );
  t.match(foundAt(result.found, 12), { profiles: [{ id: 'meter' }], device: null, turnaroundMs: 5 });
  t.match(foundAt(result.found, 13), { exception: 'illegal-address' });
  t.same([progress.at(-1)?.done, progress.at(-1)?.total], [20 + 13 * 20, 20 + 13 * 20]);
  await rig.settled(rig.field.bus.scan({ ...SCAN, from: 12, to: 13, autoBaud: true, waitMs: 250 }, () => {}));
  await rig.clock.advance(200);
  const presence = seen.filter(({ lane, error }) => lane === 'presence' && error === null).map(({ atMs }) => atMs);
  const pauses = presence.slice(1).map((atMs, i) => atMs - (presence[i] as number));
  t.ok(Math.max(...pauses) <= 100 + 250 + 35, `longest pause ${Math.max(...pauses)} ms`);
  t.equal(rig.field.lines()[0]?.state, 'up');
  t.ok(rig.field.devices().every(({ state }) => state === 'ok'));
});

t.test('a scan ends when its caller leaves, and when its line goes down', async (t) => {
  const rig = await rigWith(t, { lamps: 2 });
  await rig.clock.advance(3_000);
  const abort = new AbortController();
  let reports = 0;
  const scan = rig.field.bus.scan({ ...SCAN, autoBaud: true, signal: abort.signal }, () => reports++);
  await rig.clock.advance(500);
  abort.abort();
  await t.rejects(rig.settled(scan), { name: 'AbortError' });
  const atEnd = reports;
  await rig.clock.advance(5_000);
  t.ok(reports <= atEnd + 1);
  const cut = rig.field.bus.scan(SCAN, () => {});
  await rig.clock.advance(500);
  rig.sim.unplug();
  await t.rejects(rig.settled(cut), { code: 'port-closed' });
  await t.rejects(
    rig.field.bus.scan(SCAN, () => {}),
    { code: 'port-closed' },
  );
});
