import t from 'tap';
import type { BytePort, UartDriver } from '../../../agent/core/driver.ts';
import { BusError } from '../../../agent/core/errors.ts';
import { createEventTracker } from '../../../agent/core/event-tracker.ts';
import { createManualClock } from '../../../agent/core/manual-clock.ts';
import { msg } from '../../../agent/core/message.ts';
import type { AgentEvent, Reading } from '../../../agent/core/words.ts';
import { createField } from '../../../agent/field/field.ts';
import { PortSupervisor } from '../../../agent/field/line/port-supervisor.ts';
import { createUartDriver } from '../../../drivers/uart/frame-codec.ts';
import { OPS243 } from '../../../drivers/uart/ops243.ts';
import { SDS011 } from '../../../drivers/uart/sds011.ts';
import { SPS30 } from '../../../drivers/uart/sps30.ts';
import { sds011Frame } from '../../street/units/sds011.ts';
import { createSps30 } from '../../street/units/sps30.ts';
import { createWire } from '../../street/wire.ts';
import { testDevice, testLine } from '../../support/profiles.ts';
import { PLANT_SERIAL, point, profile } from './plant.ts';

const DUST = profile('dust', [point('pm2_5', { decimals: 1 }), point('pm10', { decimals: 1, range: [0, 100] })], {
  transport: 'uart',
  codec: 'sds011',
});
const ASKED_DUST = profile('asked-dust', [point('pm2_5', { decimals: 1 })], { transport: 'uart', codec: 'sps30' });
const RADAR = profile('radar', [point('count'), point('speed')], { transport: 'uart', codec: 'ops243' });

/** One uart line of a field, with the gateway's bytes handed to `receive`. */
function uartField(driver: UartDriver, receive: (bytes: Buffer) => void) {
  const clock = createManualClock(Date.parse('2026-01-15T22:00:00Z'));
  const wire = createWire(receive);
  const readings: Reading[] = [];
  const events: AgentEvent[] = [];
  const alive: string[] = [];
  const device = testDevice('A1', { unit: 0, profile: driver.profile.id });
  const config = testLine('air', [device], { kind: 'uart', port: '/dev/air', serial: PLANT_SERIAL });
  const field = createField({
    lines: [{ kind: 'uart', config, port: wire.port, driver }],
    clock,
    log: { event() {} },
    setupValuesOf: () => ({ rampUpMs: 0, rampDownMs: 0, failsafeTimeoutS: 0, failsafeLevelPct: 0 }),
    random: () => 0,
    onReadings: (more) => readings.push(...more),
    onAlive: (id, isAlive) => alive.push(`${id} ${isAlive ? 'up' : 'down'}`),
    onEvent: (event) => events.push(event),
  });
  return { clock, wire, field, readings, events, alive };
}

function uartPlant() {
  const plant = uartField(createUartDriver(DUST, SDS011), () => {});
  let talking = true;
  const talk = (): void => {
    if (talking) plant.wire.end.write(sds011Frame(4.2, 9.9));
    plant.clock.after(1_000, talk);
  };
  talk();
  return {
    ...plant,
    hush: (isQuiet: boolean) => {
      talking = !isQuiet;
    },
  };
}

