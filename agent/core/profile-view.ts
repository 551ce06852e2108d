/** A device type as a list shows it. */
import type { Cabinet } from './cabinet.ts';
import type { Profile } from './profile.ts';
import type { ProfileView } from './views.ts';

/** The profile in short, with the devices of these lines that use it. */
export function profileView({ points, ...profile }: Profile, { lines }: Pick<Cabinet, 'lines'>): ProfileView {
  const { id, vendor, model, category, trust, experimental, transport } = profile;
  const users = lines.flatMap(({ devices }) => devices.filter((device) => device.profile === id));
  return { id, vendor, model, category, trust, experimental, transport, points: points.length, usedBy: users.map((device) => device.id) };
}
