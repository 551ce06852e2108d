/**
 * One run of the agent on a real cabinet: files, system clock, serial ports, broker.
 *
 * Owns the life of the run, from its options to its exit code.
 */
import { createSerialPort } from '../../drivers/serial-port.ts';
import { beginInChild } from '../config/load/read-in-child.ts';
import { secretEvents, WITHOUT_REVISIONS } from '../config/load/start-events.ts';
import type { Beginning } from '../config/load/start-revision.ts';
import { withOptions } from '../config/load/with-options.ts';
import { type CheckedRevision, checkRevisionInChild, editInChild, type RevisionFolder } from '../config/revisions/check-in-child.ts';
import { ConsoleError } from '../console/console-error.ts';
import { agentSocketPath } from '../console/protocol/socket-path.ts';
import type { Cabinet } from '../core/cabinet.ts';
import { type Clock, sleep } from '../core/clock.ts';
import { ConfigError, StoreError } from '../core/errors.ts';
import { ownHeap } from '../core/heap-collector.ts';
import type { EditedText, EditOrder } from '../core/revisions.ts';
import type { RunOptions, StartSteps } from '../core/run-options.ts';
import { createSystemClock, isBusAlone } from '../core/system-clock.ts';
import { createHealth } from '../service/metrics/health.ts';
import { machineStart } from '../service/run/machine-start.ts';
import { createNotify, type Notify } from '../service/run/notify.ts';
import { createRunGuard, type RunGuard } from '../service/run/run-guard.ts';
import { safeCabinet } from '../service/run/safe-mode.ts';
import { createHeldTimeFile } from '../service/time/held-time-file.ts';
import { createTimeQuality, FIRST_PROBE_MS } from '../service/time/time-quality.ts';
import { createReleaseStore } from '../service/updates/release-store.ts';
import { updatePartsOf } from '../service/updates/update-run.ts';
import type { OpenLink } from '../store/messages.ts';
import { createMqttTransport } from '../sync/mqtt/mqttjs-transport.ts';
import { createFileReader } from '../sync/mqtt/secret-files.ts';
import { type Agent, createAgent } from './agent.ts';

/** For a run without a service manager. */
const NO_LIMIT: StartSteps = { completed() {}, over() {}, overdue: () => null };

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
  await Promise.race([timeQuality.start(), sleep(wall, FIRST_PROBE_MS)]);
  const clock = createSystemClock({ quality: () => timeQuality.quality(), wallOffsetMs, isBusAlone: isBusAlone(cabinet.lines) });
  const guard = await (early ?? guardOf(options, { clock, notify, stateDir: cabinet.store.dir }));
  startSteps.completed('start-ledger-read');
  process.on('uncaughtExceptionMonitor', (error) => guard.ended('crashed', String(error?.message ?? error)));
  const check = (folder: RevisionFolder): Promise<CheckedRevision> => checkRevisionInChild(folder, clock);
  const edit = (order: EditOrder): Promise<EditedText> => editInChild(order, clock);
  const over = new AbortController();
  const running = createAgent({
    ...site,
    cabinet: guard.mode === 'normal' ? cabinet : safeCabinet(cabinet),
    guard: {
      ...guard,
      news: [...guard.news, ...(revisions === null ? [WITHOUT_REVISIONS] : []), ...secretEvents(cabinet, options.configFile)],
    },
    health: createHealth(),
    heap: ownHeap(),
    updates: updatePartsOf(options, cabinet.store.dir, () => {
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
    door: createMqttTransport(),
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

/** Errors: as `beginConfiguration`; the next run then knows that the program itself was not to blame. */
async function beginningOf(options: RunOptions, guard: Promise<RunGuard> | null): Promise<Beginning> {
  const { configFile, dataDir, startAtMs, startSteps = NO_LIMIT, service } = options;
  const clock = createSystemClock({ quality: () => 'none' });
  try {
    return await beginInChild({ configFile, dataDir, nowMs: startAtMs ?? clock.wallMs() }, { clock, onStep: startSteps.completed });
  } catch (error) {
    if (error instanceof ConfigError) {
      (await guard)?.ended('config', error.message);
      // The program itself has come up.
      if (service?.stateDir != null)
        await createReleaseStore(service.stateDir)
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

const noStore: OpenLink = () => {
  throw new StoreError('worker-lost', 'it is left out in safe mode');
};

function stopped(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
