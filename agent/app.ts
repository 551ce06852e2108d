/**
 * The only place where the parts are built and joined.
 *
 * Owns the order of start and stop and the ways between the rooms. Decides nothing itself.
 * Called by `app-run.ts` for a real cabinet; scenario tests hand in a simulated clock and simulated cables.
 */

import { adapterLatencyMs } from '../drivers/adapter-latency.ts';
import { withSiteKnowledge } from './app-bus.ts';
import { agentChores } from './app-chores.ts';
import { createEnergy } from './app-energy.ts';
import { endLeftovers } from './app-events.ts';
import { createLightViews } from './app-light.ts';
import { fieldLine } from './app-lines.ts';
import { createPlatformView } from './app-platform.ts';
import { cabinetPoints, failsafeLevelPct, LAMP_METRIC, uplinkDevices, zoneOfDevice } from './app-points.ts';
import { quietUntilMono, streetKnowledge } from './app-street.ts';
import { createAgentView } from './app-view.ts';
import { ConsoleError } from './console/console-error.ts';
import { createConsoleServer } from './console/socket-server.ts';
import { createControl } from './control/control.ts';
import type { Cabinet } from './core/cabinet.ts';
import type { Clock, MonoMs, Timer } from './core/clock.ts';
import type { OpenBytePort } from './core/driver.ts';
import { createEventBook } from './core/event-book.ts';
import type { Field, Log, Uplink } from './core/ports.ts';
import type { Profile } from './core/profile.ts';
import type { AgentView } from './core/views.ts';
import type { AgentEvent, Decision, Intent, Outcome, Reading } from './core/words.ts';
import { createDiagnosis } from './diagnosis/diagnosis.ts';
import { createField } from './field/field.ts';
import type { POLL_PERIOD_MS } from './field/poll-plan.ts';
import { byStrength } from './lighting/intents.ts';
import { createHousekeeping } from './service/housekeeping.ts';
import { createRecorder } from './store/recorder.ts';
import { createStore, type StoreParts } from './store/store.ts';
import type { MqttDoor } from './sync/door.ts';
import type { ReadFile } from './sync/secrets.ts';
import { createUplink } from './sync/uplink.ts';

/** A driver that hears no agent for this long goes to its failsafe level. Units: s. Source: assumed; twelve missed polls. */
const FAILSAFE_TIMEOUT_S = 60;
/** Ramps of a zone without presence. Units: s. Source: reference values of street-lighting practice, 1 to 2 s up, 8 to 10 s down. */
const RAMP_S = { up: 1, down: 10 };
/** Wait before a console socket that could not be opened is tried again. Units: ms. Source: assumed; a technician waits no longer. */
const CONSOLE_RETRY_MS = 10_000;

export interface AgentParts {
  readonly cabinet: Cabinet;
  readonly profiles: ReadonlyMap<string, Profile>;
  readonly clock: Clock;
  readonly log: Log;
  readonly version: string;
  readonly openPort: OpenBytePort;
  readonly door: MqttDoor;
  /** Reads the files of the uplink. Default: from the disk, without credentials of a service. */
  readonly readFile?: ReadFile;
  /** 0..1. */
  readonly random: () => number;
  /** Where the console answers; null opens no console. */
  readonly socketPath: string | null;
  readonly openStoreLink?: StoreParts['openLink'];
  /** When the machine began, so that an earlier run's times can be put right; not known unless given. */
  readonly machine?: StoreParts['machine'];
  readonly periodsMs?: typeof POLL_PERIOD_MS;
}

