/**
 * A small reference host: what a platform makes of one edge node.
 *
 * Owns its view of the node: births, aliases, every value with its time, what came twice, where seq has holes.
 * Decodes with a reader of its own; only its commands go through the agent's codec. Used by tests, scenarios and the demo.
 */
import { connectAsync, type MqttClient } from 'mqtt';
import { covers } from '../../agent/sync/delivery/seq-ranges.ts';
import { encodePayload, type Metric, toLong } from '../../agent/sync/sparkplug/codec.ts';
import { createRowRegistry, parseRowsOf, QUALITY_CODE, type RegisteredReading, type RowRegistry } from './row-registry.ts';
import { readSegment } from './segment-reader.ts';
import { readWirePayload, type WireMetric, type WirePayload, type WireValue } from './wire-reader.ts';

export interface HostOptions {
  readonly url: string;
  readonly protocolVersion: 4 | 5;
  readonly group: string;
  readonly node: string;
  /** Publishes STATE under this id; without it the host only listens. */
  readonly hostId?: string;
  readonly nowMs?: () => number;
  /** Acknowledges each row it has without a hole. */
  readonly acks?: boolean;
  /** Asks for the backlog packed. */
  readonly segments?: boolean;
}

/** One value as it arrived. `device` is empty for the node itself. */
interface HostValue {
  readonly device: string;
  readonly metric: string;
  readonly timestampMs: number;
  readonly value: WireValue | null;
  readonly quality: number;
  readonly historical: boolean;
}

/** A message as it arrived, decoded. */
export interface HostMessage {
  readonly verb: string;
  readonly device: string;
  readonly payload: WirePayload;
  readonly bytes: Buffer;
  readonly qos: number;
  readonly retain: boolean;
}

interface HostOutcome {
  readonly device: string;
  readonly id: string;
  readonly state: string;
  readonly reason: string;
  readonly level: number | null;
  readonly lamps: Readonly<Record<string, string>>;
}

interface OverrideCommand {
  readonly level: number;
  readonly minutes?: number;
  readonly reason?: string;
  readonly id?: string;
}

export interface ReferenceHost {
  /** Everything in the order of arrival. */
  readonly messages: readonly HostMessage[];
  /** Values from NDATA and DDATA, by `<device>/<metric>@<timestamp>`. Births are state, not data, and are not in here. */
  readonly values: ReadonlyMap<string, HostValue>;
  /** Values that arrived again with the same device, metric and time. */
  readonly duplicates: number;
  /** Messages whose seq did not follow the one before. */
  readonly seqGaps: number;
  /** Data of a metric or device that was not born. */
  readonly strays: number;
  readonly outcomes: readonly HostOutcome[];
  /** Readings by their rows, as the platform's database has them. */
  readonly book: RowRegistry;
  /** Devices alive at present; empty after NDEATH. */
  readonly alive: ReadonlySet<string>;
  readonly nodeAlive: boolean;
  /** Lets go of messages, values and outcomes that came so far, so that a long run measures the memory of others. */
  forget(): void;
  start(): Promise<void>;
  /** Says offline where it has a host id. */
  stop(): Promise<void>;
  state(online: boolean, timestampMs?: number): Promise<void>;
  requestRebirth(): Promise<void>;
  override(device: string, command: OverrideCommand): Promise<void>;
  release(device: string): Promise<void>;
  /** NCMD with one String, as `Sync/Resend`. */
  write(metric: string, value: string): Promise<void>;
  /** Any command. Shape: `device` is empty for the node itself, which makes it an NCMD. */
  command(
    device: string,
    metrics: readonly Metric[],
    options?: { readonly retain?: boolean; readonly timestampMs?: number },
  ): Promise<void>;
  onMessage: (message: HostMessage) => void;
  onValue: (value: HostValue) => void;
  onOutcome: (outcome: HostOutcome) => void;
}

const OUTCOME = 'Override/Outcome';
/** It speaks of its message. */
const ROWS = 'Sync/Rows';
const SEGMENT = 'Sync/Segment';
const GAP = 'Sync/Gap';
/** Source: Sparkplug 3.0 §6.4.11: a metric without the property is good. */
const GOOD = 192;

