import type { DeviceView } from '../../../core/ports.ts';
import type { PointView } from '../../../core/views.ts';
import { formatDuration } from '../../text/duration.ts';
import { count, formatNumber, NOTHING, type Page, since, stateWord, translated } from '../../text/page.ts';
import { labelled } from '../../text/text-lines.ts';
import { tableLines } from '../../text/text-table.ts';

/** The table of `luciole devices`: the line of each device and when it last answered. `state` is the requested filter, which may match none. */
export function renderDevices(devices: readonly DeviceView[], page: Page, state = ''): string {
  if (devices.length === 0) return translated(state === '' ? 'no devices in the configuration' : `no device is ${state}`, page);
  const rows = devices.map((device) => [
    device.id,
    device.line,
    device.unit === 0 ? NOTHING : formatNumber(device.unit),
    device.profile,
    device.pole ?? NOTHING,
    `${stateWord(device.state, page)}${device.faults.length === 0 ? '' : `, ${translated('fault', page)}`}`,
    since(device.lastSeenMs, page),
    formatNumber(device.turnaroundMs, 1),
    formatNumber(device.failures),
  ]);
  const columns = [
    { title: 'Device', maxCols: 18 },
    { title: 'Line', maxCols: 10 },
    { title: 'Unit', align: 'right' },
    { title: 'Profile', maxCols: 26 },
    { title: 'Pole', maxCols: 8 },
    { title: 'State' },
    { title: 'Seen ago', align: 'right' },
    { title: 'ms', align: 'right' },
    { title: 'Failed', align: 'right' },
  ] as const;
  const number = (state: DeviceView['state']): number => devices.filter((device) => device.state === state).length;
  const faulty = devices.filter(({ faults }) => faults.length > 0).length;
  const sums = [
    count(devices.length, 'device'),
    `${number('silent')} silent`,
    ...(number('new') === 0 ? [] : [`${number('new')} not met yet`]),
    ...(faulty === 0 ? [] : [`${faulty} with a fault`]),
  ];
  const faults = devices.flatMap((device) => device.faults.flatMap((text) => labelled('Fault', text, page)));
  return [...tableLines(columns, rows, page), '', ...faults, translated(sums.join(', '), page)].join('\n');
}

/** The table of `luciole points`: the newest value of each and how far to believe it. */
export function renderPoints(points: readonly PointView[], page: Page): string {
  if (points.length === 0) return translated('no point matches; `luciole points` lists all', page);
  const rows = points.map((point) => [
    point.pointId,
    formatNumber(point.value, point.decimals),
    point.unit,
    stateWord(point.quality, page),
    point.ageS === null ? NOTHING : formatDuration(point.ageS * 1_000),
  ]);
  const columns = [
    { title: 'Point', maxCols: 36 },
    { title: 'Value', align: 'right', maxCols: 14 },
    { title: 'Unit', maxCols: 8 },
    { title: 'Quality' },
    { title: 'Age', align: 'right' },
  ] as const;
  return [...tableLines(columns, rows, page), '', translated(count(points.length, 'point'), page)].join('\n');
}
