import t from 'tap';
import { isLong, longSkip } from '../support/long-tests.ts';
import { openBusyScene, pause } from './busy-scene.ts';
import { hostSkip } from './host-scene.ts';

const skip = longSkip(await hostSkip());

t.test('the broker killed and started again', { skip, timeout: 240_000 }, async (t) => {
  const scene = await openBusyScene(t);
  const sending = scene.send(6_000);
  await pause(500);
  await scene.mosquitto.kill();
  await pause(1_000);
  await scene.mosquitto.start();
  await sending;
  t.ok(await scene.areOnline());
  await scene.send(500);
  await scene.expectAll();
});

t.test('two workers whose clocks are ten minutes apart', { skip, timeout: 240_000 }, async (t) => {
  const scene = await openBusyScene(t, { skewsMs: [300_000, -300_000] });
  await scene.send(2_000);
  await scene.kill(scene.workers[0] as (typeof scene.workers)[number], 'SIGKILL');
  scene.run('worker', { skewMs: 600_000 });
  await scene.send(2_000);
  await scene.expectAll();
  t.equal(scene.laterBirths(), 0);
  const late = await scene.database.query(`select * from reading where time not between now() - interval '10 minutes' and now()`);
  t.strictSame(late, [], 'readings have the times of the cabinets');
});

t.test('the process for STATE frozen', { skip, timeout: 300_000 }, async (t) => {
  const scene = await openBusyScene(t, { primaryHost: 'city' });
  scene.state.kill('SIGSTOP');
  await scene.send(isLong ? 100_000 : 4_000);
  const isOffline = scene.wire.states.some((text) => text.includes('false'));
  t.equal(isOffline, isLong, 'the broker publishes the will one and a half keepalives later');
  scene.state.kill('SIGCONT');
  t.ok(await scene.areOnline());
  await scene.send(500);
  await scene.expectAll();
  if (!isLong) t.equal(scene.laterBirths(), 0);
});
