import t, { type Test } from 'tap';
import { readPlacedYaml } from '../../../agent/config/load/places.ts';
import type { LineConfig } from '../../../agent/core/cabinet.ts';
import { createManualClock, type ManualClock } from '../../../agent/core/manual-clock.ts';
import type { WriteResult } from '../../../agent/core/ports.ts';
import type { Profile } from '../../../agent/core/profile.ts';
import type { AgentEvent, Reading } from '../../../agent/core/words.ts';
import { createField, type LiveField } from '../../../agent/field/field.ts';
import { fieldLine } from '../../../agent/field/line-from-config.ts';
import { readProfiles } from '../../../drivers/registry.ts';
import { createSimPlayer, type SimPlayer } from '../../street/units/dfplayer.ts';
import { createWire, type Wire } from '../../street/wire.ts';
import { SERIAL_8N2, testDevice } from '../../support/profiles.ts';

const { profiles } = readProfiles([], readPlacedYaml);

interface Bench {
  readonly clock: ManualClock;
  readonly field: LiveField;
  readonly player: SimPlayer;
  readonly wire: Wire;
  readonly readings: Reading[];
  readonly events: AgentEvent[];
  write(point: string, value: number, ttlMs?: number): Promise<WriteResult>;
  /** Lets time pass until the work is settled. */
  settled<T>(work: Promise<T>): Promise<T>;
}

async function bench(t: Test, types = profiles): Promise<Bench> {
  const clock = createManualClock(Date.parse('2026-06-01T10:00:00Z'));
  const players: SimPlayer[] = [];
  const wire = createWire((bytes) => players[0]?.receive(bytes));
  const player = createSimPlayer({ clock, send: (bytes) => wire.end.write(bytes), lengthsS: { 1: 60, 2: 1, 3: 0.1 } });
  players.push(player);
  const config: LineConfig = {
    ...{
      id: 'sound',
      kind: 'uart',
      port: 'wire',
      serial: { ...SERIAL_8N2, stopBits: 1 },
      rs485: null,
      broadcast: false,
      maxWritesPerS: 50,
    },
    devices: [testDevice('PLAYER', { unit: 0, profile: 'dfrobot-dfplayer-mini' })],
  };
  const [readings, events]: [Reading[], AgentEvent[]] = [[], []];
  const field = createField({
    lines: [fieldLine(config, { profiles: types, openPort: () => wire.port, clock })],
    clock,
    log: { event: () => {} },
    setupValuesOf: () => ({ rampUpMs: 0, rampDownMs: 0, failsafeTimeoutS: 60, failsafeLevelPct: 100 }) as never,
    random: () => 0.5,
    onReadings: (some) => void readings.push(...some),
    onAlive: () => {},
    onEvent: (event) => void events.push(event),
  });
  void field.start();
  t.teardown(() => field.stop());
  await clock.advance(4_000);
  const write = (point: string, value: number, ttlMs = 10_000): Promise<WriteResult> =>
    field.writePoint({ pointId: `PLAYER.${point}`, value, lane: 'command', expiresMono: clock.monoMs() + ttlMs });
  const settled = async <T>(work: Promise<T>): Promise<T> => {
    let isOver = false;
    void work.finally(() => {
      isOver = true;
    });
    for (let i = 0; i < 3_000 && !isOver; i++) await clock.advance(10);
    return work;
  };
  return { clock, field, player, wire, readings, events, write, settled };
}

const latest = ({ field }: Bench, point: string): number | null | undefined => field.latest(`PLAYER.${point}`)?.value;

t.test('nothing is sent for 3 s after the port has opened, then the medium is chosen and all values are read', async (t) => {
  const b = await bench(t);
  t.same(b.player.commands, ['09 0002']);
  t.equal(b.readings.filter(({ atMono }) => atMono < 3_000).length, 0);
  await b.clock.advance(4_000);
  t.same(
    ['state', 'volume', 'track', 'files'].map((point) => latest(b, point)),
    [0, 100, 0, 3],
  );
  t.same(
    b.field.devices().map(({ state }) => state),
    ['ok'],
  );
});

t.test('a write is acknowledged, read back and verified', async (t) => {
  const b = await bench(t);
  t.match(await b.settled(b.write('volume', 50)), { state: 'verified' });
  t.equal(b.player.volume, 15);
  t.match(await b.settled(b.write('track', 1)), { state: 'verified' });
  t.equal(b.player.state, 'playing');
  t.match(await b.settled(b.write('state', 0)), { state: 'verified' });
  t.equal(b.player.state, 'stopped');
});

t.test('a write that cannot be sent because the port is down ends when it expires', async (t) => {
  const b = await bench(t);
  await b.field.stop();
  const waiting = b.write('volume', 50, 5_000);
  const fromMono = b.clock.monoMs();
  t.match(await b.settled(waiting), { state: 'failed' });
  t.ok(b.clock.monoMs() - fromMono <= 5_100);
});

t.test('a track that ends before it is read back is verified by its end', async (t) => {
  const b = await bench(t);
  t.match(await b.settled(b.write('track', 3)), { state: 'verified' });
});

