/** CPU time and memory of a process, as Linux counts them. */
import { readFileSync } from 'node:fs';

/** What a process has used. Units: ms of CPU time since its start, bytes of resident memory. */
export interface ProcessUsage {
  readonly cpuMs: number;
  readonly rssBytes: number;
}

/** Units: ms. Source: proc(5), clock ticks of 1/100 s. */
const TICK_MS = 10;
/** Positions of utime and stime after the name of the program. Source: proc(5), `/proc/pid/stat`. */
const FIELD = { utime: 11, stime: 12 };

/** Returns the resident memory of a process. Units: bytes. Errors: throws if there is no such process. */
export function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1_024;
}

/** Returns what a process has used. Errors: throws if there is no such process. */
export function usageOf(pid: number): ProcessUsage {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[FIELD.utime]) + Number(fields[FIELD.stime]);
  return { cpuMs: ticks * TICK_MS, rssBytes: residentBytes(pid) };
}
