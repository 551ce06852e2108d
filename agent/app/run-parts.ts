/**
 * The parts of an agent on a real cabinet: the configuration chosen at the start, serial ports, broker, clocks, and files of the service.
 */

import { createSerialPort } from '../../drivers/serial-port.ts';
import { type StartEvent, secretEvents, WHILE_DATA_HELD, WITHOUT_REVISIONS } from '../config/load/start-events.ts';
import type { Beginning } from '../config/load/start-revision.ts';
import { withOptions } from '../config/load/with-options.ts';
import { checkRevisionInChild, editInChild } from '../config/revisions/check-in-child.ts';
import { agentSocketPath } from '../console/protocol/socket-path.ts';
import type { Cabinet } from '../core/cabinet.ts';
import type { Clock } from '../core/clock.ts';
import { StoreError } from '../core/errors.ts';
import { ownHeap } from '../core/heap-collector.ts';
import { msg } from '../core/message.ts';
import type { RunOptions } from '../core/run-options.ts';
import { createHealth } from '../service/metrics/health.ts';
import { machineStart } from '../service/run/machine-start.ts';
import type { RunGuard } from '../service/run/run-guard.ts';
import { safeCabinet } from '../service/run/safe-mode.ts';
import { createHeldTimeFile } from '../service/time/held-time-file.ts';
import type { TimeQuality } from '../service/time/time-quality.ts';
import { updatePartsOf } from '../service/updates/update-run.ts';
import type { OpenLink } from '../store/messages.ts';
import { workerLinkOpener } from '../store/worker-link.ts';
import { createMqttTransport } from '../sync/mqtt/mqttjs-transport.ts';
import { createFileReader } from '../sync/mqtt/secret-files.ts';
import type { AgentParts } from './parts.ts';

const noStore: OpenLink = () => {
  throw new StoreError('worker-lost', msg`the store is not used in safe mode`);
};

/** What a run has determined before it builds its agent. */
export interface RunFacts {
  readonly options: RunOptions;
  /** The configuration chosen at the start, with its revisions. `refusal`: why the data may not be used. */
  readonly beginning: Beginning;
  /** The chosen configuration with the options of the run applied, before safe mode restricts it. */
  readonly cabinet: Cabinet;
  /** Its quality is that of `timeQuality`. */
  readonly clock: Clock;
  readonly timeQuality: TimeQuality;
  /** The setting `clockTrust` of the configuration in force, which may change during the run. */
  readonly clockTrust: () => Cabinet['clockTrust'];
  /** Has the start mode of this run, and records how the run ends. */
  readonly guard: RunGuard;
  /** Ends this run so that another release can start. Records the end of the run as `update`; the exit code is 0. */
  readonly leave: () => void;
  /** Ends this run in the same way as a stop signal: the agent stops, and the exit code is 0. */
  readonly end: () => void;
}

/**
 * Returns the parts of an agent on a real cabinet. Unless the start mode is `normal`, they have no uplink and accept no other
 * configuration; in mode `bare` they have no store either.
 */
export function runParts(facts: RunFacts): AgentParts {
  const { options, beginning, cabinet, clock, timeQuality, clockTrust, guard } = facts;
  const { log, logFeed, version, socketPath, service, startSteps } = options;
  const machine = machineStart(service?.bootId);
  const reportFlaw = (file: string): void => log.event('file-unusable', { file }, 'warning');
  const startEvents = [...eventsOf(beginning), ...secretEvents(cabinet, options.configFile)];
  return {
    ...beginning.site,
    cabinet: guard.mode === 'normal' ? cabinet : safeCabinet(cabinet),
    guard: { ...guard, events: [...guard.events, ...startEvents] },
    health: createHealth(),
    heap: ownHeap(),
    updates: updatePartsOf(options, { storeDir: cabinet.store.dir, leave: facts.leave, onFlaw: reportFlaw }),
    openStoreLink: guard.mode === 'bare' ? noStore : workerLinkOpener(beginning.handOver ?? null),
    onDataFree: facts.end,
    // A bare run has no store that could answer.
    hasBegunHeld: beginning.refusal !== undefined && guard.mode !== 'bare',
    ...(beginning.isLockOurs === undefined ? {} : { isLockOurs: beginning.isLockOurs }),
    clock,
    steady: {
      // In a rehearsal the clock is shifted, so the battery clock cannot confirm it.
      battery: () => (options.startAtMs === null ? timeQuality.battery() : null),
      mayStepOnce: () => clockTrust() === 'system' && timeQuality.battery() === null,
      memory: createHeldTimeFile({ runtimeDir: service?.runtimeDir ?? null, machine, onFlaw: reportFlaw }),
    },
    log,
    ...(logFeed === undefined ? {} : { logFeed }),
    version,
    openPort: createSerialPort,
    door: createMqttTransport(),
    readFile: createFileReader(options.credentialsDir ?? null, cabinet.store.dir),
    random: Math.random,
    machine,
    ...revisionParts(facts),
    socketPath: socketPath ?? cabinet.console.socketPath ?? agentSocketPath(),
    ...(startSteps === undefined ? {} : { onStartStep: startSteps.completed }),
  };
}

function eventsOf({ revisions, refusal }: Beginning): readonly StartEvent[] {
  if (refusal !== undefined) return [WHILE_DATA_HELD];
  return revisions === null ? [WITHOUT_REVISIONS] : [];
}

/** Safe mode accepts no other configuration. */
function revisionParts({ options, beginning: { revisions }, clock, guard }: RunFacts): Pick<AgentParts, 'revisions'> {
  if (guard.mode !== 'normal' || revisions === null) return {};
  return {
    revisions: {
      atStart: revisions,
      check: (folder, signal) => checkRevisionInChild(folder, clock, signal),
      edit: (order, signal) => editInChild(order, clock, signal),
      withOptions: (cabinet) => withOptions(cabinet, options),
    },
  };
}
