/** `zones`: what acts in each zone. */

import type { ZoneLightView, ZoneSensorView } from '../../../core/light-tools.ts';
import { msg } from '../../../core/message.ts';
import { agentCommand } from '../../agent-command.ts';
import { clockTime, formatLevels, formatNumber, NOTHING, type Page, since, stateWord, translated } from '../../text/page.ts';
import { labelled } from '../../text/text-lines.ts';
import { tableLines } from '../../text/text-table.ts';
import { findZone } from './light-args.ts';

export const ZONES = agentCommand({
  name: 'zones',
  role: 'viewer',
  group: 'Look:',
  summary: msg`what acts in each zone: step, wishes, sensors`,
  arguments: [{ name: 'filter', summary: msg`any part of a zone`, required: false, names: 'zone' }],
  examples: ['luciole zones', 'luciole zones bressigny', 'luciole zones --json'],
  read: ({ filter }) => ({ filter: typeof filter === 'string' ? filter : '' }),
  answer: (view, { filter }): readonly ZoneLightView[] => {
    const found = view.light.zones().filter(({ id }) => id.toLowerCase().includes(filter.toLowerCase()));
    if (found.length === 0 && filter !== '') findZone(view, filter);
    return found;
  },
  render: renderZones,
});

export function renderZones(zones: readonly ZoneLightView[], page: Page): string {
  if (zones.length === 0) return translated('the cabinet has no zones', page);
  const rows = zones.map((zone) => [
    zone.id,
    zone.light === 'time-not-trusted' ? 'lit, no time' : zone.light,
    `${zone.programme}${zone.step === null ? '' : ` ${zone.step}`}`,
    clockTime(zone.untilMs, page),
    formatLevels(zone.lamps.minPct, zone.lamps.maxPct),
    `${zone.lamps.lit}/${zone.lamps.count}`,
    zone.presence === 'off' ? NOTHING : zone.presence,
  ]);
  const columns = [
    { title: msg`Zone`, maxCols: 20 },
    { title: msg`Light`, isTranslated: true },
    { title: msg`Programme`, maxCols: 24 },
    { title: msg`Until` },
    { title: msg`Level`, align: 'right' },
    { title: msg`Lit`, align: 'right' },
    { title: msg`Presence`, isTranslated: true },
  ] as const;
  return [...tableLines(columns, rows, page), ...zones.flatMap((zone) => details(zone, page))].join('\n');
}

function details(zone: ZoneLightView, page: Page): string[] {
  const row = (label: string, text: string): string[] => labelled(label, text, page);
  const { lamps, photocell, traffic, rules } = zone;
  const lines = [
    ...(lamps.notFollowing.length === 0 ? [] : row('Lamps', `${lamps.notFollowing.join(', ')} do not follow; \`luciole why ${zone.id}\``)),
    ...zone.intents.flatMap(({ rank, levelPct, target, source, untilMs, reason }) => {
      const whom = target.kind === 'zone' ? 'the zone' : target.kind === 'lamp' ? target.id : 'the cabinet';
      return row(
        'Wish',
        `${rank}: ${whom} at ${levelPct} % by ${source} until ${clockTime(untilMs, page)}${reason === '' ? '' : `: ${reason}`}`,
      );
    }),
    ...zone.sensors.flatMap((sensor) => row('Sensor', sensorText(sensor, page))),
    ...(photocell === null ? [] : row('Photocell', `${photocell.pointId} ${luxText(photocell.lux)}, says ${photocell.says}`)),
    ...(traffic === null ? [] : row('Traffic', traffic.text)),
    ...(rules.length === 0 ? [] : row('Rules', `${rules.join(', ')}: hold and raise it`)),
  ];
  return lines.length === 0 ? [] : ['', `${zone.id}:`, ...lines];
}

function sensorText({ pointId, pole, kind, state, lastPresentMs }: ZoneSensorView, page: Page): string {
  const where = `${pointId}${pole === null ? '' : ` on ${pole}`}${kind === 'motion' ? '' : ` (${kind})`}`;
  const last = lastPresentMs === null ? 'nobody seen yet' : `last seen someone ${since(lastPresentMs, page)} ago`;
  if (state === 'group') return `${where}: follows the others`;
  if (state === 'present') return `${where}: ${stateWord('ok', page)}, someone is there`;
  if (state === 'still') return `${where}: ${stateWord('ok', page)}, ${last}`;
  const advice = state === 'stuck' ? 'not believed until it has been still' : 'does not answer, the programme stays';
  return `${where}: ${stateWord('bad', page, state)}, ${advice}; ${last}`;
}

function luxText(lux: number | null): string {
  return lux === null ? 'gives no value' : `${formatNumber(lux, lux < 10 ? 1 : 0)} lx`;
}
