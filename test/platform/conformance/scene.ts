/**
 * The scene of a conformance procedure: real brokers, each behind a recording proxy, an edge node with the real uplink, and hosts.
 */
import { connectAsync, type MqttClient } from 'mqtt';
import type { UplinkConfig } from '../../../agent/core/cabinet.ts';
import { createSystemClock } from '../../../agent/core/system-clock.ts';
import type { PointId, Quality } from '../../../agent/core/words.ts';
import { createRecorder } from '../../../agent/store/recorder.ts';
import { createMemoryStore } from '../../agent/sync/memory-store.ts';
import { createSmallNode, GROUP, NODE, NODE_DEVICES, type SmallNode, uplinkConfig } from '../../agent/sync/small-node.ts';
import { ReferenceHost } from '../host.ts';
import { type Mosquitto, startMosquitto } from '../mosquitto.ts';
import { FaultProxy } from '../proxy.ts';
import { createWireLog, isPacket, type WireEvent, type WireLog } from '../wire-log.ts';
import { BYSTANDER, type Recording, type Setting } from './evidence.ts';

/** What a step of a procedure should have caused, and whether it did. */
export interface SceneStep {
  readonly text: string;
  readonly isMet: boolean;
}

type Values = Readonly<Record<PointId, number | [number | null, Quality]>>;

/** The edge node under test. Its readings pass the recorder, as in the agent, which drops unchanged ones. */
export interface EdgeNode extends SmallNode {
  readonly name: string;
  /** Records readings with the present time; waits up to 1 ms, so that no two calls have the same time. */
  readings(values: Values): Promise<void>;
  /** The device no longer answers. */
  lose(device: string): void;
  /** The device answers again. */
  bringBack(device: string): void;
  stop(): Promise<void>;
}

interface NodeOptions {
  readonly config?: Partial<UplinkConfig>;
  /** The content of the node's disk from earlier runs. */
  readonly saved?: Map<string, unknown>;
}

interface Seen {
  readonly device?: string;
  readonly server?: number;
  readonly node?: string;
  /** Default: `SOON_MS`. Units: ms. */
  readonly withinMs?: number;
}

interface StatePublisher {
  publish(online: boolean, timestampMs: number): Promise<void>;
}

export const HOST = 'scada';
/** Long enough for an unexpected packet to arrive. Units: ms. Source: assumed; a birth leaves within a few ms of its reason. Confirmed by: the times of this run on other machines. */
const QUIET_MS = 300;
/** Source: the standard's kit (PrimaryHostTest) waits as long for births after the host is online. Units: ms. */
const SOON_MS = 3_000;

const SETTING: Setting = {
  group: GROUP,
  node: NODE,
  devices: NODE_DEVICES.map(({ id, target }) => ({ id, isWritable: target !== null })),
  hostId: HOST,
  servers: [],
  isFresh: true,
  otherNodes: [],
};

/** Starts `servers` brokers, each behind a proxy, with one empty log. The caller closes the scene. `program`: the path of Mosquitto. */
export async function openConformanceScene(program: string, servers = 1): Promise<Scene> {
  const log = createWireLog();
  const brokers: Mosquitto[] = [];
  const proxies: FaultProxy[] = [];
  for (let i = 0; i < servers; i += 1) {
    const broker = await startMosquitto(program);
    const proxy = new FaultProxy({ target: broker.port, log, name: nameOf(i) });
    await proxy.start();
    brokers.push(broker);
    proxies.push(proxy);
  }
  return new Scene(log, brokers, proxies);
}

/** Brokers, proxies, nodes and hosts of one procedure. `sees`, `reaches` and `expect` add to `steps` and do not throw when a step is not met. */
export class Scene {
  readonly log: WireLog;
  readonly steps: SceneStep[] = [];
  readonly #brokers: readonly Mosquitto[];
  readonly #proxies: readonly FaultProxy[];
  readonly #nodes: EdgeNode[] = [];
  readonly #closers: (() => Promise<unknown>)[] = [];
  /** Events before this index were expected by an earlier step. */
  #from = 0;

  constructor(log: WireLog, brokers: readonly Mosquitto[], proxies: readonly FaultProxy[]) {
    this.log = log;
    this.#brokers = brokers;
    this.#proxies = proxies;
  }

