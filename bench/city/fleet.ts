/** The agents of the city, divided among processes. */
import { join } from 'node:path';
import { type Child, startChild } from '../child.ts';
import type { CabinetFigures, FleetAnswer, FleetFigures, FleetQuestion, FleetSettings } from './fleet-process.ts';
import type { StoreDigest } from './store-digest.ts';

/** What `startFleet` needs; the agents share `processes`. */
export interface FleetPlan extends Omit<FleetSettings, 'seed'> {
  readonly processes: number;
}

/** A running fleet. `figures` are the sums over its processes; `lateMs` and `monoMs` are the largest and the smallest of them. */
export interface RunningFleet {
  readonly nodes: readonly string[];
  figures(): Promise<FleetFigures>;
  cabinets(): Promise<readonly CabinetFigures[]>;
  setScale(scale: number): Promise<void>;
  /** Ends all readings, so that the stores can be compared with the database. */
  quiet(): Promise<void>;
  /** What the stores of these cabinets have. */
  digests(nodes: readonly string[]): Promise<readonly StoreDigest[]>;
  /** Every reading in the store of a cabinet, as `store-digest.ts` writes it. */
  readings(node: string): Promise<readonly string[]>;
  pids(): readonly number[];
  /** Ends the agents in order if `isOrderly`, otherwise with their processes. */
  stop(isOrderly: boolean): Promise<void>;
}

/** Many agents share one heap: with the usual 16 MB their short-lived objects would be copied often, which no gateway does. */
const YOUNG_SPACE = '--max-semi-space-size=64';

/** Starts the agents. Resolves when `start` of each has ended; they connect meanwhile. */
export async function startFleet({ nodes, processes, folder, ...settings }: FleetPlan): Promise<RunningFleet> {
  const parts = Array.from({ length: Math.min(processes, nodes.length) }, (_, part) => nodes.filter((_node, i) => i % processes === part));
  const children = parts.map(() => startChild<FleetQuestion, FleetAnswer>('city/fleet-process.ts', [], [...process.execArgv, YOUNG_SPACE]));
  const askAll = async <T extends FleetAnswer>(question: FleetQuestion): Promise<T[]> =>
    (await Promise.all(children.map((child) => child.ask(question)))) as T[];
  const stop = async (isOrderly: boolean): Promise<void> => {
    if (isOrderly) await askAll({ kind: 'stop' });
    await Promise.all(children.map((child: Child<FleetQuestion, FleetAnswer>) => child.stop()));
  };
  try {
    await Promise.all(
      children.map((child, part) =>
        child.ask({
          kind: 'start',
          settings: { ...settings, nodes: parts[part] ?? [], folder: join(folder, `part-${part}`), seed: part * 100_000 },
        }),
      ),
    );
  } catch (error) {
    await stop(false);
    throw error;
  }
  return {
    nodes,
    figures: async () => sumOf(await askAll<FleetFigures>({ kind: 'figures' })),
    cabinets: async () => (await askAll<readonly CabinetFigures[]>({ kind: 'cabinets' })).flat(),
    setScale: async (scale) => void (await askAll({ kind: 'scale', scale })),
    quiet: async () => void (await askAll({ kind: 'quiet' })),
    digests: async (some) => (await askAll<readonly StoreDigest[]>({ kind: 'digests', nodes: some })).flat(),
    readings: async (node) => (await askAll<readonly string[]>({ kind: 'readings', node })).flat(),
    pids: () => children.flatMap(({ pid }) => pid ?? []),
    stop,
  };
}

function sumOf(parts: readonly FleetFigures[]): FleetFigures {
  const total = (key: keyof Omit<FleetFigures, 'warnings'>): number => parts.reduce((sum, part) => sum + part[key], 0);
  const warnings: Record<string, number> = {};
  for (const part of parts) for (const [name, count] of Object.entries(part.warnings)) warnings[name] = (warnings[name] ?? 0) + count;
  return {
    ...{ cabinets: total('cabinets'), online: total('online'), cpuMs: total('cpuMs'), rssBytes: total('rssBytes') },
    ...{ recorded: total('recorded'), messages: total('messages'), bytes: total('bytes') },
    ...{ attempts: total('attempts'), births: total('births'), warnings },
    lateMs: Math.max(...parts.map(({ lateMs }) => lateMs)),
    monoMs: Math.min(...parts.map(({ monoMs }) => monoMs)),
  };
}
