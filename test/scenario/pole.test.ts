import t from 'tap';
import type { WalkStep } from '../../agent/core/light-tools.ts';
import { createRig } from '../support/rig.ts';

t.test('a technician finds a lamp by its blinking, and the street around it stays as it is', async (t) => {
  const rig = await createRig(t, { startAt: '2026-12-15T23:30:00+01:00' });
  await rig.until('dimmed', () => rig.levels().every((level) => level === 30));
  const { light, why } = rig.agent.view;
  light.identify({ lamp: 'L03', forMs: 20_000, source: 'console:tech', tell: () => {} });
  await rig.until('it rises', () => rig.levels()[2] === 100, 5_000);
  t.match(why('L03')?.lamps, [{ rank: 'maintenance', requestedPct: 100 }]);
  await rig.until('it falls so far that it is seen', () => (rig.levels()[2] ?? 100) <= 60, 6_000);
  await rig.until('it rises again', () => rig.levels()[2] === 100, 6_000);
  t.strictSame(
    rig.levels().filter((_, i) => i !== 2),
    [30, 30, 30],
  );
  await rig.until('it is over by itself', () => rig.levels()[2] === 30, 30_000);
  const { activeEvents } = await rig.status();
  t.strictSame(activeEvents, [], 'a lamp that blinks is no lamp that does not follow');
});

t.test('a walk under the sensors reports the effect of each detection, measured on the line', async (t) => {
  const rig = await createRig(t, { startAt: '2026-12-15T23:30:00+01:00' });
  await rig.until('dimmed', () => rig.levels().every((level) => level === 30));
  const steps: WalkStep[] = [];
  const walk = rig.agent.view.light.walkTest('rue', 600_000, (step) => steps.push(step));
  t.match(walk, { night: true, sensors: ['S01.motion'] });
  rig.street.world.send('walker');
  await rig.until('the walk test reports a step', () => steps.length > 0);
  t.match(steps, [{ pointId: 'S01.motion', pole: 'P02', raised: ['L02', 'L01', 'L03'], alreadyLit: false }]);
  const latencyMs = steps[0]?.latencyMs ?? Number.NaN;
  t.ok(latencyMs >= 0 && latencyMs <= 100, `the first level left ${latencyMs} ms after the reading`);
  walk.stop();
});
