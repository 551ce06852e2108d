/** A broker that changes `spBv1.0/` to `spBv1/0/`, as RabbitMQ does. */
import t from 'tap';
import type { MqttConnection, MqttTransport } from '../../../../agent/sync/mqtt/mqtt-transport.ts';
import { createMqttTransport } from '../../../../agent/sync/mqtt/mqttjs-transport.ts';
import { until } from '../small-node.ts';
import { online, openUplinkScene } from '../uplink-scene.ts';

/** Delivers messages as RabbitMQ does: `live` without mqtt.sparkplug, else only the retained ones. */
function rewriting(live: () => boolean): MqttTransport {
  return {
    connect: (options): Promise<MqttConnection> =>
      createMqttTransport().connect({
        ...options,
        onMessage: (message) => {
          const isChanged = message.retained || live();
          options.onMessage?.(isChanged ? { ...message, topic: message.topic.replace('spBv1.0/', 'spBv1/0/') } : message);
        },
      }),
  };
}

t.test(
  'a retained STATE that the broker renamed counts; a broker that changes topics is an event with the setting to change',
  async (t) => {
    let isLive = false;
    const { host, node } = await openUplinkScene(t, { primaryHost: 'scada', transport: rewriting(() => isLive) });
    await host.state(true, Date.now());
    await node.uplink.start();
    t.ok(await until(online(node)), 'the node does not wait for ever');
    t.ok(await until(() => host.alive.size === 4));
    const rewrites = () => node.events.filter(({ code }) => code === 'broker-rewrites-topics');
    t.match(rewrites(), [{ severity: 'info', endMs: null, text: /mqtt\.sparkplug = true in RabbitMQ/ }]);
    await host.requestRebirth();
    t.ok(await until(() => rewrites().at(-1)?.endMs !== null), 'a live message under its own name ends it');
    isLive = true;
    await host.requestRebirth();
    t.ok(await until(() => rewrites().at(-1)?.severity === 'warning'));
    t.match(rewrites().at(-1), { endMs: null, text: /the platform does not recognise this cabinet: set mqtt\.sparkplug = true/ });
    await host.requestRebirth();
    await host.state(false, Date.now() + 5_000);
    t.ok(await until(() => node.uplink.status().state !== 'online'), 'its offline counts as well');
    t.equal(rewrites().filter(({ severity }) => severity === 'warning').length, 1, 'one event, however many messages');
  },
);
