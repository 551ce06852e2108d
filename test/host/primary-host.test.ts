import t from 'tap';
import { openBusyScene } from './busy-scene.ts';
import { hostSkip } from './host-scene.ts';

const skip = await hostSkip();

t.test(
  'with primaryHost: none for workers and commands, one for each time that STATE went offline',
  { skip, timeout: 180_000 },
  async (t) => {
    const scene = await openBusyScene(t, { primaryHost: 'city' });
    await Promise.all([scene.commands, ...scene.workers].map((child) => scene.kill(child, 'SIGKILL')));
    await scene.send(3_000);
    for (const kind of ['commands', 'worker', 'worker'] as const) scene.run(kind);
    await scene.send(2_000);
    t.ok(await scene.areOnline());
    t.strictSame([scene.wire.states.filter((text) => text.includes('false')), scene.laterBirths()], [[], 0], 'STATE stayed online');
    await scene.kill(scene.state, 'SIGKILL');
    t.ok(await scene.holds(() => scene.wire.states.some((text) => text.includes('false'))), 'its will');
    scene.run('state');
    t.ok(await scene.holds(() => scene.laterBirths() === scene.nodes.length), 'one birth of each cabinet');
    await scene.send(500);
    await scene.expectAll();
    t.equal(scene.laterBirths(), scene.nodes.length);
  },
);
