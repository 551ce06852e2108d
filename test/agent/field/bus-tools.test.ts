import t, { type Test } from 'tap';
import type { BusTransaction, FoundUnit, ScanProgress, ScanRequest } from '../../../agent/core/bus-tools.ts';
import type { SerialSettings } from '../../../agent/core/cabinet.ts';
import { createManualClock, type ManualClock } from '../../../agent/core/manual-clock.ts';
import type { Field, LevelWrite } from '../../../agent/core/ports.ts';
import type { Profile, Table } from '../../../agent/core/profile.ts';
import type { AgentEvent } from '../../../agent/core/words.ts';
import { createBusTools } from '../../../agent/field/bus-tools/bus-tools.ts';
import { createField } from '../../../agent/field/field.ts';
import { createModbusDriver } from '../../../drivers/modbus/modbus-driver.ts';
import { createModbusLine } from '../../../drivers/modbus/modbus-line.ts';
import { createRandom } from '../../street/random.ts';
import { createSimLine, type SimLine } from '../../street/sim-line.ts';
import { ILLEGAL_ADDRESS, type SimUnit } from '../../street/units/sim-unit.ts';
import { createWire } from '../../street/wire.ts';
import { PLAIN_QUIRKS, testDevice, testLine, testPoint, testProfile, writable } from '../../support/profiles.ts';

const AT_9600: SerialSettings = { baud: 9_600, parity: 'none', stopBits: 2, dataBits: 8 };
const AT_19200_EVEN: SerialSettings = { baud: 19_200, parity: 'even', stopBits: 1, dataBits: 8 };

const LAMP = testProfile('lamp', [
  testPoint('level', { semantic: 'level', table: 'holding', range: [0, 100], unit: '%', write: writable({ settleMs: 40 }) }),
  testPoint('temperature', { address: 10, poll: 'slow', unit: '°C' }),
]);
const SENSOR = testProfile('sensor', [testPoint('motion', { semantic: 'presence', address: 280, poll: 'fast' })]);
/** A type of the shelf that nobody has configured; `WB` names it. */
const METER = testProfile('meter', [testPoint('power')], {
  identify: [{ table: 'holding', address: 200, count: 2, oneOf: [], text: 'WB', strength: 'strong' }],
});
const SIGNATURE: readonly (readonly [string, number])[] = [
  ['holding:200', 'W'.charCodeAt(0)],
  ['holding:201', 'B'.charCodeAt(0)],
];

interface Registers extends SimUnit {
  turnaroundMs: number;
  readonly values: Map<string, number>;
  readonly writes: string[];
}

/** A unit that has the registers given, and no others; all of them when none are given. */
function registers(turnaroundMs: number, given?: readonly (readonly [string, number])[]): Registers {
  const values = new Map(given);
  const writes: string[] = [];
  const has = (table: Table, address: number): boolean => given === undefined || values.has(`${table}:${address}`);
  return {
    turnaroundMs,
    values,
    writes,
    read(table, address, count) {
      const all = Array.from({ length: count }, (_, i) => address + i);
      return all.every((each) => has(table, each)) ? all.map((each) => values.get(`${table}:${each}`) ?? 0) : ILLEGAL_ADDRESS;
    },
    write(table, address, written) {
      writes.push(`${table}:${address}=${written}`);
      for (const [i, value] of written.entries()) values.set(`${table}:${address + i}`, value);
      return undefined;
    },
  };
}

interface Rig {
  readonly clock: ManualClock;
  readonly field: Field;
  readonly sim: SimLine;
  readonly units: ReadonlyMap<number, Registers>;
  readonly events: readonly AgentEvent[];
  /** Let time run until it is settled. */
  settled<T>(pending: Promise<T>): Promise<T>;
}

