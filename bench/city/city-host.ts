/**
 * The platform of the simulated city, as the phases need it. Any host that obeys docs/platform.md can take this place.
 */
import type { ProcessUsage } from './process-usage.ts';
import type { StoreDigest } from './store-digest.ts';

/** What the host has counted since its processes were first started, those that were killed included. */
export interface HostCounts {
  /** Messages that the workers received. */
  readonly messages: number;
  /** Readings in them, and those that were new and are committed. */
  readonly readings: number;
  readonly stored: number;
  /** NBIRTHs, and requests for births that the host itself sent. */
  readonly births: number;
  readonly rebirths: number;
  /** Messages that were left out. */
  readonly dropped: number;
}

/** What the host has of one node. */
export interface HostNode {
  readonly node: string;
  /** The row up to which no row is missing. */
  readonly head: number;
  /** Rows missing below the highest row that arrived. */
  readonly missing: number;
  /** Readings in the gaps that the node reported. */
  readonly lost: number;
  /** When the last NBIRTH was committed, and the last row. Units: ms since 1970, of the machine. */
  readonly bornMs: number;
  readonly rowMs: number;
}

/** A value of a command as JSON; bytes as base64. */
export type CommandValue = number | boolean | string | { readonly base64: string };

/** A command to many nodes. The id of each is `id`, a hyphen and the node. */
export interface FleetCommand {
  readonly id: string;
  readonly nodes: readonly string[];
  readonly metrics: Readonly<Record<string, CommandValue>>;
}

/** How the command of one node ended. Units: ms from the insertion of the command to the commit of its outcome. */
export interface FleetOutcome {
  readonly node: string;
  readonly state: string;
  readonly reason: string;
  readonly afterMs: number;
}

/** The parts of the host, and how late readings were committed since the call before. */
export interface HostUsage {
  readonly workers: ProcessUsage;
  /** The processes that publish STATE and send commands. */
  readonly others: ProcessUsage;
  readonly database: ProcessUsage;
}

/** The size of the database. Units: bytes. */
export interface DatabaseSize {
  readonly readings: number;
  readonly total: number;
  /** All that was written to the write-ahead log. */
  readonly wal: number;
}

/** Which processes of the host are meant. `state`: the one that publishes STATE. */
export type HostParts = 'all' | 'all-but-state';

/** The platform of the city. */
export interface CityHost {
  /** Starts the processes that do not run. Resolves when the workers are subscribed. */
  start(): Promise<void>;
  /** Ends processes as `kill -9` would. */
  kill(parts: HostParts): Promise<void>;
  /** Ends everything, and removes the data. */
  close(): Promise<void>;
  counts(): Promise<HostCounts>;
  /** The nodes of the city that have been born. */
  nodes(): Promise<readonly HostNode[]>;
  send(command: FleetCommand): Promise<void>;
  /** Returns the ends that have arrived for the command with this id. */
  outcomes(id: string): Promise<readonly FleetOutcome[]>;
  /** Runs a command of the command line with `--json`; `onLine` gets each line. Errors: rejects if it ends with another code than 0 or 1. */
  command(name: string, words: readonly string[], onLine: (line: string) => void): Promise<void>;
  /** The delays from the sending of a message to its commit, since the last call. Units: s. */
  lag(): Promise<{ readonly p50: number; readonly p99: number }>;
  usage(): HostUsage;
  size(): Promise<DatabaseSize>;
  /** What is stored of these nodes, in their order, without the readings of before. */
  digests(nodes: readonly string[]): Promise<readonly StoreDigest[]>;
  /** Every reading that is stored of a node, as `store-digest.ts` writes it. */
  readings(node: string): Promise<readonly string[]>;
}
