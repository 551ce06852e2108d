import t from 'tap';
import type { Cabinet, Lamp } from '../../agent/core/cabinet.ts';
import { MINUTE_MS } from '../../agent/core/durations.ts';
import { testDevice } from '../support/profiles.ts';
import { createRig, type Rig } from '../support/rig.ts';

const NIGHT = '2026-12-15T23:30:00+01:00';
/** As on a real street. */
const PERIODS_MS = { fast: 100, normal: 5_000, slow: 30_000 };
/** Value of the motion register. */
const MOTION = { moving: 380, still: 6 };

/** Thirty lamps on the one line: the last two with the sensor are a zone of their own, far from the others. */
function fullLine(cabinet: Cabinet): Cabinet {
  const [line] = cabinet.lines;
  const [zone] = cabinet.zones;
  const [lamp] = cabinet.lamps;
  if (line === undefined || zone?.presence == null || lamp === undefined) throw new Error('the small street has changed');
  const lamps = Array.from({ length: 30 }, (_, i): Lamp => ({ ...lamp, id: `K${i + 1}`, device: `K${i + 1}`, pole: 'P01' }));
  const own = ['K29', 'K30'];
  const devices = [
    ...lamps.map(({ id }, i) => testDevice(id, { unit: 100 + i, profile: 'wirenboard-wb-led', pole: 'P01' })),
    ...line.devices.filter(({ id }) => id === 'S01'),
  ];
  return {
    ...cabinet,
    lines: [{ ...line, devices }],
    lamps,
    zones: [
      { ...zone, lamps: lamps.map(({ id }) => id).filter((id) => !own.includes(id)), presence: null },
      { ...zone, id: 'passage', lamps: own, presence: { ...zone.presence, holdS: 1, rampDownS: 1, reachM: null } },
    ],
  };
}

const isDimmed = (rig: Rig) => (): boolean => rig.levels().every((level) => level === 30);
const allGood = (rig: Rig) => (): boolean =>
  [...rig.street.world.lamps.keys()].every((id) => rig.agent.field.latest(`${id}.level`)?.quality === 'good');

/** Counts the reads that these devices answered within `forMs`. */
async function readsOf(rig: Rig, deviceIds: readonly string[], forMs: number): Promise<number> {
  let reads = 0;
  const restore = deviceIds.map((id) => {
    const unit = rig.street.units.get(id);
    if (unit === undefined) throw new Error(`no unit ${id}`);
    const { read } = unit;
    unit.read = (...where) => {
      reads++;
      return read.apply(unit, where);
    };
    return () => {
      unit.read = read;
    };
  });
  await rig.clock.advance(forMs);
  for (const undo of restore) undo();
  return reads;
}

t.test('a dead unit on a line without a pause does not slow the others', async (t) => {
  const rig = await createRig(t, { startAt: NIGHT, change: fullLine, periodsMs: { fast: 100, normal: 200, slow: MINUTE_MS } });
  await rig.until('dimmed', isDimmed(rig), 2 * MINUTE_MS);
  const others = [...rig.street.world.lamps.keys()].filter((id) => id !== 'K7');
  await rig.clock.advance(MINUTE_MS);
  const healthy = await readsOf(rig, others, MINUTE_MS);
  const { line, unit } = rig.street.unitOf('K7');
  line.silence(unit);
  const withDead = await readsOf(rig, others, MINUTE_MS);
  t.ok(healthy > 2_000, `the line is busy: ${healthy} reads a minute`);
  t.ok(withDead >= healthy, `in the very minute in which it died they are read ${withDead} times instead of ${healthy}`);
});

