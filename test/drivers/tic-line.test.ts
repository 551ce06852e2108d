import t, { type Test } from 'tap';
import { readPlacedYaml } from '../../agent/config/load/places.ts';
import { BusError } from '../../agent/core/errors.ts';
import { createManualClock } from '../../agent/core/manual-clock.ts';
import { msg } from '../../agent/core/message.ts';
import { createSystemClock } from '../../agent/core/system-clock.ts';
import type { AgentEvent, Reading } from '../../agent/core/words.ts';
import { createField } from '../../agent/field/field.ts';
import { fieldLine } from '../../agent/field/line-from-config.ts';
import { createListeningPort } from '../../drivers/listening-port.ts';
import { readProfiles } from '../../drivers/registry.ts';
import { createSerialPort } from '../../drivers/serial-port.ts';
import { createPtyCable } from '../street/pty.ts';
import { createTicCable } from '../street/tic-cable.ts';
import { createTicMeter, type TicMeterOptions } from '../street/units/tic-meter.ts';
import { testDevice, testLine } from '../support/profiles.ts';

const { profiles } = readProfiles([], readPlacedYaml);
const START_MS = Date.parse('2026-11-28T19:30:00Z');
/** The settings of the file, which do not matter. */
const SERIAL = { baud: 9_600, parity: 'even', stopBits: 1, dataBits: 7 } as const;
const CONFIG = testLine('meter', [testDevice('LINKY', { unit: 0, profile: 'enedis-linky-tic' })], {
  kind: 'uart',
  port: '/dev/tic',
  serial: SERIAL,
});

/** A field with a meter on a simulated wire. */
function metered(t: Test, mode: TicMeterOptions['mode']) {
  const clock = createManualClock(START_MS);
  const cable = createTicCable(mode === 'standard' ? 9_600 : 1_200);
  const meter = createTicMeter({ mode, clock, send: (bytes) => cable.deliver(bytes) });
  const readings: Reading[] = [];
  const events: AgentEvent[] = [];
  const field = createField({
    lines: [fieldLine(CONFIG, { profiles, openPort: cable.openPort, clock })],
    clock,
    log: { event() {} },
    setupValuesOf: () => ({ rampUpMs: 0, rampDownMs: 0, failsafeTimeoutS: 0, failsafeLevelPct: 0 }),
    random: () => 0,
    onReadings: (more) => readings.push(...more),
    onAlive: () => {},
    onEvent: (event) => events.push(event),
  });
  t.teardown(async () => {
    meter.stop();
    await field.stop();
  });
  return { clock, meter, cable, field, readings, events };
}

t.test('a meter of standard mode is read at once, with the numbers of the invoice', async (t) => {
  const { clock, meter, cable, field, events } = metered(t, 'standard');
  meter.start();
  await field.start();
  await clock.advance(10_000);
  t.same(cable.openings, [9_600]);
  t.match(field.latest('LINKY.energy'), { value: 14_086.469, quality: 'good' });
  t.match(field.latest('LINKY.index_t2'), { value: 9_876.12, quality: 'good' });
  t.match(field.latest('LINKY.subscribed'), { value: 12 });
  t.match(field.devices(), [{ id: 'LINKY', state: 'ok' }]);
  t.same(events, []);
  t.equal(cable.written, 0, 'nothing is sent to the meter');
});

t.test('a meter of historic mode is found within 10 s, although the first speed is another', async (t) => {
  const { clock, meter, cable, field, events } = metered(t, 'historic');
  meter.start();
  await field.start();
  await clock.advance(13_000);
  t.same(cable.openings, [9_600, 1_200]);
  t.match(field.latest('LINKY.index'), { quality: 'good' });
  t.match(field.latest('LINKY.tariff'), { value: 1 });
  t.same(events, []);
});

t.test('a meter whose output changes to the other mode is found again', async (t) => {
  const { clock, meter, cable, field } = metered(t, 'standard');
  meter.start();
  await field.start();
  await clock.advance(60_000);
  meter.stop();
  const historic = createTicMeter({ mode: 'historic', clock, send: (bytes) => cable.deliver(bytes) });
  t.teardown(() => historic.stop());
  historic.state.indexWh = meter.state.indexWh;
  cable.setBaud(historic.baud);
  historic.start();
  await clock.advance(30_000);
  t.same(cable.openings, [9_600, 1_200]);
  t.match(field.latest('LINKY.index_t1'), { value: 4_210.395, quality: 'good' });
});

t.test('a silent meter is reported, tried more and more seldom, and read once it sends again', async (t) => {
  const { clock, meter, cable, field, events } = metered(t, 'historic');
  await field.start();
  await clock.advance(3_600_000);
  t.match(events, [{ code: 'unit-silent', source: 'LINKY', endMs: null }]);
  t.match(String(events[0]?.text), /no byte comes/);
  t.ok(cable.openings.length < 80, `${cable.openings.length} openings in an hour`);
  meter.start();
  await clock.advance(130_000);
  t.match(field.devices(), [{ state: 'ok' }]);
  t.match(events.at(-1), { code: 'unit-silent', endMs: Number });
});

t.test('bytes that are no frame say so, with the speeds that were tried', async (t) => {
  const { clock, cable, field, events } = metered(t, 'standard');
  await field.start();
  for (let i = 0; i < 40; i++) {
    cable.deliver(Buffer.from('noise, or another device'));
    await clock.advance(1_000);
  }
  t.match(String(events[0]?.text), /no valid frame at 9600, 1200 baud/);
});

