/**
 * The options of one run, which `main.ts` reads once from the command line and the environment.
 */
import type { WallMs } from './clock.ts';
import type { Problem } from './errors.ts';
import type { Log, LogFeed } from './ports.ts';

/** What one run of the agent gets from its command line and its environment. */
export interface RunOptions {
  /** Path of the cabinet file. */
  readonly configFile: string;
  /** Ports that replace those of the configuration, by line id. */
  readonly ports: Readonly<Record<string, string>>;
  /** Broker that replaces `uplink.broker` of the configuration, not `otherBrokers`; null for none. */
  readonly broker: string | null;
  /** Folder that replaces that of the store in the configuration; null for none. */
  readonly dataDir: string | null;
  /** Path of the console socket; null: the path in the configuration, else the usual places. */
  readonly socketPath: string | null;
  /** For a rehearsal: the wall clock is shifted so that the run starts at this time. Null: it is not shifted. */
  readonly startAtMs: WallMs | null;
  /** The platform is not connected, whatever the configuration. */
  readonly noUplink: boolean;
  /** Version of the program. */
  readonly version: string;
  readonly log: Log;
  /** The same log for live readers; absent if it cannot be read live. */
  readonly logFeed?: LogFeed;
  /** Aborted when the agent must stop. */
  readonly stopSignal: AbortSignal;
  /** Folder with the credentials from the service manager; absent or null if it provides none. */
  readonly credentialsDir?: string | null;
  /** The service manager's notification socket; absent or null if no manager supervises this run. */
  readonly notifySocket?: string | null;
  /** Receives the completed steps of the start; absent if they are not reported. */
  readonly startSteps?: StartSteps;
  /** Other data from the service manager; each field may be missing. */
  readonly service?: ServiceFacts;
  /** The release of the program; absent if it is not known. */
  readonly release?: ReleaseFacts;
}

/** Reports the progress of a start, so that the service manager can end a start that hangs. */
export interface StartSteps {
  /** Call it after each step; it may extend the manager's limit. `step`: its name, for messages. No effect after `over`. */
  completed(step: string): void;
  /** Call it when the start has ended: the agent is ready, or it stops. */
  over(): void;
  /** Returns a text with the last step if the start seems to hang; otherwise null, also after `over`. */
  overdue(): string | null;
}

/** Facts about the program that runs, from its package, and from the program and the service that started it. */
export interface ReleaseFacts {
  /** `package`, or the name of the installed update; null if no service started this run. */
  readonly name: string | null;
  /** Increases with each release; 0 if the program was not packaged. */
  readonly serial: number;
  /** State folder of the service; its folder `releases` has the records of the releases. Null without a service. */
  readonly stateDir: string | null;
  /** Folder of unpacked releases; null if the starter has none. */
  readonly unpackedDir: string | null;
  /** Folder of the makers' public keys; null for the usual place. */
  readonly keysDir: string | null;
}

/** Facts that the service manager passes in the environment; null where it gives none. */
export interface ServiceFacts {
  /** The manager ends the agent after this time without a sign of life. Units: ms. */
  readonly watchdogMs: number | null;
  /** Longest step of a start. Units: ms. */
  readonly startStepMs: number | null;
  /** Identifies this boot of the machine. */
  readonly bootId: string | null;
  /** Folders that the manager created for the service: the first persists, the second only over a restart of the service. */
  readonly stateDir: string | null;
  readonly runtimeDir: string | null;
}

/** The result of a configuration check. `problems`: the mistakes for which it fails; the agent starts in spite of some of them. */
export interface CheckReport {
  readonly problems: readonly Problem[];
  /** Other mistakes, and advice; they do not prevent the start. */
  readonly warnings: readonly Problem[];
  /** Null if the cabinet file has problems on its own, without a look at profiles and the machine. */
  readonly counts: { readonly lamps: number; readonly lines: number; readonly zones: number } | null;
  /** What the French arrêté requires and the file lacks; absent if that was not asked, or if `counts` is null. */
  readonly lawGaps?: readonly LawGap[];
}

/**
 * A light point whose inventory lacks data that the arrêté of 27 December 2018, article 5, requires. `missing`: the absent keys of the
 * lamp's `luminaire`; only the first of two keys of which one is enough.
 */
export interface LawGap extends Problem {
  readonly lamp: string;
  readonly missing: readonly string[];
}
