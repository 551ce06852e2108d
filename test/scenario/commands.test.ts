import t from 'tap';
import { MINUTE_MS } from '../../agent/core/durations.ts';
import { type Metric, toLong } from '../../agent/sync/sparkplug/codec.ts';
import { createRig, type Rig } from '../support/rig.ts';
import { texts } from '../support/texts.ts';

const whole = (name: string, value: number): Metric => ({ name, value: toLong(value) });
const text = (name: string, value: string): Metric => ({ name, value: { kind: 'string', value } });
const flag = (name: string, value: boolean): Metric => ({ name, value: { kind: 'boolean', value } });

/** Every outcome from `Command/Outcome`, on any device or on the node. */
function outcomesOf(rig: Rig, id: string) {
  return [...rig.host.values.values()]
    .filter(({ metric }) => metric === 'Command/Outcome')
    .map(({ device, value }) => ({
      device,
      ...(JSON.parse(String(value)) as { id: string; state: string; reason: string; target: string }),
    }))
    .filter((outcome) => outcome.id === id);
}

const endOf = (rig: Rig, id: string) => outcomesOf(rig, id).findLast(({ state }) => ['verified', 'refused', 'failed'].includes(state));
const shownOn = (rig: Rig, device: string, metric: string) =>
  [...rig.host.values.values()].filter((each) => each.device === device && each.metric === metric).at(-1)?.value;

/** Born and drained, at half past eleven at night. */
async function openNight(t: Parameters<typeof createRig>[0], change?: Parameters<typeof createRig>[1]['change']): Promise<Rig> {
  const rig = await createRig(t, { startAt: '2026-12-15T23:30:00+01:00', withUplink: true, ...(change === undefined ? {} : { change }) });
  await rig.until('online', async () => (await rig.status()).uplink.state === 'online', 5 * MINUTE_MS);
  await rig.until('the programme is followed', () => rig.levels().every((level) => level === 30), 5 * MINUTE_MS);
  return rig;
}

t.test('an emergency lights all lamps until it ends, at the request of the platform alone', async (t) => {
  const rig = await openNight(t);
  await rig.host.command('', [
    flag('Emergency/On', true),
    whole('Emergency/Minutes', 60),
    text('Emergency/Reason', 'fire'),
    text('Command/Id', 'e1'),
  ]);
  await rig.until('all lit', () => rig.levels().every((level) => level === 100), MINUTE_MS);
  await rig.until('the outcome is received', () => endOf(rig, 'e1')?.state === 'verified', MINUTE_MS);
  t.strictSame(new Set(outcomesOf(rig, 'e1').map(({ device }) => device)), new Set(['']), 'on the node');
  t.equal(shownOn(rig, '', 'Emergency/On'), true);
  await rig.host.override('L01', { level: 10, id: 'o1' });
  await rig.until('below it', () => endOf(rig, 'o1') !== undefined, 2 * MINUTE_MS);
  t.match(endOf(rig, 'o1'), { state: 'failed', reason: /waiting below emergency by platform/ });
  await rig.host.release('L01');
  await rig.host.command('', [flag('Emergency/On', false), text('Command/Id', 'e2')]);
  await rig.until('over', () => endOf(rig, 'e2')?.state === 'verified' && rig.levels().every((level) => level === 30), MINUTE_MS);
  t.equal(shownOn(rig, '', 'Emergency/On'), false);
  await rig.host.command('', [flag('Emergency/On', false), text('Command/Id', 'e3')]);
  await rig.until('nothing to end', () => endOf(rig, 'e3') !== undefined, MINUTE_MS);
  t.match(endOf(rig, 'e3'), { state: 'refused', reason: /no emergency of the whole cabinet/ });
});

