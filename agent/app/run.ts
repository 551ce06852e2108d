/**
 * One run of the agent on a real cabinet: files, system clock, serial ports, broker.
 *
 * Owns the life of the run, from its options to its exit code. Called by `main.ts`.
 */
import { dirname, resolve } from 'node:path';
import { createSerialPort } from '../../drivers/serial-port.ts';
import { beginAside } from '../config/load/read-in-child.ts';
import type { Beginning } from '../config/load/start-revision.ts';
import { type CheckedRevision, checkRevisionAside, editAside, type RevisionFolder } from '../config/revisions/check-in-child.ts';
import { ConsoleError } from '../console/console-error.ts';
import { agentSocketPath } from '../console/socket-path.ts';
import type { Cabinet } from '../core/cabinet.ts';
import { type Clock, sleep } from '../core/clock.ts';
import { ConfigError, StoreError } from '../core/errors.ts';
import { ownHeap } from '../core/heap-keeper.ts';
import type { EditedText, EditOrder } from '../core/revisions.ts';
import type { RunOptions, StartSteps } from '../core/run-options.ts';
import { isBelow, outsideSiteDir, secretFiles } from '../core/secret-places.ts';
import { createSystemClock } from '../core/system-clock.ts';
import { createHealth } from '../service/health.ts';
import { createHeldTimeFile } from '../service/held-time-file.ts';
import { machineStart } from '../service/machine-start.ts';
import { createNotify, type Notify } from '../service/notify.ts';
import { createReleaseShelf, PACKAGE } from '../service/release-shelf.ts';
import { createRunGuard, type RunGuard } from '../service/run-guard.ts';
import { safeCabinet } from '../service/safe-mode.ts';
import { createTimeQuality } from '../service/time-quality.ts';
import type { UpdateParts } from '../service/update-run.ts';
import type { OpenLink } from '../store/messages.ts';
import { createMqttDoor } from '../sync/mqtt/mqtt-door.ts';
import { createFileReader } from '../sync/mqtt/secret-files.ts';
import { type Agent, createAgent } from './agent.ts';

/** What a run tells that had to begin without them. */
const WITHOUT_REVISIONS: RunGuard['news'][number] = {
  code: 'config-refused',
  source: 'configuration',
  severity: 'alarm',
  text: 'the disk of store.dir does not answer: the file of the site runs, without revisions, until the next start; see dmesg',
  isLasting: true,
};
/** For a run without a service manager. */
const NO_LIMIT: StartSteps = { completed() {}, over() {}, overdue: () => null };
/** Longest wait for the first look at the system's clocks. Units: ms. Source: assumed; small files in memory. */
const FIRST_PROBE_MS = 1_000;

/**
 * Run until told to stop.
 *
 * Errors: rejects with ConfigError for files that cannot be used, with ConsoleError when another agent has the socket.
 */
export async function runAgent(options: RunOptions): Promise<number> {
  const { log, stopSignal, startSteps = NO_LIMIT } = options;
  const notify = createNotify({ socket: options.notifySocket ?? null, log });
  const wallOffsetMs = options.startAtMs === null ? 0 : options.startAtMs - createSystemClock({ quality: () => 'none' }).wallMs();
  const wall = createSystemClock({ quality: () => 'none', wallOffsetMs });
  const early = earlyGuardOf(options, { notify, clock: wall });
  const { site, revisions } = await beginningOf(options, early);
  startSteps.completed('configuration-chosen');
  for (const warning of site.warnings) log.event('configuration-warning', { ...warning }, 'warning');
  for (const problem of site.profileProblems) log.event('profile-unusable', { ...problem }, 'warning');
  const dressed = (cabinet: Cabinet): Cabinet => withOptions(cabinet, options);
  const cabinet = dressed(site.cabinet);
  // Local time is then the runtime's own, see `local-time.ts`.
  process.env['TZ'] = cabinet.timezone;
  let agent: Agent | null = null;
  // A rehearsal chooses its time, so there is nothing to doubt.
  const timeQuality = createTimeQuality({
    clock: wall,
    trust: () => (options.startAtMs === null ? (agent?.site().cabinet ?? cabinet).clockTrust : 'system'),
  });
  // A battery clock that does not answer must not delay the first light.
  await Promise.race([timeQuality.start(), sleep(wall, FIRST_PROBE_MS)]);
  const isBusAlone = cabinet.lines.filter(({ kind }) => kind === 'modbus').length < 2;
  const clock = createSystemClock({ quality: () => timeQuality.quality(), wallOffsetMs, isBusAlone });
  const guard = await (early ?? guardOf(options, { clock, notify, stateDir: cabinet.store.dir }));
  startSteps.completed('start-ledger-read');
  process.on('uncaughtExceptionMonitor', (error) => guard.ended('crashed', String(error?.message ?? error)));
  const check = (folder: RevisionFolder): Promise<CheckedRevision> => checkRevisionAside(folder, clock);
  const edit = (order: EditOrder): Promise<EditedText> => editAside(order, clock);
  const over = new AbortController();
  const running = createAgent({
    ...site,
    cabinet: guard.mode === 'normal' ? cabinet : safeCabinet(cabinet),
    guard: {
      ...guard,
      news: [...guard.news, ...(revisions === null ? [WITHOUT_REVISIONS] : []), ...secretNews(cabinet, options.configFile)],
    },
    health: createHealth(),
    heap: ownHeap(),
    updates: updatesOf(options, cabinet.store.dir, () => {
      guard.ended('update');
      over.abort();
    }),
    ...(guard.mode === 'bare' ? { openStoreLink: noStore } : {}),
    clock,
    steady: {
      // A rehearsal's clock is another than the battery's.
      battery: () => (options.startAtMs === null ? timeQuality.battery() : null),
      mayStepOnce: () => (agent?.site().cabinet ?? cabinet).clockTrust === 'system' && timeQuality.battery() === null,
      memory: createHeldTimeFile({ runtimeDir: options.service?.runtimeDir ?? null, machine: machineStart(options.service?.bootId) }),
    },
    log,
    ...(options.logFeed === undefined ? {} : { logFeed: options.logFeed }),
    version: options.version,
    openPort: createSerialPort,
    door: createMqttDoor(),
    readFile: createFileReader(options.credentialsDir ?? null, cabinet.store.dir),
    random: Math.random,
    machine: machineStart(options.service?.bootId),
    ...(guard.mode === 'normal' && revisions !== null ? { revisions: { atStart: revisions, check, edit, withOptions: dressed } } : {}),
    socketPath: options.socketPath ?? cabinet.console.socketPath ?? agentSocketPath(),
    onStartStep: startSteps.completed,
  });
  agent = running;
  const end = AbortSignal.any([stopSignal, over.signal]);
  const ready = (): void => {
    startSteps.over();
    notify.ready();
    guard.cameUp();
  };
  try {
    await Promise.race([running.start().then(ready), stopped(end)]);
  } catch (error) {
    // Another agent runs: neither this program nor its files are to blame.
    guard.ended(error instanceof ConsoleError ? 'config' : 'crashed', error instanceof Error ? error.message : String(error));
    throw error;
  }
  const overdue = startSteps.overdue();
  if (overdue !== null) guard.ended('hung', overdue);
  startSteps.over();
  guard.watch({ pulse: running.pulse, recorded: running.recorded, leave: () => over.abort() });
  await stopped(end);
  notify.stopping();
  await running.stop();
  guard.ended('stopped');
  return 0;
}

