/**
 * The uplink as a Sparkplug B 3.0 edge node.
 *
 * Connects the parts of `agent/sync` and serves the rest of the agent. Never throws into a caller: a broken link is a state and an event,
 * and readings wait in the store until it is restored.
 */

import type { UplinkConfig } from '../core/cabinet.ts';
import { type Clock, every, isTrusted, type Timer } from '../core/clock.ts';
import { msg, type Said } from '../core/message.ts';
import type {
  Committed,
  FrameFate,
  Log,
  PlatformOrder,
  ReadingFrame,
  RelayedDetection,
  Store,
  Uplink,
  UplinkDevice,
  UplinkStatus,
  UplinkValue,
} from '../core/ports.ts';
import type { UplinkCertificates, UplinkTools } from '../core/uplink-tools.ts';
import { within } from '../core/within.ts';
import type { AgentEvent, Outcome, PointId, Reading } from '../core/words.ts';
import { CommandInbox } from './commands/command-inbox.ts';
import { COMMAND_METRIC } from './commands/command-metrics.ts';
import { createDataBudget, type DataBudget } from './delivery/data-budget.ts';
import { Delivery } from './delivery/delivery.ts';
import type { ResendResult } from './delivery/resend-queue.ts';
import { createSyncHandler, type SyncHandler } from './delivery/sync-handler.ts';
import { EventReporter } from './event-reporter.ts';
import { messageFields } from './message-fields.ts';
import { CertificateWatch } from './mqtt/certificate-watch.ts';
import type { InboundMessage, MqttConnection, MqttTransport } from './mqtt/mqtt-transport.ts';
import type { ReadFile } from './mqtt/secret-files.ts';
import { createFileReader } from './mqtt/secret-files.ts';
import { createRelayChannel, type RelayChannel } from './relay-channel.ts';
import { BrokerLink, type Ending } from './session/broker-link.ts';
import { createTrace, type Trace } from './session/trace.ts';
import { UplinkMonitor } from './session/uplink-monitor.ts';
import { testUplink } from './session/uplink-test.ts';
import { restoreAliasBlocks } from './sparkplug/alias-blocks.ts';
import { createCurrentValues } from './sparkplug/current-values.ts';
import { createMetricTable, type MetricTable, NODE_METRIC } from './sparkplug/metric-table.ts';
import { createNodeFacts, type NodeFacts } from './sparkplug/node-facts.ts';
import { NodePublisher } from './sparkplug/node-publisher.ts';
import { encodeNodeDeath } from './sparkplug/publisher.ts';
import { createTopics, readHostState, type Topics } from './sparkplug/topics.ts';

/** The dependencies with which `SparkplugUplink` is created, and its callbacks. */
export interface UplinkParts {
  readonly config: UplinkConfig;
  /** Part of the client id, and the target of commands for the whole cabinet. */
  readonly cabinetId: string;
  /** Version of the agent, sent as a metric of the node. */
  readonly version: string;
  /** The Sparkplug devices of the node, for example also its lamps and zones; without the node itself. */
  readonly devices: readonly UplinkDevice[];
  readonly clock: Clock;
  readonly log: Log;
  readonly store: Pick<
    Store,
    | 'save'
    | 'load'
    | 'loadAll'
    | 'audit'
    | 'auditAfter'
    | 'readAfter'
    | 'moveCursor'
    | 'status'
    | 'rowOf'
    | 'gapsAfter'
    | 'exportPage'
    | 'events'
  >;
  /** The newest reading of a point, for births; undefined if there is none. */
  readonly latest: (pointId: PointId) => Reading | undefined;
  readonly transport: MqttTransport;
  /** Returns a random number from 0 to below 1, for example for the pauses between attempts. */
  readonly random: () => number;
  /** Reads the password, the certificates and the key. Default: a reader without credentials of the service manager. */
  readonly readFile?: ReadFile;
  /** Whether a command of an earlier run is still being carried out; if not, and it has no end, it ends as `failed`. Default: none is. */
  readonly isOpenCommand?: (commandId: string) => boolean;
  /** A command of the platform to be carried out, once. Pass its states to `outcome`. */
  readonly onOrder?: (order: PlatformOrder) => void;
  /** Another cabinet reports a detection, in a message of valid form. It may be late, repeated, or from a cabinet that is no neighbour. */
  readonly onRelay?: (relay: RelayedDetection) => void;
  /** Receives the events that the uplink itself raises, not those passed to `event`. */
  readonly onEvent?: (event: AgentEvent) => void;
  /** The warnings and alarms of the agent that have not ended; they are reported after all births. Default: none. */
  readonly openEvents?: () => readonly AgentEvent[];
}