interface RigOptions {
  readonly lamps?: number;
  readonly sensors?: number;
  readonly strangers?: ReadonlyMap<number, Registers>;
  readonly serial?: SerialSettings;
  readonly port?: string;
  readonly lampProfile?: Profile;
  /** Addresses that two units share: their answers hit each other. */
  readonly shared?: readonly number[];
  /** Units that speak otherwise. */
  readonly elsewhere?: { readonly serial: SerialSettings; readonly units: ReadonlyMap<number, Registers> };
  readonly latencyMs?: number;
  /** Bytes that arrive together. */
  readonly chunkBytes?: number;
}

async function rigWith(t: Test, options: RigOptions): Promise<Rig> {
  const {
    lamps = 0,
    sensors = 0,
    chunkBytes = 2,
    strangers = new Map(),
    serial = AT_9600,
    port = '/dev/north',
    lampProfile = LAMP,
    shared = [],
    elsewhere,
  } = options;
  const clock = createManualClock(Date.parse('2026-01-15T22:00:00Z'));
  const devices = [
    ...Array.from({ length: lamps }, (_, i) => testDevice(`L${i + 1}`, { unit: i + 1, profile: lampProfile.id })),
    ...Array.from({ length: sensors }, (_, i) => testDevice(`S${i + 1}`, { unit: lamps + i + 1, profile: 'sensor' })),
  ];
  const units = new Map<number, Registers>([...devices.map(({ unit }): [number, Registers] => [unit, registers(4)]), ...strangers]);
  const sim = createSimLine({ serial, clock, units, chunkBytes });
  const home = createWire((bytes) => {
    if (shared.includes(bytes[0] as number)) sim.corruptNext(bytes[0] as number);
    sim.receive(bytes);
  });
  sim.end = home.end;
  const portFor = (at: SerialSettings) => {
    const isThere = at.baud === elsewhere?.serial.baud && at.parity === elsewhere.serial.parity;
    const other = createSimLine({ serial: at, clock, units: isThere ? elsewhere.units : new Map(), chunkBytes });
    const wire = createWire((bytes) => other.receive(bytes));
    other.end = wire.end;
    return wire.port;
  };
  const events: AgentEvent[] = [];
  const field = createField({
    lines: [
      {
        kind: 'modbus',
        config: testLine('north', devices, { port, serial }),
        line: createModbusLine({ port: home.port, serial, clock, portFor, isNetwork: port.includes('://') }),
        driverOf: (id) => createModbusDriver(id.startsWith('L') ? lampProfile : SENSOR),
      },
    ],
    clock,
    log: { event: () => {} },
    setupValuesOf: () => ({ rampUpMs: 1_500, rampDownMs: 5_000, failsafeTimeoutS: 60, failsafeLevelPct: 70 }),
    random: createRandom(3),
    profiles: () => [METER],
    adapterLatencyMs: () => options.latencyMs ?? null,
    onReadings: () => {},
    onAlive: () => {},
    onEvent: (event) => events.push(event),
  });
  t.teardown(() => field.stop());
  await field.start();
  return { clock, field, sim, units, events, settled: (pending) => settled(clock, pending) };
}

async function settled<T>(clock: ManualClock, pending: Promise<T>): Promise<T> {
  let isSettled = false;
  const end = (): void => {
    isSettled = true;
  };
  pending.then(end, end);
  for (let i = 0; i < 120_000 && !isSettled; i++) await clock.advance(5);
  if (!isSettled) throw new Error('not settled in 10 minutes');
  return pending;
}

const SCAN: ScanRequest = { line: 'north', from: 1, to: 247, autoBaud: false, waitMs: null };
const foundAt = (found: readonly FoundUnit[], unit: number): FoundUnit | undefined => found.find((each) => each.unit === unit);

// ── scan ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

