/** Memory of processes: workers by their own figures, servers by the tables of Linux. */
import { readdirSync, readFileSync } from 'node:fs';
import { type Samples, totalOf } from './figures.ts';

/**
 * Memory at one moment of a run. `workers`: resident memory of all workers that answered; `heapUsed`, `heapTotal` and `external` are also
 * theirs. Units: `second` s since the start of the measurement; all others MB of 2^20 bytes.
 */
export interface MemorySample {
  readonly second: number;
  readonly workers: number;
  readonly heapUsed: number;
  readonly heapTotal: number;
  readonly external: number;
  /** Private memory of the server and all its processes. */
  readonly postgres: number;
  /** Shared memory that these processes have used, mostly `shared_buffers`; each page counts once. */
  readonly postgresShared: number;
  /** Private memory of the broker. */
  readonly broker: number;
}

/**
 * Means of a figure of `MemorySample` over the first and the last third of the samples; 0 without samples. Units: MB of 2^20 bytes, whole.
 */
export interface Thirds {
  readonly first: number;
  readonly last: number;
}

const MB = 2 ** 20;

/**
 * Sums the memory of the workers from `workers`, the samples of their metrics, and reads that of the servers now. `servers`: process ids. A
 * server without one counts as 0, and so does one that has ended or may not be read. Errors: throws if a server is given and there is no
 * `/proc`.
 */
export function takeMemorySample(
  second: number,
  workers: readonly Samples[],
  servers: { readonly postgres: number | undefined; readonly broker: number | undefined },
): MemorySample {
  const megabytes = (name: string): number => Math.round(totalOf(workers, name) / MB);
  const postgres = treeMemory(servers.postgres);
  return {
    second,
    workers: megabytes('process_resident_memory_bytes'),
    heapUsed: megabytes('nodejs_heap_size_used_bytes'),
    heapTotal: megabytes('nodejs_heap_size_total_bytes'),
    external: megabytes('nodejs_external_memory_bytes'),
    postgres: postgres.private,
    postgresShared: postgres.shared,
    broker: treeMemory(servers.broker).private,
  };
}

/**
 * Returns the means of one figure over the first and the last third of the samples; 0 without samples. Units: MB of 2^20 bytes, whole.
 */
export function thirdsOf(samples: readonly MemorySample[], figure: Exclude<keyof MemorySample, 'second'>): Thirds {
  const third = Math.ceil(samples.length / 3);
  const mean = (part: readonly MemorySample[]): number =>
    part.length === 0 ? 0 : Math.round(part.reduce((sum, sample) => sum + sample[figure], 0) / part.length);
  return { first: mean(samples.slice(0, third)), last: mean(samples.slice(samples.length - third)) };
}

/** Memory of a process and its children. Pages that processes share are divided between them (Pss), so that none counts twice. */
function treeMemory(root: number | undefined): { readonly private: number; readonly shared: number } {
  if (root === undefined) return { private: 0, shared: 0 };
  const found = { private: 0, shared: 0 };
  for (const pid of [root, ...childrenOf(root)]) {
    const text = readOrEmpty(`/proc/${pid}/smaps_rollup`);
    const kilobytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0);
    found.private += kilobytes('Pss_Anon');
    found.shared += kilobytes('Pss_Shmem');
  }
  return { private: Math.round(found.private / 1_024), shared: Math.round(found.shared / 1_024) };
}

function childrenOf(parent: number): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  // The name of the program is in brackets and may contain spaces; the parent is the second field after it.
  return pids.filter((pid) => / \S (\d+)/.exec(readOrEmpty(`/proc/${pid}/stat`).replace(/^.*\)/s, ''))?.[1] === String(parent)).map(Number);
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // The process has ended, or this is not Linux.
    return '';
  }
}
