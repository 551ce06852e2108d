/** The demo's messages to a visitor. */
import t from 'tap';
import type { Clock } from '../../agent/core/clock.ts';
import { createManualClock } from '../../agent/core/manual-clock.ts';
import { NO_TEXT } from '../../agent/core/message.ts';
import type { Uplink, UplinkStatus } from '../../agent/core/ports.ts';
import { createUplinkSlot } from '../../agent/sync/uplink-slot.ts';
import { lampNotice } from '../street/demo-keys.ts';
import { readDemoOptions } from '../street/demo-options.ts';
import { isSquare, squareFigures, squareRows } from '../street/demo-square.ts';
import { demoErrors } from '../street/demo-summary.ts';
import { SimLine } from '../street/sim-line.ts';
import { createSimPlayer } from '../street/units/dfplayer.ts';
import { createSds011 } from '../street/units/sds011.ts';
import type { SimUnit } from '../street/units/sim-unit.ts';
import { createLedCard } from '../street/units/text-panel.ts';
import { createTicMeter } from '../street/units/tic-meter.ts';

const WELL = { store: { readingsLost: 0, state: 'ok', reason: NO_TEXT }, strays: 0, duplicates: 0, bdSeq: 0, gapViolations: 0 } as const;

t.test('what was sent again after a reconnect or a changed configuration is no error, in one session it is', async (t) => {
  t.same(demoErrors(WELL), []);
  t.same(demoErrors({ ...WELL, duplicates: 2, bdSeq: 1 }), []);
  t.same(demoErrors({ ...WELL, duplicates: 2 }), ['2 values twice in one session']);
  t.same(demoErrors({ ...WELL, strays: 1, gapViolations: 3 }), ['1 values without a birth', '3 frames without silence before them']);
});

t.test('the second s reports that the lamp has its power back', async (t) => {
  t.equal(lampNotice({ id: 'L07', hasPower: false }), 'Lamp L07 has no power. Press s again to give it back.');
  t.equal(lampNotice({ id: 'L07', hasPower: true }), 'Lamp L07 has its power back.');
});

t.test('a request that overlaps a reply which this machine delivered late is not blamed on the gateway', async (t) => {
  const serial = { baud: 19_200, parity: 'none', stopBits: 2, dataBits: 8 } as const;
  const unit: SimUnit = { turnaroundMs: 3, read: () => [0], write: () => undefined };
  const request = Buffer.from('010300000001840a', 'hex');
  const cases = [
    [0, 3, 0],
    [0, 0.5, 1],
    [1, 0.5, 1],
    [50, 3, 0],
    [50, 0.5, 0],
  ] as const;
  for (const [lateMs, pauseMs, violations] of cases) {
    const clock = createManualClock(0);
    let isLate = false;
    // The timer of the reply fires late, as on a busy machine.
    const precisely: Clock['precisely'] = (mono, run) => clock.precisely(mono + (isLate ? lateMs : 0), run);
    const line = new SimLine({ serial, clock: { ...clock, precisely }, units: new Map([[1, unit]]) });
    let replies = 0;
    line.end = { write: () => void replies++, unplug: () => {}, replug: () => {} };
    line.receive(request);
    await clock.advance(4);
    isLate = true;
    while (replies === 0) await clock.advance(0.1);
    isLate = false;
    await clock.advance(pauseMs);
    line.receive(request);
    await clock.advance(200);
    t.equal(line.stats.gapViolations, violations, `${lateMs} ms late, then ${pauseMs} ms of silence`);
    t.equal(replies, 2);
  }
});

t.test('the uplink counts on over a changed configuration', async (t) => {
  const slot = createUplinkSlot({ wallMs: () => 0 });
  const off = slot.status();
  const uplink = (counts: Partial<UplinkStatus>): Uplink =>
    ({
      start: async () => {},
      stop: async () => {},
      update: () => {},
      deviceAlive: () => {},
      outcome: () => {},
      relay: () => {},
      status: () => ({ ...off, ...counts, state: 'online' }),
    }) as unknown as Uplink;
  slot.put(uplink({ readingsPublished: 266, readingsAcked: 260, bytesSent: 9_000 }));
  await slot.start();
  t.match(slot.status(), { readingsPublished: 266 });
  await slot.exchange(
    () => uplink({ readingsPublished: 14, readingsAcked: 14 }),
    () => true,
  );
  t.match(slot.status(), { state: 'online', readingsPublished: 280, readingsAcked: 274, bytesSent: 9_000 });
  await slot.exchange(
    () => null,
    () => true,
  );
  t.match(slot.status(), { state: 'off', readingsPublished: 280 }, 'also where there is none any more');
  await slot.exchange(
    () => uplink({ readingsPublished: 1 }),
    () => true,
  );
  t.match(slot.status(), { readingsPublished: 281 });
});

t.test('a scene has its file and its time, which --config and --start-at replace', async (t) => {
  t.match(readDemoOptions([]), { configFile: 'config/demo.yaml', startAtMs: Date.parse('2026-12-15T22:59:50+01:00') });
  t.match(readDemoOptions(['--scene', 'square']), { configFile: 'config/square.yaml', startAtMs: Date.parse('2026-12-15T21:57:00+01:00') });
  t.match(readDemoOptions(['--scene', 'square', '--config', 'mine.yaml', '--start-at', '2026-01-01T00:00:00Z']), {
    configFile: 'mine.yaml',
    startAtMs: Date.parse('2026-01-01T00:00:00Z'),
  });
  for (const scene of ['village', 'constructor', '']) t.throws(() => readDemoOptions(['--scene', scene]), /there are street and square/);
  t.equal(readDemoOptions(['--help']), null);
});

t.test('the rows of a square show what people read and hear, with the reason of the agent, in 79 columns', async (t) => {
  const clock = createManualClock(0);
  const none = { panels: new Map(), players: new Map(), airSensors: new Map(), meters: new Map(), counterBoxes: new Map() };
  t.notOk(isSquare(none));
  t.strictSame(squareRows({ devices: none, panels: [], sounds: [] }), []);
  const panel = createLedCard(false);
  const player = createSimPlayer({ clock, send: () => {}, lengthsS: { 1: 60 } });
  const air = createSds011(
    clock,
    () => 0.5,
    () => {},
  );
  const meter = createTicMeter({ mode: 'standard', clock, send: () => {} });
  const devices = {
    panels: new Map([['PAN1', panel]]),
    players: new Map([['PLAYER', player]]),
    airSensors: new Map([['AIR1', air]]),
    meters: new Map([['TIC1', meter]]),
    counterBoxes: new Map(),
  };
  t.match(squareRows({ devices, panels: [], sounds: [] }), [/^panel {2}\(dark\)/, /^sound {2}silence, amplifier off/, /^air .*no peak$/]);
  panel.write('holding', 1_000, [0x536c, 0x6f77]);
  panel.write('holding', 2_000, [0x3330]);
  player.press(9);
  meter.state.peakNotice = 1;
  air.start();
  t.strictSame(squareFigures(devices).panels, { PAN1: ['Slow', '30'] });
  t.match(squareRows({ devices, panels: [{ device: 'PAN1', rank: 'rule' }], sounds: [] }), [
    'panel  Slow / 30   because: rule',
    /silence/,
    /PEAK$/,
  ]);
  air.stop();
  player.stop();
  panel.powerUp?.();
  t.strictSame(panel.texts(), ['', '']);
});