t.test('a device that sends by itself is read, becomes missing when it falls silent, and returns', async (t) => {
  const { clock, wire, field, events, alive, hush } = uartPlant();
  t.teardown(() => field.stop());
  await field.start();
  t.match(field.devices(), [{ id: 'A1', line: 'air', unit: 0, state: 'new', lastSeenMs: null }]);
  wire.end.write(Buffer.from([1, 2, 3]));
  await clock.advance(3_000);
  t.match(field.latest('A1.pm2_5'), { value: 4.2, quality: 'good' });
  t.match(field.devices(), [{ state: 'ok', lastSeenMs: clock.wallMs() }]);
  t.match(field.lines(), [{ kind: 'uart', state: 'up', noiseBytes: 3 }]);
  hush(true);
  await clock.advance(6_000);
  t.match(field.latest('A1.pm2_5')?.quality, /stale|missing/, 'not good any more after five frames');
  await clock.advance(5_000);
  t.match(field.latest('A1.pm2_5'), { value: null, quality: 'missing' });
  t.match(field.latest('A1.pm10'), { value: null, quality: 'missing' });
  t.match(events, [{ code: 'unit-silent', source: 'A1', endMs: null, text: /no valid frame, check power, wiring and baud rate/ }]);
  t.match(field.devices(), [{ state: 'silent' }]);
  await clock.advance(60_000);
  t.equal(events.length, 1, 'reported once');
  hush(false);
  await clock.advance(2_000);
  t.match(field.latest('A1.pm10'), { value: 9.9, quality: 'good' });
  t.match(events[1], { code: 'unit-silent', endMs: Number });
  t.same(alive, ['A1 up', 'A1 down', 'A1 up']);
});

t.test('a uart line that is unplugged is down at once and heals when it is plugged in again', async (t) => {
  const { clock, wire, field, events, alive } = uartPlant();
  t.teardown(() => field.stop());
  await field.start();
  await clock.advance(3_000);
  wire.end.unplug();
  t.match(field.latest('A1.pm2_5'), { quality: 'missing' });
  t.match(field.lines(), [{ state: 'down' }]);
  t.same(events.map(({ code }) => code).sort(), ['line-down', 'unit-silent']);
  await clock.advance(5_000);
  wire.end.replug();
  await clock.advance(11_000);
  t.match(field.lines(), [{ state: 'up' }]);
  t.match(field.latest('A1.pm2_5'), { value: 4.2, quality: 'good' });
  t.equal(events.filter(({ endMs }) => endMs !== null).length, 2, 'both events have ended');
  t.same(alive, ['A1 up', 'A1 down', 'A1 up']);
});

t.test('a uart line notices silence after a stop and a start too', async (t) => {
  const { clock, field, hush } = uartPlant();
  t.teardown(() => field.stop());
  await field.start();
  await clock.advance(3_000);
  await field.stop();
  await field.start();
  hush(true);
  await clock.advance(11_000);
  t.match(field.latest('A1.pm2_5'), { quality: 'missing' });
});

t.test('an impossible value is bad', async (t) => {
  const { clock, wire, field, hush } = uartPlant();
  t.teardown(() => field.stop());
  hush(true);
  await field.start();
  wire.end.write(sds011Frame(4, 300));
  await clock.advance(10);
  t.match(field.latest('A1.pm2_5'), { value: 4, quality: 'good' });
  t.match(field.latest('A1.pm10'), { value: null, quality: 'bad' });
});

/** A dust sensor that has to be woken, started and asked. */
function sps30Plant() {
  const words: Buffer[] = [];
  const plant = { ...uartField(createUartDriver(ASKED_DUST, SPS30), hear), unit: createSps30(answer), words, cut: false };
  plant.unit.sample = [1, 4.2, 5, 6, 7, 8, 9, 10, 11, 0.5];
  return plant;

  function hear(bytes: Buffer): void {
    words.push(bytes);
    if (!plant.cut) plant.unit.receive(bytes);
  }
  function answer(bytes: Buffer): void {
    plant.clock.after(5, () => plant.wire.end.write(bytes));
  }
}

t.test('a device that must be polled is woken, started and polled each second; the commands do not overlap', async (t) => {
  const { clock, field, unit, alive } = sps30Plant();
  t.teardown(() => field.stop());
  await field.start();
  t.same(unit.commands, [0x11]);
  await clock.advance(99);
  t.same(unit.commands, [0x11], 'it has time to wake');
  await clock.advance(200);
  t.same(unit.commands, [0x11, 0x00, 0x03]);
  t.match(field.latest('A1.pm2_5'), { value: 4.2, quality: 'good' });
  await clock.advance(3_000);
  t.same(unit.commands, [0x11, 0x00, 0x03, 0x03, 0x03, 0x03]);
  await field.stop();
  await clock.advance(10_000);
  t.equal(unit.commands.length, 6, 'a stopped line says nothing');
  t.same(alive, ['A1 up']);
});

