/** `status`, `devices` and `points`: the cabinet on one screen, the devices on its lines, and the newest values. */

import { count } from '../../../core/counts.ts';
import { msg } from '../../../core/message.ts';
import type { DeviceView } from '../../../core/ports.ts';
import type { AgentView, PointView, StatusView } from '../../../core/views.ts';
import { agentCommand } from '../../agent-command.ts';
import { ConsoleError } from '../../console-error.ts';
import { formatDuration } from '../../text/duration.ts';
import { nameplateLines } from '../../text/nameplate-lines.ts';
import { formatNumber, NOTHING, type Page, since, stateWord, translated } from '../../text/page.ts';
import { wordOf } from '../../text/state-words.ts';
import { labelled } from '../../text/text-lines.ts';
import { tableLines } from '../../text/text-table.ts';
import { nameHint } from '../find-name.ts';

/** States that may be requested. If no device has the state, the answer is empty, not an error. */
const STATES: ReadonlySet<string> = new Set<DeviceView['state']>(['ok', 'flaky', 'silent', 'new']);

/** `status`: answers with a summary of the cabinet, such as its light, lines, units, store and uplink. */
export const STATUS = agentCommand({
  name: 'status',
  role: 'viewer',
  group: 'Look:',
  summary: msg`the cabinet on one screen`,
  examples: ['luciole status', 'luciole status --json'],
  answer: (view): Promise<StatusView> => view.status(),
  render: async (result, page) => (await import('./status-page.ts')).renderStatus(result, page),
});

/**
 * `devices`: answers with the devices whose id, line, profile, pole or state contains the filter. Capital and small letters are equal.
 * Fails if a filter fits none, unless it is the name of a state.
 */
export const DEVICES = agentCommand({
  name: 'devices',
  role: 'viewer',
  group: 'Look:',
  summary: msg`every device, its line, and when it last answered`,
  arguments: [{ name: 'filter', summary: msg`any part of a device, line, profile, pole or state`, required: false, names: 'device' }],
  examples: ['luciole devices', 'luciole devices L07', 'luciole devices street --json'],
  read: ({ filter }) => ({ filter: typeof filter === 'string' ? filter : '' }),
  answer: (view, { filter }): readonly DeviceView[] => {
    const all = view.devices();
    const wanted = filter.toLowerCase();
    const found = all.filter(({ id, line, profile, pole, state }) =>
      [id, line, profile, pole ?? '', state].some((word) => word.toLowerCase().includes(wanted)),
    );
    if (found.length > 0 || filter === '' || STATES.has(wanted)) return found;
    const hint = nameHint(
      filter,
      [...all.flatMap(({ id, pole }) => [id, ...(pole === null ? [] : [pole])]), ...view.names().lines],
      'luciole devices',
    );
    throw new ConsoleError('unknown-name', msg`no device matches ${JSON.stringify(filter)}; ${hint}`);
  },
  render: (result, page, { filter }) => renderDevices(result, page, filter.toLowerCase()),
});

/**
 * `points`: answers with the newest values of the points whose id contains the filter; if none does, of the devices on the pole with this
 * name. `L07.`, in the cabinet's spelling, means all points of the device of lamp L07, or else of device L07, if there is one. Fails if
 * there is no such point, and no device on such a pole. Texts, and points that are never polled, do not count.
 */
export const POINTS = agentCommand({
  name: 'points',
  role: 'viewer',
  group: 'Look:',
  summary: msg`the newest value of each point`,
  arguments: [{ name: 'filter', summary: msg`a device, a pole, or any part of a point id`, required: false, names: 'point' }],
  examples: ['luciole points', 'luciole points L07', 'luciole points power --json'],
  read: ({ filter }) => ({ filter: typeof filter === 'string' ? filter : '' }),
  answer: (view, { filter }): readonly PointView[] => {
    const own = filter.endsWith('.') ? pointsOfDevice(view, filter.slice(0, -1)) : [];
    const found = own.length > 0 ? own : view.points(filter);
    if (found.length > 0 || filter === '') return found;
    const wanted = filter.replace(/\.$/, '').toLowerCase();
    const onPole = view.devices().filter(({ pole }) => pole?.toLowerCase() === wanted);
    if (onPole.length > 0) return onPole.flatMap(({ id }) => pointsOfDevice(view, id));
    const { devices: ids } = view.names();
    const hint = nameHint(filter, [...ids, ...view.points('').map(({ pointId }) => pointId)], 'luciole points');
    throw new ConsoleError('unknown-name', msg`no point matches ${JSON.stringify(filter)}; ${hint}`);
  },
  render: renderPoints,
});

