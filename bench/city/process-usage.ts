/** CPU time and memory of processes, as Linux counts them. */
import { readdirSync, readFileSync } from 'node:fs';

/** What a process has used. Units: ms of CPU time since its start, bytes of memory. */
export interface ProcessUsage {
  readonly cpuMs: number;
  readonly rssBytes: number;
}

/** Units: ms. Source: proc(5), clock ticks of 1/100 s. */
const TICK_MS = 10;
/** Positions of fields after the name of the program. `waited`: the time of children that have ended. Source: proc(5), `/proc/pid/stat`. */
const FIELD = { parent: 1, utime: 11, stime: 12, waitedUtime: 13, waitedStime: 14 };

/** Returns the resident memory of a process. Units: bytes. Errors: throws if there is no such process. */
export function residentBytes(pid: number): number {
  return memoryOf(pid, 'VmRSS');
}

/** Returns what a process has used. Errors: throws if there is no such process. */
function usageOf(pid: number): ProcessUsage {
  const fields = fieldsOf(pid);
  return { cpuMs: ticks(fields, 'utime', 'stime'), rssBytes: residentBytes(pid) };
}

/** Returns what processes have used together; one that has ended counts as nothing. */
export function usageOfAll(pids: readonly number[]): ProcessUsage {
  return sumOf(pids.flatMap((pid) => ifAlive(() => usageOf(pid)) ?? []));
}

/**
 * Returns what a process and its children have used, children that have ended included. Memory that they share counts once.
 *
 * Errors: throws if there is no such process.
 */
export function usageOfFamily(pid: number): ProcessUsage {
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((child) => ifAlive(() => Number(fieldsOf(child)[FIELD.parent])) === pid);
  const own = fieldsOf(pid);
  const waitedMs = ticks(own, 'utime', 'stime', 'waitedUtime', 'waitedStime');
  const all = [pid, ...children].flatMap(
    (each) => ifAlive(() => ({ ownBytes: memoryOf(each, 'RssAnon'), sharedBytes: memoryOf(each, 'RssShmem') })) ?? [],
  );
  return {
    cpuMs: waitedMs + usageOfAll(children).cpuMs,
    rssBytes: all.reduce((sum, { ownBytes }) => sum + ownBytes, 0) + Math.max(...all.map(({ sharedBytes }) => sharedBytes)),
  };
}

function sumOf(all: readonly ProcessUsage[]): ProcessUsage {
  return { cpuMs: all.reduce((sum, { cpuMs }) => sum + cpuMs, 0), rssBytes: all.reduce((sum, { rssBytes }) => sum + rssBytes, 0) };
}

function fieldsOf(pid: number): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function ticks(fields: readonly string[], ...names: (keyof typeof FIELD)[]): number {
  return names.reduce((sum, name) => sum + Number(fields[FIELD[name]]), 0) * TICK_MS;
}

function memoryOf(pid: number, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1_024;
}

function ifAlive<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    // The process has ended meanwhile.
    return undefined;
  }
}
