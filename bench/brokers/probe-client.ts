/** A client with which the bench asks a broker what it can do. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';

/** A message as it arrived. */
export interface Arrived {
  readonly topic: string;
  readonly text: string;
  readonly isRetained: boolean;
}

/** A connected client with what it has received. */
export interface ProbeClient {
  readonly client: MqttClient;
  readonly arrived: Arrived[];
  /** Reason code of a DISCONNECT of the broker; null if none arrived. */
  readonly endCode: () => number | null;
  /** The connection has ended. */
  readonly isClosed: () => boolean;
  close(): Promise<void>;
}

const STEP_MS = 20;
/** Longest wait for a connection or an answer. Units: ms. Source: assumed; three times the limit after which NATS gives up a request. Confirmed by: a run of the bench. */
const ANSWER_MS = 12_000;

/** Connects once, without a retry. Errors: rejects if the broker does not accept. */
export async function openProbe(url: string, protocolVersion: 4 | 5, options: IClientOptions = {}): Promise<ProbeClient> {
  const opened = await connectAsync(url, { protocolVersion, reconnectPeriod: 0, connectTimeout: ANSWER_MS, ...options }, false);
  const arrived: Arrived[] = [];
  let endCode: number | null = null;
  opened.on('error', () => {});
  opened.on('message', (topic, payload, { retain }) => arrived.push({ topic, text: payload.toString(), isRetained: retain }));
  opened.on('disconnect', ({ reasonCode }) => {
    endCode = reasonCode ?? 0;
  });
  return {
    ...{ client: opened, arrived, endCode: () => endCode, isClosed: () => !opened.connected },
    close: () => opened.endAsync(true),
  };
}

/** Subscribes with QoS 1 and returns what was granted; 0x80 or more: refused, and 255: no answer. */
export async function subscribe({ client }: ProbeClient, topic: string): Promise<number> {
  const granted = client.subscribeAsync(topic, { qos: 1 }).then(
    ([first]) => first?.qos ?? 255,
    (error: { code?: number }) => error.code ?? 0x80,
  );
  return Promise.race([granted, pause(ANSWER_MS, 255)]);
}

/** Waits until the condition holds. Returns the time that this took, or null after `limitMs`. Units: ms. */
export async function timeUntil(condition: () => boolean, limitMs: number): Promise<number | null> {
  const startMs = performance.now();
  while (!condition()) {
    if (performance.now() - startMs > limitMs) return null;
    await pause(STEP_MS);
  }
  return performance.now() - startMs;
}

/** Cuts the connection without DISCONNECT, as a process that is killed. */
export function cutProbe({ client }: ProbeClient): void {
  client.stream.destroy();
}

/**
 * Connects with a keepalive and a will, and then sends nothing more. Returns the raw socket once the CONNACK has arrived. Source: MQTT 3.1.1
 * §3.1.
 */
export async function connectSilently(
  port: number,
  keepaliveS: number,
  will: { readonly topic: string; readonly text: string },
): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  await once(socket, 'connect');
  const field = (text: string): Buffer =>
    Buffer.concat([Buffer.from([Buffer.byteLength(text) >> 8, Buffer.byteLength(text) & 0xff]), Buffer.from(text)]);
  // Clean session, a will with QoS 1.
  const body = Buffer.concat([field('MQTT'), Buffer.from([4, 0x0e, 0, keepaliveS]), field('silent'), field(will.topic), field(will.text)]);
  socket.write(Buffer.concat([Buffer.from([0x10, body.length]), body]));
  await once(socket, 'data');
  return socket;
}
