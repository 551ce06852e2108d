import t from 'tap';
import { every } from '../../../../agent/core/clock.ts';
import { UplinkError } from '../../../../agent/core/errors.ts';
import { msg } from '../../../../agent/core/message.ts';
import type { ConnectOptions, MqttConnection } from '../../../../agent/sync/mqtt/mqtt-transport.ts';
import { BrokerLink } from '../../../../agent/sync/session/broker-link.ts';
import { backOffMs } from '../../../../agent/sync/session/link-failures.ts';
import { spreadDelayMs } from '../../../../agent/sync/session/session.ts';
import { createTrace } from '../../../../agent/sync/session/trace.ts';
import { createRandom } from '../../../street/random.ts';
import { manualClock, silentLog, uplinkConfig } from '../small-node.ts';

const JITTER_S = 30;
const FLEET = 300;

/** A fleet on one manual clock. `births`: the times at which its links sent births. */
function fleetOf(count: number, primaryHost: string | null = null) {
  const clock = manualClock();
  const broker = { isAway: false, sessions: [] as ConnectOptions[] };
  const births: number[] = [];
  const connection: MqttConnection = {
    ...{ maxPacketBytes: 1e6, keepaliveS: 30, sentBytes: 0 },
    subscribe: async () => {},
    publish: () => {},
    barrier: async () => {},
    end: async () => {},
    destroy: () => {},
  };
  const links = Array.from(
    { length: count },
    (_, i) =>
      new BrokerLink({
        config: { ...uplinkConfig('mqtt://broker', { primaryHost }), birthJitterS: JITTER_S, conformance: false },
        clientId: `luciole-c${i}`,
        subscriptions: [],
        will: () => ({ topic: 'NDEATH', payload: Buffer.alloc(0) }),
        clock,
        log: silentLog,
        store: { load: async () => undefined, save: async () => true },
        transport: {
          connect: async (options) => {
            if (broker.isAway) throw new UplinkError('unreachable', msg`no broker`);
            options.onConnectWritten();
            broker.sessions.push(options);
            return connection;
          },
        },
        random: createRandom(i),
        readFile: async () => Buffer.alloc(0),
        onBirth: () => births.push(clock.monoMs()),
        onRebirth: () => {},
        isSparing: () => false,
        onHold: () => {},
        onDeath: async () => {},
        onGone: () => {},
        onMessage: () => {},
        onChange: () => {},
        onTakenOver: () => {},
        trace: createTrace(clock),
      }),
  );
  // A link without answers of its broker is cut.
  every(clock, 5_000, () => {
    for (const { onTraffic } of broker.sessions) onTraffic?.(false);
  });
  const cut = (): void => {
    broker.isAway = true;
    for (const { onClosed } of broker.sessions.splice(0)) onClosed?.(new UplinkError('lost', msg`lost`));
  };
  return { clock, broker, births, links, cut };
}

/** The births of a fleet after an outage. Units: ms after the return of the broker. */
async function birthsAfter(outageMs: number): Promise<number[]> {
  const { clock, broker, births, links, cut } = fleetOf(FLEET);
  for (const link of links) await link.start();
  await clock.advance(2 * 60_000);
  births.splice(0);
  cut();
  await clock.advance(outageMs);
  broker.isAway = false;
  const returnMono = clock.monoMs();
  await clock.advance(6 * 60_000);
  for (const link of links) await link.stop();
  return births.map((mono) => mono - returnMono);
}

t.test(
  'after an outage each cabinet is born once: soon after a short one, never all at once, and never before hosts are back',
  async (t) => {
    for (const outageMs of [100, 5_000, 20_000, 120_000]) {
      const births = await birthsAfter(outageMs);
      const story = `${outageMs / 1_000} s away`;
      t.equal(births.length, FLEET, story);
      t.ok(Math.min(...births) >= 1_000, `${story}: the first after ${Math.min(...births)} ms`);
      t.ok(Math.max(...births) <= Math.max(JITTER_S * 1_000, 2 * outageMs) + 1_000, `${story}: the last after ${Math.max(...births)} ms`);
      const perS = Map.groupBy(births, (ms) => Math.floor(ms / 1_000));
      const most = Math.max(...[...perS.values()].map(({ length }) => length));
      t.ok(most <= FLEET / 8, `${story}: ${most} in one second`);
    }
  },
);

t.test('the return of a host, for which all wait together, is spread over the whole jitter', async (t) => {
  const { clock, broker, births, links, cut } = fleetOf(FLEET, 'city');
  const host = (online: boolean): void => {
    for (const link of links) link.dispatch({ kind: 'host', online, atMs: clock.wallMs(), nowMs: clock.wallMs() });
  };
  for (const link of links) await link.start();
  await clock.advance(1_000);
  host(true);
  await clock.advance(2 * 60_000);
  t.equal(births.splice(0).length, FLEET);
  cut();
  await clock.advance(60_000);
  broker.isAway = false;
  await clock.advance(6 * 60_000);
  t.equal(births.length, 0, 'no host yet');
  const atMono = clock.monoMs();
  host(true);
  await clock.advance(60_000);
  t.equal(births.length, FLEET);
  t.ok(Math.max(...births) - atMono > 25_000, `the last after ${Math.max(...births) - atMono} ms`);
  const early = births.filter((mono) => mono - atMono < 3_000).length;
  t.ok(early < FLEET / 5, `${early} in the first three seconds`);
  for (const link of links) await link.stop();
});

t.test('a broker that ends each session soon after the births gets them less and less often, as without any session before', async (t) => {
  const { clock, broker, births, links } = fleetOf(1);
  for (const link of links) await link.start();
  await clock.advance(2 * 60_000);
  births.splice(0);
  for (let second = 0; second < 3_600; second += 1) {
    for (const { onClosed } of broker.sessions.splice(0)) {
      // As a broker that refuses what a birth contains.
      clock.after(40_000, () => onClosed?.(new UplinkError('lost', msg`lost`)));
    }
    await clock.advance(1_000);
  }
  t.ok(births.length > 5 && births.length < 40, `${births.length} births in an hour`);
  for (const link of links) await link.stop();
});

t.test('the wait before births: the time without a session counts', async (t) => {
  const of = (chance: number, awayMs: number | null, jitterMs = 30_000): number => spreadDelayMs({ jitterMs, chance, awayMs });
  t.strictSame([of(0.5, null), of(0, null), of(0.5, 5_000), of(0.5, 14_500), of(0.5, 60_000)], [15_000, 0, 10_000, 1_000, 1_000]);
  t.strictSame([of(0.5, 5_000, 0), of(1, 400, 500)], [0, 500], 'never longer than the jitter');
});

t.test('several short waits in a row do not make the next one longer than twice the outage', async (t) => {
  t.strictSame(
    [backOffMs(9, 1, 0), backOffMs(9, 1, 4_000), backOffMs(2, 1, 4_000), backOffMs(20, 1, 3_600_000), backOffMs(9, 0.5, null)],
    [1_000, 8_000, 2_000, 300_000, 128_000],
  );
});
