/**
 * A small reference host: the platform's side of one edge node, for tests, scenarios and the demo.
 *
 * Only its commands use the agent's codec; what arrives is decoded by a reader of its own.
 */
import { connectAsync, type MqttClient } from 'mqtt';
import { encodePayload, type Metric, toLong } from '../../agent/sync/sparkplug/codec.ts';
import { type HostValue, HostView } from './host-view.ts';
import { gapHead } from './node-ingest.ts';

export interface HostOptions {
  readonly url: string;
  readonly protocolVersion: 4 | 5;
  readonly group: string;
  readonly node: string;
  /** Publishes STATE under this id; without it the host only listens. */
  readonly hostId?: string;
  readonly nowMs?: () => number;
  /** Acknowledges all rows without a hole. */
  readonly acks?: boolean;
  /** Requests the backlog as segments. */
  readonly segments?: boolean;
}

interface OverrideCommand {
  readonly level: number;
  readonly minutes?: number;
  readonly reason?: string;
  readonly id?: string;
}

/** Records all that one edge node sends, and sends it commands. Before `start` and after `stop`, commands are discarded without an error. */
export class ReferenceHost {
  /** Called for each value; set by a test. */
  onValue: (value: HostValue) => void = () => {};
  readonly #options: HostOptions;
  readonly #view: HostView;
  readonly #stateTopic: string;
  #acked = '';
  #client: MqttClient | null = null;

