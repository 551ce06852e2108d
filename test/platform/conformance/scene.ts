/**
 * What a procedure needs: real brokers, each behind a recording proxy, an edge node of the real uplink, and hosts to speak to it.
 *
 * Owns all of these and what was expected at each step. Made and closed by `procedures.ts`.
 */
import { connectAsync, type MqttClient } from 'mqtt';
import type { UplinkConfig } from '../../../agent/core/cabinet.ts';
import { createSystemClock } from '../../../agent/core/system-clock.ts';
import type { PointId, Quality } from '../../../agent/core/words.ts';
import { createRecorder } from '../../../agent/store/recorder.ts';
import {
  createMemoryStore,
  createSmallNode,
  GROUP,
  NODE,
  NODE_DEVICES,
  type SmallNode,
  uplinkConfig,
} from '../../agent/sync/small-node.ts';
import { createReferenceHost, type ReferenceHost } from '../host.ts';
import { type Mosquitto, startMosquitto } from '../mosquitto.ts';
import { createFaultProxy, type FaultProxy } from '../proxy.ts';
import { createWireLog, isPacket, type WireEvent, type WireLog } from '../wire-log.ts';
import { BYSTANDER, type Recording, type Setting } from './evidence.ts';

/** What a step of a procedure should have brought about, and whether it did. */
export interface SceneStep {
  readonly text: string;
  readonly isMet: boolean;
}

type Values = Readonly<Record<PointId, number | [number | null, Quality]>>;

/** The edge node under test, fed as the agent feeds it: through the recorder, which keeps what is no news back. */
export interface EdgeNode extends SmallNode {
  readonly name: string;
  /** Takes readings, not two in one millisecond. */
  readings(values: Values): Promise<void>;
  lose(device: string): void;
  bringBack(device: string): void;
  stop(): Promise<void>;
}

export interface Scene {
  readonly log: WireLog;
  readonly proxies: readonly FaultProxy[];
  readonly steps: readonly SceneStep[];
  node(options?: NodeOptions): EdgeNode;
  /** Cuts the node off: by RST, or by a plain end. */
  kick(how: 'reset' | 'close'): void;
  /** A reference host on the first server. */
  host(node?: string): Promise<ReferenceHost>;
  /** Someone who says STATE and nothing else. */
  speaker(hostId: string, server?: number): Promise<Speaker>;
  /** A client that is neither node nor host. */
  bystander(): Promise<MqttClient>;
  /** Notes whether a packet of the node on that topic comes, after the last step that was met. */
  sees(text: string, verb: string, options?: Seen): Promise<void>;
  /** Notes whether none comes for a while. */
  seesNone(text: string, verb: string, options?: Seen): Promise<void>;
  /** Waits for a packet that reaches the node. */
  reaches(text: string, fits: (topic: string, payload: string) => boolean): Promise<void>;
  expect(text: string, isMet: boolean): void;
  record(name: string, changes?: Partial<Setting>): Recording;
  close(): Promise<void>;
}

interface NodeOptions {
  readonly config?: Partial<UplinkConfig>;
  /** What the node's disk holds from earlier runs. */
  readonly saved?: Map<string, unknown>;
}

interface Seen {
  readonly device?: string;
  readonly server?: number;
  readonly node?: string;
}

interface Speaker {
  say(online: boolean, timestampMs: number): Promise<void>;
}

export const HOST = 'scada';
/** Long enough for what should not come to come. Units: ms. Source: assumed; a birth leaves within a few ms of its reason. */
const QUIET_MS = 300;
/** Source: the standard's kit waits as long for births after the host is online, reference/sparkplug.md §2. Units: ms. */
const SOON_MS = 3_000;