/** The points of a device, or of the device of a lamp. */
function pointsOfDevice(view: Pick<AgentView, 'points' | 'acceptance'>, id: string): readonly PointView[] {
  const device = view.acceptance.lamps().find((lamp) => lamp.id === id)?.device ?? id;
  return view.points(`${device}.`).filter(({ pointId }) => pointId.startsWith(`${device}.`));
}

/**
 * Renders `luciole devices`: a table, the faults, and the sums; of a single device also its nameplate. `state`: the filter in small
 * letters, only for the sentence that is shown without devices; empty if there was no filter.
 */
export function renderDevices(devices: readonly DeviceView[], page: Page, state = ''): string {
  if (devices.length === 0)
    return translated(state === '' ? msg`no devices in the configuration` : msg`no device is ${wordOf(state)}`, page);
  const rows = devices.map((device) => [
    device.id,
    device.line,
    device.unit === 0 && device.isShortAddress !== true ? NOTHING : formatNumber(device.unit),
    device.profile,
    device.pole ?? NOTHING,
    `${device.hasNoSupply === true ? stateWord('off', page, msg`no supply`) : stateWord(device.state, page)}${device.faults.length === 0 ? '' : `, ${translated(msg`fault`, page)}`}`,
    since(device.lastSeenMs, page),
    formatNumber(device.turnaroundMs, 1),
    formatNumber(device.failures),
  ]);
  const columns = [
    { title: msg`Device`, maxCols: 18 },
    { title: msg`Line`, maxCols: 10 },
    { title: msg`Unit ID`, align: 'right' },
    { title: msg`Profile`, maxCols: 26 },
    { title: msg`Pole`, maxCols: 8 },
    { title: msg`State` },
    { title: msg`Seen ago`, align: 'right' },
    { title: msg`ms`, align: 'right' },
    { title: msg`Failed`, align: 'right' },
  ] as const;
  const number = (state: DeviceView['state']): number =>
    devices.filter((device) => device.state === state && device.hasNoSupply !== true).length;
  const unfed = devices.filter(({ hasNoSupply }) => hasNoSupply === true).length;
  const faulty = devices.filter(({ faults }) => faults.length > 0).length;
  const sums = [
    count(devices.length, 'device'),
    msg`${number('silent')} silent`,
    ...(unfed === 0 ? [] : [msg`${unfed} without supply`]),
    ...(number('new') === 0 ? [] : [msg`${number('new')} not met yet`]),
    ...(faulty === 0 ? [] : [msg`${faulty} with a fault`]),
  ];
  const [only, ...others] = devices;
  const nameplate = only === undefined || others.length > 0 ? [] : nameplateLines(only.nameplate ?? {}, page);
  const faults = devices.flatMap((device) => device.faults.flatMap((text) => labelled(msg`Fault`, text, page)));
  return [...tableLines(columns, rows, page), '', ...faults, ...nameplate, translated(msg`${sums}`, page)].join('\n');
}

/** Renders `luciole points`: a table of the newest values with unit, quality and age, in the given order. A sentence if there are none. */
export function renderPoints(points: readonly PointView[], page: Page): string {
  if (points.length === 0) return translated(msg`no point matches; \`luciole points\` lists all`, page);
  const rows = points.map((point) => [
    point.pointId,
    formatNumber(point.value, point.decimals),
    point.unit,
    stateWord(point.quality, page),
    point.ageS === null ? NOTHING : formatDuration(point.ageS * 1_000),
  ]);
  const columns = [
    { title: msg`Point`, maxCols: 36 },
    { title: msg`Value`, align: 'right', maxCols: 14 },
    { title: msg`Unit`, maxCols: 8 },
    { title: msg`Quality` },
    { title: msg`Age`, align: 'right' },
  ] as const;
  return [...tableLines(columns, rows, page), '', translated(count(points.length, 'point'), page)].join('\n');
}
