/**
 * The only place where the parts are built and joined.
 *
 * Owns the order of start and stop and the ways between the rooms. Decides nothing itself.
 * Called by `main.ts`; scenario tests call `createAgent` with a simulated clock and simulated cables.
 */

import { createModbusLine } from '../drivers/modbus/modbus-line.ts';
import { charMs } from '../drivers/modbus/wire-time.ts';
import { modbusDriverFor, uartDriverFor } from '../drivers/registry.ts';
import { createSerialPort } from '../drivers/serial-port.ts';
import { loadSite } from './app-load.ts';
import { cabinetPoints, failsafeLevelPct, LAMP_METRIC, uplinkDevices, zoneOfDevice } from './app-points.ts';
import { createAgentView } from './app-view.ts';
import { agentSocketPath } from './console/socket-path.ts';
import { createConsoleServer } from './console/socket-server.ts';
import { createControl } from './control/control.ts';
import type { Cabinet, LineConfig } from './core/cabinet.ts';
import { type Clock, every, type MonoMs, type Timer } from './core/clock.ts';
import type { OpenBytePort } from './core/driver.ts';
import { createEventBook } from './core/event-book.ts';
import type { AgentView, Field, Log, Uplink } from './core/ports.ts';
import type { Profile } from './core/profile.ts';
import type { RunOptions } from './core/run-options.ts';
import { createSystemClock } from './core/system-clock.ts';
import { type AgentEvent, type Decision, type Intent, type Outcome, RANKS, type Reading } from './core/words.ts';
import { createDiagnosis } from './diagnosis/diagnosis.ts';
import { createField, type FieldLine } from './field/field.ts';
import { POLL_PERIOD_MS } from './field/poll-plan.ts';
import { createHousekeeping } from './service/housekeeping.ts';
import { createNotify } from './service/notify.ts';
import { createTimeQuality } from './service/time-quality.ts';
import { createRecorder } from './store/recorder.ts';
import { createStore, type StoreParts } from './store/store.ts';
import type { MqttDoor } from './sync/door.ts';
import { createMqttDoor } from './sync/mqtt-door.ts';
import { createUplink } from './sync/uplink.ts';

export { checkConfig } from './app-load.ts';

/** A poll may keep an urgent write waiting for this long at most. Units: ms. Source: design §4. */
const URGENT_LATENCY_MS = 50;
/** A driver that hears no agent for this long goes to its failsafe level. Units: s. Source: assumed; twelve missed polls. */
const FAILSAFE_TIMEOUT_S = 60;
/** Ramps of a zone without presence. Units: s. Source: reference values of street-lighting practice, 1 to 2 s up, 8 to 10 s down. */
const RAMP_S = { up: 1, down: 10 };
/** After the night, before the working day. Units: UTC. */
const DAILY_REPORT_CRON = '0 9 * * *';
/** How often the service manager hears that the loop turns. Units: ms. Source: a third of WatchdogSec in the unit file. */
const ALIVE_MS = 10_000;

export interface AgentParts {
  readonly cabinet: Cabinet;
  readonly profiles: ReadonlyMap<string, Profile>;
  readonly clock: Clock;
  readonly log: Log;
  readonly version: string;
  readonly openPort: OpenBytePort;
  readonly door: MqttDoor;
  /** 0..1. */
  readonly random: () => number;
  /** Where the console answers; null opens no console. */
  readonly socketPath: string | null;
  readonly openStoreLink?: StoreParts['openLink'];
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
  const active = new Map<string, AgentEvent>();
  const startedMono = clock.monoMs();
  let firstPollMono: MonoMs | null = null;

