/** Checks that the points of panels exist in the profiles: those that show a text, and those whose values are in the texts. Pure. */
import type { PanelConfig } from '../../core/cabinet.ts';
import type { Problem } from '../../core/errors.ts';
import { msg } from '../../core/message.ts';
import type { Profile } from '../../core/profile.ts';
import { didYouMean, listNames } from '../../core/suggestions.ts';
import type { SayBelow } from './check-parts.ts';

/** The profiles by device id, with the points that each device has; undefined for a device whose profile is not known. */
type Narrow = ReadonlyMap<string, Profile | undefined>;

/**
 * Returns problems of the points of a panel, for example a point that does not exist. Points of devices without a known profile give none.
 * `narrow`: as in `ProfiledCabinet`. `say`: receives paths below the panel.
 */
export function checkPanelPoints(narrow: Narrow, panel: PanelConfig, say: SayBelow): Problem[] {
  return [...textPoints(narrow, panel, say), ...valuePoints(narrow, panel, say)];
}

function textPoints(narrow: Narrow, { device, points }: PanelConfig, say: SayBelow): Problem[] {
  const profile = narrow.get(device);
  if (profile === undefined) return [];
  const usable = profile.points.filter(({ type, write }) => type === 'text' && write !== null && !write.dangerous).map(({ id }) => id);
  const others = msg`; points that show a text: ${listNames(usable)}`;
  return points.flatMap((id, index) => {
    if (usable.includes(id)) return [];
    const isKnown = profile.points.some((point) => point.id === id);
    const message = isKnown
      ? msg`"${id}" of profile "${profile.id}" shows no text${others}`
      : msg`profile "${profile.id}" has no point "${id}"${didYouMean(id, usable, others)}`;
    return [say(['points', index], message)];
  });
}

function valuePoints(narrow: Narrow, { values }: PanelConfig, say: SayBelow): Problem[] {
  return values.flatMap(({ point, today }, index) => {
    // Ids may contain a dot, so the longest matching device id is used.
    const [device] = [...narrow.keys()].filter((id) => point.startsWith(`${id}.`)).sort((a, b) => b.length - a.length);
    const path = ['values', index, 'point'];
    if (device === undefined) return [say(path, msg`no device of this cabinet has the point "${point}"`)];
    const profile = narrow.get(device);
    if (profile === undefined) return [];
    const quantity = point.slice(device.length + 1);
    const found = profile.points.find(({ id }) => id === quantity);
    const names = profile.points.filter(({ type }) => type !== 'text').map(({ id }) => id);
    if (found === undefined || found.type === 'text')
      return [
        say(
          path,
          msg`profile "${profile.id}" measures no "${quantity}"${didYouMean(quantity, names, msg`; there are: ${listNames(names)}`)}`,
        ),
      ];
    if (found.poll === 'never') return [say(path, msg`"${quantity}" of profile "${profile.id}" is never polled, so it has no value`)];
    if (today && (found.type === 'bit' || found.bit !== null))
      return [say(path, msg`"${quantity}" is on or off; only a counter has an increase since midnight`)];
    return [];
  });
}
