import t from 'tap';
import { longSkip } from '../support/long-tests.ts';
import { openBusyScene } from './busy-scene.ts';
import { hostSkip } from './host-scene.ts';

const skip = longSkip(await hostSkip());

t.test('the whole host killed and started again: no births without primaryHost', { skip, timeout: 120_000 }, async (t) => {
  const scene = await openBusyScene(t);
  await Promise.all([scene.state, scene.commands, ...scene.workers].map((child) => scene.kill(child, 'SIGKILL')));
  await scene.send(2_000);
  for (const kind of ['state', 'commands', 'worker', 'worker'] as const) scene.run(kind);
  await scene.send(2_000);
  await scene.expectAll();
  t.equal(scene.laterBirths(), 0);
});