t.test('a device that has lost its supply for a moment is set going again, and its values are missing meanwhile', async (t) => {
  const { clock, field, unit, events, alive } = sps30Plant();
  t.teardown(() => field.stop());
  await field.start();
  await clock.advance(3_000);
  unit.powerUp();
  await clock.advance(4_250);
  t.match(field.latest('A1.pm2_5'), { value: null, quality: 'missing' });
  t.match(events, [{ code: 'unit-silent', text: /it does not answer requests, check power, wiring \(TX and RX crossed\?\)/ }]);
  await clock.advance(1_000);
  t.match(field.latest('A1.pm2_5'), { value: 4.2, quality: 'good' });
  t.match(events[1], { code: 'unit-silent', endMs: Number });
  t.same(alive, ['A1 up', 'A1 down', 'A1 up']);
});

t.test('a device that answers without a value becomes silent, and the advice mentions that it answers', async (t) => {
  const { clock, field, unit, events } = sps30Plant();
  t.teardown(() => field.stop());
  unit.sample = [];
  await field.start();
  await clock.advance(6_000);
  t.match(field.latest('A1.pm2_5'), { value: null, quality: 'missing' });
  t.match(events, [{ code: 'unit-silent', text: /it answers but gives no measurement/ }]);
});

t.test('an unplugged device is not polled, and after the plug it is started again', async (t) => {
  const { clock, wire, field, unit } = sps30Plant();
  t.teardown(() => field.stop());
  await field.start();
  await clock.advance(1_500);
  wire.end.unplug();
  const before = unit.commands.length;
  await clock.advance(20_000);
  t.equal(unit.commands.length, before);
  wire.end.replug();
  unit.powerUp();
  await clock.advance(11_000);
  t.match(field.latest('A1.pm2_5'), { value: 4.2, quality: 'good' });
});

t.test('a device that never answers is reported once, with advice, and is set up again after each silence', async (t) => {
  const plant = sps30Plant();
  const { clock, field, events } = plant;
  t.teardown(() => field.stop());
  plant.cut = true;
  await field.start();
  await clock.advance(60_000);
  t.match(field.devices(), [{ state: 'silent', lastSeenMs: null }]);
  t.equal(events.length, 1);
  const wakings = plant.words.filter((word) => word[0] === 0xff);
  t.equal(wakings.length, 1 + 12, 'at the start, and every five seconds');
});

t.test('bytes without a frame point at the baud rate, and are no value', async (t) => {
  const { clock, wire, field, readings, events, hush } = uartPlant();
  t.teardown(() => field.stop());
  hush(true);
  await field.start();
  for (let i = 0; i < 60; i++) {
    wire.end.write(Buffer.alloc(20, i));
    await clock.advance(100);
  }
  t.match(events, [{ code: 'unit-silent', text: /bytes come but no valid frame, check baud rate, parity/ }]);
  t.ok(readings.every(({ value }) => value === null));
});

t.test(
  'a radar that is silent on an empty road: the road is clear after a moment, and only a radar that does not know its name is silent',
  async (t) => {
    let isDead = false;
    const asked: string[] = [];
    const { clock, wire, field, events } = uartField(createUartDriver(RADAR, OPS243), (bytes) => {
      asked.push(String(bytes).trim());
      if (!isDead) clock.after(5, () => wire.end.write(Buffer.from('{"Product":"OPS243"}\n')));
    });
    t.teardown(() => field.stop());
    await field.start();
    t.equal(field.latest('A1.count'), undefined, 'no value before the first frame');
    await clock.advance(2_000);
    t.same(asked, ['OJ', 'UM', '?P']);
    t.match(field.latest('A1.count'), { value: 0, quality: 'good' });
    wire.end.write(Buffer.from('{"speed":10,"direction":"inbound"}\n'));
    t.match(field.latest('A1.count'), { value: 1, quality: 'good' });
    t.match(field.latest('A1.speed'), { value: 36, quality: 'good' });
    await clock.advance(1_400);
    t.match(field.latest('A1.count'), { value: 1 }, 'not yet');
    await clock.advance(200);
    t.match(field.latest('A1.count'), { value: 0, quality: 'good' });
    t.match(field.latest('A1.speed'), { value: null });
    await clock.advance(3_600_000);
    t.match(field.latest('A1.count'), { value: 0, quality: 'good' }, 'an hour without a vehicle is no fault');
    t.same(events, []);
    isDead = true;
    await clock.advance(40_000);
    t.match(field.latest('A1.count'), { value: null, quality: 'missing' });
    t.match(events, [{ code: 'unit-silent', text: /it does not answer requests/ }]);
    await clock.advance(40_000);
    t.match(field.latest('A1.count'), { value: null, quality: 'missing' }, 'a dead radar does not say that the road is clear');
  },
);

