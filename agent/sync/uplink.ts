/**
 * The platform's side of the cabinet: a Sparkplug B 3.0 edge node.
 *
 * Joins the parts of this room and answers the rest of the agent. Never throws into a caller; a broken link is a state and an event, and
 * readings wait in the store meanwhile.
 */
import type { UplinkConfig } from '../core/cabinet.ts';
import { type Clock, every, isTrusted, type Timer } from '../core/clock.ts';
import { createEventTracker } from '../core/event-tracker.ts';
import type { Log, PlatformOrder, RelayedDetection, Store, Uplink, UplinkDevice } from '../core/ports.ts';
import { within } from '../core/within.ts';
import type { AgentEvent, PointId, Reading } from '../core/words.ts';
import { createCommandInbox } from './commands/command-inbox.ts';
import { COMMAND_METRIC } from './commands/command-metrics.ts';
import { createDataBudget } from './delivery/data-budget.ts';
import { createDelivery } from './delivery/delivery.ts';
import type { ResendResult } from './delivery/resend-queue.ts';
import { createSyncHandler } from './delivery/sync-handler.ts';
import type { InboundMessage, MqttConnection, MqttTransport } from './mqtt/mqtt-transport.ts';
import { createFileReader } from './mqtt/secret-files.ts';
import type { ReadFile } from './mqtt/secrets.ts';
import { createRelayChannel } from './relay-channel.ts';
import { createBrokerLink, type Ending } from './session/broker-link.ts';
import { createTrace } from './session/trace.ts';
import { silenceText, uplinkReason, uplinkState } from './session/uplink-reason.ts';
import { testUplink } from './session/uplink-test.ts';
import { createCurrentValues } from './sparkplug/current-values.ts';
import { readHostState } from './sparkplug/host-state.ts';
import { createMetricTable, NODE_METRIC } from './sparkplug/metric-table.ts';
import { createNodeFacts } from './sparkplug/node-facts.ts';
import { createNodePublisher } from './sparkplug/node-publisher.ts';
import { encodeNodeDeath } from './sparkplug/publisher.ts';
import { createTopics } from './sparkplug/topics.ts';

export interface UplinkParts {
  readonly config: UplinkConfig;
  readonly cabinetId: string;
  readonly version: string;
  readonly devices: readonly UplinkDevice[];
  readonly clock: Clock;
  readonly log: Log;
  readonly store: Pick<
    Store,
    'save' | 'load' | 'loadAll' | 'audit' | 'readAfter' | 'moveCursor' | 'status' | 'rowOf' | 'gapsAfter' | 'exportPage'
  >;
  /** The newest reading of a point, for births. */
  readonly latest: (pointId: PointId) => Reading | undefined;
  readonly door: MqttTransport;
  /** 0..1, for back-off and jitter. */
  readonly random: () => number;
  readonly readFile?: ReadFile;
  /** Someone still works on a command of an earlier session. Default: nobody does. */
  readonly isOpenCommand?: (commandId: string) => boolean;
  /** A command of the platform that is to be carried out, once. */
  readonly onOrder?: (order: PlatformOrder) => void;
  /** A neighbour cabinet reports someone; checked for shape, not yet for sense. */
  readonly onRelay?: (relay: RelayedDetection) => void;
  readonly onEvent?: (event: AgentEvent) => void;
}

/** How often `Sync/*` is looked at and, when it changed, sent. Units: ms. */
const SYNC_PERIOD_MS = 60_000;

/** Longest wait for the last proof before the farewell. Units: ms. */
const SETTLE_MS = 1_000;

