/**
 * Updates of the program in a running agent: joins the update manager with lines and lighting, and runs the trial of a release that has
 * just started.
 */

import type { Clock, Timer } from '../../core/clock.ts';
import { HOUR_MS } from '../../core/durations.ts';
import type { EventFacts } from '../../core/event-tracker.ts';
import { type Message, msg, NO_TEXT } from '../../core/message.ts';
import type { DeviceView, Log } from '../../core/ports.ts';
import type { Pulse } from '../../core/pulse.ts';
import type { RunOptions } from '../../core/run-options.ts';
import type { UpdateManager } from '../../core/updates.ts';
import type { ZoneView } from '../../core/views.ts';
import { PACKAGE, ReleaseStore } from './release-store.ts';
import { startReleaseTrial } from './release-trial.ts';
import { requestUnpacking, type UnpackRequestParts } from './unpack-request.ts';
import { UPDATE_KEYS_DIR } from './update-file.ts';
import { createUpdateManager, type UpdateManagerParts } from './update-manager.ts';

/** Time for the answer to reach the client before the run ends. Units: ms. Source: assumed; a line of 9600 baud transfers a screen in less. Confirmed by: a test on a serial console of 9600 baud. */
const ANSWER_MS = 2_000;

/** An incomplete file without a new part for this time is removed. Units: ms. Source: assumed; interrupted on a Friday evening, continued on a Monday. Confirmed by: the pauses of uploads in audit logs. */
const INCOMING_MS = 72 * HOUR_MS;

/** What `createUpdates` needs to find and change the releases: folders, the running release, and the way to end the run. */
export interface UpdateParts
  extends Pick<UpdateManagerParts, 'serial' | 'arch' | 'keysDir' | 'obstacle' | 'release'>,
    Pick<UnpackRequestParts, 'runtimeDir' | 'unpackedDir'> {
  readonly releases: ReleaseStore;
  /** Ends this run so that another release can start. */
  readonly leave: (why: string) => void;
}

/** `storeDir`: used as the state folder if the service has none. `onFlaw`: called with a file of the releases that cannot be used. */
interface UpdateRunNeeds {
  readonly storeDir: string;
  readonly leave: () => void;
  readonly onFlaw: (flaw: string) => void;
}

/** Returns the `UpdateParts` of a run, from its options. `obstacle`: why the run cannot change its program; empty if it can. */
export function updatePartsOf(
  { release, service }: Pick<RunOptions, 'release' | 'service'>,
  { storeDir, leave, onFlaw }: UpdateRunNeeds,
): UpdateParts {
  const { name = null, serial = 0, stateDir = null, unpackedDir = null, keysDir = null } = release ?? {};
  const runtimeDir = service?.runtimeDir ?? null;
  return {
    releases: new ReleaseStore(stateDir ?? storeDir, unpackedDir ?? '', onFlaw),
    release: name ?? PACKAGE,
    serial,
    arch: process.arch,
    keysDir: keysDir ?? UPDATE_KEYS_DIR,
    unpackedDir: unpackedDir ?? '',
    runtimeDir: runtimeDir ?? '',
    obstacle: obstacleOf(name !== null && stateDir !== null, unpackedDir !== null && runtimeDir !== null),
    leave,
  };
}

/** Empty if releases can be changed. */
function obstacleOf(isService: boolean, hasUnpacker: boolean): Message {
  if (!isService) return msg`only an agent that runs as the service of the package exchanges its program; this one does not`;
  return hasUnpacker
    ? NO_TEXT
    : msg`the installed package has no service that unpacks updates: install the package of this release or a newer one`;
}

/** What updates need in a running agent: the releases, the lamps and units, and how events are reported. */
export interface UpdatesParts extends UpdateParts {
  readonly clock: Clock;
  readonly log: Log;
  /** Version of the running program. */
  readonly version: string;
  /** Returns the present views of the zones, for the number of lamps that are lit. */
  readonly zones: () => readonly ZoneView[];
  /** Returns the present views of the devices, for the number of units that answer. */
  readonly devices: () => readonly DeviceView[];
  /** Returns the present progress of the lines, the light control and the store, for the trial. */
  readonly pulse: () => Pulse;
  /** Receives each event of an update, for example that a release was confirmed. */
  readonly notice: (event: EventFacts) => void;
}