export interface Agent {
  readonly view: AgentView;
  readonly field: Field;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export function createAgent(parts: AgentParts): Agent {
  const { cabinet, profiles, clock, log } = parts;
  const points = cabinetPoints(cabinet, profiles);
  /** Going on now. */
  const open = new Map<string, AgentEvent>();
  const startedMono = clock.monoMs();
  let firstPollMono: MonoMs | null = null;
  let isStopping = false;
  let consoleRetry: Timer | undefined;

  const store = createStore({
    ...cabinet.store,
    clock,
    log,
    decimals: new Map([...points].map(([id, { profile }]) => [id, profile.decimals])),
    counters: new Set([...points].flatMap(([id, { profile }]) => (profile.counter === null ? [] : [id]))),
    machine: parts.machine ?? null,
    ...(parts.openStoreLink === undefined ? {} : { openLink: parts.openStoreLink }),
  });
  const recorder = createRecorder({
    clock,
    rules: new Map([...points].map(([id, { profile }]) => [id, { decimals: profile.decimals, deadband: profile.deadband }])),
    heartbeatS: cabinet.store.heartbeatS,
    onFrame: (frame) => {
      store.append(frame);
      uplink?.publish(frame);
    },
  });
  const devices = uplinkDevices(cabinet, points, profiles);
  const targets = devices.flatMap(({ id, target }) => (target === null ? [] : [{ id, target }]));
  const events = createEventBook(clock, onEvent);
  const diagnosis = createDiagnosis({ points, clock, onEvent });
  const field = createField({
    lines: cabinet.lines.map((line) => fieldLine(line, parts)),
    clock,
    log,
    setupValuesOf,
    random: parts.random,
    memory: store,
    profiles: () => [...profiles.values()],
    adapterLatencyMs,
    ...(parts.periodsMs === undefined ? {} : { periodsMs: parts.periodsMs }),
    onReadings,
    onAlive: (deviceId, alive) => uplink?.deviceAlive(deviceId, alive),
    onEvent,
  });
  const control = createControl({
    street: cabinet,
    clock,
    field,
    store,
    log,
    onEvent,
    onOutcome,
    onDecision,
    onIntents,
    onProgrammes: (choices) => platform?.programmes(choices),
    onBlinks: (running) => platform?.blinks(running),
    verificationOf,
    onRelay: (relay) => uplink?.relay(relay),
    ...streetKnowledge(cabinet, points),
    quietUntilMono: quietUntilMono(cabinet, parts.machine ?? null, startedMono),
  });
  const uplink: Uplink | null =
    cabinet.uplink === null
      ? null
      : createUplink({
          config: cabinet.uplink,
          cabinetId: cabinet.id,
          version: parts.version,
          devices,
          clock,
          log,
          store,
          latest: (pointId) => field.latest(pointId),
          door: parts.door,
          ...(parts.readFile === undefined ? {} : { readFile: parts.readFile }),
          random: parts.random,
        });
  const platform = uplink === null ? null : createPlatformView({ cabinet, clock, uplink });
  const energy = createEnergy({ cabinet, profiles, points, clock, store, field, control, uplink });
  const view = createAgentView({
    ...parts,
    energy: energy.view,
    light: createLightViews({ street: cabinet, clock, control }),
    field,
    bus: withSiteKnowledge(field.bus, cabinet, profiles),
    store,
    control,
    uplink,
    points,
    startedMono,
    activeEvents: () => [...open.values()].filter(({ severity }) => severity !== 'info'),
    firstPollMono: () => firstPollMono,
    rssMb: () => Math.round(process.memoryUsage.rss() / 2 ** 20),
    chores: () => housekeeping.view(),
  });
  const console =
    parts.socketPath === null ? null : createConsoleServer({ view, socketPath: parts.socketPath, log, clock, timezone: cabinet.timezone });

  const housekeeping = createHousekeeping({ log, clock, memory: store, chores: agentChores({ cabinet, store, view, log }) });

  store.onEvent = onEvent;
  store.onCommitted = (committed) => uplink?.committed(committed);
  if (uplink !== null) {
    uplink.onOverride = (request) => void control.override(request);
    uplink.onRelease = (request) => void control.release(request);
    uplink.onProgramme = (request) => void control.chooseProgramme(request);
    uplink.onBlink = (request) => void control.blink(request);
    uplink.onPointWrite = (request) => void control.writePoint(request);
    uplink.onRelay = (relay) => control.hear(relay);
    uplink.onEvent = onEvent;
  }

  return {
    view,
    field,
    async start() {
      // The console first: a second agent on the same socket must not touch the lines. Then light, which waits for nobody:
      // neither for a port that does not open nor for a disk that does not answer.
      await openConsole(true);
      if (isStopping) return;
      const stored = store.start();
      void field.start();
      recorder.start();
      await control.start();
      await stored;
      energy.start();
      if (isStopping) return;
      void endLeftovers({ store, clock, isGoingOn: (id) => open.has(id) });
      await uplink?.start();
      if (isStopping) return;
      housekeeping.start();
      events.notice({ code: 'agent-started', source: cabinet.id, severity: 'info', text: `luciole ${parts.version} started` });
    },
    async stop() {
      isStopping = true;
      consoleRetry?.cancel();
      housekeeping.stop();
      await console?.stop();
      await control.stop();
      // Lines before recorder before uplink before store, so that the last reading goes all the way.
      await field.stop();
      recorder.stop();
      energy.stop();
      await uplink?.stop();
      events.notice({ code: 'agent-stopped', source: cabinet.id, severity: 'info', text: `luciole ${parts.version} stopped` });
      await store.stop();
    },
  };

  /**
   * A place that cannot be used now is tried again.
   *
   * Errors: rejects only at the first try and only when another agent answers there; a street that is lit is never left for its console.
   */
  async function openConsole(isFirst: boolean): Promise<void> {
    try {
      await console?.start();
    } catch (error) {
      if (!(error instanceof ConsoleError) || (isFirst && error.code === 'socket-in-use')) throw error;
      log.event('console-closed', { cause: error.message }, 'warning');
      if (!isStopping) consoleRetry = clock.after(CONSOLE_RETRY_MS, () => void openConsole(false));
    }
  }

  function onReadings(readings: readonly Reading[]): void {
    firstPollMono ??= clock.monoMs();
    // Light first: a detection must not wait for bookkeeping.
    control.onReadings(readings);
    diagnosis.onReadings(readings);
    energy.onReadings(readings);
    recorder.record(readings);
  }

  function onEvent(event: AgentEvent): void {
    if (event.endMs === null) open.set(event.id, event);
    else open.delete(event.id);
    log.event(event.code, { source: event.source, text: event.text, ended: event.endMs !== null }, event.severity);
    store.appendEvent(event);
  }

  function onOutcome(outcome: Outcome): void {
    store.appendOutcome(outcome);
    uplink?.outcome(outcome);
  }

  function onDecision(decision: Decision): void {
    energy.onDecision(decision);
    const { lampId, levelPct, rank, reason } = decision;
    const at = { quality: 'good', atMs: clock.wallMs() } as const;
    uplink?.update(lampId, LAMP_METRIC.wanted, { value: levelPct, ...at });
    uplink?.update(lampId, LAMP_METRIC.rank, { value: rank, ...at });
    uplink?.update(lampId, LAMP_METRIC.reason, { value: reason, ...at });
  }

  /** What is in force on a lamp or zone itself, for the platform; a wish for the zone is not repeated on its lamps. */
  function onIntents(intents: readonly Intent[]): void {
    platform?.emergency(intents);
    for (const { id, target } of targets) {
      const own = intents.filter((intent) => intent.target.kind === target.kind && intent.target.id === target.id);
      const strongest = own.toSorted(byStrength)[0];
      const at = { quality: 'good', atMs: clock.wallMs() } as const;
      uplink?.update(id, 'Override/Level', { value: strongest?.levelPct ?? null, ...at });
      uplink?.update(id, 'Override/Until', { value: strongest?.untilMs ?? null, ...at });
      uplink?.update(id, 'Override/Reason', { value: strongest?.reason ?? null, ...at });
    }
  }

  function setupValuesOf(deviceId: string) {
    const zone = zoneOfDevice(cabinet, deviceId);
    return {
      rampUpMs: (zone?.presence?.rampUpS ?? RAMP_S.up) * 1_000,
      rampDownMs: (zone?.presence?.rampDownS ?? RAMP_S.down) * 1_000,
      failsafeTimeoutS: FAILSAFE_TIMEOUT_S,
      failsafeLevelPct: failsafeLevelPct(cabinet, zone),
    };
  }

  function verificationOf(lampId: string) {
    const lamp = cabinet.lamps.find(({ id }) => id === lampId);
    const write = lamp === undefined ? null : (points.get(`${lamp.device}.${lamp.point}`)?.profile.write ?? null);
    return { settleMs: write?.settleMs ?? 1_000, tolerance: write?.tolerance ?? 0 };
  }
}
