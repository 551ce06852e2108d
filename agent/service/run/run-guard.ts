/**
 * The guard of a run: how it may start after those before it, the watchdog while it goes on, and what the next one shall know of its end.
 *
 * Owns the ledger of this run. Part of `run.ts`; the service room does the work.
 */
import { randomUUID } from 'node:crypto';
import { type Clock, every, type Timer } from '../../core/clock.ts';
import type { EventFacts } from '../../core/event-tracker.ts';
import type { EarlierLoss, Log } from '../../core/ports.ts';
import type { Pulse } from '../../core/pulse.ts';
import { within } from '../../core/within.ts';
import { redact } from '../log/redact.ts';
import { createLedgerFile } from './ledger-file.ts';
import type { Notify } from './notify.ts';
import type { Hang } from './progress.ts';
import { requestReboot } from './reboot-request.ts';
import { begun, ended, isUnclean, type RunEnd, type RunMode, type StartLedger, type StartVerdict, up } from './start-ledger.ts';
import { createWatchdog } from './watchdog.ts';

/** Longest cause that is kept. Units: characters. */
const MAX_CAUSE = 200;
/** Longest wait for the ledger: the street is dark meanwhile. Units: ms. Source: assumed; a small file. */
const LEDGER_MS = 2_000;
/** How often safe mode looks whether it may end. Units: ms. */
const LOOK_MS = 10_000;
/** How often a run without a store writes down what it has lost so far. Units: ms. Source: assumed; a page each minute, for a quarter of an hour. */
const COUNT_MS = 60_000;

export interface GuardParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly notify: Notify;
  readonly version: string;
  /** Name of this start of the machine and this run's own start in it; null where the kernel does not say. */
  readonly machine: { readonly bootId: string; readonly startMono: number } | null;
  /** Where the ledger is kept, best first. */
  readonly folders: readonly string[];
  /** Where a wish for a reboot is seen; null where nobody looks. */
  readonly runtimeDir: string | null;
  readonly watchdogMs: number | null;
}

/** What the guard sees of the run. `recorded`: readings meant for the store so far. */
export interface WatchedRun {
  readonly pulse: () => Pulse;
  readonly recorded: () => number;
  readonly leave: () => void;
}

export interface RunGuard {
  readonly mode: RunMode;
  /** What the agent tells of the run before and of safe mode. */
  readonly news: readonly (EventFacts & { readonly isLasting: boolean })[];
  /** Of this store's life. */
  readonly ledger: () => StartLedger;
  /** This start is written down, or could not be. */
  readonly kept: Promise<void>;
  /** What runs without a store have lost and no store knows of; null in such a run itself. */
  readonly unstored: EarlierLoss | null;
  /** A store knows of it. */
  settle(): void;
  /** The start is complete. */
  cameUp(): void;
  /** Feeds the watchdog by these signs of work, and calls `leave` when safe mode has been quiet for long enough. */
  watch(run: WatchedRun): void;
  /** The last words; the first one counts. Never throws. */
  ended(end: RunEnd, cause?: string): void;
}

