import t from 'tap';
import { MINUTE_MS } from '../../agent/core/durations.ts';
import { findProgram, startMosquitto } from '../platform/mosquitto.ts';
import { openLinkScene, provesAll } from './link-scene.ts';

const program = findProgram('mosquitto');
const skip = program === undefined ? 'mosquitto is not installed (apt-get install mosquitto)' : false;
const DAYS_3_MS = 72 * 60 * MINUTE_MS;

/** Registers one test: 72 simulated hours without a network, then delivery of all rows: packed with `segments`, otherwise as metrics. */
export function surviveLongOutage(segments: boolean): void {
  const story = segments ? 'packed' : 'as metrics';
  t.test(`after 72 hours without a network the platform has everything, ${story}`, { skip, timeout: 80_000 }, async (t) => {
    const scene = await openLinkScene(t, { broker: await startMosquitto(program as string), segments });
    await scene.live(MINUTE_MS);
    scene.proxy.set({ refuseTcp: true });
    scene.proxy.reset();
    await scene.live(DAYS_3_MS, MINUTE_MS);
    scene.proxy.heal();
    await provesAll(t, scene);
  });
}