t.test('a cable that is unplugged and plugged in again', async (t) => {
  const { clock, meter, cable, field, events } = metered(t, 'historic');
  meter.start();
  await field.start();
  await clock.advance(20_000);
  cable.unplug();
  t.match(field.latest('LINKY.energy'), { quality: 'missing' });
  await clock.advance(20_000);
  cable.replug();
  await clock.advance(40_000);
  t.match(field.latest('LINKY.energy'), { quality: 'good' });
  t.same(
    events.map(({ code, endMs }) => `${code} ${endMs === null ? 'begins' : 'ends'}`).toSorted(),
    ['line-down begins', 'line-down ends', 'unit-silent begins', 'unit-silent ends'],
    'each is reported once',
  );
  t.equal(cable.written, 0);
});

t.test('a port that is only read cannot send, and a stop during a change of speed leaves it closed', async (t) => {
  const cable = createTicCable(9_600);
  const settings = [9_600, 1_200].map((baud) => ({ baud, parity: 'none', stopBits: 1, dataBits: 8 }) as const);
  const port = createListeningPort(settings, (serial) => cable.openPort('/dev/tic', serial ?? settings[0] ?? SERIAL));
  t.throws(() => port.write(Buffer.from('x')), TypeError);
  await port.open();
  const changing = port.retune?.();
  const closing = port.close();
  await Promise.all([changing, closing]);
  t.equal(port.isOpen, false);
  await port.retune?.();
  t.equal(port.isOpen, false, 'a closed port stays closed');
  await port.open();
  t.equal(cable.openings.length, 2);
  await port.close();
});

t.test('a stop does not wait for an adapter that hangs during a change of speed, and nothing stays open', async (t) => {
  const cable = createTicCable(9_600);
  const settings = [9_600, 1_200].map((baud) => ({ baud, parity: 'none', stopBits: 1, dataBits: 8 }) as const);
  let release = (): void => {};
  const port = createListeningPort(settings, (serial) => {
    const plain = cable.openPort('/dev/tic', serial ?? SERIAL);
    if (serial?.baud !== 1_200) return plain;
    const hanging = new Promise<void>((resolve) => {
      release = resolve;
    });
    return Object.assign(Object.create(plain) as typeof plain, {
      open: () => hanging.then(() => plain.open()),
      close: () => plain.close(),
    });
  });
  await port.open();
  const changing = port.retune?.();
  await new Promise((resolve) => setImmediate(resolve));
  await port.close();
  release();
  await changing;
  t.equal(port.isOpen, false);
  t.equal(cable.written, 0);
});

t.test('a change of speed that fails after a stop reports nothing', async (t) => {
  const cable = createTicCable(9_600);
  const settings = [9_600, 1_200].map((baud) => ({ baud, parity: 'none', stopBits: 1, dataBits: 8 }) as const);
  let fail = (): void => {};
  const port = createListeningPort(settings, (serial) => {
    const plain = cable.openPort('/dev/tic', serial ?? SERIAL);
    if (serial?.baud !== 1_200) return plain;
    const hanging = new Promise<void>((_, reject) => {
      fail = () => reject(new BusError('port-missing', msg`it is gone`));
    });
    return Object.assign(Object.create(plain) as typeof plain, { open: () => hanging, close: () => plain.close() });
  });
  const lost: Error[] = [];
  port.onLost = (cause) => lost.push(cause);
  await port.open();
  const changing = port.retune?.();
  await new Promise((resolve) => setImmediate(resolve));
  await port.close();
  fail();
  await changing;
  t.strictSame(lost, []);
});

t.test('a change of speed at an unplugged port reports it as lost', async (t) => {
  const cable = createTicCable(9_600);
  const settings = [9_600, 1_200].map((baud) => ({ baud, parity: 'none', stopBits: 1, dataBits: 8 }) as const);
  const port = createListeningPort(settings, (serial) => {
    const opened = cable.openPort('/dev/tic', serial ?? SERIAL);
    return { ...opened, isOpen: true, open: opened.open, close: opened.close };
  });
  const lost: Error[] = [];
  port.onLost = (cause) => lost.push(cause);
  await port.open();
  cable.unplug();
  await port.retune?.();
  t.match(lost.at(-1), { code: 'port-missing' });
});

t.test('a meter is read through a real port with parity bits, which a pseudo-terminal does not check', async (t) => {
  const clock = createSystemClock({ quality: () => 'synced' });
  let written = 0;
  const cable = createPtyCable((bytes) => {
    written += bytes.length;
  });
  const meter = createTicMeter({ mode: 'standard', clock, chunkBytes: 16, send: (bytes) => cable.end.write(bytes) });
  const config = { ...CONFIG, port: cable.path };
  let done = (): void => {};
  const confirmed = new Promise<void>((resolve) => {
    done = resolve;
  });
  const readings: Reading[] = [];
  const field = createField({
    lines: [fieldLine(config, { profiles, openPort: createSerialPort, clock })],
    clock,
    log: { event() {} },
    setupValuesOf: () => ({ rampUpMs: 0, rampDownMs: 0, failsafeTimeoutS: 0, failsafeLevelPct: 0 }),
    random: () => 0,
    onReadings: (more) => {
      readings.push(...more);
      if (more.some(({ pointId, value }) => pointId === 'LINKY.energy' && value !== null)) done();
    },
    onAlive: () => {},
    onEvent: () => {},
  });
  t.teardown(async () => {
    meter.stop();
    await field.stop();
    cable.close();
  });
  await field.start();
  meter.start();
  await confirmed;
  t.ok(readings.some(({ pointId, value }) => pointId === 'LINKY.clock' && value !== null && Math.abs(value - Date.now() / 1_000) < 4_000));
  t.equal(written, 0);
});
