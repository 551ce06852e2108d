import t from 'tap';
import { MINUTE_MS } from '../../agent/core/durations.ts';
import { findProgram, startMosquitto } from '../platform/mosquitto.ts';
import { isPacket } from '../platform/wire-log.ts';
import { LINK_FAULTS } from '../support/link-faults.ts';
import { openLinkScene, provesAll } from '../support/link-scene.ts';

const program = findProgram('mosquitto');
const skip = program === undefined ? 'mosquitto is not installed (apt-get install mosquitto)' : false;

for (const { story, changes = {}, happens } of LINK_FAULTS) {
  t.test(`after ${story} the platform has everything`, { skip, timeout: 120_000 }, async (t) => {
    const broker = await startMosquitto(program as string);
    const scene = await openLinkScene(t, { broker, changes });
    await scene.live(MINUTE_MS);
    await happens(scene);
    await provesAll(t, scene);
    const { events } = scene.proxy.log;
    t.ok(events.filter((event) => isPacket(event, 'client', 'connect')).length >= 1);
  });
}
