/** placeholder */
import type { PlatformOptions } from '../cli/options.ts';
export async function runBench(_: PlatformOptions): Promise<number> {
  return 0;
}
