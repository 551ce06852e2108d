/**
 * The platform of the simulated city, as the phases need it. Any host that obeys docs/platform.md can take this place.
 */
import type { Metric } from '../../agent/sync/sparkplug/codec.ts';
import { startChild } from '../child.ts';

/** What the host has received since its process started. */
export interface HostCounts {
  readonly messages: number;
  /** Payloads and topics, without the headers of MQTT and TCP. */
  readonly bytes: number;
  readonly readings: number;
  /** NBIRTHs, and those that the host itself requested. */
  readonly births: number;
  readonly rebirths: number;
  /** Nodes whose last message is not an NDEATH, and that have been born. */
  readonly alive: number;
  /** Payloads that could not be read. */
  readonly garbage: number;
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
  readonly births: number;
  /** When the last NBIRTH arrived. Units: ms since 1970, of the machine. */
  readonly bornMs: number;
}

/** A command to many nodes, as NCMD. The id of each is `id`, a hyphen and the node. */
export interface FleetCommand {
  readonly id: string;
  readonly nodes: readonly string[];
  readonly metrics: readonly Metric[];
}

/** How the command of one node ended. Units: ms after it was sent. */
export interface FleetOutcome {
  readonly node: string;
  readonly state: string;
  readonly reason: string;
  readonly afterMs: number;
}

/** The platform of the city. */
export interface CityHost {
  /** Starts it, or starts it again; it acknowledges from then on. */
  start(): Promise<void>;
  /** Ends it as `kill -9` would, or in order. */
  stop(how: 'killed' | 'in-order'): Promise<void>;
  counts(): Promise<HostCounts>;
  nodes(): Promise<readonly HostNode[]>;
  send(command: FleetCommand): Promise<void>;
  /** Returns the ends that have arrived for the command with this id. */
  outcomes(id: string): Promise<readonly FleetOutcome[]>;
  /** CPU time and memory of its processes. */
  pids(): readonly number[];
}

/** The settings of the reference host. */
export interface ReferenceHostSettings {
  readonly broker: string;
  /** Added to the machine's time in commands. */
  readonly wallOffsetMs: number;
}

export type CityHostQuestion =
  | { readonly kind: 'start'; readonly settings: ReferenceHostSettings }
  | { readonly kind: 'counts' }
  | { readonly kind: 'nodes' }
  | { readonly kind: 'send'; readonly command: FleetCommand }
  | { readonly kind: 'outcomes'; readonly id: string }
  | { readonly kind: 'stop' };

export type CityHostAnswer = HostCounts | readonly HostNode[] | readonly FleetOutcome[] | null;

/** The host of the tests in a process of its own. It keeps row ranges, aliases and counts in memory, and discards the readings. */
export function createReferenceHost(settings: ReferenceHostSettings): CityHost {
  let child: ReturnType<typeof startChild<CityHostQuestion, CityHostAnswer>> | null = null;
  const ask = async <T extends CityHostAnswer>(question: CityHostQuestion): Promise<T> => {
    if (child === null) throw new Error('the host does not run');
    return (await child.ask(question)) as T;
  };
  return {
    async start() {
      child = startChild<CityHostQuestion, CityHostAnswer>('city/host-process.ts');
      await ask({ kind: 'start', settings });
    },
    async stop(how) {
      if (how === 'in-order') await ask({ kind: 'stop' });
      else child?.kill('SIGKILL');
      await child?.stop();
      child = null;
    },
    counts: () => ask<HostCounts>({ kind: 'counts' }),
    nodes: () => ask<readonly HostNode[]>({ kind: 'nodes' }),
    send: async (command) => void (await ask({ kind: 'send', command })),
    outcomes: (id) => ask<readonly FleetOutcome[]>({ kind: 'outcomes', id }),
    pids: () => (child?.pid === undefined ? [] : [child.pid]),
  };
}