  const store = createStore({
    ...cabinet.store,
    clock,
    log,
    decimals: new Map([...points].map(([id, { profile }]) => [id, profile.decimals])),
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
  const devices = uplinkDevices(cabinet, points);
  const targets = devices.flatMap(({ id, target }) => (target === null ? [] : [{ id, target }]));
  const events = createEventBook(clock, onEvent);
  const diagnosis = createDiagnosis({ points, clock, onEvent });
  const field = createField({
    lines: cabinet.lines.map((line) => fieldLine(line, parts)),
    clock,
    log,
    setupValuesOf,
    random: parts.random,
    periodsMs: parts.periodsMs ?? POLL_PERIOD_MS,
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
    verificationOf,
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
          random: parts.random,
        });
  const view = createAgentView({
    ...parts,
    field,
    store,
    control,
    uplink,
    points,
    startedMono,
    activeEvents: () => [...active.values()],
    firstPollMono: () => firstPollMono,
    rssMb: () => Math.round(process.memoryUsage.rss() / 2 ** 20),
  });
  const console =
    parts.socketPath === null ? null : createConsoleServer({ view, socketPath: parts.socketPath, log, clock, timezone: cabinet.timezone });

  const housekeeping = createHousekeeping({ log, chores: [{ name: 'daily-report', cron: DAILY_REPORT_CRON, run: dailyReport }] });

  store.onEvent = onEvent;
  store.onCommitted = (committed) => uplink?.committed(committed);
  if (uplink !== null) {
    uplink.onOverride = (request) => void control.override(request);
    uplink.onRelease = (request) => void control.release(request);
    uplink.onEvent = onEvent;
  }

  return {
    view,
    field,
    async start() {
      // The console first: a second agent on the same socket must not touch the lines. Then the lines: light needs nothing else.
      await console?.start();
      const stored = store.start();
      await field.start();
      recorder.start();
      await control.start();
      await stored;
      await uplink?.start();
      housekeeping.start();
      events.raise('agent-started', cabinet.id, 'info', `luciole ${parts.version} started`);
      events.clear('agent-started', cabinet.id);
    },
    async stop() {
      housekeeping.stop();
      await console?.stop();
      await control.stop();
      recorder.stop();
      await uplink?.stop();
      await field.stop();
      events.raise('agent-stopped', cabinet.id, 'info', `luciole ${parts.version} stopped`);
      await store.stop();
    },
  };

  /** The night in one log line, so that a year of nights can be read without the platform. */
  async function dailyReport(): Promise<void> {
    const { store: stored, uplink: link, lines, units, detections, lampsRaised } = await view.status();
    const { readingsStored, readingsLost, backlogFrames } = stored;
    const bus = Object.fromEntries(lines.map(({ id, busyPct, timeouts }) => [id, { busyPct, timeouts }]));
    log.event('daily-report', { detections, lampsRaised, units, bus, readingsStored, readingsLost, backlogFrames, uplink: link.state });
  }

  function onReadings(readings: readonly Reading[]): void {
    firstPollMono ??= clock.monoMs();
    // Light first: a detection must not wait for bookkeeping.
    control.onReadings(readings);
    diagnosis.onReadings(readings);
    recorder.record(readings);
  }

  function onEvent(event: AgentEvent): void {
    if (event.endMs === null && event.severity !== 'info') active.set(event.id, event);
    else active.delete(event.id);
    log.event(event.code, { source: event.source, text: event.text, ended: event.endMs !== null }, event.severity);
    store.appendEvent(event);
  }

  function onOutcome(outcome: Outcome): void {
    store.appendOutcome(outcome);
    uplink?.outcome(outcome);
  }

  function onDecision({ lampId, levelPct, rank, reason }: Decision): void {
    const at = { quality: 'good', atMs: clock.wallMs() } as const;
    uplink?.update(lampId, LAMP_METRIC.wanted, { value: levelPct, ...at });
    uplink?.update(lampId, LAMP_METRIC.rank, { value: rank, ...at });
    uplink?.update(lampId, LAMP_METRIC.reason, { value: reason, ...at });
  }

  /** What is in force on a lamp or zone itself, for the platform; a wish for the zone is not repeated on its lamps. */
  function onIntents(intents: readonly Intent[]): void {
    for (const { id, target } of targets) {
      const own = intents.filter((intent) => intent.target.kind === target.kind && intent.target.id === target.id);
      const strongest = own.toSorted((a, b) => RANKS.indexOf(a.rank) - RANKS.indexOf(b.rank))[0];
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

function fieldLine(config: LineConfig, { profiles, openPort, clock }: AgentParts): FieldLine {
  const port = openPort(config.port, config.serial);
  const profileOf = (deviceId: string): Profile => {
    const profile = profiles.get(config.devices.find(({ id }) => id === deviceId)?.profile ?? '');
    if (profile === undefined) throw new TypeError(`device ${deviceId} has no profile; the config check lets none such pass`);
    return profile;
  };
  if (config.kind === 'uart') return { kind: 'uart', config, port, driver: uartDriverFor(profileOf(config.devices[0]?.id ?? '')) };
  const drivers = new Map(config.devices.map(({ id }) => [id, modbusDriverFor(profileOf(id))]));
  const driverOf = (deviceId: string) => drivers.get(deviceId) ?? modbusDriverFor(profileOf(deviceId));
  // Two bytes a register; the rest of the budget is frame overhead and turnaround.
  const maxRegisters = Math.max(4, Math.floor((URGENT_LATENCY_MS / charMs(config.serial) - 13) / 2));
  return { kind: 'modbus', config, line: createModbusLine({ port, serial: config.serial, clock }), driverOf, maxRegisters };
}

/**
 * Run until told to stop.
 *
 * Errors: rejects with ConfigError for files that cannot be used, with ConsoleError when another agent has the socket.
 */
export async function runAgent(options: RunOptions): Promise<number> {
  const { log, stopSignal } = options;
  const site = loadSite(options.configFile);
  for (const problem of site.profileProblems) log.event('profile-unusable', { ...problem }, 'warning');
  const cabinet = withOptions(site.cabinet, options);
  const wallOffsetMs = options.startAtMs === null ? 0 : options.startAtMs - createSystemClock({ quality: () => 'none' }).wallMs();
  const wall = createSystemClock({ quality: () => 'none', wallOffsetMs });
  // A rehearsal chooses its time, so there is nothing to doubt.
  const timeQuality = createTimeQuality({ clock: wall, trust: options.startAtMs === null ? cabinet.clockTrust : 'system' });
  await timeQuality.start();
  const clock = createSystemClock({ quality: () => timeQuality.quality(), wallOffsetMs });
  const agent = createAgent({
    ...site,
    cabinet,
    clock,
    log,
    version: options.version,
    openPort: createSerialPort,
    door: createMqttDoor(),
    random: Math.random,
    socketPath: options.socketPath ?? cabinet.console.socketPath ?? agentSocketPath(),
  });
  const notify = createNotify({ socket: options.notifySocket ?? null, log });
  await agent.start();
  notify.ready();
  const alive: Timer = every(clock, ALIVE_MS, () => notify.alive());
  await stopped(stopSignal);
  alive.cancel();
  notify.stopping();
  await agent.stop();
  return 0;
}

function stopped(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** The command line goes before the file. */
function withOptions(cabinet: Cabinet, { ports, broker, dataDir, noUplink }: RunOptions): Cabinet {
  const uplink = cabinet.uplink === null || broker === null ? cabinet.uplink : { ...cabinet.uplink, broker };
  return {
    ...cabinet,
    lines: cabinet.lines.map((line) => ({ ...line, port: ports[line.id] ?? line.port })),
    uplink: noUplink ? null : uplink,
    store: dataDir === null ? cabinet.store : { ...cabinet.store, dir: dataDir },
  };
}
