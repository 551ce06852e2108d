/**
 * One edge node as the sync tests use it: two lamps, a meter and a zone over an in-memory store.
 */
import type { UplinkConfig } from '../../../agent/core/cabinet.ts';
import { createManualClock, type ManualClock } from '../../../agent/core/manual-clock.ts';
import type {
  Committed,
  Gap,
  Log,
  PlatformOrder,
  ReadingFrame,
  RelayedDetection,
  Store,
  StoredFrame,
  Uplink,
  UplinkDevice,
  UplinkMetric,
} from '../../../agent/core/ports.ts';
import { createSystemClock } from '../../../agent/core/system-clock.ts';
import type { AgentEvent, PointId, Quality, Reading } from '../../../agent/core/words.ts';
import { createMqttTransport } from '../../../agent/sync/mqtt/mqttjs-transport.ts';
import { SparkplugUplink, type UplinkParts } from '../../../agent/sync/uplink.ts';

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

/** A store without a disk. `commit` puts on "disk" what was appended. */
export interface MemoryStore {
  readonly port: Pick<
    Store,
    'save' | 'load' | 'loadAll' | 'audit' | 'readAfter' | 'moveCursor' | 'status' | 'rowOf' | 'gapsAfter' | 'exportPage'
  >;
  /** Recorded losses; a test adds its own. */
  readonly gaps: Gap[];
  readonly saved: Map<string, unknown>;
  readonly rows: readonly StoredFrame[];
  readonly cursor: number;
  append(frame: ReadingFrame): void;
  commit(): Committed;
}

export function createMemoryStore(saved = new Map<string, unknown>()): MemoryStore {
  const rows: StoredFrame[] = [];
  const gaps: Gap[] = [];
  let appended = 0;
  const rowOf = new Map<number, number>();
  let waiting: ReadingFrame[] = [];
  let cursor = 0;
  return {
    saved,
    rows,
    gaps,
    get cursor() {
      return cursor;
    },
    append: (frame) => {
      appended += 1;
      rowOf.set(frame.ticket, appended);
      waiting.push(frame);
    },
    commit: () => {
      const tickets = waiting.map((frame) => {
        const seq = rowOf.get(frame.ticket) ?? 0;
        rows.push({ seq, atMs: frame.atMs, clockQuality: frame.clockQuality, isCorrected: false, readings: frame.readings });
        return { ticket: frame.ticket, seq, readings: frame.readings.length };
      });
      waiting = [];
      return { tickets };
    },
    port: {
      save: async (key, value) => {
        saved.set(key, value);
        return true;
      },
      audit: { note: () => {}, read: async () => undefined },
      load: async (key) => saved.get(key),
      loadAll: async (prefix) =>
        [...saved].filter(([key, value]) => key.startsWith(prefix) && value !== undefined).map(([key, value]) => ({ key, value })),
      rowOf: (ticket) => (rowOf.has(ticket) ? { epoch: 'e1', seq: rowOf.get(ticket) ?? 0 } : null),
      gapsAfter: async (id) => gaps.filter((gap) => gap.id > id),
      exportPage: async ({ fromMs, toMs }) => ({
        epoch: 'e1',
        frames: rows.filter(({ atMs }) => atMs >= fromMs && atMs < toMs),
        nextSeq: null,
      }),
      readAfter: async (seq, maxFrames) => rows.filter((row) => row.seq > seq).slice(0, maxFrames),
      moveCursor: (seq) => {
        cursor = Math.max(cursor, seq);
      },
      status: async () => ({
        state: 'ok',
        reason: '',
        epoch: 'e1',
        frames: rows.length,
        readings: 0,
        bytes: 0,
        maxBytes: 0,
        journal: { readings: 0, bytes: 0 },
        segments: { count: 0, readings: 0, bytes: 0 },
        account: { produced: 0, delivered: 0, backlog: 0, gaps: 0, isBalanced: true },
        written: null,
        oldestMs: null,
        lastSeq: rows.length,
        cursorSeq: cursor,
        backlogFrames: rows.length - cursor,
        readingsWaiting: 0,
        readingsStored: 0,
        readingsLost: 0,
        gaps: gaps.length,
      }),
    },
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

export function createSmallNode(options: SmallNodeOptions): SmallNode {
  const store = options.store ?? createMemoryStore();
  const clock = options.clock ?? createSystemClock({ quality: () => 'synced' });
  const latest = new Map<PointId, Reading>();
  const events: AgentEvent[] = [];
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
    onOrder: (order) => node.onOrder(order),
    onRelay: (relay) => node.onRelay(relay),
    onEvent: (event) => events.push(event),
    ...options,
    clock,
    store: store.port,
  });
  const node: SmallNode = {
    uplink,
    store,
    latest,
    events,
    poll: (values) => {
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
    onOrder: () => {},
    onRelay: () => {},
  };
  return node;
}

/** Looks each 5 ms whether it has come true; fails by returning after `limitMs` of real time. */
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