/** Safe mode is for runs that a service manager starts again; by hand each start is as usual. */
export async function createRunGuard(parts: GuardParts): Promise<RunGuard> {
  const { clock, log, notify } = parts;
  const file = createLedgerFile(parts.folders);
  const bootMono = Math.round((parts.machine?.startMono ?? 0) + clock.monoMs());
  const bootId = parts.machine?.bootId ?? randomUUID();
  const known = await file.read((found) => within(clock, LEDGER_MS, found));
  const start = begun(known, { bootId, bootMono, version: parts.version });
  const verdict: StartVerdict = notify.isSupervised ? start.verdict : { ...start.verdict, mode: 'normal', wantsReboot: false };
  const { unstored = null } = start.ledger;
  const lostBefore = unstored ?? { run: `${bootId}@${bootMono}`, readings: 0, sinceMs: Math.round(clock.wallMs()) };
  let ledger: StartLedger = verdict.mode === 'bare' ? { ...start.ledger, unstored: lostBefore } : start.ledger;
  let recorded = (): number => 0;
  let isOver = false;
  const keep = (error: unknown): void => log.event('starts-not-kept', { error }, 'warning');
  const write = (): Promise<void> => file.write(ledger).catch(keep);
  const kept = write();
  if (verdict.mode !== 'normal') log.event('safe-mode', { mode: verdict.mode, quietS: verdict.quietMs / 1_000 }, 'alarm');
  if (verdict.wantsReboot) wish();

  function end(how: RunEnd, cause = ''): void {
    if (isOver) return;
    isOver = true;
    count();
    ledger = ended(ledger, how, String(redact({ cause })['cause']).slice(0, MAX_CAUSE));
    try {
      file.writeNow(ledger);
    } catch (error) {
      keep(error);
    }
  }

  function count(): void {
    if (verdict.mode === 'bare') ledger = { ...ledger, unstored: { ...lostBefore, readings: lostBefore.readings + recorded() } };
  }

  function wish(): void {
    log.event('reboot-requested', { why: 'safe mode does not last either' }, 'alarm');
    try {
      if (parts.runtimeDir !== null) requestReboot(parts.runtimeDir, 'luciole: safe mode does not last either');
    } catch (error) {
      log.event('reboot-request-failed', { error }, 'warning');
    }
  }

  function leaveWhenQuiet(leave: () => void): Timer {
    const sinceMono = clock.monoMs();
    const looks = every(clock, LOOK_MS, () => {
      if (clock.monoMs() - sinceMono < verdict.quietMs) return;
      looks.cancel();
      log.event('safe-mode-over', { afterS: Math.round(verdict.quietMs / 1_000) });
      end('safe-over');
      leave();
    });
    return looks;
  }

  return {
    mode: verdict.mode,
    news: newsOf(verdict),
    ledger: () => ledger,
    kept,
    unstored: verdict.mode === 'bare' ? null : unstored,
    settle() {
      const { unstored: _, ...rest } = ledger;
      ledger = rest;
      void write();
    },
    cameUp() {
      ledger = up(ledger);
      void write();
    },
    watch({ pulse, leave, recorded: counted }) {
      recorded = counted;
      const onHang = (hangs: readonly Hang[]): void => end('hung', hangs.map(({ part }) => part).join(', '));
      createWatchdog({ clock, log, notify, pulse, watchdogMs: parts.watchdogMs, onHang }).start();
      if (verdict.mode !== 'normal') leaveWhenQuiet(leave);
      if (verdict.mode !== 'bare') return;
      every(clock, COUNT_MS, () => {
        count();
        void write();
      });
    },
    ended: end,
  };
}

const LAST_END: Readonly<Partial<Record<RunEnd, string>>> = {
  crashed: 'crashed',
  hung: 'was restarted because a part of it hung',
  killed: 'was killed, or froze and was restarted',
};

function newsOf({ mode, last, quietMs }: StartVerdict): RunGuard['news'] {
  const news: (EventFacts & { readonly isLasting: boolean })[] = [];
  if (last !== null && isUnclean(last.end)) {
    const text = `the run before ${LAST_END[last.end ?? 'killed']}${last.cause === '' ? '' : `: ${last.cause}`}`;
    news.push({ code: 'agent-restarted', source: 'agent', severity: 'warning', text, isLasting: false });
  }
  if (mode !== 'normal') {
    const left =
      mode === 'safe' ? 'no uplink, no scans and writes by hand' : 'no uplink, no store (readings are lost), no scans and writes by hand';
    const text = `safe mode after too many failed starts: the street is lit, ${left}; ends by itself after ${quietMs / 60_000} min`;
    news.push({ code: 'safe-mode', source: 'agent', severity: 'alarm', text, isLasting: true });
  }
  return news;
}
