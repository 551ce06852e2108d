/** `zones`: shows what is in force in each zone. */

import { reasonOf } from '../../../core/intent-reason.ts';
import type { IntentView, ZoneLightView, ZoneSensorView } from '../../../core/light-tools.ts';
import { counted, type Message, msg } from '../../../core/message.ts';
import { agentCommand } from '../../agent-command.ts';
import { clockTime, formatLevels, formatNumber, NOTHING, type Page, since, stateWord, translated } from '../../text/page.ts';
import { wordOf } from '../../text/state-words.ts';
import { labelled } from '../../text/text-lines.ts';
import { tableLines } from '../../text/text-table.ts';
import { findZone } from './light-args.ts';

/**
 * `zones`: answers with what is in force in the zones whose id contains the filter. Capital and small letters are equal. Fails if a typed
 * filter fits no zone.
 */
export const ZONES = agentCommand({
  name: 'zones',
  role: 'viewer',
  group: 'Look:',
  summary: msg`what acts in each zone: step, overrides, sensors`,
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

const PRESENCE_TEXTS: Readonly<Record<Exclude<ZoneLightView['presence'], 'off'>, Message>> = {
  base: msg`base`,
  boost: msg`boost`,
  down: msg`falling`,
};

/** Renders `zones`: a table of the zones with decided levels, and below it details such as requests and sensors, zone by zone. */
export function renderZones(zones: readonly ZoneLightView[], page: Page): string {
  if (zones.length === 0) return translated(msg`the cabinet has no zones`, page);
  const rows = zones.map((zone) => [
    zone.id,
    wordOf(zone.light === 'time-not-trusted' ? 'lit, no time' : zone.light),
    `${zone.programme}${zone.step === null ? '' : ` ${zone.step}`}`,
    clockTime(zone.untilMs, page),
    formatLevels(zone.lamps.minPct, zone.lamps.maxPct),
    `${zone.lamps.lit}/${zone.lamps.count}`,
    zone.presence === 'off' ? NOTHING : PRESENCE_TEXTS[zone.presence],
  ]);
  const columns = [
    { title: msg`Zone`, maxCols: 20 },
    { title: msg`Light` },
    { title: msg`Programme`, maxCols: 24 },
    { title: msg`Until` },
    { title: msg`Level`, align: 'right' },
    { title: msg`Lit`, align: 'right' },
    { title: msg`Presence` },
  ] as const;
  return [...tableLines(columns, rows, page), ...zones.flatMap((zone) => details(zone, page))].join('\n');
}

function details(zone: ZoneLightView, page: Page): string[] {
  const row = (label: Message, text: Message): string[] => labelled(label, text, page);
  const { lamps, photocell, traffic, rules } = zone;
  const lines = [
    ...(lamps.notFollowing.length === 0 ? [] : row(msg`Lamps`, notFollowing(zone))),
    ...zone.intents.flatMap((intent) => row(msg`Request`, intentText(intent, page))),
    ...zone.sensors.flatMap((sensor) => row(msg`Sensor`, sensorText(sensor, page))),
    ...(photocell === null ? [] : row(msg`Photocell`, msg`${photocell.pointId} ${luxText(photocell.lux)}, reports ${photocell.says}`)),
    ...(traffic === null ? [] : row(msg`Traffic`, traffic.text)),
    ...(rules.length === 0 ? [] : row(msg`Rules`, rulesText(rules))),
  ];
  return lines.length === 0 ? [] : ['', `${zone.id}:`, ...lines];
}

function notFollowing({ id, lamps: { notFollowing: ids } }: ZoneLightView): Message {
  return counted(ids.length, msg`${ids} does not follow; \`luciole why ${id}\``, msg`${ids} do not follow; \`luciole why ${id}\``);
}

function intentText(intent: IntentView, page: Page): Message {
  const { rank, levelPct, target, source, untilMs, reason } = intent;
  const whom = target.kind === 'zone' ? msg`the zone` : target.kind === 'lamp' ? target.id : msg`the cabinet`;
  const text = msg`${wordOf(rank)}: ${whom} at ${levelPct} % by ${source} until ${clockTime(untilMs, page)}`;
  return reason === '' ? text : msg`${text}: ${reasonOf(intent)}`;
}

function rulesText(rules: readonly string[]): Message {
  return counted(rules.length, msg`${rules}: rule is active`, msg`${rules}: rules are active`);
}

function sensorText({ pointId, pole, kind, state, lastPresentMs }: ZoneSensorView, page: Page): Message {
  const place = pole === null ? msg`${pointId}` : msg`${pointId} on ${pole}`;
  const where = kind === 'motion' ? place : kind === 'button' ? msg`${place} (button)` : msg`${place} (counter)`;
  const last = lastPresentMs === null ? msg`no detection yet` : msg`last detection ${since(lastPresentMs, page)} ago`;
  const ok = stateWord('ok', page);
  switch (state) {
    case 'group':
      return msg`${where}: follows the others`;
    case 'present':
      return msg`${where}: ${ok}, someone is present`;
    case 'still':
      return msg`${where}: ${ok}, ${last}`;
    case 'stuck':
      return msg`${where}: ${stateWord('bad', page, msg`stuck`)}, ignored until it clears; ${last}`;
    case 'silent':
      return msg`${where}: ${stateWord('bad', page, msg`silent`)}, does not answer, the programme stays; ${last}`;
  }
}

function luxText(lux: number | null): Message {
  return lux === null ? msg`gives no value` : msg`${formatNumber(lux, lux < 10 ? 1 : 0)} lx`;
}