for (const [bytes, chunkBytes, sensors] of [
  ['bytes that come one by one', 1, 1],
  ['replies that come whole', 16, 0],
] as const) {
  t.test(`247 addresses at 9600 take 8 s at most while 35 units are polled, with ${bytes}, and nothing is written`, async (t) => {
    const rig = await rigWith(t, { lamps: 35 - sensors, sensors, chunkBytes, strangers: new Map([[60, registers(4, SIGNATURE)]]) });
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
    t.equal(progress.filter(({ found }) => found !== null).length, 36, 'each is told as it is found');
    const polls = rig.sim.stats.requests - before - 212;
    t.ok(polls >= 20, `${polls} polls in ${result.durationMs} ms`);
    t.same(
      [...rig.units.values()].flatMap(({ writes }) => writes),
      [],
    );
    t.match(rig.sim.stats, { gapViolations: 0, badRequests: 0 });
  });
}

t.test('a slow unit, one that refuses, one that is gone and two that share an address are each told apart', async (t) => {
  const strangers = new Map([
    [50, registers(4, [])],
    [100, registers(45, SIGNATURE)],
    [101, registers(4, SIGNATURE)],
    [150, registers(4)],
    [200, registers(120)],
  ]);
  const rig = await rigWith(t, { lamps: 5, strangers, shared: [150] });
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
  const strangers = new Map([[9, registers(25)]]);
  const rig = await rigWith(t, { strangers });
  const patient = await rig.settled(rig.field.bus.scan({ ...SCAN, to: 10, waitMs: 60 }, () => {}));
  t.same([patient.found.length, patient.found[0]?.turnaroundMs], [1, 25]);
  t.ok(patient.durationMs >= 9 * 60, 'each is waited for');
  for (const [latencyMs, late, unit] of [
    [16, 0, 10],
    [0, 1, 10],
    [0, 1, 8],
  ] as const) {
    const { field, settled } = await rigWith(t, { strangers: new Map([[unit, registers(20)]]), latencyMs, chunkBytes: 16 });
    const { found, durationMs } = await settled(field.bus.scan({ ...SCAN, to: 10 }, () => {}));
    t.ok(durationMs < 1_000, `${durationMs} ms: nobody waits for the guard against late replies`);
    t.equal(found.length, 1, 'even the last address is heard');
    const [stats] = field.bus.stats();
    t.equal(stats?.console.lateReplies, late, 'and with an adapter known to wait, at once');
    t.equal(stats?.lateReplies, 0, 'which says nothing of the line');
  }
});

