import t from 'tap';
import { HOUR_MS, MINUTE_MS } from '../../agent/core/durations.ts';
import { createRig, type Rig } from '../support/rig.ts';

const activeStep = async (rig: Rig) => (await rig.status()).activeEvents.filter(({ code }) => code === 'clock-stepped');
const audited = async (rig: Rig) =>
  (await rig.agent.view.audit.read({ sinceMs: 0, limit: 100, isVerified: false, knownHead: null }))?.entries ?? [];

/** A dimmed street at night whose clock is right. */
async function nightStreet(t: Parameters<typeof createRig>[0]): Promise<Rig> {
  const rig = await createRig(t, { startAt: '2026-12-15T23:30:00+01:00' });
  await rig.until('dimmed', () => rig.levels().every((level) => level === 30));
  return rig;
}

for (const hours of [-10, 10]) {
  t.test(`a clock that is set by ${hours} h at night leaves the street lit, and one event reports it, with advice`, async (t) => {
    const rig = await nightStreet(t);
    rig.clock.stepWall(hours * HOUR_MS);
    for (let minute = 0; minute < 3; minute++) {
      await rig.clock.advance(MINUTE_MS);
      if (rig.levels().some((level) => level < 30)) return t.fail(`dark after ${minute + 1} min: ${rig.levels()}`);
    }
    const events = await activeStep(rig);
    t.match(events, [
      {
        severity: 'alarm',
        endMs: null,
        text: /^the system clock reads .*Z, .*2026-12-15T22:3.*not used; .*brighter.*; check .*; if .*systemctl/,
      },
    ]);
    t.equal(events.length, 1);
    t.not((await rig.status()).clockQuality, 'synced');
    t.ok(
      (await audited(rig)).some(({ action, result }) => action === 'clock-stepped' && result === 'ok'),
      'it is in the record',
    );
    rig.clock.stepWall(-hours * HOUR_MS);
    await rig.clock.advance(MINUTE_MS);
    t.equal((await rig.status()).clockQuality, 'synced');
    t.equal((await activeStep(rig)).length, 1, 'a clock that is set to and fro makes no flood of events');
    await rig.clock.advance(10 * MINUTE_MS);
    t.equal((await activeStep(rig)).length, 0);
    t.ok((await audited(rig)).some(({ action, result }) => action === 'clock-stepped' && result === 'over'));
  });
}

t.test('nine minutes at a time do not darken it either', async (t) => {
  const rig = await nightStreet(t);
  for (let step = 0; step < 80; step++) {
    rig.clock.stepWall(-9 * MINUTE_MS);
    await rig.clock.advance(5_000);
    if (rig.levels().some((level) => level < 30)) return t.fail(`dark after ${step + 1} steps: ${rig.levels()}`);
  }
  t.equal((await activeStep(rig)).length, 1, 'one event');
});

t.test('a step by day lights nothing but what both times leave lit, and the street is lit at its true dusk', async (t) => {
  const rig = await createRig(t, { startAt: '2026-12-15T16:40:00+01:00' });
  await rig.until('off', () => rig.levels().every((level) => level === 0));
  rig.clock.stepWall(-HOUR_MS);
  await rig.clock.advance(5 * MINUTE_MS);
  t.ok(
    rig.levels().every((level) => level === 0),
    'it is day by both',
  );
  rig.clock.stepWall(-9 * HOUR_MS);
  await rig.until('lit, since one of them says night', () => rig.levels().every((level) => level > 0), MINUTE_MS);
  rig.clock.stepWall(9 * HOUR_MS);
  await rig.until('off again', () => rig.levels().every((level) => level === 0), MINUTE_MS);
  await rig.clock.advance(50 * MINUTE_MS);
  t.ok(
    rig.levels().every((level) => level > 0),
    'lit at the true dusk, by a clock that is an hour late',
  );
});

t.test('data stored while the clock is not trusted has the held time, and an override ends on time', async (t) => {
  const rig = await nightStreet(t);
  const { view } = rig.agent;
  const outcome = view.override({
    target: { kind: 'zone', id: rig.agent.site().cabinet.zones[0]?.id ?? '' },
    levelPct: 80,
    rank: 'override',
    minutes: 6,
    reason: '',
    source: 'console:anna',
  });
  await rig.until('at 80', () => rig.levels().every((level) => level === 80));
  t.equal((await rig.settled(outcome)).state, 'verified');
  rig.clock.stepWall(-10 * HOUR_MS);
  await rig.clock.advance(4 * MINUTE_MS);
  const { atMs } = await rig.status();
  t.ok(Math.abs(atMs - Date.parse('2026-12-15T23:35:00+01:00')) < 2 * MINUTE_MS, new Date(atMs).toISOString());
  t.match(rig.levels(), [80, 80, 80, 80]);
  await rig.until('over', () => rig.levels().every((level) => level === 30), 3 * MINUTE_MS);
});
