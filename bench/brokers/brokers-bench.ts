/**
 * The brokers bench: the table of docs/brokers.md from real runs. A broker that is not installed is left out with the reason.
 */
import type { BenchOptions } from '../result.ts';
import { capabilitiesBench } from './capabilities.ts';
import { failoverBench } from './failover.ts';
import { BROKERS, type BrokerUnderTest } from './products.ts';

export const BROKERS_FIGURES: Readonly<Record<string, (product: BrokerUnderTest, options: BenchOptions) => Promise<void>>> = {
  abilities: capabilitiesBench,
  failover: async (product, options) => {
    if (product.hasCluster) await failoverBench(product, options);
    else options.progress(`brokers: ${product.name} has no cluster`);
  },
};

/** Runs the named figures, or all, for each broker that is installed. Errors: rejects at the end, with the reasons of all figures that failed. */
export async function brokersBench(options: BenchOptions): Promise<void> {
  // Node's own clean-up has been seen not to end after the proxies of this bench; the cause is not known.
  process.once('exit', () => process.exit());
  const failures: string[] = [];
  const names = options.figures.length === 0 ? Object.keys(BROKERS_FIGURES) : options.figures;
  for (const product of BROKERS) {
    if (product.skip !== false) {
      options.emit({ bench: 'brokers', metric: 'skipped', value: 0, unit: '', note: product.skip });
      continue;
    }
    for (const name of names) {
      try {
        await BROKERS_FIGURES[name]?.(product, options);
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        failures.push(`${product.name}, ${name}: ${error.message}`);
        options.progress(`brokers: ${failures.at(-1)}`);
      }
    }
  }
  if (failures.length > 0) throw new Error(failures.join('; '));
}