  node(options: NodeOptions = {}): EdgeNode {
    const node = createEdgeNode(this.log, this.#proxies, options);
    this.#nodes.push(node);
    return node;
  }

  /** Ends the node's connection: by RST, or by a plain end. */
  kick(how: 'reset' | 'close'): void {
    for (const proxy of this.#proxies) proxy[how](`luciole-${NODE}`);
  }

  /** A reference host on the first server. */
  async host(node = NODE): Promise<ReferenceHost> {
    const host = new ReferenceHost({ url: this.#urlOf(0), protocolVersion: 5, group: GROUP, node, hostId: HOST });
    this.#closers.push(() => host.stop());
    await host.start();
    return host;
  }

  /** A client that publishes STATE only. */
  async statePublisher(hostId: string, server = 0): Promise<StatePublisher> {
    const topic = `spBv1.0/STATE/${hostId}`;
    const text = (online: boolean, timestamp: number): string => JSON.stringify({ online, timestamp });
    const will = { topic, payload: Buffer.from(text(false, Date.now())), qos: 1 as const, retain: true };
    const client = await connectAsync(this.#urlOf(server), { protocolVersion: 5, reconnectPeriod: 0, will });
    this.#closers.push(() => client.endAsync(true));
    return {
      publish: async (online, timestampMs) => {
        await client.publishAsync(topic, text(online, timestampMs), { qos: 1, retain: true });
      },
    };
  }

  /** A client that is neither node nor host. */
  async bystander(): Promise<MqttClient> {
    const clientId = `${BYSTANDER}${this.log.events.length}`;
    const client = await connectAsync(this.#urlOf(0), { protocolVersion: 5, reconnectPeriod: 0, clientId });
    this.#closers.push(() => client.endAsync(true));
    return client;
  }

  /** Records whether a packet of the node on that topic arrives, after the last step that was met. */
  async sees(text: string, verb: string, options: Seen = {}): Promise<void> {
    const seen = await this.log.waitFor(isPublishOf(verb, options), options.withinMs ?? SOON_MS, this.#from);
    this.steps.push({ text, isMet: seen !== undefined });
    if (seen !== undefined) this.#from = this.log.events.indexOf(seen) + 1;
  }

  /** Records whether none arrives for a while. */
  async seesNone(text: string, verb: string, options: Seen = {}): Promise<void> {
    const seen = await this.log.waitFor(isPublishOf(verb, options), QUIET_MS, this.#from);
    this.expect(text, seen === undefined);
  }

  /** Records whether a PUBLISH with this topic and payload is sent to a client within 3 s. */
  async reaches(text: string, fits: (topic: string, payload: string) => boolean): Promise<void> {
    const seen = await this.log.waitFor(
      (event) =>
        isPacket(event, 'server', 'publish') && event.packet.cmd === 'publish' && fits(event.packet.topic, event.packet.payload.toString()),
      SOON_MS,
      this.#from,
    );
    this.expect(text, seen !== undefined);
  }

  /** Records a step. If it is met, later steps ignore all events so far. */
  expect(text: string, isMet: boolean): void {
    this.steps.push({ text, isMet });
    if (isMet) this.#from = this.log.events.length;
  }

  /** A copy of all events so far. `changes`: what differs from the usual setting. */
  record(name: string, changes: Partial<Setting> = {}): Recording {
    const setting = { ...SETTING, servers: this.#proxies.map((_, i) => nameOf(i)), ...changes };
    return { name, events: [...this.log.events], setting };
  }

  async close(): Promise<void> {
    for (const node of this.#nodes) await node.uplink.stop();
    for (const close of this.#closers) await close();
    for (const proxy of this.#proxies) await proxy.stop();
    for (const broker of this.#brokers) await broker.stop();
  }

  #urlOf(server: number): string {
    return this.#proxies[server]?.url ?? '';
  }
}

function isPublishOf(verb: string, { device = '', server, node = NODE }: Seen): (event: WireEvent) => boolean {
  const topic = `spBv1.0/${GROUP}/${verb}/${node}${device === '' ? '' : `/${device}`}`;
  return (event) =>
    isPacket(event, 'client', 'publish') &&
    event.packet.cmd === 'publish' &&
    event.packet.topic === topic &&
    (server === undefined || event.server === nameOf(server));
}

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