/** Brokers, proxies and an empty log. `program`: where Mosquitto lies. */
export async function openConformanceScene(program: string, servers = 1): Promise<Scene> {
  const log = createWireLog();
  const brokers: Mosquitto[] = [];
  const proxies: FaultProxy[] = [];
  for (let i = 0; i < servers; i += 1) {
    const broker = await startMosquitto(program);
    const proxy = createFaultProxy({ target: broker.port, log, name: nameOf(i) });
    await proxy.start();
    brokers.push(broker);
    proxies.push(proxy);
  }
  const steps: SceneStep[] = [];
  const nodes: EdgeNode[] = [];
  const closers: (() => Promise<unknown>)[] = [];
  let from = 0;

  const fits = (verb: string, { device = '', server, node = NODE }: Seen) => {
    const topic = `spBv1.0/${GROUP}/${verb}/${node}${device === '' ? '' : `/${device}`}`;
    return (event: WireEvent): boolean =>
      isPacket(event, 'client', 'publish') &&
      event.packet.cmd === 'publish' &&
      event.packet.topic === topic &&
      (server === undefined || event.server === nameOf(server));
  };
  const expect = (text: string, isMet: boolean): void => {
    steps.push({ text, isMet });
    if (isMet) from = log.events.length;
  };
  return {
    log,
    proxies,
    steps,
    node: (options = {}) => {
      const node = createEdgeNode(log, proxies, options);
      nodes.push(node);
      return node;
    },
    kick: (how) => {
      for (const proxy of proxies) proxy[how](`luciole-${NODE}`);
    },
    host: async (node = NODE) => {
      const host = createReferenceHost({ url: proxies[0]?.url ?? '', protocolVersion: 5, group: GROUP, node, hostId: HOST });
      closers.push(() => host.stop());
      await host.start();
      return host;
    },
    speaker: async (hostId, server = 0) => {
      const topic = `spBv1.0/STATE/${hostId}`;
      const text = (online: boolean, timestamp: number): string => JSON.stringify({ online, timestamp });
      const client = await connectAsync(proxies[server]?.url ?? '', {
        protocolVersion: 5,
        reconnectPeriod: 0,
        will: { topic, payload: Buffer.from(text(false, Date.now())), qos: 1, retain: true },
      });
      closers.push(() => client.endAsync(true));
      return {
        say: async (online, timestampMs) => {
          await client.publishAsync(topic, text(online, timestampMs), { qos: 1, retain: true });
        },
      };
    },
    bystander: async () => {
      const client = await connectAsync(proxies[0]?.url ?? '', {
        protocolVersion: 5,
        reconnectPeriod: 0,
        clientId: `${BYSTANDER}${log.events.length}`,
      });
      closers.push(() => client.endAsync(true));
      return client;
    },
    sees: async (text, verb, options = {}) => {
      const seen = await log.waitFor(fits(verb, options), SOON_MS, from);
      steps.push({ text, isMet: seen !== undefined });
      if (seen !== undefined) from = log.events.indexOf(seen) + 1;
    },
    seesNone: async (text, verb, options = {}) => {
      const seen = await log.waitFor(fits(verb, options), QUIET_MS, from);
      expect(text, seen === undefined);
    },
    reaches: async (text, fitsMessage) => {
      const seen = await log.waitFor(
        (event) =>
          isPacket(event, 'server', 'publish') &&
          event.packet.cmd === 'publish' &&
          fitsMessage(event.packet.topic, event.packet.payload.toString()),
        SOON_MS,
        from,
      );
      expect(text, seen !== undefined);
    },
    expect,
    record: (name, changes = {}) => ({
      name,
      events: [...log.events],
      setting: { ...SETTING, servers: proxies.map((_, i) => nameOf(i)), ...changes },
    }),
    close: async () => {
      for (const node of nodes) await node.uplink.stop();
      for (const close of closers) await close();
      for (const proxy of proxies) await proxy.stop();
      for (const broker of brokers) await broker.stop();
    },
  };
}

const SETTING: Setting = {
  group: GROUP,
  node: NODE,
  devices: NODE_DEVICES.map(({ id, target }) => ({ id, isWritable: target !== null })),
  hostId: HOST,
  servers: [],
  isFresh: true,
  otherNodes: [],
};

function nameOf(server: number): string {
  return `server ${server + 1}`;
}

function createEdgeNode(log: WireLog, proxies: readonly FaultProxy[], { config = {}, saved }: NodeOptions): EdgeNode {
  const [broker = '', ...otherBrokers] = proxies.map(({ url }) => url);
  const clock = createSystemClock({ quality: () => 'synced' });
  const small = createSmallNode({
    cabinetId: config.node ?? NODE,
    config: uplinkConfig(broker, { protocol: 5, primaryHost: HOST, conformance: true, otherBrokers, ...config }),
    clock,
    ...(saved === undefined ? {} : { store: createMemoryStore(saved) }),
  });
  const recorder = createRecorder({
    clock,
    rules: new Map(),
    heartbeatS: 900,
    onFrame: ({ readings }) => {
      small.poll(Object.fromEntries(readings.map(({ pointId, value, quality }) => [pointId, [value, quality]])));
    },
  });
  const name = config.node ?? NODE;
  let lastMs = 0;
  return {
    ...small,
    name,
    readings: async (values) => {
      while (clock.wallMs() <= lastMs) await new Promise((resolve) => setTimeout(resolve, 1));
      lastMs = clock.wallMs();
      const [atMono, atMs] = [clock.monoMs(), clock.wallMs()];
      recorder.record(
        Object.entries(values).map(([pointId, given]) => {
          const [value, quality] = Array.isArray(given) ? given : [given, 'good' as const];
          return { pointId: pointId as PointId, value, quality, atMono, atMs };
        }),
      );
      // Hands the frame out now instead of at the next full second.
      recorder.stop();
    },
    lose: (device) => {
      log.mark('device-lost', device);
      small.uplink.deviceAlive(device, false);
    },
    bringBack: (device) => {
      log.mark('device-back', device);
      small.uplink.deviceAlive(device, true);
    },
    stop: async () => {
      log.mark('stop-node', name);
      await small.uplink.stop();
    },
  };
}
