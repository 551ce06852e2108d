/**
 * One run of the agent on a real cabinet: files, system clock, serial ports, broker.
 *
 * Owns the life of the run, from its options to its exit code. Called by `main.ts`.
 */
import { createSerialPort } from '../drivers/serial-port.ts';
import { createAgent } from './app.ts';
import { loadSite } from './app-load.ts';
import { agentSocketPath } from './console/socket-path.ts';
import type { Cabinet } from './core/cabinet.ts';
import { every, sleep } from './core/clock.ts';
import type { RunOptions } from './core/run-options.ts';
import { createSystemClock } from './core/system-clock.ts';
import { machineStart } from './service/machine-start.ts';
import { createNotify } from './service/notify.ts';
import { createTimeQuality } from './service/time-quality.ts';
import { createMqttDoor } from './sync/mqtt-door.ts';
import { createFileReader } from './sync/secret-files.ts';

export { checkConfig } from './app-load.ts';

/** How often the service manager hears that the loop turns. Units: ms. Source: a third of WatchdogSec in the unit file. */
const ALIVE_MS = 10_000;
/** Longest wait for the first look at the system's clocks. Units: ms. Source: assumed; small files in memory. */
const FIRST_PROBE_MS = 1_000;

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
  // A battery clock that does not answer must not delay the first light.
  await Promise.race([timeQuality.start(), sleep(wall, FIRST_PROBE_MS)]);
  const isBusAlone = cabinet.lines.filter(({ kind }) => kind === 'modbus').length < 2;
  const clock = createSystemClock({ quality: () => timeQuality.quality(), wallOffsetMs, isBusAlone });
  const agent = createAgent({
    ...site,
    cabinet,
    clock,
    log,
    version: options.version,
    openPort: createSerialPort,
    door: createMqttDoor(),
    readFile: createFileReader(options.credentialsDir ?? null),
    random: Math.random,
    machine: machineStart(),
    socketPath: options.socketPath ?? cabinet.console.socketPath ?? agentSocketPath(),
  });
  const notify = createNotify({ socket: options.notifySocket ?? null, log });
  const starting = agent.start();
  await Promise.race([starting.then(() => notify.ready()), stopped(stopSignal)]);
  const alive = every(clock, ALIVE_MS, () => notify.alive());
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
