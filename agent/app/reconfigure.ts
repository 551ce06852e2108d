/**
 * Applies another configuration to a running agent: only the parts that it touches are exchanged.
 *
 * Lines first: drivers that receive nothing fall back to their failsafe level after a minute.
 */
import { type CabinetAndProfiles, type TouchedRooms, touchedRooms } from '../config/revisions/touched-parts.ts';
import { fieldLine } from '../field/line-from-config.ts';
import { uplinkDevices } from '../sync/sparkplug/cabinet-metrics.ts';
import type { Joined } from './joined.ts';
import { busOf, createRooms } from './rooms.ts';
import { openUplink } from './uplink.ts';

/** Resolves with what was touched. Shape: `next` has been checked. */
export async function reconfigure(joined: Joined, next: CabinetAndProfiles): Promise<TouchedRooms> {
  const { state, store, uplink, parts } = joined;
  const touched = touchedRooms(state.site, next);
  if (state.isStopping) return touched;
  parts.log.event('configuration-applied', { ...touched });
  store.audit.note({ user: '', role: '', door: 'self', action: 'configuration applied', detail: JSON.stringify(touched), result: 'ok' });
  state.site = next;
  if (touched.lines.length > 0) await exchangeLines(joined, touched.lines);
  if (touched.light) await leaveRooms(joined);
  // Readings wait in memory meanwhile.
  if (touched.store) {
    await store.stop();
    await store.start();
  }
  if (touched.light) await enterRooms(joined);
  state.bus = busOf(joined);
  if (touched.uplink) {
    state.uplinkEvents.close('the uplink was given other settings');
    const ids = new Set(uplinkDevices(next.cabinet, state.rooms.points, next.profiles).map(({ id }) => id));
    await uplink.exchange(
      () => openUplink(joined),
      (deviceId) => deviceId === '' || ids.has(deviceId),
    );
  }
  return touched;
}

async function exchangeLines({ field, parts, state }: Joined, gone: readonly string[]): Promise<void> {
  const { lines } = state.site.cabinet;
  const come = lines.filter(({ id }) => gone.includes(id)).map((line) => fieldLine(line, { ...parts, ...state.site }));
  await field.exchange({ gone, come, order: lines.map(({ id }) => id) });
}

async function leaveRooms({ state }: Joined): Promise<void> {
  const { detections, lampsRaised } = state.rooms.control.counters();
  const before = state.countedBefore;
  state.countedBefore = { detections: before.detections + detections, lampsRaised: before.lampsRaised + lampsRaised };
  await state.rooms.control.stop();
  state.rooms.energy.stop();
  state.rooms.close();
}

async function enterRooms(joined: Joined): Promise<void> {
  const { state, field } = joined;
  state.rooms = createRooms(joined);
  if (!state.isRunning) return;
  await state.rooms.control.start();
  state.rooms.energy.start();
  // The last readings still hold, presence included.
  state.rooms.onReadings(field.readings());
}
