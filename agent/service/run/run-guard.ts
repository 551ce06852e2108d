/**
 * The guard of a run: decides from earlier runs how this one may start, runs the watchdog, and records how this run ends for the next one.
 */

import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, every } from '../../core/clock.ts';
import type { EventFacts } from '../../core/event-tracker.ts';
import { type Message, msg, NO_TEXT } from '../../core/message.ts';
import type { EarlierLoss, Log } from '../../core/ports.ts';
import type { Pulse } from '../../core/pulse.ts';
import { within } from '../../core/within.ts';
import { createLedgerFile } from './ledger-file.ts';
import type { Notify } from './notify.ts';
import type { Hang } from './progress.ts';
import { RunLedger } from './run-ledger.ts';
import { begun, isUnclean, type RunEnd, type RunMode, type StartLedger, type StartVerdict } from './start-ledger.ts';
import { createWatchdog } from './watchdog.ts';

/** Longest wait for the ledger, because the street is dark during it. Units: ms. Source: assumed; a small file. Confirmed by: bench of the start on the gateway with a slow card. */
const LEDGER_MS = 2_000;
/** Interval of the check whether safe mode may end. Units: ms. */
const LOOK_MS = 10_000;
/** Interval at which a run without a store records its losses so far. Units: ms. Source: assumed; one page a minute for 15 minutes. Confirmed by: the written bytes of such a run on the gateway. */
const COUNT_MS = 60_000;
/** File of a reboot request. Source: `systemd/luciole-reboot.path`, which watches it. */
const REBOOT_REQUEST = 'reboot-wish';

/** What the guard of a run needs to read and write the ledger, and to reach the service manager. */
export interface GuardParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly notify: Notify;
  readonly version: string;
  /** The id of the machine's boot, and when this process started since that boot, in ms; null if the kernel provides no boot id. */
  readonly machine: { readonly bootId: string; readonly startMono: number } | null;
  /** Folders for the ledger, preferred one first. */
  readonly folders: readonly string[];
  /** Folder for the file that requests a reboot; null: the request is only logged. */
  readonly runtimeDir: string | null;
  /** Longest time between two messages to the service manager; null if it specifies none. Units: ms. */
  readonly watchdogMs: number | null;
}

/** The parts of a run that the guard reads or calls while it watches. */
export interface WatchedRun {
  /** The latest progress of lines, lighting and store. */
  readonly pulse: () => Pulse;
  /** Number of readings recorded so far in this run, whether or not the store accepted them. */
  readonly recorded: () => number;
  /** Called at most once, not in mode `normal`, after the `quietMs` of `StartVerdict` have passed since `watch`: it must end the run. */
  readonly leave: () => void;
}

/** The guard of the present run: its start mode, its ledger, its watchdog and the record of its end. */
export interface RunGuard {
  readonly mode: RunMode;
  /** Events about the previous run and about safe mode. `isLasting`: the event has no end yet; otherwise it has no duration. */
  readonly events: readonly (EventFacts & { readonly isLasting: boolean })[];
  readonly ledger: () => StartLedger;
  /** Resolves when this start is in the ledger on disk, or the write has failed. */
  readonly written: Promise<void>;
  /** As `StartLedger.unstored`, from before this run; null if that is absent, and in a run without a store. */
  readonly unstored: EarlierLoss | null;
  /** Call when a store has recorded that loss: removes it from the ledger. */
  settleLoss(): void;
  /** Call when the start is complete. */
  cameUp(): void;
  /**
   * Call once. Feeds the watchdog while the run makes progress. In a mode other than `normal` it also records the end `safe-over` and calls
   * `leave`, after 15 min to 4 h.
   */
  watch(run: WatchedRun): void;
  /** Records how the run ends, unless an end is already recorded. Errors: none; a failed write is logged. */
  ended(end: RunEnd, cause?: string): void;
}

/**
 * Reads the start ledger and begins to write this start into it. Resolves with the guard, whose `mode` the run must use. A run without a
 * service manager gets the normal mode. If safe mode has failed repeatedly, this also requests a reboot of the machine, but not soon
 * after its last boot, and never without a service manager.
 *
 * Errors: none. A ledger that cannot be read, or not in time, counts as empty.
 */