t.test('an emergency of one zone lights that zone, and shows on it and not on the node', async (t) => {
  const rig = await openNight(t, (cabinet) => {
    const [zone] = cabinet.zones;
    if (zone === undefined) return cabinet;
    const [first = '', ...others] = zone.lamps;
    return {
      ...cabinet,
      zones: [
        { ...zone, lamps: others },
        { ...zone, id: 'quay', lamps: [first], presence: null },
      ],
    };
  });
  const isOnlyQuay = (): boolean => rig.levels().filter((level) => level === 100).length === 1;
  await rig.host.command('quay', [flag('Emergency/On', true), whole('Emergency/Minutes', 60), text('Command/Id', 'z1')]);
  await rig.until('the outcome is received', () => endOf(rig, 'z1') !== undefined, 2 * MINUTE_MS);
  t.match(endOf(rig, 'z1'), { state: 'verified', device: 'quay' });
  await rig.until('lit', isOnlyQuay, MINUTE_MS);
  t.equal(shownOn(rig, 'quay', 'Emergency/On'), true);
  t.not(shownOn(rig, '', 'Emergency/On'), true);
  await rig.host.command('quay', [flag('Emergency/On', false), text('Command/Id', 'z2')]);
  await rig.until('over', () => endOf(rig, 'z2')?.state === 'verified' && rig.levels().every((level) => level === 30), MINUTE_MS);
  t.equal(shownOn(rig, 'quay', 'Emergency/On'), false);
});

t.test('a programme is chosen by its name, holds over a restart, and gives way to the calendar', async (t) => {
  const rig = await openNight(t, (cabinet) => ({
    ...cabinet,
    programmes: [...cabinet.programmes, { id: 'market', steps: [{ at: 'dusk', level: { pct: 80 }, boostPct: null }] }],
  }));
  await rig.host.command('rue', [text('Programme/Choice', 'carnival'), text('Command/Id', 'p0')]);
  await rig.until('refused', () => endOf(rig, 'p0') !== undefined, MINUTE_MS);
  t.match(endOf(rig, 'p0'), { state: 'refused', reason: /no programme carnival; choose one of .*market/ });
  await rig.host.command('rue', [text('Programme/Choice', 'market'), whole('Programme/Minutes', 120), text('Command/Id', 'p1')]);
  await rig.until('followed', () => endOf(rig, 'p1')?.state === 'verified' && rig.levels().every((level) => level === 80), 2 * MINUTE_MS);
  t.equal(shownOn(rig, 'rue', 'Programme/Choice'), 'market');
  const [tonight] = rig.agent.view.light.tonight('rue');
  t.match(texts(tonight), { programme: 'market', rule: 'chosen by the platform' });
  t.match((await rig.status()).zones, [{ id: 'rue', programme: 'market' }]);
  await rig.kill();
  await rig.until('still', () => rig.levels().every((level) => level === 80), 2 * MINUTE_MS);
  await rig.clock.advance(2 * MINUTE_MS);
  t.ok(rig.levels().every((level) => level === 80));
  await rig.until('online', async () => (await rig.status()).uplink.state === 'online', 5 * MINUTE_MS);
  await rig.host.command('rue', [text('Programme/Choice', ''), text('Command/Id', 'p2')]);
  await rig.until('back', () => endOf(rig, 'p2')?.state === 'verified' && rig.levels().every((level) => level === 30), 2 * MINUTE_MS);
  t.equal(shownOn(rig, 'rue', 'Programme/Choice'), '');
});

