import { join } from 'node:path';
import t from 'tap';
import { MINUTE_MS } from '../../agent/core/durations.ts';
import type { Message } from '../../agent/core/message.ts';
import { createRig, type Rig, STUCK_PORT } from '../support/rig.ts';

/** The levels of the street, one line for each change. */
async function diary(rig: Rig, untilIso: string, stepMs: number): Promise<string[]> {
  const lines: string[] = [];
  let before = '';
  // In the middle of each minute, so that no fade of a full minute is caught halfway.
  await rig.clock.advance(MINUTE_MS / 2);
  while (rig.clock.wallMs() < Date.parse(untilIso)) {
    await rig.clock.advance(stepMs);
    const now = rig.levels().join(' ');
    if (now === before) continue;
    before = now;
    lines.push(`${new Date(rig.clock.wallMs() + 3_600_000).toISOString().slice(11, 16)} ${now}`);
  }
  return lines;
}

t.test('a winter night: dark by day, full from dusk, dimmed from 23:00, full from 06:00, dark after dawn', async (t) => {
  const rig = await createRig(t, { startAt: '2026-12-21T16:00:00+01:00' });
  const seen = await diary(rig, '2026-12-22T09:30:00+01:00', MINUTE_MS);
  t.strictSame(
    seen.map((line) => line.slice(6)),
    ['0 0 0 0', '100 100 100 100', '30 30 30 30', '100 100 100 100', '0 0 0 0'],
    seen.join(' | '),
  );
  const [, dusk = '', dim = '', full = '', dawn = ''] = seen.map((line) => line.slice(0, 5));
  t.ok(dusk >= '17:14' && dusk <= '17:50', `lit between sunset and civil dusk: ${dusk}`);
  t.equal(dim, '23:00', 'dimmed within half a minute');
  t.equal(full, '06:00');
  t.ok(dawn >= '08:11' && dawn <= '08:47', `dark between civil dawn and sunrise: ${dawn}`);
  const { store, lines } = await rig.status();
  t.equal(store.readingsLost, 0);
  t.equal(lines[0]?.timeouts, 0);
});

t.test('a walker is lit and the street falls back', async (t) => {
  const rig = await createRig(t, { startAt: '2026-12-15T23:30:00+01:00' });
  await rig.until('dimmed', () => rig.levels().every((level) => level === 30));
  rig.street.world.send('walker');
  await rig.until('lit ahead of the walker', () =>
    rig
      .levels()
      .slice(0, 3)
      .every((level) => level === 100),
  );
  const [walker] = rig.street.world.movers();
  t.ok((walker?.atM ?? 99) <= 25 + 8, 'before the sensor pole is passed');
  t.equal(rig.levels()[3], 30, 'the lamp beyond its reach stays');
  const lit = rig.street.levels.filter(({ levelPct }) => levelPct === 100).map(({ lamp }) => lamp.id);
  t.equal(lit[0], 'L02', 'the nearest lamp first');
  await rig.until('dark again behind the walker', () => rig.levels().every((level) => level === 30), 60_000);
  const { detections, lampsRaised } = await rig.status();
  t.strictSame({ detections, lampsRaised }, { detections: 1, lampsRaised: 3 });
});

t.test('a detection during the fall returns to boost at once', async (t) => {
  const rig = await createRig(t, { startAt: '2026-12-15T23:30:00+01:00' });
  await rig.until('dimmed', () => rig.levels().every((level) => level === 30));
  rig.street.world.send('cyclist');
  await rig.until('lit', () => rig.levels()[1] === 100);
  await rig.until('falling', () => (rig.levels()[1] ?? 0) < 95);
  const fallingAt = rig.levels()[1] ?? 0;
  rig.street.world.send('cyclist');
  await rig.until('back at full', () => rig.levels()[1] === 100, 8_000);
  t.ok(fallingAt > 30, `caught in the middle of the fall, at ${fallingAt} %`);
});