// ── line supervisor ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** A port whose opening the test decides. */
function supervisorPlant() {
  const clock = createManualClock(0);
  const events: AgentEvent[] = [];
  const tries: number[] = [];
  let ups = 0;
  let isOpen = false;
  let open: () => Promise<void> = async () => {};
  const port: Pick<BytePort, 'open' | 'close'> = {
    async open() {
      tries.push(clock.monoMs());
      await open();
      isOpen = true;
    },
    async close() {
      isOpen = false;
    },
  };
  const supervisor = new PortSupervisor({
    lineId: 'north',
    port,
    clock,
    events: createEventTracker(clock, (event) => events.push(event)),
    log: { event() {} },
    onUp: () => {
      ups++;
    },
  });
  return {
    clock,
    supervisor,
    events,
    tries,
    ups: () => ups,
    isOpen: () => isOpen,
    opening: (how: () => Promise<void>) => {
      open = how;
    },
  };
}
const missing = async (): Promise<void> => {
  throw new BusError('port-missing', msg`there is no such port`);
};

t.test('a missing port is retried, soon at first, then every ten seconds, and one event reports it', async (t) => {
  const { clock, supervisor, events, tries, opening, ups } = supervisorPlant();
  t.teardown(() => supervisor.stop());
  opening(missing);
  await supervisor.start();
  await clock.advance(60_000);
  const pauses = tries.slice(1).map((mono, i) => mono - (tries[i] as number));
  t.same(pauses.slice(0, 7), [500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
  t.match(events, [{ code: 'line-down', source: 'north', severity: 'alarm', text: /^there is no such port$/, endMs: null }]);
  t.equal(String(supervisor.reason), 'there is no such port');
  opening(async () => {});
  await clock.advance(10_000);
  t.equal(String(supervisor.reason), '');
  t.equal(ups(), 1);
  supervisor.lost(new BusError('port-closed', msg`it went away`));
  const before = tries.length;
  await clock.advance(600);
  t.equal(tries.length, before + 1, 'after a loss it begins soon again');
});

t.test('two losses in a row lead to one try, not two', async (t) => {
  const { clock, supervisor, tries } = supervisorPlant();
  t.teardown(() => supervisor.stop());
  await supervisor.start();
  supervisor.lost(new BusError('port-closed', msg`it went away`));
  supervisor.lost(new BusError('port-closed', msg`it went away`));
  await clock.advance(30_000);
  t.equal(tries.length, 2);
});

t.test('a port that opens while the line is being stopped is closed again', async (t) => {
  const { clock, supervisor, opening, ups, isOpen } = supervisorPlant();
  let finish = (): void => {};
  opening(
    () =>
      new Promise((resolve) => {
        finish = resolve;
      }),
  );
  const starting = supervisor.start();
  await supervisor.stop();
  finish();
  await starting;
  await clock.advance(1_000);
  t.notOk(isOpen());
  t.equal(ups(), 0);
});

t.test('a stopped line is not tried again', async (t) => {
  const { clock, supervisor, tries, opening } = supervisorPlant();
  opening(missing);
  await supervisor.start();
  await supervisor.stop();
  await clock.advance(60_000);
  t.equal(tries.length, 1);
});

t.test('a port that fails repeatedly for a day is one alarm that lasts; a replugged one is healthy immediately', async (t) => {
  for (const [upS, most] of [
    [0.1, 3],
    [2, 3],
    [12, 4],
    [120, 8],
    [3_600, 24],
  ] as const) {
    const clock = createManualClock(Date.parse('2026-01-15T22:00:00Z'));
    const events: AgentEvent[] = [];
    let opened = 0;
    const port = { open: async () => void opened++, close: async () => {} };
    const supervisor: PortSupervisor = new PortSupervisor({
      ...{ lineId: 'north', port, clock, log: { event() {} } },
      events: createEventTracker(clock, (event) => events.push(event)),
      onUp: () => void clock.after(1_000 * upS, () => supervisor.lost(new BusError('port-closed', msg`it went`))),
    });
    await supervisor.start();
    await clock.advance(86_400_000);
    const alarms = events.filter(({ endMs }) => endMs === null).length;
    t.ok(alarms >= 1 && alarms <= most, `up for ${upS} s at a time: ${alarms} alarms`);
    t.ok(opened <= 86_400 / 9.9 + 20, `opened ${opened} times`);
    await supervisor.stop();
  }
  const clock = createManualClock(Date.parse('2026-01-15T22:00:00Z'));
  const events: AgentEvent[] = [];
  const supervisor = new PortSupervisor({
    ...{ lineId: 'north', port: { open: async () => {}, close: async () => {} }, clock, log: { event() {} } },
    events: createEventTracker(clock, (event) => events.push(event)),
    onUp: () => {},
  });
  await supervisor.start();
  for (const waitMs of [600, 60_000, 3_600_000, 600]) {
    supervisor.lost(new BusError('port-closed', msg`it went`));
    await clock.advance(waitMs);
  }
  await clock.advance(60_000);
  const lastsMs = events.filter(({ endMs }) => endMs !== null).map(({ startMs, endMs }) => (endMs ?? 0) - startMs);
  t.same(
    lastsMs,
    [500, 10_500, 20_500, 500],
    'one that is lost again within ten minutes waits for ten seconds more, then twenty, an hour later not',
  );
  await supervisor.stop();
});

t.test('frames that arrive together are readings of their own times: a point and a time identify one value in any burst', async (t) => {
  for (const burst of [1, 2, 3, 7, 190, 2_000]) {
    const { clock, wire, field, readings } = uartField(createUartDriver(DUST, SDS011), () => {});
    await field.start();
    await clock.advance(20);
    for (let round = 0; round < 3; round++) {
      wire.end.write(Buffer.concat(Array.from({ length: burst }, (_, i) => sds011Frame((i % 90) + 1, (i % 90) + round + 1))));
      await clock.advance(5);
    }
    const dust = readings.filter(({ pointId, quality }) => pointId === 'A1.pm2_5' && quality === 'good');
    t.equal(dust.length, 3 * burst, `${burst}`);
    t.equal(new Set(readings.map(({ pointId, atMs }) => `${pointId} ${atMs}`)).size, readings.length, `${burst} at once`);
    t.ok(
      dust.every(({ atMs }, i) => i === 0 || atMs > (dust[i - 1]?.atMs ?? 0)),
      'in their order',
    );
    t.ok(Math.abs((dust.at(-1)?.atMs ?? 0) - clock.wallMs()) <= 3 * burst + 5);
    await field.stop();
  }
});

t.test('a clock that is set back does not hold the times of a sensor in the future', async (t) => {
  const { clock, wire, field, readings } = uartField(createUartDriver(DUST, SDS011), () => {});
  await field.start();
  await clock.advance(20);
  wire.end.write(sds011Frame(1, 2));
  await clock.advance(1_000);
  clock.stepWall(-3_600_000);
  wire.end.write(sds011Frame(3, 4));
  await clock.advance(5);
  t.ok(Math.abs((readings.at(-1)?.atMs ?? 0) - clock.wallMs()) <= 10);
  await field.stop();
});
