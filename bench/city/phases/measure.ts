/** What the phases have in common: waiting with progress, and the use of processor and memory over a time. */
import { setTimeout as sleep } from 'node:timers/promises';
import { quantile } from '../../../agent/core/quantile.ts';
import { against, round } from '../../result.ts';
import type { HostUsage } from '../city-host.ts';
import type { City } from '../city-parts.ts';
import type { RunningFleet } from '../fleet.ts';
import { type ProcessUsage, usageOfAll } from '../process-usage.ts';

/** Between two looks. Units: ms. */
const LOOK_MS = 500;
/** Between two lines of progress. Units: ms. */
const PROGRESS_MS = 5_000;
/** Longest wait for the rows. Units: ms. Source: assumed; several times the minute after which the host requests a missing row. Confirmed by: this bench on slower machines. */
const COMPLETE_MS = 600_000;
/** Rows of before may wait in the queue of a worker. Units: ms. Source: the host: a worker keeps ten seconds of a city. */
const QUEUED_MS = 15_000;
/** Longest start of a fleet. Units: ms. Source: assumed; ten times what 1,450 agents need on two cores. Confirmed by: this bench on slower machines. */
export const START_MS = 1_800_000;
const MB = 1e6;

/** What `look` found: whether the wait is over, and a line of progress. */
export interface Look {
  readonly isDone: boolean;
  readonly text: string;
}

/** Looks until it is done. Returns the time it took. Errors: rejects when it is not done within `withinMs`. Units: ms. */
export async function waitFor(city: City, what: string, withinMs: number, look: () => Promise<Look>): Promise<number> {
  const startMs = performance.now();
  let shownMs = startMs;
  for (;;) {
    const { isDone, text } = await look();
    const nowMs = performance.now();
    if (isDone) return nowMs - startMs;
    if (nowMs - startMs > withinMs) throw new Error(`not within ${round(withinMs / 1_000, 0)} s: ${what}; ${text}`);
    if (nowMs - shownMs > PROGRESS_MS) {
      shownMs = nowMs;
      city.progress(`  ${round((nowMs - startMs) / 1_000, 0)} s: ${text}`);
    }
    await sleep(LOOK_MS);
  }
}

/**
 * Waits until the host has a birth or a row of each of these nodes, committed after `sinceMs`. Returns when the first of them was. A birth that is
 * sent before a worker has subscribed is lost; the rows of that cabinet are decoded all the same. Units: ms since 1970.
 */
export async function waitForReturn(
  city: City,
  { nodes, sinceMs, withinMs }: { nodes: readonly string[]; sinceMs: number; withinMs: number },
): Promise<readonly number[]> {
  const open = new Set<string>(nodes);
  const backMs: number[] = [];
  await waitFor(city, 'all cabinets are back', withinMs, async () => {
    for (const { node, bornMs, rowMs } of await city.host.nodes()) {
      if (!open.has(node) || (bornMs < sinceMs && rowMs < sinceMs + QUEUED_MS)) continue;
      open.delete(node);
      backMs.push(bornMs >= sinceMs ? bornMs : rowMs);
    }
    return { isDone: open.size === 0, text: `${backMs.length} of ${nodes.length} back` };
  });
  return backMs;
}

/** The parts of the city whose use is measured. */
export interface Measured extends HostUsage {
  readonly broker: ProcessUsage;
  readonly agents: ProcessUsage;
}

/** Returns what the parts of the city have used so far. */
export function usageOfCity({ broker, host }: City, fleet: RunningFleet): Measured {
  return { broker: usageOfAll(broker.pid === undefined ? [] : [broker.pid]), ...host.usage(), agents: usageOfAll(fleet.pids()) };
}

const PARTS = { broker: 'broker', workers: 'the workers', others: 'state and commands', database: 'database', agents: 'agents' } as const;

/** Emits processor (% of one core) and memory of each part over a time. Units: `overMs` in ms. */
export function emitUsage(
  city: City,
  phase: string,
  { before, after, overMs }: { before: Measured; after: Measured; overMs: number },
): void {
  for (const part of Object.keys(PARTS) as (keyof typeof PARTS)[]) {
    const name = PARTS[part];
    city.emit(`${phase}: processor of ${name}`, round((100 * (after[part].cpuMs - before[part].cpuMs)) / overMs, 1), '% of a core');
    city.emit(`${phase}: memory of ${name}`, round(after[part].rssBytes / MB, 1), 'MB');
  }
}

/** Emits the median, the 99th percentile and the largest of these times. Units: ms. */
export function emitTimes(city: City, what: string, timesMs: readonly number[]): void {
  for (const [name, share] of [
    ['p50', 0.5],
    ['p99', 0.99],
    ['max', 1],
  ] as const)
    city.emit(`${what}, ${name}`, round(quantile(timesMs, share) / 1_000, 2), 's');
}

/** Emits a figure with its goal. */
export function emitGoal(city: City, metric: string, value: number, unit: string, comparison: '>=' | '<=', limit: number): void {
  const { goal = '', ok = false } = against({ bench: 'city', metric, value, unit }, comparison, limit);
  city.emit(metric, value, unit, { goal, ok });
}

/** The fleet of the phases at true speed; each of its cabinets has been born. */
export function fullFleet(city: City): Promise<RunningFleet> {
  return bornFleet(city, city.options.cabinets);
}

/** Opens a fleet of this size, unless it runs, and waits until all its cabinets have been born. */
export async function bornFleet(city: City, count: number): Promise<RunningFleet> {
  const sinceMs = Date.now();
  const before = city.fleet;
  const fleet = await city.openFleet(count);
  if (fleet !== before) await waitForReturn(city, { nodes: fleet.nodes, sinceMs, withinMs: START_MS });
  return fleet;
}

/** Waits until the host has each row up to the one that was newest at the call, and emits how long that took. */
export async function untilComplete(city: City, phase: string): Promise<void> {
  const fleet = await fullFleet(city);
  const heads = new Map((await fleet.cabinets()).map(({ node, lastSeq }) => [node, lastSeq]));
  let lost = 0;
  const tookMs = await waitFor(city, 'the host has all rows', COMPLETE_MS, async () => {
    const nodes = await city.host.nodes();
    const open = nodes.filter(({ node, head }) => head < (heads.get(node) ?? 0)).length;
    lost = nodes.reduce((sum, node) => sum + node.lost, 0);
    return { isDone: open === 0, text: `${open} cabinets with rows on the way` };
  });
  city.emit(`${phase}: until the host had every row`, round(tookMs / 1_000, 1), 's');
  emitGoal(city, `${phase}: readings lost`, lost, 'readings', '<=', 0);
}
