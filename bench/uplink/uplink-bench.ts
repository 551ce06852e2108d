/**
 * The uplink bench: runs every figure in turn. A figure that fails is reported, and the others continue.
 */
import type { BenchOptions } from '../result.ts';
import { bytesBench } from './bytes.ts';
import { drainBench } from './drain.ts';
import { encodeBench } from './encode.ts';

export const UPLINK_FIGURES: Readonly<Record<string, (options: BenchOptions) => Promise<void>>> = {
  drain: drainBench,
  bytes: bytesBench,
  encode: encodeBench,
};

/**
 * Runs the named figures of the uplink bench, or all, one after the other. A figure that fails does not stop the others. Errors: rejects
 * at the end, with the reasons of all figures that failed.
 */
export async function uplinkBench(options: BenchOptions): Promise<void> {
  const failures: string[] = [];
  for (const name of options.figures.length === 0 ? Object.keys(UPLINK_FIGURES) : options.figures) {
    try {
      await UPLINK_FIGURES[name]?.(options);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      failures.push(`${name}: ${error.message}`);
      options.progress(`uplink: ${failures.at(-1)}`);
    }
  }
  if (failures.length > 0) throw new Error(failures.join('; '));
}