/** A host that listens after `start`. */
export function createReferenceHost(options: HostOptions): ReferenceHost {
  const { group, node } = options;
  const nowMs = options.nowMs ?? Date.now;
  const messages: HostMessage[] = [];
  const values = new Map<string, HostValue>();
  const outcomes: HostOutcome[] = [];
  const alive = new Set<string>();
  const book = createRowRegistry();
  let acked = '';
  const names = new Map<string, Map<number, string>>();
  const counts = { duplicates: 0, seqGaps: 0, strays: 0 };
  let nodeAlive = false;
  let expectedSeq: number | null = null;
  let client: MqttClient | null = null;

  const publish = async (topic: string, payload: Buffer | string, flags: { qos?: 0 | 1; retain?: boolean } = {}): Promise<void> => {
    await client?.publishAsync(topic, payload as Buffer, { qos: flags.qos ?? 0, retain: flags.retain ?? false });
  };
  const commandTopic = (device: string): string =>
    device === '' ? `spBv1.0/${group}/NCMD/${node}` : `spBv1.0/${group}/DCMD/${node}/${device}`;
  const stateTopic = `spBv1.0/STATE/${options.hostId}`;
  const stateText = (online: boolean, timestamp: number): string => JSON.stringify({ online, timestamp });

  /** Subscribed first, then online: a node that waits for this host says nothing that it would miss. */
  const listen = async (opened: MqttClient, bornMs: number): Promise<void> => {
    await opened.subscribeAsync([`spBv1.0/${group}/+/${node}`, `spBv1.0/${group}/+/${node}/+`], { qos: 1 });
    if (options.hostId !== undefined) await publish(stateTopic, stateText(true, bornMs), { qos: 1, retain: true });
  };
  /** Source: `payloads-alias-data-cmd-requirement`: what was born with an alias is written by it alone. */
  const addressed = (device: string, metrics: readonly Metric[]): Metric[] => {
    const byName = new Map([...(names.get(device) ?? [])].map(([alias, name]) => [name, alias]));
    return metrics.map(({ name, ...rest }) => {
      const alias = byName.get(name ?? '');
      return alias === undefined ? { name, ...rest } : { alias, ...rest };
    });
  };
  const order = (device: string, metrics: readonly Metric[]): Promise<void> => host.command(device, addressed(device, metrics));
  const takeBirth = (device: string, metrics: readonly WireMetric[]): void => {
    const aliases = new Map<number, string>();
    for (const { alias, name } of metrics) if (alias !== undefined && name !== undefined) aliases.set(alias, name);
    names.set(device, aliases);
    if (device !== '') alive.add(device);
  };
  const takeData = (device: string, metrics: readonly WireMetric[]): void => {
    for (const metric of metrics) takeValue(device, metric);
    takeRows(device, metrics);
  };
  const takeValue = (device: string, metric: WireMetric): void => {
    const name = metric.name ?? names.get(device)?.get(metric.alias ?? -1);
    if (name === ROWS || name === SEGMENT) return;
    if (name === undefined || metric.timestampMs === undefined) {
      counts.strays += 1;
      return;
    }
    const value: HostValue = {
      device,
      metric: name,
      timestampMs: metric.timestampMs,
      value: metric.isNull ? null : (metric.value ?? null),
      quality: Number(metric.properties.get('Quality') ?? GOOD),
      historical: metric.isHistorical,
    };
    const key = `${device}/${name}@${metric.timestampMs}`;
    if (values.has(key)) counts.duplicates += 1;
    values.set(key, value);
    host.onValue(value);
    if (name === GAP && typeof value.value === 'string') book.gap(value.value);
    if (name === OUTCOME && typeof value.value === 'string') takeOutcome(device, value.value);
  };
  /** What a message says of rows of the store, and the acknowledgement of it. */
  const takeRows = (device: string, metrics: readonly WireMetric[]): void => {
    const nameOf = ({ name, alias }: WireMetric): string | undefined => name ?? names.get(device)?.get(alias ?? -1);
    const mark = metrics.find((metric) => nameOf(metric) === ROWS)?.value;
    const rows = typeof mark === 'string' ? parseRowsOf(mark) : undefined;
    if (rows === undefined) return;
    const packed = metrics.find((metric) => nameOf(metric) === SEGMENT)?.value;
    // What comes again was acknowledged to nobody: say it again.
    if (covers(book.ranges(rows.epoch), rows)) acked = '';
    book.take(rows, Buffer.isBuffer(packed) ? unpack(packed) : metrics.flatMap((metric) => booked(device, nameOf(metric), metric)));
    acknowledge();
  };
  const booked = (device: string, name: string | undefined, metric: WireMetric): RegisteredReading[] => {
    if (name === undefined || name === ROWS || metric.timestampMs === undefined) return [];
    const value = metric.isNull ? null : Number(metric.value);
    const quality = Number(metric.properties.get('Quality') ?? GOOD);
    return [{ pointId: `${device}.${name}`, value, quality, atMs: metric.timestampMs, isHistorical: metric.isHistorical }];
  };
  const unpack = (packed: Buffer): RegisteredReading[] =>
    readSegment(packed).readings.map(({ quality, ...reading }) => ({
      ...reading,
      quality: QUALITY_CODE[quality] ?? 0,
      isHistorical: true,
    }));
  const acknowledge = (): void => {
    const head = book.head();
    if (options.acks !== true || `${book.epoch}:${head}` === acked || head === 0) return;
    acked = `${book.epoch}:${head}`;
    // A lost one is followed by the next.
    void host.write('Sync/Ack', acked).catch(() => undefined);
  };
  const takeOutcome = (device: string, json: string): void => {
    const outcome = { ...(JSON.parse(json) as Omit<HostOutcome, 'device'>), device };
    outcomes.push(outcome);
    host.onOutcome(outcome);
  };
  const checkSeq = (verb: string, seq: number | undefined): void => {
    if (verb === 'NDEATH') return;
    if (verb !== 'NBIRTH' && expectedSeq !== null && seq !== expectedSeq) counts.seqGaps += 1;
    expectedSeq = ((seq ?? 0) + 1) % 256;
  };
  const take = (topic: string, bytes: Buffer, flags: { readonly qos: number; readonly retain: boolean }): void => {
    const [, , verb = '', , device = ''] = topic.split('/');
    if (verb === 'NCMD' || verb === 'DCMD') return;
    const payload = readWirePayload(bytes);
    const message: HostMessage = { verb, device, payload, bytes, ...flags };
    messages.push(message);
    checkSeq(verb, payload.seq);
    if (verb === 'NBIRTH') {
      alive.clear();
      names.clear();
      nodeAlive = true;
    }
    if (verb === 'NBIRTH') {
      book.born();
      acked = '';
      if (options.segments === true) void host.write('Sync/Accept', 'segments/1').catch(() => undefined);
      acknowledge();
    }
    if (verb === 'NBIRTH' || verb === 'DBIRTH') takeBirth(device, payload.metrics);
    if (verb === 'DDEATH') alive.delete(device);
    if (verb === 'NDEATH') {
      nodeAlive = false;
      alive.clear();
      expectedSeq = null;
    }
    if (verb === 'DDATA' && !alive.has(device)) counts.strays += 1;
    if (verb === 'NDATA' || verb === 'DDATA') takeData(device, payload.metrics);
    host.onMessage(message);
  };

  const host: ReferenceHost = {
    messages,
    values,
    outcomes,
    book,
    alive,
    get duplicates() {
      return counts.duplicates;
    },
    get seqGaps() {
      return counts.seqGaps;
    },
    get strays() {
      return counts.strays;
    },
    get nodeAlive() {
      return nodeAlive;
    },
    forget() {
      messages.length = 0;
      outcomes.length = 0;
      values.clear();
      book.forget();
    },
    onMessage: () => {},
    onValue: () => {},
    onOutcome: () => {},
    start: async () => {
      if (client !== null) return;
      const bornMs = nowMs();
      const will =
        options.hostId === undefined
          ? {}
          : { will: { topic: stateTopic, payload: Buffer.from(stateText(false, bornMs)), qos: 1 as const, retain: true } };
      const opened = await connectAsync(options.url, {
        protocolVersion: options.protocolVersion,
        reconnectPeriod: 100,
        resubscribe: false,
        ...will,
      });
      client = opened;
      opened.on('error', () => {
        // The broker is away; mqtt.js tries again by itself.
      });
      opened.on('message', (topic, payload, { qos, retain }) => take(topic, payload, { qos, retain }));
      opened.on('connect', () => void listen(opened, bornMs).catch(() => undefined));
      await listen(opened, bornMs);
    },
    stop: async () => {
      if (client === null) return;
      if (options.hostId !== undefined && client.connected) await publish(stateTopic, stateText(false, nowMs()), { qos: 1, retain: true });
      await client.endAsync(!client.connected);
      client = null;
    },
    state: (online, timestampMs = nowMs()) => publish(stateTopic, stateText(online, timestampMs), { qos: 1, retain: true }),
    requestRebirth: () => {
      const rebirth: Metric = { name: 'Node Control/Rebirth', value: { kind: 'boolean', value: true } };
      return publish(`spBv1.0/${group}/NCMD/${node}`, encodePayload({ timestampMs: nowMs(), metrics: [rebirth] }));
    },
    override: (device, { level, minutes, reason, id }) =>
      order(device, [
        { name: 'Override/Level', value: toLong(level) },
        ...(minutes === undefined ? [] : [{ name: 'Override/Minutes', value: toLong(minutes) }]),
        ...(reason === undefined ? [] : [{ name: 'Override/Reason', value: { kind: 'string' as const, value: reason } }]),
        ...(id === undefined ? [] : [{ name: 'Override/Id', value: { kind: 'string' as const, value: id } }]),
      ]),
    write: (metric, value) => {
      const metrics = addressed('', [{ name: metric, value: { kind: 'string', value } }]);
      return publish(`spBv1.0/${group}/NCMD/${node}`, encodePayload({ timestampMs: nowMs(), metrics }));
    },
    release: (device) => order(device, [{ name: 'Override/Release', value: { kind: 'boolean', value: true } }]),
    command: (device, metrics, { retain = false, timestampMs = nowMs() } = {}) =>
      publish(commandTopic(device), encodePayload({ timestampMs, metrics }), { retain }),
  };
  return host;
}
