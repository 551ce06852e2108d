/**
 * A data folder as it lies in a cabinet that has been at work: hours of readings not yet delivered, events, facts, last
 * night's backup of these, and no clean end.
 *
 * Owns its creation, before anything is damaged.
 */

import { mkdirSync } from 'node:fs';
import { createManualClock } from '../../agent/core/manual-clock.ts';
import { msg } from '../../agent/core/message.ts';
import type { ReadingFrame, Store } from '../../agent/core/ports.ts';
import type { AgentEvent, PointId } from '../../agent/core/words.ts';
import { openInProcessLink } from '../../agent/store/client/in-process-link.ts';
import { createStore } from '../../agent/store/store.ts';
import { createRandom } from '../../test/street/random.ts';
import type { AgentStreet } from './agent-street.ts';

/** Units: s. */
const PAST = { seconds: 2 * 3_600, frameSeconds: 10 };
const EVENTS = 150;
const FACTS = 40;
/** What the agent writes in its first seconds. Units: ms. */
const AT_WORK_MS = 20_000;

/**
 * Creates the data folder `dir` of a cabinet that was in use: a past of two hours with events and facts, then an agent that stores
 * readings, makes a backup and is killed. Errors: rejects if the agent stores nothing in time.
 */
export async function makeUsedFolder(street: AgentStreet, dir: string): Promise<void> {
  mkdirSync(dir);
  await livePast(street, dir);
  const run = street.run(dir, 'away');
  await run.until(run.status, ({ store }) => store.readingsStored > 0, AT_WORK_MS);
  await run.ask('store backup');
  await run.kill();
}

async function livePast({ cabinet, clock: now }: AgentStreet, dir: string): Promise<void> {
  const clock = createManualClock(now.wallMs() - PAST.seconds * 1_000);
  const points = cabinet.lamps.map(({ id }): PointId => `${id}.level`);
  const decimals = new Map(points.map((point) => [point, 0]));
  const store = createStore({ ...cabinet.store, dir, clock, log: { event: () => {} }, decimals, openLink: openInProcessLink });
  await store.start();
  const random = createRandom(1);
  for (let ticket = 1; ticket <= PAST.seconds / PAST.frameSeconds; ticket++) {
    store.append(frameAt(ticket, points, { atMs: clock.wallMs(), atMono: clock.monoMs(), random }));
    await clock.advance(PAST.frameSeconds * 1_000);
  }
  await fillState(store, clock.wallMs());
  await store.stop();
}

function frameAt(
  ticket: number,
  points: readonly PointId[],
  { atMs, atMono, random }: { atMs: number; atMono: number; random: () => number },
): ReadingFrame {
  const readings = points.map((pointId) => ({ pointId, value: Math.round(random() * 100), quality: 'good' as const, atMono, atMs }));
  return { ticket, atMono, atMs, clockQuality: 'synced', readings };
}

async function fillState(store: Store, atMs: number): Promise<void> {
  for (let n = 0; n < EVENTS; n++) {
    const text = msg`the door of the cabinet was open for ${n} s`;
    const event: AgentEvent = {
      id: `past-${n}`,
      code: 'door-open',
      source: 'K1',
      severity: 'info',
      text,
      startMs: atMs - n,
      endMs: atMs - n,
    };
    store.appendEvent(event);
  }
  for (let n = 0; n < FACTS; n++) await store.save(`past ${n}`, { n, padding: 'x'.repeat(200) });
}
