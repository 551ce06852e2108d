/** Several servers of which one is of no use: it stops, accepts connections only, or has lost the platform. */
import t, { type Test } from 'tap';
import type { Clock } from '../../../../agent/core/clock.ts';
import { createSystemClock } from '../../../../agent/core/system-clock.ts';
import { createTestBroker } from '../../../platform/broker.ts';
import { ReferenceHost } from '../../../platform/host.ts';
import { CONNACK_4, polite, type RawBroker, startRawBroker } from '../mqtt/raw-broker.ts';
import { createSmallNode, GROUP, manualClock, NODE, type SmallNode, until, uplinkConfig } from '../small-node.ts';

/** A broker whose answers the test can end. */
async function stoppable(): Promise<RawBroker & { isStopped: boolean }> {
  const state = { isStopped: false };
  const answer = polite(CONNACK_4);
  const broker = await startRawBroker((packet, client) => {
    if (!state.isStopped) answer(packet, client);
  });
  return Object.assign(state, broker);
}

/** A node at two raw brokers, on simulated time with a reading each second. */
async function atTwo(t: Test, isFirstStopped: boolean) {
  const [first, second] = [await stoppable(), await stoppable()];
  first.isStopped = isFirstStopped;
  const clock = manualClock();
  const node = createSmallNode({
    config: uplinkConfig(first.url, { otherBrokers: [second.url], proof: 'platform' }),
    clock,
    random: () => 0.5,
  });
  t.teardown(async () => {
    const stopped = node.uplink.stop();
    await clock.advance(10_000);
    await stopped;
    await Promise.all([first.close(), second.close()]);
  });
  await node.uplink.start();
  /** Simulated seconds until the condition holds. */
  const secondsUntil = async (condition: () => boolean, limitS: number): Promise<number> => {
    for (let s = 0; s < limitS; s += 1) {
      if (condition()) return s;
      node.poll({ 'L01.level': s });
      node.commit();
      await clock.advance(1_000);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return limitS;
  };
  return { first, second, node, secondsUntil };
}

const online = (node: SmallNode) => (): boolean => node.uplink.status().state === 'online';

t.test('a server that stops after a long session is left within 25 s, and not tried again before the next one', async (t) => {
  const { first, second, node, secondsUntil } = await atTwo(t, false);
  await until(online(node));
  await secondsUntil(() => false, 70);
  first.isStopped = true;
  const seconds = await secondsUntil(() => second.clients.length > 0, 60);
  t.ok(seconds >= 15 && seconds <= 25, `${seconds} s`);
  await until(online(node));
  t.equal(first.clients.length, 1);
});

t.test('a server that accepts connections and nothing else costs 10 s', async (t) => {
  const { first, second, node, secondsUntil } = await atTwo(t, true);
  const seconds = await secondsUntil(() => second.clients.length > 0, 60);
  t.ok(seconds >= 10 && seconds <= 12, `${seconds} s`);
  t.ok(await until(online(node)));
  t.equal(first.clients.length, 1);
});

/** Ninety seconds pass in three. */
const FASTER = 30;
function fasterClock(): Clock {
  const real = createSystemClock({ quality: () => 'synced' });
  return {
    ...real,
    monoMs: () => real.monoMs() * FASTER,
    after: (delayMs, fire) => real.after(delayMs / FASTER, fire),
    precisely: (dueMono, fire) => real.precisely(dueMono / FASTER, fire),
  };
}

t.test('a server that has lost the platform is left, and nothing is lost', { timeout: 60_000 }, async (t) => {
  const brokers = [createTestBroker(), createTestBroker()] as const;
  for (const broker of brokers) await broker.start();
  const hosts = brokers.map(
    ({ url }) => new ReferenceHost({ url, protocolVersion: 4, group: GROUP, node: NODE, acks: true }),
  ) as unknown as readonly [ReferenceHost, ReferenceHost];
  for (const host of hosts) await host.start();
  const config = uplinkConfig(brokers[0].url, { otherBrokers: [brokers[1].url], proof: 'platform', keepaliveS: 600 });
  const node = createSmallNode({ config, clock: fasterClock() });
  t.teardown(async () => {
    await node.uplink.stop();
    for (const host of hosts) await host.stop();
    for (const broker of brokers) await broker.stop();
  });
  const poll = (): void => {
    node.poll({ 'L01.level': node.store.rows.length });
    node.commit();
  };
  await node.uplink.start();
  t.ok(await until(() => hosts[0].nodeAlive, 15_000));
  for (let i = 0; i < 20; i += 1) poll();
  t.ok(await until(() => node.store.cursor === 20, 10_000), 'acknowledged through the first server');
  await hosts[0].stop();
  const startMs = performance.now();
  const polling = setInterval(poll, 50);
  t.ok(await until(() => hosts[1].nodeAlive, 20_000), 'born at the second');
  clearInterval(polling);
  const seconds = ((performance.now() - startMs) / 1_000) * FASTER;
  t.ok(seconds > 85 && seconds < 150, `after ${Math.round(seconds)} s`);
  const rows = node.store.rows.length;
  // The second host has not seen the rows that the first acknowledged.
  const missing = (): number => hosts[1].registry.compare(node.store.rows.slice(20)).filter((text) => text.endsWith('is missing')).length;
  t.ok(await until(() => missing() === 0, 15_000), `${rows} rows`);
  t.ok(node.events.some(({ text }) => /acknowledged nothing for \d+ s; trying the next server/.test(String(text))));
});