/** Period at which `Sync/*` is updated and, if it changed, sent. Units: ms. */
const SYNC_PERIOD_MS = 60_000;
/** Longest wait for the last proof before the deaths are sent. Units: ms. */
const SETTLE_MS = 1_000;

/**
 * The uplink to the platform over MQTT and Sparkplug; its methods are described in `Uplink`. Opens no session before `start`; `tools.test`
 * has a connection of its own.
 */
export class SparkplugUplink implements Uplink {
  /** The tools of the console: trace, test and new connection. */
  readonly tools: UplinkTools;
  readonly #parts: UplinkParts;
  readonly #readFile: ReadFile;
  readonly #clientId: string;
  readonly #table: MetricTable;
  readonly #topics: Topics;
  readonly #trace: Trace;
  readonly #monitor: UplinkMonitor;
  readonly #facts: NodeFacts;
  readonly #relays: RelayChannel;
  readonly #budget: DataBudget;
  readonly #publisher: NodePublisher;
  readonly #delivery: Delivery;
  readonly #syncHandler: SyncHandler;
  readonly #commands: CommandInbox;
  readonly #events: EventReporter;
  readonly #link: BrokerLink;
  readonly #certificates: CertificateWatch;
  readonly #counts = { published: 0, historical: 0, acked: 0, messages: 0, bytes: 0 };
  #syncTimer: Timer | null = null;
  /** A stop may arrive while a start waits for the disk. */
  #isWanted = false;

