import t from 'tap';
import type { BusTransaction, ScanProgress } from '../../../../agent/core/bus-tools.ts';
import { createManualClock } from '../../../../agent/core/manual-clock.ts';
import { type Message, msg, NO_TEXT } from '../../../../agent/core/message.ts';
import { Refusal } from '../../../../agent/core/refusal.ts';
import { createBusTools } from '../../../../agent/field/bus-tools/bus-tools.ts';
import { PLAIN_QUIRKS, testDevice, testLine, writable } from '../../../support/profiles.ts';
import { createPlant, point, profile } from '../plant.ts';
import { type Registers, registers, rigWith, SCAN, SCANNED_LAMP } from './bus-rig.ts';

// ── registers ────────────────────────────────────────────────────────────────────────────────────────────────────────

t.test('the registers of a unit are found with their values and with few questions', async (t) => {
  const map = Array.from({ length: 40 }, (_, i): [string, number] => [`input:${i < 30 ? i : i + 50}`, 1_000 + i]);
  const rig = await rigWith(t, { lamps: 3, unknownUnits: new Map([[77, registers(5, map)]]) });
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

t.test('a unit that does not answer where it has no register is searched as fast as one that refuses', async (t) => {
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
    const rig = await rigWith(t, { unknownUnits: new Map([[77, refusing]]) });
    const result = await rig.settled(rig.field.bus.registers({ line: 'north', unit: 77, table: 'coil', from: 0, to: 99 }, () => {}));
    t.same(result.runs, [{ address: 5, words: [1, 0] }], `exception ${exception}`);
    requests.push(result.requests);
  }
  t.ok((requests[1] ?? 0) <= (requests[0] ?? 0) + 4, `${requests[1]} questions, ${requests[0]} where it refuses`);
});

t.test('registers that are correct only alone are read alone, and a unit that needs rest gets it', async (t) => {
  const lampProfile = { ...SCANNED_LAMP, quirks: { ...PLAIN_QUIRKS, singleOnly: [[11, 12]] as const, minGapMs: 80 } };
  const rig = await rigWith(t, { lamps: 1, lampProfile });
  await rig.clock.advance(3_000);
  const seen: BusTransaction[] = [];
  t.teardown(rig.field.bus.watch('north', (each) => seen.push(each)));
  await rig.settled(rig.field.bus.registers({ line: 'north', unit: 1, table: 'input', from: 0, to: 20 }, () => {}));
  await rig.clock.advance(200);
  const pauses = seen.slice(1).map(({ atMs }, i) => atMs - (seen[i] as BusTransaction).atMs);
  t.ok(Math.min(...pauses) >= 80, `shortest pause ${Math.min(...pauses)} ms`);
  const asked = seen.filter(({ lane }) => lane === 'console').map(({ what }) => String(what));
  t.ok(asked.includes('read input 11+1') && asked.includes('read input 12+1'), asked.join(', '));
});

// ── read and write ───────────────────────────────────────────────────────────────────────────────────────────────────

t.test('a read shows registers and what the profile makes of them', async (t) => {
  const rig = await rigWith(t, { lamps: 1, unknownUnits: new Map([[9, registers(4)]]) });
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
  await t.rejects(bus.read({ ...read, unit: 300 }), Refusal);
  await t.rejects(bus.read({ ...read, line: 'south', unit: 1 }), /there is no line south: Modbus lines are north/);
});

t.test('a write shows the registers before and after; a broadcast has neither', async (t) => {
  const rig = await rigWith(t, { lamps: 2, unknownUnits: new Map([[9, registers(4)]]) });
  await rig.clock.advance(3_000);
  const { bus } = rig.field;
  const write = { line: 'north', table: 'holding' as const, address: 300, values: [7, 8] };
  t.match(await rig.settled(bus.write({ ...write, unit: 1 })), { before: [0, 0], after: [7, 8] });
  t.match(await rig.settled(bus.write({ ...write, unit: 9, values: [5] })), { before: [0], after: [5] });
  const sinceMono = rig.clock.monoMs();
  t.match(await rig.settled(bus.write({ ...write, unit: 0, values: [3] })), { before: null, after: null, isBroadcast: true });
  t.ok(rig.clock.monoMs() - sinceMono < 100, `the line is held up for ${rig.clock.monoMs() - sinceMono} ms at most`);
  t.equal(rig.units.get(2)?.values.get('holding:300'), 3);
  await t.rejects(bus.write({ ...write, unit: 1, values: [70_000] }), Refusal);
  await t.rejects(rig.settled(bus.write({ ...write, unit: 99 })), { code: 'timeout' });
});

t.test('a level with a write register of its own is read back once its fade is over', async (t) => {
  const write = writable({ address: 30, settleMs: 100, fades: true });
  const dimmer = profile('dimmer', [point('level', { semantic: 'level', table: 'holding', address: 40, range: [0, 100], write })]);
  const plant = createPlant({ devices: { L1: dimmer }, rampUpMs: 2_000 });
  t.teardown(() => plant.field.stop());
  await plant.field.start();
  await plant.clock.advance(3_000);
  const sinceMono = plant.clock.monoMs();
  let doneMono = 0;
  const writing = plant.field.bus.write({ line: 'north', unit: 1, table: 'holding', address: 30, values: [5] });
  void writing.then(() => {
    doneMono = plant.clock.monoMs();
  });
  await plant.clock.advance(4_000);
  t.match(await writing, { after: [5] });
  t.ok(doneMono - sinceMono >= 2_100 && doneMono - sinceMono < 2_500, `${doneMono - sinceMono} ms`);
});

// ── statistics ───────────────────────────────────────────────────────────────────────────────────────────────────────

t.test('statistics count the results of transactions, unit by unit, and give advice', async (t) => {
  const rig = await rigWith(t, { lamps: 4 });
  rig.units.get(4)?.values.set('input:10', 1);
  await rig.clock.advance(20_000);
  for (let i = 0; i < 6; i++) {
    rig.sim.corruptNext(2);
    // It hits neither the requests that confirm another reply of the unit nor the next unit.
    rig.sim.delayNext(3, 320);
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

t.test('requests of the console are counted separately, and never mark a unit as failing', async (t) => {
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
  const rig = await rigWith(t, { lamps: 1, port: 'tcp://10.0.0.5', unknownUnits: new Map([[9, registers(4)]]) });
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

t.test('behind a gateway no event, advice or scan mentions wires that the agent cannot see', async (t) => {
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

t.test('a line of raw bytes has statistics, and no address to read', async (t) => {
  const config = testLine('dust', [testDevice('D1', { unit: 0 })], { kind: 'uart', port: '/dev/dust' });
  let reason: Message = NO_TEXT;
  const parts = {
    lines: [],
    rawLines: [{ config, noiseBytes: () => 7, downReason: () => reason }],
    clock: createManualClock(0),
    profiles: () => [],
    adapterLatencyMs: () => null,
  };
  const bus = createBusTools(parts);
  t.match(bus.stats(), [{ line: 'dust', kind: 'uart', noiseBytes: 7, units: [], advice: [] }]);
  reason = msg`there is no such port`;
  t.match(bus.stats(), [{ advice: [/^the line is down: there is no such port$/] }]);
  await t.rejects(
    bus.scan({ ...SCAN, line: 'dust' }, () => {}),
    /line dust has one device that sends by itself: there is no Modbus line/,
  );
  t.throws(() => bus.watch('north', () => {}), Refusal);
});
