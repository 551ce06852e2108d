/**
 * The options of one run, which `main.ts` reads once from command line and environment.
 */
import type { WallMs } from './clock.ts';
import type { Problem } from './errors.ts';
import type { Log, LogFeed } from './ports.ts';

export interface RunOptions {
  readonly configFile: string;
  /** Device files that replace those of the config, by line id. */
  readonly ports: Readonly<Record<string, string>>;
  /** Replaces the broker of the config. */
  readonly broker: string | null;
  /** Replaces the store's folder. */
  readonly dataDir: string | null;
  /** Where the console answers; null: the config's path, else the usual places. */
  readonly socketPath: string | null;
  /** Rehearsal: the wall clock is shifted so that the run starts at this time. */
  readonly startAtMs: WallMs | null;
  readonly noUplink: boolean;
  readonly version: string;
  readonly log: Log;
  /** The same log for live readers; absent where there are none. */
  readonly logFeed?: LogFeed;
  /** Aborted when the agent shall stop. */
  readonly stopSignal: AbortSignal;
  /** Where the service manager laid the credentials of the service; absent or null where it laid none. */
  readonly credentialsDir?: string | null;
  /** The service manager's notification socket; absent or null when no manager supervises this run. */
  readonly notifySocket?: string | null;
  /** Receives the steps of the start as they complete; absent where no limit counts. */
  readonly startSteps?: StartSteps;
  /** Other data of that manager; each may be missing. */
  readonly service?: ServiceFacts;
  /** The release of the program; absent for one that was not packaged. */
  readonly release?: ReleaseFacts;
}

/** The steps of a start. Each completed one extends the service manager's start limit. */
export interface StartSteps {
  /** `step` names it for the log. Without effect once the start is over. */
  completed(step: string): void;
  /** The start is over: the agent is ready, or ends. */
  over(): void;
  /** Why a stop that arrives now comes from the start limit; null when it does not. */
  overdue(): string | null;
}

/** Facts of a packaged program, from its starter. */
export interface ReleaseFacts {
  /** `package`, or the name of the release that an update has brought; null when no service started it. */
  readonly name: string | null;
  /** Grows with each release. */
  readonly serial: number;
  readonly stateDir: string | null;
  /** Where unpacked releases lie; null for a starter that has no such place. */
  readonly unpackedDir: string | null;
  /** Where the makers' public keys lie; null for the usual place. */
  readonly keysDir: string | null;
}

/** Facts of a service, from its environment. */
export interface ServiceFacts {
  /** Without a sign of life for so long the manager ends the agent. Units: ms. */
  readonly watchdogMs: number | null;
  /** Longest step of a start. Units: ms; null where the unit names none. */
  readonly startStepMs: number | null;
  /** Name of this start of the machine. */
  readonly bootId: string | null;
  /** Folders that the manager made for the service: the first persists, the second is removed at a reboot. */
  readonly stateDir: string | null;
  readonly runtimeDir: string | null;
}

/** What a config check found. `counts` is null when the file cannot be used. */
export interface CheckReport {
  readonly problems: readonly Problem[];
  /** Wrong too, but nothing that this cabinet needs: it runs all the same. */
  readonly warnings: readonly Problem[];
  readonly counts: { readonly lamps: number; readonly lines: number; readonly zones: number } | null;
}