  constructor(options: HostOptions) {
    this.#options = options;
    this.#stateTopic = `spBv1.0/STATE/${options.hostId}`;
    this.#view = new HostView({
      onNodeBirth: () => this.#afterNodeBirth(),
      onRows: (isRepeated) => {
        // Rows that arrive again: the acknowledgement was lost, so it is sent again.
        if (isRepeated) this.#acked = '';
        this.#acknowledge();
      },
      onValue: (value) => this.onValue(value),
    });
  }

  get messages() {
    return this.#view.messages;
  }

  get values() {
    return this.#view.values;
  }

  get outcomes() {
    return this.#view.outcomes;
  }

  get registry() {
    return this.#view.registry;
  }

  get alive() {
    return this.#view.alive;
  }

  get nodeAlive(): boolean {
    return this.#view.isNodeAlive;
  }

  get duplicates(): number {
    return this.#view.duplicates;
  }

  get seqGaps(): number {
    return this.#view.seqGaps;
  }

  get strays(): number {
    return this.#view.strays;
  }

  /** The alias of a metric in the present births; undefined if there is none. Shape: `device` is empty for the node. */
  aliasOf(device: string, metric: string): number | undefined {
    return this.#view.aliasOf(device, metric);
  }

  forget(): void {
    this.#view.forget();
  }

  async start(): Promise<void> {
    if (this.#client !== null) return;
    const bornMs = this.#nowMs();
    const { url, protocolVersion, hostId } = this.#options;
    const will =
      hostId === undefined
        ? {}
        : { will: { topic: this.#stateTopic, payload: Buffer.from(stateText(false, bornMs)), qos: 1 as const, retain: true } };
    const opened = await connectAsync(url, { protocolVersion, reconnectPeriod: 100, resubscribe: false, ...will });
    this.#client = opened;
    opened.on('error', () => {
      // The broker is away; mqtt.js tries again by itself.
    });
    opened.on('message', (topic, payload, { qos, retain }) => this.#view.take(topic, payload, { qos, retain }));
    opened.on('connect', () => void this.#subscribe(opened, bornMs).catch(() => undefined));
    await this.#subscribe(opened, bornMs);
  }

  /** Publishes offline if it has a host id. */
  async stop(): Promise<void> {
    const client = this.#client;
    if (client === null) return;
    if (this.#options.hostId !== undefined && client.connected) await this.state(false);
    await client.endAsync(!client.connected);
    this.#client = null;
  }

  state(online: boolean, timestampMs = this.#nowMs()): Promise<void> {
    return this.#publish(this.#stateTopic, stateText(online, timestampMs), { qos: 1, retain: true });
  }

  /** By name, as `operational-behavior-data-commands-rebirth-name` requires. */
  requestRebirth(): Promise<void> {
    return this.command('', [{ name: 'Node Control/Rebirth', value: { kind: 'boolean', value: true } }]);
  }

  override(device: string, { level, minutes, reason, id }: OverrideCommand): Promise<void> {
    return this.#commandByAlias(device, [
      { name: 'Override/Level', value: toLong(level) },
      ...(minutes === undefined ? [] : [{ name: 'Override/Minutes', value: toLong(minutes) }]),
      ...(reason === undefined ? [] : [{ name: 'Override/Reason', value: { kind: 'string' as const, value: reason } }]),
      ...(id === undefined ? [] : [{ name: 'Override/Id', value: { kind: 'string' as const, value: id } }]),
    ]);
  }

  release(device: string): Promise<void> {
    return this.#commandByAlias(device, [{ name: 'Override/Release', value: { kind: 'boolean', value: true } }]);
  }

  /** NCMD with one String, such as `Sync/Resend`. */
  write(metric: string, value: string): Promise<void> {
    return this.#commandByAlias('', [{ name: metric, value: { kind: 'string', value } }]);
  }

  /** Any command. Shape: `device` is empty for the node itself, which makes it an NCMD. */
  command(
    device: string,
    metrics: readonly Metric[],
    { retain = false, timestampMs = this.#nowMs() }: { readonly retain?: boolean; readonly timestampMs?: number } = {},
  ): Promise<void> {
    const { group, node } = this.#options;
    const topic = device === '' ? `spBv1.0/${group}/NCMD/${node}` : `spBv1.0/${group}/DCMD/${node}/${device}`;
    return this.#publish(topic, encodePayload({ timestampMs, metrics }), { retain });
  }

  #nowMs(): number {
    return (this.#options.nowMs ?? Date.now)();
  }

  /** Subscribes before it publishes online: a node that waits for this host sends nothing that the host would miss. */
  async #subscribe(client: MqttClient, bornMs: number): Promise<void> {
    const { group, node, hostId } = this.#options;
    await client.subscribeAsync([`spBv1.0/${group}/+/${node}`, `spBv1.0/${group}/+/${node}/+`], { qos: 1 });
    if (hostId !== undefined) await this.state(true, bornMs);
  }

  /** Source: `payloads-alias-data-cmd-requirement`: a metric that was born with an alias is written by alias only. */
  #commandByAlias(device: string, metrics: readonly Metric[]): Promise<void> {
    const addressed = metrics.map(({ name, ...rest }): Metric => {
      const alias = this.#view.aliasOf(device, name ?? '');
      return alias === undefined ? { name, ...rest } : { alias, ...rest };
    });
    return this.command(device, addressed);
  }

  #afterNodeBirth(): void {
    this.#acked = '';
    if (this.#options.segments === true) void this.write('Sync/Accept', 'segments/1').catch(() => undefined);
    this.#acknowledge();
  }

  #acknowledge(): void {
    const { epoch } = this.registry;
    const head = this.registry.head();
    const text = `${epoch}:${head}:${gapHead(this.registry.gaps, epoch)}`;
    if (this.#options.acks !== true || text === this.#acked || head === 0) return;
    this.#acked = text;
    // A lost acknowledgement is followed by the next.
    void this.write('Sync/Ack', this.#acked).catch(() => undefined);
  }

  async #publish(topic: string, payload: Buffer | string, { qos = 0, retain = false }: { qos?: 0 | 1; retain?: boolean }): Promise<void> {
    await this.#client?.publishAsync(topic, payload as Buffer, { qos, retain });
  }
}

function stateText(online: boolean, timestamp: number): string {
  return JSON.stringify({ online, timestamp });
}
