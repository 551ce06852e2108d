/**
 * Starts and stops the parts of an agent in order. Light waits for nothing: neither for a port that does not open nor for a disk that does
 * not answer.
 */
import { DISK_WAIT_MS, within } from '../core/within.ts';
import { endLeftovers } from '../service/leftover-events.ts';
import type { Joined } from './joined.ts';

/** The console first: a second agent on the same socket must not touch the lines. */
export async function startAgent(joined: Joined): Promise<void> {
  const { parts, state, clock, store, uplink, ongoing, events } = joined;
  const completed = parts.onStartStep ?? (() => {});
  await joined.consoles?.start();
  completed('console-opened');
  if (state.isStopping) return;
  const stored = store.start();
  await startLight(joined);
  completed('lighting-started');
  state.isRunning = true;
  await stored;
  completed('store-opened');
  if (parts.guard?.unstored != null) void store.recordLoss(parts.guard.unstored).then(parts.guard.settleLoss);
  state.rooms.energy.start();
  if (state.isStopping) return;
  void endLeftovers({ store, clock, isGoingOn: ongoing.isGoingOn });
  // State for the births. A hung disk does not delay the uplink; the state is published once it responds.
  const shown = showState(joined);
  if ((await within(clock, DISK_WAIT_MS, shown)) !== true)
    parts.log.event('start-without-disk', { waitedMs: DISK_WAIT_MS, check: 'the disk of store.dir: dmesg' }, 'warning');
  completed('state-read');
  if (state.isStopping) return;
  await uplink.start();
  completed('uplink-started');
  if (state.isStopping) return;
  if ((parts.guard?.mode ?? 'normal') === 'normal') joined.housekeeping.start();
  for (const { isLasting, ...event } of parts.guard?.events ?? []) isLasting ? events.set(true, event) : events.notice(event);
  void shown.then(() => joined.updates?.start());
  notice(joined, 'agent-started', 'started');
}

/** Lines before recorder before uplink before store, so that the last reading goes all the way. */
export async function stopAgent(joined: Joined): Promise<void> {
  const { state, clock } = joined;
  state.isStopping = true;
  joined.housekeeping.stop();
  joined.self.stop();
  joined.record.stop();
  joined.stepWatch.stop();
  joined.updates?.stop();
  await joined.consoles?.stop();
  await within(clock, DISK_WAIT_MS, joined.revisions?.stop() ?? Promise.resolve());
  await state.applying;
  await state.rooms.control.stop();
  await joined.field.stop();
  joined.recorder.stop();
  state.rooms.energy.stop();
  await joined.uplink.stop();
  notice(joined, 'agent-stopped', 'stopped');
  await joined.store.stop();
}

async function startLight({ record, stepWatch, field, recorder, state }: Joined): Promise<void> {
  record.start();
  stepWatch.start();
  void field.start();
  recorder.start();
  await state.rooms.control.start();
}

/** What the births need of the disk, one after the other: what hangs holds one of Node's few threads. */
async function showState({ self, revisions, platformUpdates }: Joined): Promise<true> {
  await self.start();
  await revisions?.start();
  await platformUpdates.show();
  return true;
}

function notice({ events, state, parts: { version } }: Joined, code: 'agent-started' | 'agent-stopped', what: string): void {
  events.notice({ code, source: state.site.cabinet.id, severity: 'info', text: `luciole ${version} ${what}` });
}
