/** Waits until a broker accepts MQTT. */
import { setTimeout as pause } from 'node:timers/promises';
import { connectAsync } from 'mqtt';

/** A cluster of three starts in 10 to 20 s on a machine that other work shares. Units: ms. Source: measured. */
const START_MS = 120_000;
const STEP_MS = 200;

/** Resolves when `url` accepts a connection and a subscription with QoS 1, as an agent makes it. Errors: rejects with `why()` after two minutes or once `hasEnded()`. */
export async function untilMqttReady(
  url: string,
  protocol: 4 | 5,
  { hasEnded, why }: { readonly hasEnded: () => boolean; readonly why: () => string },
): Promise<void> {
  const untilMs = Date.now() + START_MS;
  while (Date.now() < untilMs && !hasEnded()) {
    if (await accepts(url, protocol)) return;
    await pause(STEP_MS);
  }
  throw new Error(`${url} does not accept MQTT: ${why()}`);
}

async function accepts(url: string, protocol: 4 | 5): Promise<boolean> {
  try {
    const client = await connectAsync(url, { protocolVersion: protocol, reconnectPeriod: 0, connectTimeout: 5_000 }, false);
    client.on('error', () => {});
    const granted = await Promise.race([client.subscribeAsync('ready/+', { qos: 1 }), pause(5_000, [])]);
    await client.endAsync(true);
    return granted[0]?.qos === 1;
  } catch {
    // Not yet: refused, or closed before the answer.
    return false;
  }
}
