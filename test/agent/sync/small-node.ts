/**
 * One edge node as the sync tests use it: two lamps, a meter and a zone over an in-memory store.
 */
import type { UplinkConfig } from '../../../agent/core/cabinet.ts';
import { createManualClock, type ManualClock } from '../../../agent/core/manual-clock.ts';
import type { Log, PlatformOrder, ReadingFrame, RelayedDetection, Uplink, UplinkDevice, UplinkMetric } from '../../../agent/core/ports.ts';
import { createSystemClock } from '../../../agent/core/system-clock.ts';
import type { AgentEvent, PointId, Quality, Reading } from '../../../agent/core/words.ts';
import { createMqttTransport } from '../../../agent/sync/mqtt/mqttjs-transport.ts';
import { SparkplugUplink, type UplinkParts } from '../../../agent/sync/uplink.ts';
import { createMemoryStore, type MemoryStore } from './memory-store.ts';

export const GROUP = 'angers';
export const NODE = 'c1';
export const NODE_START_MS = Date.UTC(2026, 10, 24, 21, 55);

export const silentLog: Log = { event: () => {} };

const double = (device: string, quantity: string, unit: string): UplinkMetric => ({
  name: quantity,
  pointId: `${device}.${quantity}`,
  type: 'Double',
  unit,
});

export const NODE_DEVICES: readonly UplinkDevice[] = [
  { id: 'L01', target: { kind: 'lamp', id: 'L01' }, metrics: [double('L01', 'level', '%'), double('L01', 'power', 'W')] },
  {
    id: 'L02',
    target: { kind: 'lamp', id: 'L02' },
    metrics: [double('L02', 'level', '%'), { name: 'Reason', pointId: null, type: 'String', unit: '' }],
  },
  { id: 'M1', target: null, metrics: [{ name: 'energy', pointId: 'M1.energy', type: 'Int64', unit: 'Wh' }] },
  { id: 'Z1', target: { kind: 'zone', id: 'Z1' }, metrics: [] },
];

export function uplinkConfig(broker: string, changes: Partial<UplinkConfig> = {}): UplinkConfig {
  return {
    broker,
    protocol: 4,
    group: GROUP,
    node: NODE,
    primaryHost: null,
    username: null,
    passwordFile: null,
    caFile: null,
    certFile: null,
    keyFile: null,
    keepaliveS: 30,
    birthJitterS: 0,
    otherBrokers: [],
    proof: 'auto',
    aliases: true,
    datatypeInData: false,
    conformance: false,
    dailyMegabytes: null,
    ...changes,
  };
}

/** An uplink with its store, and a source of frames whose times never repeat. */
export interface SmallNode {
  readonly uplink: Uplink;
  readonly store: MemoryStore;
  readonly latest: Map<PointId, Reading>;
  readonly events: AgentEvent[];
  /** Set by the test. */
  onOrder: (order: PlatformOrder) => void;
  onRelay: (relay: RelayedDetection) => void;
  /** Takes one reading of each point given, stores it and publishes it. */
  poll(values: Readonly<Record<PointId, number | [number | null, Quality]>>): ReadingFrame;
  commit(): void;
}

export interface SmallNodeOptions extends Partial<Omit<UplinkParts, 'store' | 'config'>> {
  readonly config: UplinkConfig;
  readonly store?: MemoryStore;
}

/** `uplink` is not started. Default: the system clock, and a new store in memory. */
export function createSmallNode(options: SmallNodeOptions): SmallNode {
  const store = options.store ?? createMemoryStore();
  const clock = options.clock ?? createSystemClock({ quality: () => 'synced' });
  const latest = new Map<PointId, Reading>();
  const events: AgentEvent[] = [];
  const handlers: Pick<SmallNode, 'onOrder' | 'onRelay'> = { onOrder: () => {}, onRelay: () => {} };
  let ticket = 0;
  let lastMs = 0;
  const uplink = new SparkplugUplink({
    cabinetId: NODE,
    version: '1.2.3',
    devices: NODE_DEVICES,
    log: silentLog,
    latest: (pointId) => latest.get(pointId),
    transport: createMqttTransport(),
    random: () => 0.05,
    onOrder: (order) => handlers.onOrder(order),
    onRelay: (relay) => handlers.onRelay(relay),
    onEvent: (event) => events.push(event),
    ...options,
    clock,
    store: store.port,
  });
  return Object.assign(handlers, {
    uplink,
    store,
    latest,
    events,
    poll: (values: Parameters<SmallNode['poll']>[0]) => {
      ticket += 1;
      lastMs = Math.max(lastMs + 1, clock.wallMs());
      const readings = Object.entries(values).map(([pointId, given]): Reading => {
        const [value, quality] = Array.isArray(given) ? given : [given, 'good' as const];
        return { pointId: pointId as PointId, value, quality, atMono: clock.monoMs(), atMs: lastMs };
      });
      for (const reading of readings) latest.set(reading.pointId, reading);
      const frame: ReadingFrame = { ticket, atMono: clock.monoMs(), atMs: lastMs, clockQuality: 'synced', readings };
      store.append(frame);
      uplink.publish(frame);
      return frame;
    },
    commit: () => uplink.committed(store.commit()),
  });
}

/** Checks the condition every 5 ms. Resolves with true once it holds, and with false after `limitMs` of real time. */
export async function until(condition: () => boolean, limitMs = 5_000): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < limitMs; waitedMs += 5) {
    if (condition()) return true;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return condition();
}

export function manualClock(): ManualClock {
  return createManualClock(NODE_START_MS);
}
