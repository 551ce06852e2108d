/**
 * Requests levels while the line is busy, one unit after the other, every 137 ms, and measures how long each took.
 */
import type { BusSeen } from './bus-process.ts';
import { sharedMonoMs } from './child.ts';

export interface BenchIntent {
  readonly unit: number;
  readonly value: number;
  /** By the monotonic clock, which all processes share. */
  readonly intentMono: number;
}

/** Between two intents. Units: ms. Source: no multiple of any poll, so that intents meet the line at every phase. */
const WISH_EVERY_MS = 137;
/** Values go 0..100 and no unit gets the same one soon again, so an intent is recognised on the wire. */
const VALUES = 101;

/**
 * Requests a level every 137 ms, for one unit after the other, and passes each request to `onIntent`. `stop` ends this and returns all
 * requests in order; it may be called twice.
 */
export function createBenchIntents(units: readonly number[], onIntent: (intent: BenchIntent) => void): { stop(): readonly BenchIntent[] } {
  const intents: BenchIntent[] = [];
  const timer = setInterval(() => {
    const at = intents.length;
    const intent = { unit: units[at % units.length] as number, value: at % VALUES, intentMono: sharedMonoMs() };
    intents.push(intent);
    onIntent(intent);
  }, WISH_EVERY_MS);
  return {
    stop() {
      clearInterval(timer);
      return intents;
    },
  };
}

/**
 * Returns for each intent, in the same order, the time until its first byte was on the wire. Units: ms; infinite for one that was never
 * sent.
 */
export function waitsMs(intents: readonly BenchIntent[], { writes }: Pick<BusSeen, 'writes'>): number[] {
  return intents.map(({ unit, value, intentMono }) => {
    const arrived = writes.find((write) => write.unit === unit && write.value === value && write.arrivedMono >= intentMono);
    return (arrived?.arrivedMono ?? Number.POSITIVE_INFINITY) - intentMono;
  });
}
