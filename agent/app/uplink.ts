/**
 * The uplink of one configuration: what the platform sees of the cabinet, and where each of its wishes goes.
 *
 * Owns the ways from the uplink into the rooms. Part of `app.ts`, which puts it in its place and exchanges it.
 */

import type { ConfigPost } from '../config/revisions/platform-requests.ts';
import type { Site } from '../config/revisions/touched-parts.ts';
import type { Field, Uplink } from '../core/ports.ts';
import type { AgentEvent } from '../core/words.ts';
import type { UpdatePost } from '../service/platform-updates.ts';
import { uplinkDevices } from '../sync/sparkplug/cabinet-metrics.ts';
import { createUplink, type UplinkParts } from '../sync/uplink.ts';
import type { Rooms } from './rooms.ts';

export interface CabinetUplinkParts extends Pick<UplinkParts, 'version' | 'clock' | 'log' | 'store' | 'door' | 'random' | 'readFile'> {
  readonly site: Site;
  readonly points: Rooms['points'];
  /** Of the moment: light may be exchanged while the uplink stays. */
  readonly control: () => Rooms['control'];
  readonly field: Pick<Field, 'latest'>;
  readonly config: ConfigPost;
  readonly update: UpdatePost;
  readonly onEvent: (event: AgentEvent) => void;
  readonly isOpenCommand: (commandId: string) => boolean;
}

/** Null where none is configured. */
export function createCabinetUplink(parts: CabinetUplinkParts): Uplink | null {
  const { site, points, control, field, config, update, onEvent, ...own } = parts;
  const { cabinet, profiles } = site;
  if (cabinet.uplink === null) return null;
  const made = createUplink({
    ...own,
    config: cabinet.uplink,
    cabinetId: cabinet.id,
    devices: uplinkDevices(cabinet, points, profiles),
    latest: (pointId) => field.latest(pointId),
  });
  made.onOrder = ({ kind, request }) => {
    if (kind === 'override') void control().override(request);
    else if (kind === 'release') void control().release(request);
    else if (kind === 'programme') void control().chooseProgramme(request);
    else if (kind === 'blink') void control().blink(request);
    else if (kind === 'point') void control().writePoint(request);
    else if (kind === 'config') void config.take(request);
    else void update.take(request);
  };
  made.onRelay = (relay) => control().hear(relay);
  made.onEvent = onEvent;
  return made;
}
