/**
 * Clock, broker connection and store link of an agent that can be killed as by SIGKILL: at once, without a disconnect.
 *
 * After the kill no request of that agent is answered, and nothing it sends arrives.
 */
import type { Clock, Timer } from '../../agent/core/clock.ts';
import { openInProcessLink } from '../../agent/store/client/in-process-link.ts';
import type { OpenLink } from '../../agent/store/messages.ts';
import type { ConnectOptions, MqttConnection, MqttTransport } from '../../agent/sync/mqtt/mqtt-transport.ts';

export interface KillableAgent {
  readonly clock: Clock;
  readonly door: MqttTransport;
  readonly openStoreLink: OpenLink;
  kill(): void;
}

const NEVER = new Promise<never>(() => {});
const NOTHING: Timer = { cancel: () => {} };

/** The clock, connection and store link of an agent, wrapped: after `kill`, which is final, timers do not fire and requests get no answer. */
export function createKillableAgent(clock: Clock, door: MqttTransport): KillableAgent {
  const connections: MqttConnection[] = [];
  let isDead = false;
  const whileAlive = (fire: () => void) => (): void => {
    if (!isDead) fire();
  };
  const untilKilled = ({ onMessage, onClosed }: ConnectOptions): Pick<ConnectOptions, 'onMessage' | 'onClosed'> => ({
    onMessage: (message) => {
      if (!isDead) onMessage?.(message);
    },
    onClosed: (failure) => {
      if (!isDead) onClosed?.(failure);
    },
  });
  return {
    clock: {
      ...clock,
      after: (delayMs, fire) => (isDead ? NOTHING : clock.after(delayMs, whileAlive(fire))),
      precisely: (dueMono, fire) => (isDead ? NOTHING : clock.precisely(dueMono, whileAlive(fire))),
    },
    door: {
      connect: async (options) => {
        const connection = await (isDead ? NEVER : door.connect({ ...options, ...untilKilled(options) }));
        connections.push(connection);
        if (!isDead) return connection;
        connection.destroy();
        return NEVER;
      },
    },
    openStoreLink: (setup, onLost) => {
      const link = openInProcessLink(setup, onLost);
      return { ...link, ask: (request) => (isDead ? NEVER : link.ask(request)) };
    },
    kill() {
      isDead = true;
      for (const connection of connections) connection.destroy();
    },
  };
}
