/**
 * The uplink of one configuration: what the platform sees of the cabinet, and where each of its commands goes.
 *
 * Owns the ways from the uplink into the rooms.
 */
import { uplinkDevices } from '../core/cabinet-points.ts';
import type { Uplink } from '../core/ports.ts';
import { createRoomEvents } from '../core/room-events.ts';
import { createUplink } from '../sync/uplink.ts';
import type { Joined } from './joined.ts';

type Neighbours = Pick<
  Joined,
  'parts' | 'state' | 'clock' | 'field' | 'store' | 'uplink' | 'ongoing' | 'revisions' | 'configPost' | 'updatePost'
>;

/** For the configuration that runs now; null where it has none. Light may be exchanged while it stays, so each command asks for the control of the moment. */
export function openUplink({
  parts,
  state,
  clock,
  field,
  store,
  uplink,
  ongoing,
  revisions,
  configPost,
  updatePost,
}: Neighbours): Uplink | null {
  const { cabinet, profiles } = state.site;
  const { version, log, door, random, readFile } = parts;
  state.uplinkEvents = createRoomEvents(clock, ongoing.onEvent);
  if (cabinet.uplink === null) return null;
  const made = createUplink({
    ...{ version, clock, log, store, door, random },
    ...(readFile === undefined ? {} : { readFile }),
    config: cabinet.uplink,
    cabinetId: cabinet.id,
    devices: uplinkDevices(cabinet, state.rooms.points, profiles),
    latest: (pointId) => field.latest(pointId),
    isOpenCommand: (id) => ongoing.isOpenCommand(id) || uplink.isHeld(id) || revisions?.openCommand === id,
  });
  made.onOverride = (request) => void state.rooms.control.override(request);
  made.onRelease = (request) => void state.rooms.control.release(request);
  made.onProgramme = (request) => void state.rooms.control.chooseProgramme(request);
  made.onBlink = (request) => void state.rooms.control.blink(request);
  made.onPointWrite = (request) => void state.rooms.control.writePoint(request);
  made.onConfig = (request) => void configPost.take(request);
  made.onUpdate = (order) => void updatePost.take(order);
  made.onRelay = (relay) => state.rooms.control.hear(relay);
  made.onEvent = state.uplinkEvents.tell;
  return made;
}
