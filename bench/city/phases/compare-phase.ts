/** The readings in the stores of the agents against those in the database. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { City } from '../city-parts.ts';
import type { RunningFleet } from '../fleet.ts';
import { compareReadings, type StoreDigest } from '../store-digest.ts';
import { emitGoal, waitFor } from './measure.ts';

/** Nodes of one query. */
const NODES_AT_ONCE = 50;
/** Longest wait for the last readings. Units: ms. Source: assumed; several times the minute after which the host requests a missing row. Confirmed by: this bench on slower machines. */
const WAIT_MS = 300_000;
/** Differing cabinets that are compared reading by reading. */
const MOST_COMPARED = 20;
/** Commits of the agents follow within this time. Units: ms. Source: the store of an agent commits each 10 s. */
const COMMIT_MS = 10_000;

/** Ends all readings of the fleet, waits until the last ones are stored on both sides, and compares them. The fleet is of no use afterwards. */
export async function comparePhase(city: City): Promise<void> {
  const { fleet } = city;
  if (fleet === null) return;
  city.progress('compare …');
  await fleet.quiet();
  await sleep(COMMIT_MS);
  const own = new Map<string, StoreDigest>();
  let different: readonly string[] = fleet.nodes;
  await waitFor(city, 'stores and database are equal', WAIT_MS, async () => {
    for (const digest of await fleet.digests(different)) own.set(digest.node, digest);
    different = await differing(city, own, different);
    return { isDone: different.length === 0, text: `${different.length} cabinets differ` };
  }).catch((error: Error) => city.progress(`  ${error.message}`));
  await emitComparison(city, fleet, { own, different });
}

async function emitComparison(
  city: City,
  fleet: RunningFleet,
  { own, different }: { readonly own: ReadonlyMap<string, StoreDigest>; readonly different: readonly string[] },
): Promise<void> {
  const total = [...own.values()].reduce((sum, { readings }) => sum + readings, 0);
  // Rejects if a process of the host has ended by itself.
  const { dropped } = await city.host.counts();
  city.emit('compare: messages that the host left out, and that came again', dropped, 'messages');
  city.emit('compare: readings in the stores', total, 'readings', { note: `${fleet.nodes.length} cabinets` });
  emitGoal(city, 'compare: cabinets that differ from the database', different.length, 'cabinets', '<=', 0);
  const found = { missing: 0, extra: 0, changed: 0 };
  for (const node of different.slice(0, MOST_COMPARED)) {
    const { missing, extra, changed } = compareReadings(await fleet.readings(node), await city.host.readings(node));
    found.missing += missing.length;
    found.extra += extra.length;
    found.changed += changed.length;
    city.progress(`  ${node}: missing ${missing.slice(0, 3)}, extra ${extra.slice(0, 3)}, other value ${changed.slice(0, 3)}`);
  }
  emitGoal(city, 'compare: readings missing in the database', found.missing, 'readings', '<=', 0);
  emitGoal(city, 'compare: readings in the database that no store has', found.extra, 'readings', '<=', 0);
  emitGoal(city, 'compare: readings with another value', found.changed, 'readings', '<=', 0);
}

/** Returns which of these nodes differ. */
async function differing(city: City, own: ReadonlyMap<string, StoreDigest>, nodes: readonly string[]): Promise<string[]> {
  const different: string[] = [];
  for (let i = 0; i < nodes.length; i += NODES_AT_ONCE) {
    for (const { node, readings, sum } of await city.host.digests(nodes.slice(i, i + NODES_AT_ONCE))) {
      const expected = own.get(node);
      if (expected?.readings !== readings || expected.sum !== sum) different.push(node);
    }
  }
  return different;
}