t.test('other speeds are tried in slices that keep the street alive', async (t) => {
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

t.test('a scan that nobody waits for any more ends, and so does one of a line that goes down', async (t) => {
  const rig = await rigWith(t, { lamps: 2 });
  await rig.clock.advance(3_000);
  const abort = new AbortController();
  let told = 0;
  const scan = rig.field.bus.scan({ ...SCAN, autoBaud: true, signal: abort.signal }, () => told++);
  await rig.clock.advance(500);
  abort.abort();
  await t.rejects(rig.settled(scan), { name: 'AbortError' });
  const atEnd = told;
  await rig.clock.advance(5_000);
  t.ok(told <= atEnd + 1);
  const cut = rig.field.bus.scan(SCAN, () => {});
  await rig.clock.advance(500);
  rig.sim.unplug();
  await t.rejects(rig.settled(cut), { code: 'port-closed' });
  await t.rejects(
    rig.field.bus.scan(SCAN, () => {}),
    { code: 'port-closed' },
  );
});

// ── registers ────────────────────────────────────────────────────────────────────────────────────────────────────────

t.test('the registers of a unit are found with their values and with few questions', async (t) => {
  const map = Array.from({ length: 40 }, (_, i): [string, number] => [`input:${i < 30 ? i : i + 50}`, 1_000 + i]);
  const rig = await rigWith(t, { lamps: 3, strangers: new Map([[77, registers(5, map)]]) });
  await rig.clock.advance(3_000);
  let last = 0;
  const search = rig.field.bus.registers({ line: 'north', unit: 77, table: 'input', from: 0, to: 99 }, ({ done, total }) => {
    if (done < last || total !== 100) t.fail(`${done} of ${total} after ${last}`);
    last = done;
  });
  const result = await rig.settled(search);
  t.same(
    result.runs.map(({ address, words }) => [address, words.length, words[0]]),
    [
      [0, 30, 1_000],
      [80, 10, 1_030],
    ],
  );
  t.ok(result.requests < 115, `${result.requests} questions for 100 registers, 60 of them missing`);
  t.equal(last, 100);
  t.same(rig.units.get(77)?.writes, []);
  await t.rejects(rig.settled(rig.field.bus.registers({ line: 'north', unit: 78, table: 'input', from: 0, to: 99 }, () => {})), {
    code: 'timeout',
  });
});

t.test('a unit that fails where it has no register is searched as fast as one that refuses', async (t) => {
  const requests: number[] = [];
  for (const exception of [2, 4]) {
    const unit = registers(5, [
      ['coil:5', 1],
      ['coil:6', 0],
    ]);
    const { read } = unit;
    const refusing: Registers = {
      ...unit,
      read: (table, address, count) => {
        const answer = read(table, address, count);
        return Array.isArray(answer) ? answer : { exception };
      },
    };
    const rig = await rigWith(t, { strangers: new Map([[77, refusing]]) });
    const result = await rig.settled(rig.field.bus.registers({ line: 'north', unit: 77, table: 'coil', from: 0, to: 99 }, () => {}));
    t.same(result.runs, [{ address: 5, words: [1, 0] }], `exception ${exception}`);
    requests.push(result.requests);
  }
  t.ok((requests[1] ?? 0) <= (requests[0] ?? 0) + 4, `${requests[1]} questions, ${requests[0]} where it refuses`);
});

t.test('registers that are true only alone are asked alone, and a unit that needs rest gets it', async (t) => {
  const lampProfile = { ...LAMP, quirks: { ...PLAIN_QUIRKS, singleOnly: [[11, 12]] as const, minGapMs: 80 } };
  const rig = await rigWith(t, { lamps: 1, lampProfile });
  await rig.clock.advance(3_000);
  const seen: BusTransaction[] = [];
  t.teardown(rig.field.bus.watch('north', (each) => seen.push(each)));
  await rig.settled(rig.field.bus.registers({ line: 'north', unit: 1, table: 'input', from: 0, to: 20 }, () => {}));
  await rig.clock.advance(200);
  const pauses = seen.slice(1).map(({ atMs }, i) => atMs - (seen[i] as BusTransaction).atMs);
  t.ok(Math.min(...pauses) >= 80, `shortest pause ${Math.min(...pauses)} ms`);
  const asked = seen.filter(({ lane }) => lane === 'console').map(({ what }) => what);
  t.ok(asked.includes('read input 11+1') && asked.includes('read input 12+1'), asked.join(', '));
});

// ── read and write ───────────────────────────────────────────────────────────────────────────────────────────────────

t.test('a read shows registers and what the profile makes of them', async (t) => {
  const rig = await rigWith(t, { lamps: 1, strangers: new Map([[9, registers(4)]]) });
  rig.units.get(1)?.values.set('input:10', 41).set('holding:0', 140);
  await rig.clock.advance(3_000);
  const { bus } = rig.field;
  const read = { line: 'north', table: 'input' as const, address: 10, count: 1 };
  t.match(await rig.settled(bus.read({ ...read, unit: 1 })), {
    words: [41],
    turnaroundMs: 4,
    values: [{ quantity: 'temperature', value: 41, unit: '°C' }],
  });
  t.match(await rig.settled(bus.read({ ...read, unit: 1, table: 'holding', address: 0 })), {
    words: [140],
    values: [{ quantity: 'level', value: null }],
  });
  t.match(await rig.settled(bus.read({ ...read, unit: 9 })), { words: [0], values: [] }, 'a stranger has registers only');
  await t.rejects(rig.settled(bus.read({ ...read, unit: 99 })), { code: 'timeout' });
  await t.rejects(bus.read({ ...read, unit: 300 }), RangeError);
  await t.rejects(bus.read({ ...read, line: 'south', unit: 1 }), /there is no line south: Modbus lines are north/);
});

t.test('a write shows the registers before and after; a broadcast has neither', async (t) => {
  const rig = await rigWith(t, { lamps: 2, strangers: new Map([[9, registers(4)]]) });
  await rig.clock.advance(3_000);
  const { bus } = rig.field;
  const write = { line: 'north', table: 'holding' as const, address: 300, values: [7, 8] };
  t.match(await rig.settled(bus.write({ ...write, unit: 1 })), { before: [0, 0], after: [7, 8] });
  t.match(await rig.settled(bus.write({ ...write, unit: 9, values: [5] })), { before: [0], after: [5] });
  const sinceMono = rig.clock.monoMs();
  t.match(await rig.settled(bus.write({ ...write, unit: 0, values: [3] })), { before: null, after: null });
  t.ok(rig.clock.monoMs() - sinceMono < 100, `the line is held up for ${rig.clock.monoMs() - sinceMono} ms at most`);
  t.equal(rig.units.get(2)?.values.get('holding:300'), 3);
  await t.rejects(bus.write({ ...write, unit: 1, values: [70_000] }), RangeError);
  await t.rejects(rig.settled(bus.write({ ...write, unit: 99 })), { code: 'timeout' });
});

// ── statistics ───────────────────────────────────────────────────────────────────────────────────────────────────────

t.test('statistics count how transactions ended, unit by unit, and say where to look', async (t) => {
  const rig = await rigWith(t, { lamps: 4 });
  rig.units.get(4)?.values.set('input:10', 1);
  await rig.clock.advance(20_000);
  for (let i = 0; i < 6; i++) {
    rig.sim.corruptNext(2);
    // Short enough not to hit the next unit, whose polls the repeated ones of this unit come closer to.
    rig.sim.delayNext(3, 250);
    await rig.clock.advance(10_000);
  }
  rig.sim.setEcho(true);
  await rig.clock.advance(10_000);
  rig.sim.setEcho(false);
  await rig.settled(rig.field.bus.read({ line: 'north', unit: 4, table: 'input', address: 10, count: 1 }));
  const [line] = rig.field.bus.stats();
  t.match(line, { line: 'north', kind: 'modbus', port: '/dev/north', baud: 9_600 });
  const [one, two, three, four] = line?.units ?? [];
  t.match(one, { unit: 1, device: 'L1', state: 'ok', crcErrors: 0, timeouts: 0, requests: 2, refused: [] });
  t.match(one?.turnaroundMs, { p50: 4, p99: 4, max: 4 });
  t.equal(one?.turnaroundMs?.count, one?.ok);
  t.equal(two?.crcErrors, 6);
  t.ok((three?.timeouts ?? 0) >= 6 && (three?.lateReplies ?? 0) >= 6, `${three?.timeouts} timeouts, ${three?.lateReplies} late`);
  t.equal(two?.lateReplies, 0, 'a late reply is its own unit’s');
  t.ok((one?.echoes ?? 0) > 0 && (four?.ok ?? 0) > 10);
  t.ok((line?.busyPct ?? 0) > (line?.wirePct ?? 0) && (line?.wirePct ?? 0) > 0.5, `${line?.busyPct} % busy, ${line?.wirePct} % bytes`);
  t.match(line?.advice.join('\n'), /L2 \(unit 2\) alone/);
  t.match(line?.advice.join('\n'), /local echo/);
});

t.test('what the console asks is counted apart, and makes no unit ill', async (t) => {
  const rig = await rigWith(t, { lamps: 2 });
  await rig.clock.advance(20_000);
  const { bus } = rig.field;
  const [before] = bus.stats();
  await rig.settled(bus.scan({ ...SCAN, from: 3, to: 40 }, () => {}));
  rig.sim.silence(2);
  for (let i = 0; i < 4; i++) {
    const read = { line: 'north', unit: 2, table: 'input', address: 900, count: 1 } as const;
    await t.rejects(rig.settled(bus.read(read)), { code: 'timeout' });
  }
  t.ok((rig.field.devices()[1]?.failures ?? 9) <= 1, 'its own polls alone judge it');
  rig.sim.revive(2);
  await rig.clock.advance(2_000);
  const [after] = bus.stats();
  t.ok((after?.console.timeouts ?? 0) >= 42, `${after?.console.timeouts} of the console`);
  t.ok((after?.timeouts ?? 0) - (before?.timeouts ?? 0) <= 3, `${after?.timeouts} of the line`);
  t.equal(rig.field.lines()[0]?.timeouts, after?.timeouts, 'the same in the list of lines');
  t.ok((rig.field.lines()[0]?.transactions ?? 0) < (before?.transactions ?? 0) + 30);
  t.equal(before?.console.transactions, 0);
  t.ok((after?.units[1]?.timeouts ?? 0) <= 3);
  t.match(rig.field.devices(), [{ state: 'ok' }, { state: 'ok' }]);
  t.same(after?.advice, []);
});

t.test('Modbus TCP has no baud rate to show', async (t) => {
  const rig = await rigWith(t, { lamps: 1, port: 'tcp://10.0.0.5', strangers: new Map([[9, registers(4)]]) });
  await rig.clock.advance(3_000);
  const progress: ScanProgress[] = [];
  const { found } = await rig.settled(rig.field.bus.scan({ ...SCAN, to: 10 }, (each) => progress.push(each)));
  t.same(
    found.map(({ unit, serial }) => [unit, serial]),
    [
      [1, null],
      [9, null],
    ],
  );
  t.ok(progress.length > 0 && progress.every(({ serial }) => serial === null));
  t.equal(rig.field.lines()[0]?.baud, null);
  t.equal(rig.field.bus.stats()[0]?.baud, null);
});

t.test('behind a gateway no event, advice or scan speaks of wires that nobody here sees', async (t) => {
  const rig = await rigWith(t, { lamps: 3, port: 'rtu+tcp://10.0.0.5:4001' });
  await rig.clock.advance(3_000);
  rig.sim.silence(2);
  await rig.clock.advance(20_000);
  t.match(
    rig.events.find(({ code }) => code === 'unit-silent')?.text,
    /^L2 does not answer; check its supply, address 2 and its cable behind the gateway \(line north\)/,
  );
  const result = await rig.settled(rig.field.bus.scan({ ...SCAN, to: 5 }, () => {}));
  t.match(result, { isNetwork: true, missing: [{ device: 'L2' }] });
  for (const unit of [1, 3]) rig.sim.silence(unit);
  await rig.clock.advance(600_000);
  t.match(rig.field.lines()[0]?.reason, /^no unit on line north answers; check the gateway, its address and what is behind it/);
  const texts = [...rig.events.map(({ text }) => text), ...(rig.field.bus.stats()[0]?.advice ?? [])];
  t.ok(texts.length > 3, texts.join('\n'));
  for (const text of texts) t.notMatch(text, /\bA and B\b|A\/B|stub|transceiver|adapter|terminat|bias|wiring/);
});

t.test('a line of raw bytes has statistics, and no address to ask', async (t) => {
  const config = testLine('dust', [testDevice('D1', { unit: 0 })], { kind: 'uart', port: '/dev/dust' });
  let reason = '';
  const parts = {
    lines: [],
    rawLines: [{ config, noiseBytes: () => 7, downReason: () => reason }],
    clock: createManualClock(0),
    profiles: () => [],
    adapterLatencyMs: () => null,
  };
  const bus = createBusTools(parts);
  t.match(bus.stats(), [{ line: 'dust', kind: 'uart', noiseBytes: 7, units: [], advice: [] }]);
  reason = 'there is no such port';
  t.match(bus.stats(), [{ advice: ['the line is down: there is no such port'] }]);
  await t.rejects(
    bus.scan({ ...SCAN, line: 'dust' }, () => {}),
    /line dust carries one device that talks by itself: Modbus lines are none/,
  );
  t.throws(() => bus.watch('north', () => {}), RangeError);
});