t.test('a lamp falls silent and returns: the others continue, it is reported, and it gets its level and its set-up back', async (t) => {
  const rig = await createRig(t, { startAt: '2026-12-15T23:30:00+01:00', withUplink: true });
  const isReported = async (): Promise<boolean> =>
    (await rig.status()).activeEvents.some(({ code, source }) => code === 'unit-silent' && source === 'L03');
  await rig.until('dimmed', () => rig.levels().every((level) => level === 30));
  await rig.until('born', () => rig.host.alive.has('L03'), 60_000);
  const { line, unit } = rig.street.unitOf('L03');
  const sim = rig.street.units.get('L03');
  t.strictSame(sim?.read('holding', 656, 1), [100], 'its failsafe level is the highest of its programme');
  line.silence(unit);
  await rig.until('the silent lamp is reported', isReported, 60_000);
  t.equal(rig.agent.field.latest('L03.level')?.quality, 'missing');
  await rig.until('the platform receives the death of the lamp', () => !rig.host.alive.has('L03'), 5_000);
  sim?.write('holding', 2000, [85]);
  sim?.write('holding', 656, [50]);
  rig.street.world.send('walker');
  await rig.until('its neighbours are lit', () => rig.levels()[1] === 100);
  await rig.until('and fall back', () => rig.levels()[1] === 30);
  await rig.until('unheard of for a minute, it went to the failsafe level it has', () => rig.levels()[2] === 50);
  line.revive(unit);
  await rig.until('it is back', () => rig.agent.field.latest('L03.level')?.quality === 'good', 90_000);
  await rig.until('at the level of the street', () => rig.levels()[2] === 30, 10_000);
  await rig.until('and set up again', () => String(sim?.read('holding', 656, 1)) === '100', 10_000);
  await rig.until('the platform sees it again', () => rig.host.alive.has('L03'), 5_000);
  await rig.until('the event has ended', async () => !(await isReported()), 5_000);
  t.equal(rig.host.strays, 0, 'nothing was sent for a device that was not born');
});

t.test('a lamp whose driver reports a fault is reported, and the fault ends with the repair', async (t) => {
  const rig = await createRig(t, { startAt: '2026-12-15T23:30:00+01:00' });
  const isReported = async (): Promise<boolean> =>
    (await rig.status()).activeEvents.some(
      ({ code, text }) => code === 'device-flag' && String(text).startsWith('L02.overcurrent: overcurrent'),
    );
  await rig.until('dimmed', () => rig.levels().every((level) => level === 30));
  const lamp = rig.street.world.lamps.get('L02');
  if (lamp === undefined) throw new Error('no lamp L02');
  lamp.burnt = true;
  await rig.until('the fault is reported', isReported, 2 * MINUTE_MS);
  const faultyIn = (list: readonly { readonly id: string; readonly faults: readonly Message[] }[] = []): string[] =>
    list.filter(({ faults }) => faults.length > 0).map(({ id, faults }) => `${id}: ${faults}`);
  const { view } = rig.agent;
  const shown = async () => [faultyIn(view.devices()), faultyIn(view.why('L02')?.lamps), faultyIn((await view.status()).zones[0]?.lamps)];
  for (const each of await shown()) t.match(each, [/^L02: L02.overcurrent: overcurrent/], 'each view of the lamp shows the fault');
  lamp.burnt = false;
  await rig.until('ended', async () => !(await isReported()), 2 * MINUTE_MS);
  t.same(await shown(), [[], [], []]);
});