/** An uplink that touches nothing before `start`. */
export function createUplink(parts: UplinkParts): Uplink {
  const { config, clock, log, store, onOrder = () => {}, onRelay = () => {}, onEvent = () => {} } = parts;
  const readFile = parts.readFile ?? createFileReader(null);
  const trace = createTrace(clock);
  const clientId = `luciole-${parts.cabinetId}`;
  const table = createMetricTable(parts.devices, config);
  const topics = createTopics(config.group, config.node, config.primaryHost);
  const values = createCurrentValues({ table, clock, latest: parts.latest });
  const facts = createNodeFacts({ table, values, clock, version: parts.version });
  const relays = createRelayChannel({ table, values, nodeId: config.node, clock, onRelay });
  const counts = { published: 0, historical: 0, acked: 0, messages: 0, bytes: 0 };
  let syncTimer: Timer | null = null;
  let sinceMs = clock.wallMs();
  /** A person asked for it: nothing is wrong. */
  let isReconnecting = false;
  /** A start waits for the disk, and a stop may come meanwhile. */
  let isWanted = false;

  const meter = createDataBudget({ clock, store, dailyMegabytes: config.dailyMegabytes });
  const events = createEventTracker(clock, onEvent);
  const voice = createNodePublisher({
    ...{ nodeId: config.node, table, topics, values, clock, log },
    onSent: (bytes) => {
      counts.messages += 1;
      counts.bytes += bytes;
      meter.add(bytes);
    },
    onUnbearable: (error) => link.fail(error),
  });
  const delivery = createDelivery({
    store,
    clock,
    log,
    proof: config.proof,
    mayDrain: () => meter.mayDrain(),
    onGap: (notes) => voice.texts(NODE_METRIC.gap, notes),
    onResend: tellResend,
    onMode: () => void reportSync(),
    onSent: ({ readings, historical }) => {
      counts.published += readings;
      if (historical) counts.historical += readings;
    },
    onProven: (readings) => {
      counts.acked += readings;
    },
  });
  const syncDesk = createSyncHandler({ table, clock, log, delivery, onResend: tellResend, onAccept: () => void reportSync() });
  const desk = createCommandInbox({
    table,
    cabinetId: parts.cabinetId,
    clock,
    log,
    store,
    random: parts.random,
    ...(parts.isOpenCommand === undefined ? {} : { isOpen: parts.isOpenCommand }),
    onOrder,
    onTaken: (deviceId, commandId, expiresMs) => {
      const at = { quality: 'good', atMs: clock.wallMs() } as const;
      voice.update(deviceId, COMMAND_METRIC.id, { value: commandId, ...at });
      voice.update(deviceId, COMMAND_METRIC.expires, { value: expiresMs, ...at });
    },
    onRebirth: () => link.tell({ kind: 'rebirth-asked', atMono: clock.monoMs() }),
    onAnswer: voice.outcome,
    onEvent,
  });
  const link = createBrokerLink({
    config,
    clientId,
    subscriptions: topics.subscriptions,
    will: (bdSeq) => ({ topic: topics.node('NDEATH'), payload: encodeNodeDeath(table, bdSeq, clock.wallMs()) }),
    clock,
    log,
    store,
    door: parts.door,
    random: parts.random,
    readFile,
    onBirth: giveBirth,
    onRebirth: voice.bear,
    onDeath: sayGoodbye,
    onGone: forgetSession,
    onMessage: receive,
    onChange: afterPhase,
    onTakenOver: (text) => events.notice({ code: 'uplink-taken-over', source: config.node, severity: 'warning', text }),
    trace,
  });

  function giveBirth(connection: MqttConnection, bdSeq: number): void {
    delivery.open({ publisher: voice.open(connection, bdSeq), connection });
    desk.open(connection);
  }

  async function sayGoodbye(connection: MqttConnection, { bdSeq, wanted }: Ending): Promise<void> {
    if (wanted) await within(clock, SETTLE_MS, delivery.settled());
    delivery.close();
    desk.close();
    voice.farewell(connection, bdSeq);
  }

  function forgetSession(): void {
    delivery.close();
    desk.close();
    voice.close();
  }

  function receive(message: InboundMessage): void {
    const inbound = topics.read(message.topic);
    if (inbound.kind === 'node-command') {
      if (!relays.take(message) && !syncDesk.take(message)) desk.nodeCommand(message);
    } else if (inbound.kind === 'device-command') desk.deviceCommand(inbound.deviceId, message);
    else if (inbound.kind === 'host-state') {
      const state = readHostState(message.payload);
      if (state !== undefined)
        link.tell({ kind: 'host', ...state, atMono: clock.monoMs(), nowMs: isTrusted(clock.quality()) ? clock.wallMs() : null });
      else log.event('uplink-bad-host-state', { bytes: message.payload.length }, 'warning');
    }
  }

  function afterPhase(): void {
    const { phase, afterDeath } = link.session;
    sinceMs = clock.wallMs();
    if (phase === 'connecting' || phase === 'off') isReconnecting = false;
    if (phase === 'subscribing') void reportSync();
    if (phase === 'live') events.clear('uplink-down', config.node);
    if (!isReconnecting && (phase === 'resting' || (phase === 'dying' && afterDeath !== 'off')))
      events.set(true, { code: 'uplink-down', source: config.node, severity: 'warning', text: reasonNow() });
  }

  function reasonNow(): string {
    return uplinkReason(link, { isReconnecting, primaryHost: config.primaryHost });
  }

  /** Before a session the birth carries it, within one NDATA does. */
  async function reportSync(): Promise<void> {
    const status = await delivery.refresh();
    const known = delivery.facts();
    meter.keep(false);
    const changes = facts.note(status, known, meter.today());
    voice.values(changes);
    events.set(known.isPlatformSilent, {
      code: 'platform-silent',
      source: config.node,
      severity: 'warning',
      text: silenceText(known),
    });
  }

  function tellResend(result: ResendResult): void {
    voice.texts(NODE_METRIC.resendResult, [JSON.stringify(result)]);
  }

  return {
    start: async () => {
      isWanted = true;
      await Promise.all([delivery.restore(), meter.restore(), desk.restore()]);
      if (!isWanted) return;
      void reportSync();
      // Without a session as well: a birth that waited long for its host tells what is so by then.
      syncTimer = every(clock, SYNC_PERIOD_MS, () => void reportSync());
      await link.start();
    },
    stop: async () => {
      isWanted = false;
      syncTimer?.cancel();
      await within(clock, SETTLE_MS, desk.stop());
      await link.stop();
      meter.keep(true);
    },
    publish: delivery.publish,
    update: voice.update,
    deviceAlive: voice.deviceAlive,
    committed: delivery.committed,
    fates: delivery.fates,
    outcome: desk.note,
    relay: (relay) => {
      if (voice.isOpen()) voice.values([relays.letter(relay)]);
    },
    status: () => ({
      state: uplinkState(link.session.phase),
      broker: link.server.url,
      server: link.server,
      reason: reasonNow(),
      sinceMs,
      bdSeq: link.session.bdSeq,
      readingsPublished: counts.published,
      readingsHistorical: counts.historical,
      readingsAcked: counts.acked,
      messagesSent: counts.messages,
      bytesSent: counts.bytes,
      commandsReceived: desk.received,
      commandsRefused: desk.refused,
      relays: relays.counts(),
      delivery: { ...delivery.facts(), bytesToday: meter.today(), dailyMegabytes: config.dailyMegabytes },
      certificates: link.certificates,
      lastFailure: link.lastFailure,
    }),
    tools: {
      trace: trace.entries,
      watch: trace.watch,
      reconnect: (by) => {
        if (link.session.phase === 'off') return false;
        const text = `new connection to the platform asked for by ${by}`;
        events.notice({ code: 'uplink-reconnect', source: config.node, severity: 'info', text });
        trace.event(text);
        isReconnecting = link.session.phase !== 'connecting' && link.session.phase !== 'saving';
        link.tell({ kind: 'reconnect' });
        return true;
      },
      test: (request, tell) => testUplink({ config, clientId, door: parts.door, clock, readFile }, request, tell),
    },
  };
}