export async function createRunGuard(parts: GuardParts): Promise<RunGuard> {
  const { clock, log, notify, version } = parts;
  const file = createLedgerFile(parts.folders, (flaw) => log.event('file-unusable', { file: flaw }, 'warning'));
  const bootMono = Math.round((parts.machine?.startMono ?? 0) + clock.monoMs());
  const bootId = parts.machine?.bootId ?? randomUUID();
  const known = await file.read((found) => within(clock, LEDGER_MS, found));
  const start = begun(known, { bootId, bootMono, version, isSupervised: notify.isSupervised });
  const verdict: StartVerdict = start.verdict;
  const { mode, quietMs } = verdict;
  const { unstored = null } = start.ledger;
  const lostBefore = unstored ?? { run: `${bootId}@${bootMono}`, readings: 0, sinceMs: Math.round(clock.wallMs()) };
  const ledger = new RunLedger({ file, log, ledger: start.ledger, lostBefore: mode === 'bare' ? lostBefore : null });
  let recorded = (): number => 0;
  const end = (how: RunEnd, cause = ''): void => ledger.end(how, cause, recorded());
  const written = ledger.write();
  if (mode !== 'normal') log.event('safe-mode', { mode, quietS: quietMs / 1_000 }, 'alarm');
  if (verdict.wantsReboot) requestReboot(parts);

  return {
    mode,
    events: eventsOf(verdict),
    ledger: () => ledger.current,
    written,
    unstored: mode === 'bare' ? null : unstored,
    settleLoss: () => ledger.settleLoss(),
    cameUp: () => ledger.cameUp(),
    watch(run) {
      recorded = run.recorded;
      const onHang = (hangs: readonly Hang[]): void => end('hung', hangs.map(({ part }) => part).join(', '));
      createWatchdog({ clock, log, notify, pulse: run.pulse, watchdogMs: parts.watchdogMs, onHang }).start();
      if (mode !== 'normal')
        whenQuiet(clock, quietMs, () => {
          log.event('safe-mode-over', { afterS: Math.round(quietMs / 1_000) });
          end('safe-over');
          run.leave();
        });
      if (mode !== 'bare') return;
      every(clock, COUNT_MS, () => {
        ledger.countLoss(recorded());
        void ledger.write();
      });
    },
    ended: end,
  };
}

/** Calls `fire` once, at the first check after `quietMs`. */
function whenQuiet(clock: Clock, quietMs: number, fire: () => void): void {
  const sinceMono = clock.monoMs();
  const looks = every(clock, LOOK_MS, () => {
    if (clock.monoMs() - sinceMono < quietMs) return;
    looks.cancel();
    fire();
  });
}

/** The agent has no right to reboot: `luciole-reboot.path` watches this file, and its service limits reboots to one an hour. */
function requestReboot({ log, runtimeDir }: GuardParts): void {
  log.event('reboot-requested', { why: 'safe mode does not last either' }, 'alarm');
  try {
    if (runtimeDir === null) return;
    writeFileSync(join(runtimeDir, REBOOT_REQUEST), 'luciole: safe mode does not last either\n', { mode: 0o600 });
  } catch (error) {
    log.event('reboot-request-failed', { error }, 'warning');
  }
}

const LAST_END: Readonly<Partial<Record<RunEnd, Message>>> = {
  crashed: msg`the run before crashed`,
  hung: msg`the run before was restarted because a part of it hung`,
  killed: msg`the run before was killed, or froze and was restarted`,
};

function eventsOf({ mode, last, quietMs }: StartVerdict): RunGuard['events'] {
  const events: (EventFacts & { readonly isLasting: boolean })[] = [];
  if (last !== null && isUnclean(last.end)) {
    const ending = LAST_END[last.end ?? 'killed'] ?? NO_TEXT;
    const text = last.cause === '' ? ending : msg`${ending}: ${last.cause}`;
    events.push({ code: 'agent-restarted', source: 'agent', severity: 'warning', text, isLasting: false });
  }
  if (mode !== 'normal') {
    const min = quietMs / 60_000;
    const text =
      mode === 'safe'
        ? msg`safe mode after too many failed starts: the street is lit, no uplink, no scans and writes by hand; ends by itself after ${min} min`
        : msg`safe mode after too many failed starts: the street is lit, no uplink, no store (readings are lost), no scans and writes by hand; ends by itself after ${min} min`;
    events.push({ code: 'safe-mode', source: 'agent', severity: 'alarm', text, isLasting: true });
  }
  return events;
}
