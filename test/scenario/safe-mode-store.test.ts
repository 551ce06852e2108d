import t from 'tap';
import { ReferenceHost } from '../platform/host.ts';
import { findProgram, startMosquitto } from '../platform/mosquitto.ts';
import { managerMissing } from '../support/fake-service-manager.ts';
import { texts } from '../support/texts.ts';
import { createWatchedStreet, DIMMED_PCT, WATCHED_NODE } from '../support/watched-street.ts';

const program = findProgram('mosquitto');
const skip = managerMissing || (program === undefined ? 'mosquitto is not installed (apt-get install mosquitto)' : false);
/** Five unclean ends lead to safe mode, two more leave the store out. */
const KILLS = 7;

t.test(
  'readings of the deepest safe mode, which has no store, are a gap once the store is back, and this is reported to the platform',
  { timeout: 85_000, skip },
  async (t) => {
    const mosquitto = await startMosquitto(program as string);
    const host = new ReferenceHost({ url: mosquitto.url, protocolVersion: 5, group: 'Demo', node: WATCHED_NODE });
    await host.start();
    t.teardown(async () => {
      await host.stop();
      await mosquitto.stop();
    });
    const { manager, until, all, event, newest, ask, status } = await createWatchedStreet(t, { broker: mosquitto.url });
    for (let kills = 1; kills <= KILLS; kills++) {
      newest().child.kill('SIGKILL');
      await until(`start ${kills + 1}`, () => manager.runs.length === kills + 1 && newest().isReady);
    }
    t.match(await event('safe-mode'), /no store \(readings are lost\)/);
    await until('lit as the programme says', all(DIMMED_PCT));
    await until('readings wait in vain', async () => ((await status())?.store.readingsWaiting ?? 0) > 0);
    newest().child.kill('SIGTERM');
    await until('a start as usual', () => manager.runs.length === KILLS + 2 && newest().isReady);
    t.equal(await event('safe-mode'), '');
    const gapOf = () => host.registry.gaps.find(({ reason }) => reason === 'no-store');
    await until('the platform receives the gap', () => gapOf() !== undefined);
    t.match(gapOf(), { from: null, to: null, reason: 'no-store', readings: Number, atMs: Number });
    t.ok(Number(gapOf()?.readings) > 0, `${gapOf()?.readings} readings`);
    const { store } = (await status()) ?? {};
    t.match(store, { account: { isBalanced: true } });
    t.match(JSON.stringify(texts(await ask('events', { since: '1h' }))), /"code":"readings-lost".*safe mode ran without a store/);
  },
);