/** Updates in a running agent: the manager for requests, and the trial of a release that has just started. */
export interface Updates {
  readonly manager: UpdateManager;
  /**
   * Begins the trial if the running release is on trial; otherwise ends the count of its unsuccessful starts. Reports a release that did
   * not start or cannot run. A received update file is kept for its full time again. Call once.
   */
  start(): Promise<void>;
  /** Ends a trial without a verdict, and cancels the end of the run that a change of the release has scheduled. */
  stop(): void;
}

/** Creates the updates of a running agent. A trial, if one is due, begins with `start`. */
export function createUpdates(parts: UpdatesParts): Updates {
  const { releases, clock, log, release } = parts;
  let trial: Timer | null = null;
  let leaving: Timer | null = null;
  let isOver = false;
  const unitsOk = (): number => parts.devices().filter(({ state }) => state === 'ok' || state === 'flaky').length;
  const restart = (why: string): void => {
    leaving ??= clock.after(ANSWER_MS, () => parts.leave(why));
  };
  const notify = (code: EventFacts['code'], severity: EventFacts['severity'], text: Message): void =>
    parts.notice({ code, source: 'agent', severity, text });

  async function confirm(): Promise<void> {
    await releases.confirm((await releases.trialFacts())?.serial ?? 0);
    notify('update-confirmed', 'info', msg`release ${release} is confirmed: lines, lighting and store worked for a minute`);
  }

  async function takeBack(reason: Message): Promise<void> {
    const previous = await releases.revert(true);
    notify('update-reverted', 'alarm', msg`release ${release} is reverted: ${reason}`);
    if (previous !== null) restart(`release ${release} is reverted: ${reason}`);
  }

  const lampsLit = (): number => litLamps(parts.zones());
  const unpack = (): ReturnType<typeof requestUnpacking> => requestUnpacking(parts);
  const incoming = expiring(createUpdateManager({ ...parts, lampsLit, unitsOk, restart, unpack }), clock);

  return {
    manager: incoming.manager,
    async start() {
      // A file received by an earlier run gets its full time again.
      incoming.restart();
      if (release !== PACKAGE) await releases.cameUp().catch((error: unknown) => log.event('release-not-kept', { error }, 'warning'));
      const { current, failed, trial: onTrial } = await releases.facts();
      const [isNew, before] = [await releases.isFailureNew(), await releases.trialFacts()];
      if (isOver) return;
      if (failed !== null && isNew) {
        notify('update-reverted', 'alarm', msg`release ${failed} did not start, and was reverted: ${release} runs again`);
        void releases.markFailureReported().catch((error: unknown) => log.event('release-not-kept', { error }, 'warning'));
      }
      if (release === PACKAGE && current !== PACKAGE)
        notify(
          'update-reverted',
          'warning',
          msg`release ${current} is not run: no update key is known here, or it was never unpacked; package runs`,
        );
      if (onTrial !== release) return;
      notify('update-installed', 'info', msg`release ${release} runs on trial`);
      const onEnd = ({ isWell, reason }: { isWell: boolean; reason: Message }): void =>
        void (isWell ? confirm() : takeBack(reason)).catch((error: unknown) => log.event('release-not-kept', { error }, 'alarm'));
      trial = startReleaseTrial({ clock, pulse: parts.pulse, unitsOk, unitsOkBefore: before?.unitsOk ?? 0, onEnd });
    },
    stop() {
      isOver = true;
      trial?.cancel();
      incoming.stop();
      leaving?.cancel();
    },
  };
}

/** Removes a file that no client continues to send; each part restarts the time. */
function expiring(
  manager: ReturnType<typeof createUpdateManager>,
  clock: Clock,
): { manager: UpdateManager; restart(): void; stop(): void } {
  let expiry: Timer | null = null;
  let isOver = false;
  const restart = (): void => {
    expiry?.cancel();
    expiry = isOver ? null : clock.after(INCOMING_MS, () => void manager.expire());
  };
  const put: UpdateManager['put'] = (part) => {
    restart();
    return manager.put(part);
  };
  return {
    manager: { ...manager, put },
    restart,
    stop() {
      isOver = true;
      expiry?.cancel();
    },
  };
}

/** Number of lamps that are lit, or of unknown level although they should be lit. */
function litLamps(zones: readonly ZoneView[]): number {
  const lamps = zones.flatMap((zone) => zone.lamps);
  return lamps.filter(({ measuredPct, wantedPct }) => (measuredPct ?? wantedPct) > 0).length;
}