t.test('a lost frame is sent again, three lost ones fail', async (t) => {
  const b = await bench(t);
  b.player.missNext = 2;
  t.match(await b.settled(b.write('volume', 20)), { state: 'verified' });
  b.player.missNext = 99;
  const fromMono = b.clock.monoMs();
  const result = await b.settled(b.write('volume', 30));
  t.equal(result.state, 'failed');
  t.ok((result.sentMono ?? 0) >= fromMono, 'the module may have executed it');
  t.match(result.state === 'failed' ? String(result.reason) : '', /does not acknowledge/);
});

t.test('a module that acknowledges nothing is proven by what it reads back', async (t) => {
  const b = await bench(t);
  b.player.isWithoutAck = true;
  t.match(await b.settled(b.write('volume', 50)), { state: 'verified' });
  t.match(await b.settled(b.write('track', 1)), { state: 'verified' });
});

for (const answerMs of [1, 100, 450]) {
  t.test(`a module that answers after ${answerMs} ms is written to`, async (t) => {
    const b = await bench(t);
    b.player.answerMs = answerMs;
    t.match(await b.settled(b.write('volume', 50)), { state: 'verified' });
    t.match(await b.settled(b.write('track', 1)), { state: 'verified' });
  });
}

t.test('answers that are later than any wait give no wrong result', async (t) => {
  const b = await bench(t);
  b.player.answerMs = 5_000;
  for (const volume of [10, 90, 30, 60]) {
    const result = await b.settled(b.write('volume', volume));
    t.ok(result.state === 'failed' || b.player.volume === Math.floor(volume * 0.3), `${volume}: ${result.state}`);
    await b.clock.advance(500);
  }
});

t.test('a track that is not on the card fails with the reason of the player', async (t) => {
  const b = await bench(t);
  const result = await b.settled(b.write('track', 9));
  t.match(result.state === 'failed' ? String(result.reason) : '', /no such track/);
  t.equal(latest(b, 'error'), 2);
});

t.test('an acknowledged volume that is not set fails with what was read back', async (t) => {
  const b = await bench(t);
  b.player.isDeafToVolume = true;
  const result = await b.settled(b.write('volume', 20));
  t.match(result.state === 'failed' ? String(result.reason) : '', /reads back 100, wrote 20/);
});

t.test('writes run one after the other, and a newer value of a point replaces one that waits', async (t) => {
  const b = await bench(t);
  const results = [b.write('volume', 20), b.write('track', 1), b.write('track', 2), b.write('volume', 10)];
  const ends = await b.settled(Promise.all(results));
  t.same(
    ends.map(({ state }) => state),
    ['verified', 'failed', 'verified', 'verified'],
  );
  t.same(b.player.commands.slice(1), ['06 0006', '03 0002', '06 0003']);
});

t.test('refused at once: a point without write, a value that does not fit, an unknown device', async (t) => {
  const b = await bench(t);
  for (const [point, value] of [
    ['files', 1],
    ['volume', 101],
    ['track', 0],
    ['nonsense', 1],
  ] as const)
    t.match(await b.settled(b.write(point, value)), { state: 'failed', sentMono: null }, point);
  const other = b.field.writePoint({ pointId: 'OTHER.track', value: 1, lane: 'command', expiresMono: b.clock.monoMs() + 1_000 });
  t.match(await b.settled(other), { state: 'failed' });
  t.equal(b.player.commands.length, 1);
});

t.test('a point that its profile calls dangerous is not written', async (t) => {
  const player = profiles.get('dfrobot-dfplayer-mini') as Profile;
  const points = player.points.map((point) => (point.write === null ? point : { ...point, write: { ...point.write, dangerous: true } }));
  const b = await bench(t, new Map([[player.id, { ...player, points }]]));
  t.match(await b.settled(b.write('volume', 20)), { state: 'failed', reason: /dangerous/, sentMono: null });
  t.equal(b.player.commands.length, 1);
});

t.test('a port that is lost fails all writes, and one that expires is not sent later', async (t) => {
  const b = await bench(t);
  const lost = [b.write('volume', 20), b.write('track', 1)];
  b.wire.end.unplug();
  t.same(
    (await b.settled(Promise.all(lost))).map(({ state }) => state),
    ['failed', 'failed'],
  );
  const late = b.write('track', 1, 500);
  b.wire.end.replug();
  t.match(await b.settled(late), { state: 'failed', sentMono: null });
  t.notOk(b.player.commands.includes('03 0001'));
});

t.test('a player that is silent is reported, and one that returns is read again', async (t) => {
  const b = await bench(t);
  b.player.isMute = true;
  await b.clock.advance(8_000);
  t.same(
    b.field.devices().map(({ state }) => state),
    ['silent'],
  );
  t.ok(b.events.some(({ code, endMs }) => code === 'unit-silent' && endMs === null));
  b.player.isMute = false;
  b.player.powerCycle();
  await b.clock.advance(5_000);
  t.same(
    b.field.devices().map(({ state }) => state),
    ['ok'],
  );
});

t.test('hostile bytes between the frames neither end a write wrongly nor stop the line', async (t) => {
  const b = await bench(t);
  const noise = Buffer.from([0x7e, 0xff, 0x06, 0x42, 0, 0, 1, 0, 0, 0xef, 0x7e, 0x7e, 0xff]);
  const writing = b.write('volume', 40);
  for (let i = 0; i < 50; i++) {
    b.wire.end.write(noise);
    await b.clock.advance(7);
  }
  t.match(await b.settled(writing), { state: 'verified' });
  t.equal(b.player.volume, 12);
});
