import t from 'tap';
import { findProgram } from '../platform/mosquitto.ts';
import { MINUTE_MS, openLinkScene, provesAll } from '../support/link-scene.ts';

const program = findProgram('mosquitto');
const skip = program === undefined ? 'mosquitto is not installed (apt-get install mosquitto)' : false;
const DAYS_3_MS = 72 * 60 * MINUTE_MS;

for (const segments of [false, true]) {
  const story = segments ? 'packed' : 'as metrics';
  t.test(`after 72 hours without a network the platform has everything, ${story}`, { skip, timeout: 80_000 }, async (t) => {
    const scene = await openLinkScene(t, { program: program as string, segments });
    await scene.live(MINUTE_MS);
    scene.proxy.set({ refuseTcp: true });
    scene.proxy.reset();
    await scene.live(DAYS_3_MS, MINUTE_MS);
    scene.proxy.heal();
    await provesAll(t, scene);
  });
}