t.test('an override expires by itself and the street returns to its programme', async (t) => {
  const rig = await createRig(t, { startAt: '2026-12-15T23:30:00+01:00', withUplink: true });
  const atHost = (device: string, metric: string) =>
    [...rig.host.values.values()].filter((v) => v.device === device && v.metric === metric).at(-1)?.value;
  await rig.until('dimmed', () => rig.levels().every((level) => level === 30));
  const request = {
    target: { kind: 'zone', id: 'rue' },
    levelPct: 80,
    rank: 'override',
    minutes: 10,
    reason: 'works',
    source: 'console:test',
  } as const;
  await rig.until('born', () => rig.host.alive.has('rue'), 60_000);
  const outcome = rig.agent.view.override(request);
  await rig.until('all at 80', () => rig.levels().every((level) => level === 80));
  t.match(await outcome, { state: 'verified', lamps: { L01: 'verified', L04: 'verified' } });
  await rig.until('the platform sees the override', () => Number(atHost('rue', 'Override/Level')) === 80, 5_000);
  await rig.until(
    'and what it does to a lamp',
    () => Number(atHost('L01', 'Lamp/Wanted Level')) === 80 && atHost('L01', 'Lamp/Reason') === 'override',
    5_000,
  );
  await rig.restart();
  t.ok(
    rig.street.levels.every(({ levelPct }) => levelPct > 0),
    'a restart was no flash of darkness',
  );
  await rig.clock.advance(8 * MINUTE_MS);
  t.strictSame(rig.levels(), [80, 80, 80, 80], 'it outlived the restart');
  await rig.until('back to the programme', () => rig.levels().every((level) => level === 30), 4 * MINUTE_MS);
});

t.test('the clock is unknown at start and becomes known: lit, then by the programme', async (t) => {
  const rig = await createRig(t, { startAt: '1970-01-01T00:00:00Z', quality: 'none' });
  await rig.until('lit, for want of a time', () => rig.levels().every((level) => level === 100));
  t.ok((await rig.status()).activeEvents.some(({ code }) => code === 'time-not-trusted'));
  rig.clock.stepWall(Date.parse('2026-12-15T12:00:00+01:00') - rig.clock.wallMs());
  rig.clock.setQuality('synced');
  await rig.until('off at noon', () => rig.levels().every((level) => level === 0));
  t.notOk(
    (await rig.status()).activeEvents.some(({ code }) => code === 'time-not-trusted'),
    'and the event about the time has ended',
  );
});

t.test('a port missing at start does not stop the agent, and an unplugged one heals by itself', async (t) => {
  const rig = await createRig(t, { startAt: '2026-12-15T23:30:00+01:00' });
  await rig.until('dimmed', () => rig.levels().every((level) => level === 30));
  const { line } = rig.street.unitOf('L01');
  const isDown = async (): Promise<boolean> => (await rig.status()).activeEvents.some(({ code }) => code === 'line-down');
  line.unplug();
  await rig.until('the line is reported as down', isDown, 5_000);
  t.match((await rig.status()).lines[0], { state: 'down', reason: /unplugged/ });
  t.strictSame(rig.levels(), [30, 30, 30, 30], 'the lamps keep their light');
  await rig.restart();
  t.match((await rig.status()).lines[0], { state: 'down' }, 'it starts all the same');
  line.replug();
  await rig.until('up again', async () => !(await isDown()), 20_000);
  rig.street.world.send('walker');
  await rig.until('and at work', () => rig.levels()[1] === 100);
});

t.test('a port that never opens and a console that cannot open do not delay the light', async (t) => {
  const blocker = join(t.testdir({ file: 'not a folder' }), 'file', 'agent.sock');
  const rig = await createRig(t, {
    startAt: '2026-12-15T23:30:00+01:00',
    socketPath: blocker,
    change: (cabinet) => {
      const [north] = cabinet.lines;
      const [sensor] = north?.devices.filter(({ id }) => id === 'S01') ?? [];
      if (north === undefined || sensor === undefined) throw new Error('the small street has changed');
      const hung = { ...north, id: 'hung', port: STUCK_PORT, devices: [{ ...sensor, id: 'S09' }] };
      return { ...cabinet, lines: [hung, north] };
    },
  });
  await rig.until('the rest of the street is lit', () => rig.levels().every((level) => level === 30), 15_000);
  t.ok(
    rig.log.some(({ name }) => name === 'console-closed'),
    'and the log says why the console does not answer',
  );
});