  constructor(parts: UplinkParts) {
    const { config, clock, log, store, onRelay = () => {}, onEvent = () => {} } = parts;
    this.#parts = parts;
    this.#readFile = parts.readFile ?? createFileReader(null);
    this.#clientId = `luciole-${parts.cabinetId}`;
    this.#trace = createTrace(clock);
    this.#monitor = new UplinkMonitor(config, clock, onEvent);
    this.#budget = createDataBudget(clock, store, config.dailyMegabytes);
    const table = createMetricTable(parts.devices, config);
    const topics = createTopics(config.group, config.node, config.primaryHost);
    const values = createCurrentValues(table, clock, parts.latest);
    this.#table = table;
    this.#topics = topics;
    this.#facts = createNodeFacts(table, values, clock, parts.version);
    this.#relays = createRelayChannel({ table, values, nodeId: config.node, clock, onRelay });
    this.#publisher = new NodePublisher({
      ...{ nodeId: config.node, table, topics, values, clock, log },
      onSent: (bytes) => this.#countSent(bytes),
      onBirthRefused: (error) => this.#link.fail(error),
    });
    this.#delivery = this.#createDelivery();
    this.#syncHandler = createSyncHandler({
      ...{ table, clock, log, delivery: this.#delivery },
      onResend: (result) => this.#sendResendResult(result),
      onAccept: () => void this.#reportSync(),
    });
    this.#commands = this.#createCommandInbox(onEvent);
    this.#events = this.#createEventReporter();
    this.#link = this.#createLink();
    this.#certificates = new CertificateWatch({
      ...{ config, readFile: this.#readFile, clock, onEvent },
      onRenewed: () => {
        this.#link.retryCertificate();
        this.#reconnect(msg`a renewed certificate`);
      },
    });
    this.tools = {
      trace: this.#trace.entries,
      watch: this.#trace.watch,
      reconnect: (by) => this.#reconnect(by),
      test: (request, onStep) => {
        const { transport } = this.#parts;
        return testUplink({ config, clientId: this.#clientId, transport, clock, readFile: this.#readFile }, request, onStep);
      },
    };
  }

  /** Reads the stored state, then begins to connect. Resolves without waiting for a session. */
  async start(): Promise<void> {
    this.#isWanted = true;
    await Promise.all([
      this.#delivery.restore(),
      this.#budget.restore(),
      this.#commands.restore(),
      this.#events.restore(),
      this.#restoreAliases(),
    ]);
    if (!this.#isWanted) return;
    void this.#reportSync();
    // Also without a session: a birth that waited long for its host contains the current values.
    this.#syncTimer = every(this.#parts.clock, SYNC_PERIOD_MS, () => void this.#reportSync());
    this.#certificates.start();
    await this.#link.start();
  }

  /** Waits briefly for proof of what was sent, then ends the session with its deaths. */
  async stop(): Promise<void> {
    this.#isWanted = false;
    this.#syncTimer?.cancel();
    this.#certificates.stop();
    await within(this.#parts.clock, SETTLE_MS, Promise.all([this.#commands.stop(), this.#events.settled()]));
    await this.#link.stop();
    this.#budget.save(true);
  }

  /** Sends a frame that the store has, now if a session allows it; otherwise it is sent from the store later. */
  publish(frame: ReadingFrame): void {
    this.#delivery.publish(frame);
  }

  /** The store has these frames on disk. */
  committed(committed: Committed): void {
    this.#delivery.committed(committed);
  }

  /** Returns a function for how far a frame of this run has been delivered. Use it at once. */
  fates(): (ticket: number) => FrameFate {
    return this.#delivery.fates();
  }

  update(deviceId: string, metric: string, value: UplinkValue): void {
    this.#publisher.update(deviceId, metric, value);
  }

  deviceAlive(deviceId: string, alive: boolean): void {
    this.#publisher.deviceAlive(deviceId, alive);
  }

  outcome(outcome: Outcome): void {
    this.#commands.note(outcome);
  }

  event(event: AgentEvent): void {
    this.#events.report(event);
  }

  relay(relay: RelayedDetection): void {
    if (this.#publisher.isOpen()) this.#publisher.values([this.#relays.message(relay)]);
  }

  status(): UplinkStatus {
    const link = this.#link;
    const { state, reason, sinceMs } = this.#monitor.status(link);
    const { published, historical, acked, messages, bytes } = this.#counts;
    return {
      state,
      broker: link.server.url,
      server: link.server,
      reason,
      sinceMs,
      bdSeq: link.session.bdSeq,
      readingsPublished: published,
      readingsHistorical: historical,
      readingsAcked: acked,
      messagesSent: messages,
      bytesSent: bytes,
      commandsReceived: this.#commands.received,
      commandsRefused: this.#commands.refused,
      relays: this.#relays.counts(),
      delivery: {
        ...this.#delivery.facts(),
        bytesToday: this.#budget.bytesToday(),
        dailyMegabytes: this.#parts.config.dailyMegabytes,
      },
      certificates: this.#allCertificates(),
      lastFailure: link.failures.last,
    };
  }

  async #restoreAliases(): Promise<void> {
    const { store, random } = this.#parts;
    this.#table.adoptAliases(await restoreAliasBlocks(store, this.#table.aliased, random));
  }

  #allCertificates(): UplinkCertificates {
    const { own, broker } = this.#link.certificates;
    const { found } = this.#certificates;
    return { own: own ?? found.own, authority: found.authority, broker };
  }

  #createDelivery(): Delivery {
    const { store, clock, log, config } = this.#parts;
    return new Delivery({
      ...{ store, clock, log, proof: config.proof },
      mayDrain: () => this.#budget.mayDrain(),
      onGap: (texts) => this.#publisher.texts(NODE_METRIC.gap, texts),
      onAudit: (texts) => this.#publisher.texts(NODE_METRIC.audit, texts),
      maxTextBytes: () => this.#publisher.maxTextBytes(),
      onResend: (result) => this.#sendResendResult(result),
      onMode: () => void this.#reportSync(),
      onAckAhead: (ack) => this.#monitor.noteAckAhead(ack),
      onUnheard: (silentMs) => this.#link.leaveServer(silentMs),
      onSent: ({ readings, historical }) => {
        this.#counts.published += readings;
        if (historical) this.#counts.historical += readings;
      },
      onProven: (readings) => {
        this.#counts.acked += readings;
      },
    });
  }

  #createCommandInbox(onEvent: (event: AgentEvent) => void): CommandInbox {
    const { cabinetId, clock, log, store, random, isOpenCommand, onOrder = () => {} } = this.#parts;
    return new CommandInbox({
      ...{ table: this.#table, cabinetId, clock, log, store, random, onOrder, onEvent },
      ...(isOpenCommand === undefined ? {} : { isOpen: isOpenCommand }),
      onTaken: (deviceId, commandId, expiresMs) => {
        const at = { quality: 'good', atMs: clock.wallMs() } as const;
        this.#publisher.update(deviceId, COMMAND_METRIC.id, { value: commandId, ...at });
        this.#publisher.update(deviceId, COMMAND_METRIC.expires, { value: expiresMs, ...at });
      },
      onRebirth: () => this.#link.dispatch({ kind: 'rebirth-asked', atMono: clock.monoMs(), isSparing: !this.#budget.mayDrain() }),
      onAnswer: (outcome, kind) => this.#publisher.outcome(outcome, kind),
    });
  }

  #createEventReporter(): EventReporter {
    const { store, clock, log, openEvents = () => [] } = this.#parts;
    return new EventReporter({
      ...{ store, clock, log, openEvents },
      onTexts: (texts) => this.#publisher.texts(NODE_METRIC.event, texts),
      maxTextBytes: () => this.#publisher.maxTextBytes(),
    });
  }

  #createLink(): BrokerLink {
    const { config, clock, log, store, transport, random } = this.#parts;
    const [table, topics] = [this.#table, this.#topics];
    return new BrokerLink({
      ...{ config, clientId: this.#clientId, clock, log, store, transport, random, readFile: this.#readFile, trace: this.#trace },
      subscriptions: topics.subscriptions,
      isSparing: () => !this.#budget.mayDrain(),
      will: (bdSeq) => ({ topic: topics.node('NDEATH'), payload: encodeNodeDeath(table, bdSeq, clock.wallMs()) }),
      onBirth: (connection, bdSeq) =>
        this.#publisher.open(connection, bdSeq, (publisher) => {
          this.#delivery.open({ publisher, connection });
          this.#openOutboxes(connection);
        }),
      onHold: () => this.#hold(),
      onRebirth: (connection) => {
        this.#hold();
        this.#publisher.rebirth(connection, () => {
          this.#delivery.resume();
          this.#openOutboxes(connection);
        });
      },
      onDeath: (connection, ending) => this.#sendDeaths(connection, ending),
      onGone: () => {
        this.#delivery.close();
        this.#closeOutboxes();
        this.#publisher.close();
      },
      onMessage: (message) => this.#receive(message),
      onChange: () => {
        this.#monitor.afterPhase(this.#link);
        if (this.#link.session.phase === 'subscribing') void this.#reportSync();
      },
      onTakenOver: (text) => this.#monitor.noteTakeover(text),
      onCertificate: (use) => this.#certificates.noteUse(use),
    });
  }

  #openOutboxes(connection: MqttConnection): void {
    this.#commands.open(connection);
    this.#events.open(connection);
  }

  #closeOutboxes(): void {
    this.#commands.close();
    this.#events.close();
  }

  /** The births are due again: DATA waits for them. */
  #hold(): void {
    this.#publisher.hold();
    this.#delivery.hold();
    this.#closeOutboxes();
  }

  async #sendDeaths(connection: MqttConnection, { bdSeq, wanted }: Ending): Promise<void> {
    if (wanted) await within(this.#parts.clock, SETTLE_MS, this.#delivery.settled());
    this.#delivery.close();
    this.#closeOutboxes();
    this.#publisher.death(connection, bdSeq);
  }

  #receive(message: InboundMessage): void {
    const inbound = this.#topics.read(message.topic);
    const deviceId = inbound.kind === 'device-command' ? inbound.deviceId : null;
    const isCommand = inbound.kind === 'node-command' || inbound.kind === 'device-command';
    if (isCommand && !this.#commands.admits(message, deviceId)) return;
    if (inbound.kind === 'node-command') {
      if (!this.#relays.handle(message) && !this.#syncHandler.handle(message)) this.#commands.nodeCommand(message);
    } else if (inbound.kind === 'device-command') this.#commands.deviceCommand(inbound.deviceId, message);
    else if (inbound.kind === 'host-state' || inbound.kind === 'rewritten-state') this.#receiveHostState(message.payload);
    const isRewritten = inbound.kind === 'rewritten-state' || inbound.kind === 'rewritten';
    this.#monitor.noteTopic({ isRewritten, isRetained: message.retained });
  }

  #receiveHostState(payload: Uint8Array): void {
    const { clock, log } = this.#parts;
    const state = readHostState(payload);
    const nowMs = isTrusted(clock.quality()) ? clock.wallMs() : null;
    if (state === undefined) log.event('uplink-bad-host-state', { bytes: payload.length }, 'warning');
    else this.#link.dispatch({ kind: 'host', ...state, nowMs });
  }

  /** Updates `Sync/*`. Before a session the birth contains it; within one NDATA does. */
  async #reportSync(): Promise<void> {
    const status = await this.#delivery.refresh();
    const delivery = this.#delivery.facts();
    this.#budget.save(false);
    this.#publisher.values(this.#facts.note(status, delivery, this.#budget.bytesToday()));
    this.#monitor.checkPlatform(delivery);
    this.#monitor.checkBirths(this.#link);
  }

  #sendResendResult(result: ResendResult): void {
    this.#publisher.texts(NODE_METRIC.resendResult, [JSON.stringify({ ...result, ...messageFields('reason', result.reason) })]);
  }

  #countSent(bytes: number): void {
    this.#counts.messages += 1;
    this.#counts.bytes += bytes;
    this.#budget.add(bytes);
  }

  #reconnect(by: Said): boolean {
    const { phase } = this.#link.session;
    if (phase === 'off') return false;
    const text = msg`new connection to the platform requested by ${by}`;
    this.#monitor.noteReconnect(phase, text);
    this.#trace.event(text);
    this.#link.dispatch({ kind: 'reconnect' });
    return true;
  }
}
