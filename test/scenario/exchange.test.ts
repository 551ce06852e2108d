import t from 'tap';
import type { Cabinet } from '../../agent/core/cabinet.ts';
import { MINUTE_MS } from '../../agent/core/durations.ts';
import { createRig, type Rig } from '../support/rig.ts';

const NIGHT = '2026-12-15T23:30:00+01:00';
const isOnline = async (rig: Rig): Promise<boolean> => (await rig.status()).uplink.state === 'online';
const areMet = (rig: Rig): boolean => rig.agent.field.devices().every(({ state }) => state === 'ok');
const change = (rig: Rig, other: (cabinet: Cabinet) => Partial<Cabinet>) => {
  const { cabinet, profiles } = rig.agent.site();
  return rig.settled(rig.agent.apply({ cabinet: { ...cabinet, ...other(cabinet) }, profiles }));
};
const atLevel = (levelPct: number) => (cabinet: Cabinet) => ({
  programmes: cabinet.programmes.map(({ id, steps }) => ({
    id,
    steps: steps.map((step) => ('pct' in step.level && step.level.pct === 30 ? { ...step, level: { pct: levelPct } } : step)),
  })),
});
const withSerial = (baud: number) => (cabinet: Cabinet) => ({
  lines: cabinet.lines.map((line) => ({ ...line, serial: { ...line.serial, baud } })),
});

/** Dimmed, met and online. */
async function openNight(t: Parameters<typeof createRig>[0], withUplink = true): Promise<Rig> {
  const rig = await createRig(t, { startAt: NIGHT, withUplink });
  if (withUplink) await rig.until('online', () => isOnline(rig), 5 * MINUTE_MS);
  await rig.until('dimmed and met', () => rig.levels().every((level) => level === 30) && areMet(rig), 5 * MINUTE_MS);
  await rig.clock.advance(5_000);
  return rig;
}

/** The lowest level that any lamp had while this went on. */
async function darkest(rig: Rig, work: () => Promise<unknown>): Promise<number> {
  let darkestPct = Math.min(...rig.levels());
  rig.street.onLevel = ({ levelPct }) => {
    darkestPct = Math.min(darkestPct, levelPct);
  };
  await work();
  return Math.min(darkestPct, ...rig.levels());
}

t.test('the same configuration again touches nothing', async (t) => {
  const rig = await openNight(t);
  const [opened, before] = [rig.opened.length, await rig.status()];
  const touched = await change(rig, (cabinet) => structuredClone(cabinet));
  t.strictSame(touched, { lines: [], light: false, uplink: false, store: false, clock: false, console: false, atRestart: [] });
  await rig.clock.advance(5_000);
  const after = await rig.status();
  t.equal(rig.opened.length, opened, 'no port was opened');
  t.equal(after.uplink.bdSeq, before.uplink.bdSeq, 'the session goes on');
  t.equal(after.uplink.sinceMs, before.uplink.sinceMs);
  t.equal(after.store.epoch, before.store.epoch);
  t.strictSame(
    await rig.settled(rig.agent.view.events({ sinceMs: before.atMs, activeOnly: false, limit: 100 })),
    [],
    'nothing is written down',
  );
});

t.test('the language of the console and the trust in the clock hold at once, and touch nothing of the street', async (t) => {
  const rig = await openNight(t, false);
  t.equal(rig.agent.view.language, 'en');
  const other = (cabinet: Cabinet) => ({ console: { ...cabinet.console, language: 'fr' as const }, clockTrust: 'system' as const });
  t.match(await change(rig, other), { lines: [], light: false, store: false, clock: true, console: true, atRestart: [] });
  t.equal(rig.agent.view.language, 'fr', 'of the next session');
  t.equal(rig.agent.site().cabinet.clockTrust, 'system');
});

t.test('another programme is followed at once; lines and session go on, wishes and counts too', async (t) => {
  const rig = await openNight(t);
  rig.street.world.send('walker');
  await rig.until('someone came', () => rig.levels()[1] === 100, MINUTE_MS);
  await rig.until('and went', () => rig.levels().every((level) => level === 30), 5 * MINUTE_MS);
  const target = { kind: 'lamp', id: 'L04' } as const;
  const intent = { target, levelPct: 70, rank: 'override', minutes: 30, reason: 'works', source: 'console:t' } as const;
  t.match(await rig.settled(rig.agent.view.override(intent)), { state: 'verified' });
  const [opened, before] = [rig.opened.length, await rig.status()];
  const touched = await change(rig, atLevel(50));
  t.match(touched, { lines: [], light: true, uplink: false, store: false });
  await rig.until('followed', () => rig.levels().join() === '50,50,50,70', MINUTE_MS);
  const after = await rig.status();
  t.equal(rig.opened.length, opened, 'no port was opened');
  t.equal(after.uplink.bdSeq, before.uplink.bdSeq, 'the session goes on');
  t.equal(after.detections, before.detections, 'what was counted is kept');
  const shown = [...rig.host.values.values()].filter(({ device, metric }) => device === 'L01' && metric === 'Lamp/Wanted Level');
  t.equal(Number(shown.at(-1)?.value), 50, 'and the platform receives the new level');
  rig.street.world.send('walker');
  await rig.until('sensors are heard', () => rig.levels()[1] === 100, MINUTE_MS);
});

