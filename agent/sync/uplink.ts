/**
 * The platform's side of the cabinet: a Sparkplug B 3.0 edge node.
 *
 * Joins the parts of this room and answers the rest of the agent. Never throws into a caller; a broken link is a state and an event,
 * and readings wait in the store meanwhile. Made by `app.ts`.
 */
import type { UplinkConfig } from '../core/cabinet.ts';
import { type Clock, every, isTrusted, type Timer } from '../core/clock.ts';
import { UplinkError } from '../core/errors.ts';
import { createEventBook } from '../core/event-book.ts';
import type { Log, Store, Uplink, UplinkDevice, UplinkValue } from '../core/ports.ts';
import { within } from '../core/within.ts';
import type { Outcome, PointId, Reading } from '../core/words.ts';
import { createByteMeter } from './byte-meter.ts';
import { createCommandDesk } from './command-desk.ts';
import { COMMAND_METRIC } from './command-metrics.ts';
import type { Order } from './command-orders.ts';
import { createCurrentValues } from './current-values.ts';
import { createDelivery } from './delivery.ts';
import type { InboundMessage, MqttConnection, MqttDoor } from './door.ts';
import { readHostState } from './host-state.ts';
import { createLink, type Ending } from './link.ts';
import { createMetricTable, type MetricEntry, NODE_METRIC } from './metric-table.ts';
import { createNodeFacts } from './node-facts.ts';
import { type OutcomeKind, outcomeMetrics } from './outcome-voice.ts';
import { createPublisher, encodeNodeDeath, type Publisher } from './publisher.ts';
import { createRelayPost } from './relay-post.ts';
import type { ResendResult } from './resend-desk.ts';
import { createFileReader } from './secret-files.ts';
import type { ReadFile } from './secrets.ts';
import { createSyncDesk } from './sync-desk.ts';
import { createTopics } from './topics.ts';
import { createTrace } from './trace.ts';
import { testUplink } from './uplink-test.ts';
import { reasonOf, stateOf } from './uplink-words.ts';

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
  readonly door: MqttDoor;
  /** 0..1, for back-off and jitter. */
  readonly random: () => number;
  readonly readFile?: ReadFile;
  /** Someone still works on a command of an earlier session. Default: nobody does. */
  readonly isOpenCommand?: (commandId: string) => boolean;
}

/** How often `Sync/*` is looked at and, when it changed, sent. Units: ms. */
const SYNC_PERIOD_MS = 60_000;
/** Changes of one moment leave together. Units: ms. Source: assumed; one control tick sets many metrics, none may be late by a second. */
const GATHER_MS = 50;

/** Longest wait for the last proof before the farewell. Units: ms. */
const SETTLE_MS = 1_000;