/** A site that named such a place before stays connected, and is asked to move it. */
function secretNews({ uplink }: Cabinet, configFile: string): RunGuard['news'] {
  const siteDir = dirname(resolve(configFile));
  const elsewhere = secretFiles(uplink, (path) => resolve(path)).filter(({ path }) => !isBelow(path, siteDir));
  return elsewhere.map(({ setting, path }) => ({
    code: 'secret-elsewhere',
    source: `uplink.${setting}`,
    severity: 'warning',
    text: `uplink.${setting} ${path} ${outsideSiteDir(siteDir)}`,
    isLasting: true,
  }));
}

/** Errors: as `beginConfiguration`; the next run then knows that the program itself was not to blame. */
async function beginningOf(options: RunOptions, guard: Promise<RunGuard> | null): Promise<Beginning> {
  const { configFile, dataDir, startAtMs, startSteps = NO_LIMIT, service } = options;
  const clock = createSystemClock({ quality: () => 'none' });
  try {
    return await beginAside({ configFile, dataDir, nowMs: startAtMs ?? clock.wallMs() }, { clock, onStep: startSteps.completed });
  } catch (error) {
    if (error instanceof ConfigError) {
      (await guard)?.ended('config', error.message);
      // The program itself has come up.
      if (service?.stateDir != null)
        await createReleaseShelf(service.stateDir)
          .cameUp()
          .catch(() => {});
    }
    throw error;
  }
}

/** With the folders of the service, so that a start that hangs while its configuration is read is counted; null for a run by hand. */
function earlyGuardOf(options: RunOptions, parts: Omit<GuardNeeds, 'stateDir'>): Promise<RunGuard> | null {
  const stateDir = options.dataDir ?? options.service?.stateDir ?? options.service?.runtimeDir ?? null;
  return parts.notify.isSupervised && stateDir !== null ? guardOf(options, { ...parts, stateDir }) : null;
}

interface GuardNeeds {
  readonly clock: Clock;
  readonly notify: Notify;
  readonly stateDir: string;
}

function guardOf({ log, version, service }: RunOptions, { clock, notify, stateDir }: GuardNeeds): Promise<RunGuard> {
  const runtimeDir = service?.runtimeDir ?? null;
  const folders = [stateDir, ...(runtimeDir === null ? [] : [runtimeDir])];
  const machine = machineStart(service?.bootId);
  return createRunGuard({ clock, log, notify, version, machine, folders, runtimeDir, watchdogMs: service?.watchdogMs ?? null });
}

/** Where the makers' public keys lie. */
const UPDATE_KEYS_DIR = '/etc/luciole/update-keys';

function updatesOf({ release }: RunOptions, storeDir: string, leave: () => void): UpdateParts {
  const { name, serial, stateDir, keysDir } = release ?? { name: null, serial: 0, stateDir: null, keysDir: null };
  const obstacle =
    name === null || stateDir === null
      ? 'only an agent that runs as the service of the package exchanges its program; this one does not'
      : '';
  return {
    shelf: createReleaseShelf(stateDir ?? storeDir),
    release: name ?? PACKAGE,
    serial,
    arch: process.arch,
    keysDir: keysDir ?? UPDATE_KEYS_DIR,
    obstacle,
    leave,
  };
}

const noStore: OpenLink = () => {
  throw new StoreError('worker-lost', 'it is left out in safe mode');
};

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