t.test('light that a person needs stays while the lighting module is replaced', async (t) => {
  const rig = await openNight(t, false);
  const sensor = rig.street.world.sensors.get('S01');
  if (sensor === undefined) throw new Error('no sensor');
  sensor.stuck = 380;
  await rig.until('raised', () => rig.levels()[1] === 100, MINUTE_MS);
  const lowest = await darkest(rig, async () => {
    await change(rig, atLevel(40));
    await rig.clock.advance(10_000);
    t.equal(rig.levels()[1], 100, 'who stands there keeps the light');
  });
  t.ok(lowest >= 30, `never darker than before: ${lowest} %`);
});

t.test('a line with a wrong speed leaves its lamps as they are, and its return finds them so', async (t) => {
  const rig = await openNight(t);
  const { baud } = rig.agent.site().cabinet.lines[0]?.serial ?? { baud: 0 };
  const before = await rig.status();
  const lowest = await darkest(rig, async () => {
    const touched = await change(rig, withSerial(baud === 9_600 ? 19_200 : 9_600));
    t.match(touched, { lines: ['north'], light: false, uplink: false, store: false });
    await rig.clock.advance(20_000);
    t.ok(
      rig.agent.field.devices().every(({ state }) => state !== 'ok' && state !== 'flaky'),
      'no unit answers',
    );
    await change(rig, withSerial(baud));
    await rig.until('all are met again', () => areMet(rig), 20_000);
    await rig.clock.advance(10_000);
  });
  t.equal(lowest, 30, 'the street kept its light');
  const after = await rig.status();
  t.equal(after.uplink.bdSeq, before.uplink.bdSeq, 'the session goes on');
  t.strictSame(after.activeEvents, before.activeEvents, 'no trouble is left over');
});

t.test('other settings of the uplink make a new session with the state and the commands of the old one', async (t) => {
  const rig = await openNight(t);
  const opened = rig.opened.length;
  await rig.host.override('L02', { level: 70, minutes: 30, reason: 'market', id: 'a' });
  await rig.until('the lamp follows', () => rig.levels()[1] === 70, MINUTE_MS);
  const before = await rig.status();
  const touched = await change(rig, ({ uplink }) => ({
    uplink: uplink === null ? null : { ...uplink, keepaliveS: uplink.keepaliveS + 7 },
  }));
  t.match(touched, { lines: [], light: false, uplink: true, store: false });
  await rig.until('online', () => isOnline(rig), 5 * MINUTE_MS);
  const after = await rig.status();
  t.equal(after.uplink.bdSeq, before.uplink.bdSeq + 1, 'with a new birth');
  t.equal(rig.opened.length, opened);
  const shown = [...rig.host.values.values()].filter(({ device, metric }) => device === 'L02' && metric === 'Override/Level').at(-1);
  t.equal(Number(shown?.value), 70, 'the birth shows what is in force');
  await rig.host.release('L02');
  await rig.until('released', () => rig.levels()[1] === 30, MINUTE_MS);
  t.equal(rig.host.seqGaps, 0);
});

t.test('a lamp is taken out and put in again: births, store and lines follow, no reading is lost', async (t) => {
  const rig = await openNight(t);
  const whole = rig.agent.site().cabinet;
  const without = (id: string) => (cabinet: Cabinet) => ({
    lines: cabinet.lines.map((line) => ({ ...line, devices: line.devices.filter((device) => device.id !== id) })),
    lamps: cabinet.lamps.filter((lamp) => lamp.id !== id),
    zones: cabinet.zones.map((zone) => ({ ...zone, lamps: zone.lamps.filter((lamp) => lamp !== id) })),
  });
  const before = await rig.status();
  const touched = await change(rig, without('L04'));
  t.match(touched, { lines: ['north'], light: true, uplink: true, store: true });
  await rig.until('online', () => isOnline(rig), 5 * MINUTE_MS);
  t.notOk(rig.agent.view.names().lamps.includes('L04'));
  t.equal(rig.agent.field.latest('L04.level'), undefined);
  await change(rig, () => whole);
  await rig.until('online', () => isOnline(rig), 5 * MINUTE_MS);
  await rig.until('met', () => areMet(rig), MINUTE_MS);
  await rig.until('drained', async () => (await rig.status()).store.backlogFrames === 0, 10 * MINUTE_MS);
  const { store } = await rig.status();
  t.equal(store.epoch, before.store.epoch, 'the same store');
  t.equal(store.readingsLost, 0);
  t.ok(store.account.isBalanced);
  t.equal(rig.host.duplicates, 0);
});

t.test('a chosen programme stays in force while the lighting module is replaced, without a dip', async (t) => {
  const rig = await openNight(t);
  const text = (name: string, value: string) => ({ name, value: { kind: 'string', value } }) as const;
  const market = (cabinet: Cabinet) => ({
    zones: cabinet.zones.map((zone) => ({ ...zone, presence: null })),
    programmes: [...cabinet.programmes, { id: 'market', steps: [{ at: 'dusk' as const, level: { pct: 80 }, boostPct: null }] }],
  });
  await change(rig, market);
  await rig.host.command('rue', [text('Programme/Choice', 'market'), text('Command/Id', 'p1')]);
  await rig.until('chosen', () => rig.levels().every((level) => level === 80), 2 * MINUTE_MS);
  await rig.clock.advance(5_000);
  const lowest = await darkest(rig, async () => {
    await change(rig, atLevel(35));
    await rig.clock.advance(20_000);
  });
  t.equal(lowest, 80);
});