t.test('a zone override with all its read-backs does not delay a detection elsewhere on the line', async (t) => {
  const rig = await createRig(t, { startAt: NIGHT, change: fullLine, periodsMs: PERIODS_MS });
  await rig.until('dimmed', isDimmed(rig), 2 * MINUTE_MS);
  await rig.clock.advance(MINUTE_MS);
  const target = { kind: 'zone', id: 'rue' } as const;
  const sensor = rig.street.world.sensors.get('S01');
  if (sensor === undefined) throw new Error('no sensor S01');
  const detectedMs = async (): Promise<number> => {
    const from = rig.street.levels.length;
    const sightMono = rig.clock.monoMs();
    sensor.stuck = MOTION.moving;
    const raised = () => rig.street.levels.slice(from).find(({ lamp, levelPct }) => lamp.id === 'K29' && levelPct === 100);
    await rig.until('the passage is lit', () => raised() !== undefined, 10_000);
    sensor.stuck = MOTION.still;
    return (raised()?.arrivedMono ?? Number.POSITIVE_INFINITY) - sightMono;
  };
  const longestMs = PERIODS_MS.fast + 150;
  for (const afterMs of [5, 60, 130, 250, 400, 700]) {
    const request = { target, levelPct: 80, rank: 'override', minutes: 10, reason: 'works', source: 'console:test' } as const;
    const outcome = rig.agent.view.override(request);
    await rig.clock.advance(afterMs);
    const ms = await detectedMs();
    t.ok(ms <= longestMs, `${afterMs} ms after the override: first level after ${Math.round(ms)} ms, at most ${longestMs}`);
    await rig.until(
      'all lamps of the zone follow',
      () =>
        rig
          .levels()
          .slice(0, 28)
          .every((level) => level === 80),
      20_000,
    );
    await rig.clock.advance(5_000);
    t.match(await outcome, { state: 'verified' });
    const release = rig.agent.view.release({ target, source: 'console:test' });
    await rig.until('dimmed again', isDimmed(rig));
    await rig.clock.advance(5_000);
    await release;
  }
});

t.test('an adapter that hangs silences every unit: the port is reopened and the street returns', async (t) => {
  const rig = await createRig(t, { startAt: NIGHT });
  await rig.until('dimmed and met', () => isDimmed(rig)() && allGood(rig)());
  const port = rig.agent.field.lines()[0]?.port ?? '';
  rig.wires.get(port)?.hang();
  await rig.until('no unit answers', () => rig.agent.field.devices().every(({ state }) => state === 'silent'), MINUTE_MS);
  await rig.until('all are back', allGood(rig), 3 * MINUTE_MS);
  rig.street.world.send('walker');
  await rig.until('and light the walker', () => rig.levels()[1] === 100);
});

t.test('a lamp is replaced by one from the factory: it gets its set-up and its level', async (t) => {
  const rig = await createRig(t, { startAt: NIGHT });
  await rig.until('dimmed', isDimmed(rig));
  await rig.clock.advance(MINUTE_MS);
  const registers = (): string =>
    [4000, 3000, 8, 648, 656, 664].map((at) => String(rig.street.units.get('L03')?.read('holding', at, 1))).join(' ');
  const before = registers();
  const { line, unit } = rig.street.unitOf('L03');
  line.silence(unit);
  await rig.clock.advance(5 * MINUTE_MS);
  rig.street.replace('L03');
  t.not(registers(), before, 'it hangs there as the factory made it');
  line.revive(unit);
  await rig.until('it is set up', () => registers() === before, 90_000);
  await rig.until('and at the level of the street', isDimmed(rig), 10_000);
  await rig.until('and seen to be', allGood(rig), 20_000);
});

t.test('a lamp that misses the level of its zone is found and put right', async (t) => {
  const rig = await createRig(t, { startAt: NIGHT });
  await rig.until('dimmed', isDimmed(rig));
  await rig.clock.advance(MINUTE_MS);
  const { line, unit } = rig.street.unitOf('L03');
  // A broadcast is sent twice, because no unit confirms it.
  line.missWrites(unit, 2);
  const from = rig.street.levels.length;
  const outcome = rig.agent.view.override({
    target: { kind: 'zone', id: 'rue' },
    levelPct: 80,
    rank: 'override',
    minutes: 10,
    reason: 'works',
    source: 'console:test',
  });
  await rig.until('all at 80, it too', () => rig.levels().every((level) => level === 80), 10_000);
  const order = rig.street.levels.slice(from).filter(({ levelPct }) => levelPct === 80);
  t.equal(order.at(-1)?.lamp.id, 'L03', 'it came last');
  await rig.clock.advance(5_000);
  t.match(await outcome, { state: 'verified', lamps: { L03: 'verified' } });
});
