/**
 * One run of the agent on a real cabinet: from its options to its exit code.
 */
import { beginInChild } from '../config/load/read-in-child.ts';
import type { Beginning } from '../config/load/start-revision.ts';
import { withOptions } from '../config/load/with-options.ts';
import { ConsoleError } from '../console/console-error.ts';
import type { Cabinet } from '../core/cabinet.ts';
import { type Clock, sleep } from '../core/clock.ts';
import { ConfigError } from '../core/errors.ts';
import type { RunOptions, StartSteps } from '../core/run-options.ts';
import { createSystemClock, isBusAlone } from '../core/system-clock.ts';
import { machineStart } from '../service/run/machine-start.ts';
import { createNotify, type Notify } from '../service/run/notify.ts';
import { createRunGuard, type RunGuard } from '../service/run/run-guard.ts';
import { createTimeQuality, FIRST_PROBE_MS } from '../service/time/time-quality.ts';
import { ReleaseStore } from '../service/updates/release-store.ts';
import { type Agent, createAgent } from './agent.ts';
import { runParts } from './run-parts.ts';

/** For a run without a service manager. */
const NO_LIMIT: StartSteps = { completed() {}, over() {}, overdue: () => null };

/**
 * Runs an agent until `stopSignal` is aborted or something else ends the run, such as another release. Resolves with exit code 0.
 * Sets the time zone of this process to that of the cabinet.
 *
 * Errors: rejects if the start fails, for example with ConfigError for files that cannot be used.
 */
export async function runAgent(options: RunOptions): Promise<number> {
  const { log, startSteps = NO_LIMIT, startAtMs } = options;
  const notify = createNotify({ socket: options.notifySocket ?? null, log });
  const wallOffsetMs = startAtMs === null ? 0 : startAtMs - createSystemClock({ quality: () => 'none' }).wallMs();
  const wall = createSystemClock({ quality: () => 'none', wallOffsetMs });
  const early = earlyGuardOf(options, { notify, clock: wall });
  const beginning = await beginningOf(options, early);
  startSteps.completed('configuration-chosen');
  for (const warning of beginning.site.warnings) log.event('configuration-warning', { ...warning }, 'warning');
  for (const problem of beginning.site.profileProblems) log.event('profile-unusable', { ...problem }, 'warning');
  const cabinet = withOptions(beginning.site.cabinet, options);
  // Local time is then that of the runtime, see `local-time.ts`.
  process.env['TZ'] = cabinet.timezone;
  let agent: Agent | null = null;
  const clockTrust = (): Cabinet['clockTrust'] => (agent?.site().cabinet ?? cabinet).clockTrust;
  // A rehearsal chooses its time, so the time is always trusted.
  const timeQuality = createTimeQuality({ clock: wall, trust: () => (startAtMs === null ? clockTrust() : 'system') });
  await Promise.race([timeQuality.start(), sleep(wall, FIRST_PROBE_MS)]);
  const clock = createSystemClock({ quality: () => timeQuality.quality(), wallOffsetMs, isBusAlone: isBusAlone(cabinet.lines) });
  const guard = await (early ?? guardOf(options, { clock, notify, stateDir: cabinet.store.dir }));
  startSteps.completed('start-ledger-read');
  process.on('uncaughtExceptionMonitor', (error) => guard.ended('crashed', String(error?.message ?? error)));
  const over = new AbortController();
  const leave = (): void => {
    guard.ended('update');
    over.abort();
  };
  const end = (): void => over.abort();
  // There is no storage thread to replace.
  if (guard.mode === 'bare') beginning.handOver?.();
  agent = createAgent(runParts({ options, beginning, cabinet, clock, timeQuality, clockTrust, guard, leave, end }));
  return live(agent, { options, notify, guard, over });
}

interface Life {
  readonly options: RunOptions;
  readonly notify: Notify;
  readonly guard: RunGuard;
  /** Ends the run in the same way as `stopSignal`. */
  readonly over: AbortController;
}

/** Runs the agent from its start to its end. */
async function live(agent: Agent, { options, notify, guard, over }: Life): Promise<number> {
  const { startSteps = NO_LIMIT, stopSignal } = options;
  const end = AbortSignal.any([stopSignal, over.signal]);
  const ready = (): void => {
    startSteps.over();
    notify.ready();
    guard.cameUp();
  };
  try {
    await Promise.race([agent.start().then(ready), stopped(end)]);
  } catch (error) {
    // Another agent runs: neither this program nor its files caused the failure.
    guard.ended(error instanceof ConsoleError ? 'config' : 'crashed', error instanceof Error ? error.message : String(error));
    throw error;
  }
  const overdue = startSteps.overdue();
  if (overdue !== null) guard.ended('hung', overdue);
  startSteps.over();
  guard.watch({ pulse: agent.pulse, recorded: agent.recorded, leave: () => over.abort() });
  await stopped(end);
  notify.stopping();
  await agent.stop();
  guard.ended('stopped');
  return 0;
}

/** Errors: as `beginConfiguration`. The failure is recorded, so that the next run does not count it as a failure of the program. */
async function beginningOf(options: RunOptions, guard: Promise<RunGuard> | null): Promise<Beginning> {
  const { configFile, dataDir, startAtMs, startSteps = NO_LIMIT, service } = options;
  const clock = createSystemClock({ quality: () => 'none' });
  try {
    const beginning = await beginInChild(
      { configFile, dataDir, nowMs: startAtMs ?? clock.wallMs() },
      { clock, onStep: startSteps.completed },
    );
    if (beginning.refusal?.code === 'in-use') throw new ConsoleError('data-in-use', beginning.refusal.said);
    return beginning;
  } catch (error) {
    if (error instanceof ConsoleError) (await guard)?.ended('config', error.message);
    if (error instanceof ConfigError) {
      (await guard)?.ended('config', error.message);
      // The program itself has started successfully.
      if (service?.stateDir != null) await new ReleaseStore(service.stateDir, options.release?.unpackedDir ?? '').cameUp().catch(() => {});
    }
    throw error;
  }
}

/** Uses the folders of the service, so that a hang while the configuration is read is counted; null for a run by hand. */
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

function stopped(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