t.test('a lamp shows itself for the platform, never below the minimum of its zone and never over a technician', async (t) => {
  const rig = await openNight(t);
  await rig.host.command('L02', [whole('Identify/Seconds', 20), text('Command/Id', 'i1')]);
  await rig.until('bright', () => rig.levels()[1] === 100, MINUTE_MS);
  await rig.until('the outcome is received', () => endOf(rig, 'i1')?.state === 'verified', MINUTE_MS);
  t.equal(shownOn(rig, 'L02', 'Identify/Seconds'), 20n);
  await rig.until('dark again', () => rig.levels()[1] === 20, MINUTE_MS);
  await rig.until('over', () => shownOn(rig, 'L02', 'Identify/Seconds') === 0n && rig.levels()[1] === 30, MINUTE_MS);
  const lock = {
    target: { kind: 'lamp', id: 'L02' },
    levelPct: 15,
    rank: 'maintenance',
    minutes: 30,
    reason: '',
    source: 'console:anna',
  } as const;
  void rig.agent.view.override(lock);
  await rig.until('locked', () => rig.levels()[1] === 15, MINUTE_MS);
  await rig.host.command('L02', [whole('Identify/Seconds', 20), text('Command/Id', 'i2')]);
  await rig.host.command('L02', [flag('Override/Release', true), text('Command/Id', 'r1')]);
  await rig.until('both refused', () => endOf(rig, 'i2') !== undefined && endOf(rig, 'r1') !== undefined, MINUTE_MS);
  t.match(endOf(rig, 'i2'), { state: 'refused', reason: /locked at 15 % by console:anna/ });
  t.match(endOf(rig, 'r1'), { state: 'refused', reason: /maintenance by console:anna can only be released at the console/ });
  t.equal(rig.levels()[1], 15);
});

t.test('a lamp that was silent until its command had expired is no longer set, and its answer is sent by the node', async (t) => {
  const rig = await openNight(t);
  const lamp = rig.street.world.lamps.get('L03');
  const wire = [...rig.wires.values()][0];
  wire?.end.unplug();
  await rig.until('the lamps are silent', () => !rig.host.alive.has('L03'), 5 * MINUTE_MS);
  const expiresMs = rig.clock.wallMs() + 30_000;
  await rig.host.command('L03', [whole('Override/Level', 90), whole('Command/Expires', expiresMs), text('Command/Id', 'x1')]);
  await rig.host.command('L04', [whole('Override/Level', 60), text('Command/Id', 'x2')]);
  await rig.until('both outcomes are received', () => endOf(rig, 'x1') !== undefined && endOf(rig, 'x2') !== undefined, 2 * MINUTE_MS);
  t.match(endOf(rig, 'x1'), { device: '', target: 'L03', state: 'failed', reason: /does not answer/ });
  await rig.clock.advance(40_000);
  wire?.end.replug();
  await rig.until('the other lamp follows its command, which does not expire', () => rig.levels()[3] === 60, 5 * MINUTE_MS);
  await rig.clock.advance(2 * MINUTE_MS);
  t.ok(lamp !== undefined && Math.round(rig.street.world.levelPct(lamp)) === 30, 'and the first stays as it was');
});

t.test('killed in the middle: the command ends once, and its intent is restored', async (t) => {
  const rig = await openNight(t);
  await rig.broker.stop();
  await rig.broker.start();
  await rig.host.stop();
  await rig.host.start();
  await rig.until('online', async () => (await rig.status()).uplink.state === 'online', 10 * MINUTE_MS);
  await rig.host.override('L02', { level: 70, minutes: 30, id: 'k1' });
  await rig.until('taken up', () => rig.log.some(({ name }) => name === 'uplink-command'), MINUTE_MS);
  await rig.kill();
  await rig.until('the outcome is received', () => endOf(rig, 'k1') !== undefined, 10 * MINUTE_MS);
  t.match(endOf(rig, 'k1'), { state: 'failed', reason: /the agent restarted/ });
  await rig.host.override('L02', { level: 70, minutes: 30, id: 'k1' });
  await rig.clock.advance(MINUTE_MS);
  t.equal(rig.log.filter(({ name, fields }) => name === 'uplink-command' && fields['commandId'] === 'k1').length, 1);
  t.equal(
    new Set(
      outcomesOf(rig, 'k1')
        .filter(({ state }) => state !== 'received' && state !== 'queued' && state !== 'sent')
        .map(({ state }) => state),
    ).size,
    1,
  );
});
