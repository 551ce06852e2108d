/**
 * Builds the uplink of one configuration, and dispatches each command of the platform.
 */
import { createRoomEvents } from '../core/event-tracker.ts';
import type { Uplink } from '../core/ports.ts';
import { uplinkDevices } from '../sync/sparkplug/cabinet-metrics.ts';
import { SparkplugUplink } from '../sync/uplink.ts';
import type { Joined } from './parts.ts';

/**
 * Returns the uplink of the configuration in force, not started; null if it has none. Also replaces `state.uplinkEvents`, the list of open
 * events of the uplink, by an empty one. Events that are open in the former list stay open.
 */
export function openUplink(joined: Joined): Uplink | null {
  const { parts, state, clock, field, store, uplink, ongoing } = joined;
  const { cabinet, profiles } = state.site;
  const { version, log, door, random, readFile } = parts;
  state.uplinkEvents = createRoomEvents(clock, ongoing.onEvent);
  if (cabinet.uplink === null) return null;
  return new SparkplugUplink({
    ...{ version, clock, log, store, transport: door, random },
    ...(readFile === undefined ? {} : { readFile }),
    config: cabinet.uplink,
    cabinetId: cabinet.id,
    devices: uplinkDevices(cabinet, state.rooms.points, profiles),
    latest: (pointId) => field.latest(pointId),
    isOpenCommand: (id) => ongoing.isOpenCommand(id) || uplink.isHeld(id) || joined.revisions?.openCommand === id,
    onOrder({ kind, request }) {
      const { control, sound } = state.rooms;
      if (kind === 'override') void control.override({ ...request, authority: 'platform' });
      else if (kind === 'release') void control.release({ ...request, authority: 'platform' });
      else if (kind === 'programme') void control.chooseProgramme(request);
      else if (kind === 'blink') void control.blink({ ...request, authority: 'platform' });
      else if (kind === 'sound') void sound.request({ ...request, authority: 'platform' });
      else if (kind === 'point') void control.writePoint(request);
      else if (kind === 'panel') void state.rooms.panels.request(request);
      else if (kind === 'alarm') void joined.platformAlarms.take(request);
      else if (kind === 'config') void joined.platformConfig.take(request);
      else void joined.platformUpdates.take(request);
    },
    onRelay: (relay) => state.rooms.control.receiveRelay(relay),
    onEvent: state.uplinkEvents.report,
    openEvents: ongoing.activeEvents,
  });
}