/** An uplink that touches nothing before `start`. */
export function createUplink(parts: UplinkParts): Uplink {
  const { config, clock, log, store } = parts;
  const readFile = parts.readFile ?? createFileReader(null);
  const trace = createTrace(clock);
  const clientId = `luciole-${parts.cabinetId}`;
  const table = createMetricTable(parts.devices, config);
  const topics = createTopics(config.group, config.node, config.primaryHost);
  const values = createCurrentValues({ table, clock, latest: parts.latest });
  const facts = createNodeFacts({ table, values, clock, version: parts.version });
  const relays = createRelayPost({ table, values, nodeId: config.node, clock, onRelay: (relay) => uplink.onRelay(relay) });
  const silent = new Set<string>();
  const changed = new Map<MetricEntry, UplinkValue>();
  const counts = { published: 0, historical: 0, acked: 0, messages: 0, bytes: 0 };
  let publisher: Publisher | null = null;
  let gathering: Timer | null = null;
  let syncTimer: Timer | null = null;
  let sinceMs = clock.wallMs();
  /** A person asked for it: nothing is wrong. */
  let isReconnecting = false;
  /** A start waits for the disk, and a stop may come meanwhile. */
  let isWanted = false;

  const meter = createByteMeter({ clock, store, dailyMegabytes: config.dailyMegabytes });
  const events = createEventBook(clock, (event) => uplink.onEvent(event));
  const delivery = createDelivery({
    store,
    clock,
    log,
    proof: config.proof,
    mayDrain: () => meter.mayDrain(),
    onGap: (notes) => tellTexts(NODE_METRIC.gap, notes),
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
  const syncDesk = createSyncDesk({ table, clock, log, delivery, onResend: tellResend, onAccept: () => void reportSync() });
  const desk = createCommandDesk({
    table,
    cabinetId: parts.cabinetId,
    clock,
    log,
    store,
    random: parts.random,
    ...(parts.isOpenCommand === undefined ? {} : { isOpen: parts.isOpenCommand }),
    onOrder: giveOrder,
    onTaken: (deviceId, commandId, expiresMs) => {
      const at = { quality: 'good', atMs: clock.wallMs() } as const;
      uplink.update(deviceId, COMMAND_METRIC.id, { value: commandId, ...at });
      uplink.update(deviceId, COMMAND_METRIC.expires, { value: expiresMs, ...at });
    },
    onRebirth: () => link.tell({ kind: 'rebirth-asked', atMono: clock.monoMs() }),
    onAnswer: tellOutcome,
    onEvent: (event) => uplink.onEvent(event),
  });
  const link = createLink({
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
    onRebirth: () => say(bear),
    onDeath: sayGoodbye,
    onGone: forgetSession,
    onMessage: receive,
    onChange: afterPhase,
    onTakenOver: (text) => events.notice({ code: 'uplink-taken-over', source: config.node, severity: 'warning', text }),
    trace,
  });

  /** Sends where there is a session. A broken link ends it by itself; what was to be said stands in the next birth. */
  function say(send: (session: Publisher) => void, session = publisher): void {
    if (session === null) return;
    try {
      send(session);
    } catch (error) {
      if (!(error instanceof UplinkError)) throw error;
      log.event('uplink.not-sent', { code: error.code, message: error.message }, error.code === 'too-large' ? 'warning' : 'debug');
    }
  }

  /** A birth that the broker cannot take even when cut makes no session. */
  function bear(session: Publisher): void {
    try {
      session.birth();
    } catch (error) {
      if (!(error instanceof UplinkError) || error.code !== 'too-large') throw error;
      link.fail(error);
    }
  }

  function openSession(connection: MqttConnection, bdSeq: number): Publisher {
    const onSent = (bytes: number): void => {
      counts.messages += 1;
      counts.bytes += bytes;
      meter.add(bytes);
    };
    const onCut = (deviceId: string | null, leftOut: readonly string[]): void =>
      log.event('uplink.birth-cut', { device: deviceId ?? config.node, leftOut, maxPacketBytes: connection.maxPacketBytes }, 'warning');
    return createPublisher({
      connection,
      table,
      topics,
      values,
      clock,
      bdSeq,
      isAlive: (deviceId) => !silent.has(deviceId),
      onSent,
      onCut,
    });
  }

  function giveBirth(connection: MqttConnection, bdSeq: number): void {
    publisher = openSession(connection, bdSeq);
    changed.clear();
    say(bear);
    delivery.open({ publisher, connection });
    desk.open(connection);
  }

  async function sayGoodbye(connection: MqttConnection, { bdSeq, wanted }: Ending): Promise<void> {
    if (wanted) await within(clock, SETTLE_MS, delivery.settled());
    const dying = publisher ?? openSession(connection, bdSeq);
    delivery.close();
    desk.close();
    publisher = null;
    say((session) => session.death(), dying);
  }

  function forgetSession(): void {
    delivery.close();
    desk.close();
    publisher = null;
    gathering?.cancel();
    gathering = null;
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
      else log.event('uplink.bad-host-state', { bytes: message.payload.length }, 'warning');
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
    return reasonOf(link, { isReconnecting, primaryHost: config.primaryHost });
  }

  /** Before a session the birth carries it, within one NDATA does. */
  async function reportSync(): Promise<void> {
    const status = await delivery.refresh();
    const known = delivery.facts();
    meter.keep(false);
    const changes = facts.note(status, known, meter.today());
    if (changes.length > 0) say((session) => session.values(changes));
    const text = `the platform has acknowledged nothing beyond row ${known.cursorSeq}: check that it stores what arrives`;
    events.set(known.isPlatformSilent, { code: 'platform-silent', source: config.node, severity: 'warning', text });
  }

  /** Each text is a value of its own; those of one moment are told apart by a millisecond. */
  function tellTexts(name: string, texts: readonly string[]): void {
    const entry = table.node.find((candidate) => candidate.name === name);
    if (entry === undefined) return;
    const told = texts.map((value) => [entry, values.put(entry, { value, quality: 'good', atMs: clock.wallMs() })] as const);
    say((session) => session.values(told));
  }

  function tellResend(result: ResendResult): void {
    tellTexts(NODE_METRIC.resendResult, [JSON.stringify(result)]);
  }

  function tellOutcome(outcome: Outcome, kind: OutcomeKind): void {
    const maxTextBytes = publisher?.maxTextBytes ?? Number.POSITIVE_INFINITY;
    const told = outcomeMetrics({ table, values, isSilent: (deviceId) => silent.has(deviceId), maxTextBytes }, outcome, kind);
    say((session) => session.values(told));
  }

  function giveOrder({ kind, request }: Order): void {
    if (kind === 'override') uplink.onOverride(request);
    else if (kind === 'release') uplink.onRelease(request);
    else if (kind === 'programme') uplink.onProgramme(request);
    else if (kind === 'blink') uplink.onBlink(request);
    else if (kind === 'config') uplink.onConfig(request);
    else if (kind === 'update') uplink.onUpdate(request);
    else uplink.onPointWrite(request);
  }

  function flush(): void {
    gathering = null;
    const changes = [...changed];
    changed.clear();
    if (changes.length > 0) say((session) => session.values(changes));
  }

  const uplink: Uplink = {
    onOverride: () => {},
    onRelease: () => {},
    onProgramme: () => {},
    onBlink: () => {},
    onPointWrite: () => {},
    onConfig: () => {},
    onUpdate: () => {},
    onEvent: () => {},
    onRelay: () => {},
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
    update: (deviceId, metric, value) => {
      const ofNode = deviceId === '' ? table.node.find(({ name }) => name === metric) : undefined;
      const entry = ofNode ?? table.devices.get(deviceId)?.byName.get(metric);
      if (entry === undefined) return log.event('uplink.unknown-metric', { deviceId, metric }, 'warning');
      const next = values.set(entry, value);
      if (next === undefined || publisher === null) return;
      changed.set(entry, next);
      gathering ??= clock.after(GATHER_MS, flush);
    },
    deviceAlive: (deviceId, alive) => {
      const device = table.devices.get(deviceId);
      if (device === undefined || device.target?.kind === 'zone') return;
      if (alive) silent.delete(deviceId);
      else silent.add(deviceId);
      say((session) => session.deviceAlive(deviceId, alive));
    },
    committed: delivery.committed,
    outcome: desk.note,
    relay: (relay) => {
      if (publisher !== null) say((session) => session.values([relays.letter(relay)]));
    },
    status: () => ({
      state: stateOf(link.session.phase),
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
  return uplink;
}
