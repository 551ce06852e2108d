/** Renders `luciole status` in at most 23 lines: verdict, time, lamps and reasons, lines, units, store. Pure. */

import { count } from '../../../core/counts.ts';
import { isSuppressed } from '../../../core/event-handling.ts';
import { lostNumber } from '../../../core/lost-readings.ts';
import { type Message, msg, NO_TEXT, type Said } from '../../../core/message.ts';
import type { LineView } from '../../../core/ports.ts';
import type { StatusView, ZoneView } from '../../../core/views.ts';
import type { AgentEvent } from '../../../core/words.ts';
import { formatDuration } from '../../text/duration.ts';
import {
  clockTime,
  formatBytes,
  formatLevels,
  formatNumber,
  fullTime,
  NOTHING,
  type Page,
  since,
  stateWord,
  translated,
} from '../../text/page.ts';
import { wordOf } from '../../text/state-words.ts';
import { atMost, labelled } from '../../text/text-lines.ts';
import { type TableColumn, tableLines } from '../../text/text-table.ts';
import { eventText } from './events.ts';
import { verdictText } from './status-verdict.ts';

/** Source: a VT100 shows 24 lines; the last is for the prompt. */
const SCREEN_LINES = 23;
/** Blank lines between parts, and title lines of zones, lines and events. */
const FIXED_LINES = 3 + 3;

/** Renders `luciole status` in at most 23 lines, which leaves one of a 24-line screen for the prompt: long lists and lines are cut. */
export function renderStatus(view: StatusView, page: Page): string {
  const top = head(view, page);
  const sums = totals(view, page);
  const free = SCREEN_LINES - FIXED_LINES - top.length - sums.length;
  const lists = [zoneList(view.zones, page), lineList(view.lines, page), eventList(view.activeEvents, page)] as const;
  const given = shares(
    free,
    lists.map(({ whole }) => whole.length - 1),
  );
  const [zones = [], lines = [], events = []] = lists.map((list, index) => fitted(list, given[index] ?? 0, page));
  return [
    ...top,
    '',
    ...zones,
    '',
    ...lines,
    '',
    ...sums,
    ...(view.activeEvents.length === 0 ? one(msg`Events`, wordOf('none active'), page) : events),
  ].join('\n');
}

/** A part of the screen that may be longer than its share. Shape: a title line, then rows. */
interface List {
  readonly noun: 'zone' | 'line' | 'event';
  /** Full sentences, wrapped over several lines. */
  readonly whole: readonly string[];
  /** The same sentences, cut to one row each. */
  readonly cut: readonly string[];
}

function listOf(noun: List['noun'], columns: readonly TableColumn[], rows: readonly (readonly Said[])[], page: Page): List {
  const last = columns.length - 1;
  const wrapping = columns.map((column, index) => (index === last ? ({ ...column, wraps: true } as const) : column));
  return { noun, whole: tableLines(wrapping, rows, page), cut: tableLines(columns, rows, page) };
}

/** Returns one row per item. The first items get full sentences if there is room. */
function fitted({ noun, whole, cut }: List, maxRows: number, page: Page): readonly string[] {
  const [title = '', ...rows] = cut;
  if (rows.length > maxRows)
    return [
      title,
      ...atMost(rows, maxRows, (missing) => translated(msg`... and ${count(missing, `more ${noun}`)}: luciole status --json`, page)),
    ];
  let spare = maxRows - rows.length;
  const body = sentences(whole.slice(1)).flatMap((lines, index) => {
    const more = Math.min(spare, lines.length - 1);
    spare -= more;
    if (more === lines.length - 1) return lines;
    return more === 0 ? (rows[index] ?? []) : [...lines.slice(0, more), `${(lines[more] ?? '').slice(0, page.widthCols - 2)} ~`];
  });
  return [title, ...body];
}

/** Groups lines by row; a continuation line begins with blanks. */
function sentences(lines: readonly string[]): readonly (readonly string[])[] {
  const rows: string[][] = [];
  for (const line of lines) {
    if (line.startsWith(' ') && rows.length > 0) rows.at(-1)?.push(line);
    else rows.push([line]);
  }
  return rows;
}

/** Distributes free rows one by one among the lists that need more, so that a long list never hides a short one. */
function shares(freeRows: number, wanted: readonly number[]): readonly number[] {
  const given = wanted.map(() => 0);
  for (let left = freeRows; left > 0; ) {
    const before = left;
    for (const [index, want] of wanted.entries()) {
      if (left === 0 || (given[index] ?? 0) >= want) continue;
      given[index] = (given[index] ?? 0) + 1;
      left--;
    }
    if (left === before) break;
  }
  return given;
}

const CLOCK: Readonly<Record<StatusView['clockQuality'], (state: string) => Message>> = {
  none: (state) => msg`clock ${state}, lamps stay lit`,
  restored: (state) => msg`clock ${state}, lamps stay lit`,
  rtc: (state) => msg`clock ${state}`,
  synced: (state) => msg`clock ${state}`,
};

function head(view: StatusView, page: Page): string[] {
  const { cabinet, night, sunAltitudeDeg, clockQuality } = view;
  const altitude = formatNumber(Math.abs(sunAltitudeDeg), 1);
  const sun = sunAltitudeDeg < 0 ? msg`sun ${altitude} deg below the horizon` : msg`sun ${altitude} deg above the horizon`;
  const started = view.startMs === null ? msg`no line polled yet` : msg`first poll after ${formatNumber(view.startMs)} ms`;
  const clock = CLOCK[clockQuality](clockQuality === 'none' ? stateWord('none', page, msg`not set`) : stateWord(clockQuality, page));
  const up = formatDuration(view.upS * 1_000);
  return [
    ...one(msg`Verdict`, verdictText(view), page),
    ...one(msg`Cabinet`, msg`${cabinet.id}  ${cabinet.name}`, page),
    ...one(msg`Time`, msg`${fullTime(view.atMs, view.timezone)}, ${clock}`, page),
    ...one(msg`Light`, msg`${wordOf(night ? 'night' : 'day')}, ${sun}`, page),
    ...one(msg`Agent`, msg`luciole ${view.version}, up ${up}, ${formatNumber(view.rssMb)} MB, ${started}`, page),
  ];
}

function zoneList(zones: readonly ZoneView[], page: Page): List {
  const rows = zones.map((zone) => {
    const levels = formatLevels(zone.minPct, zone.maxPct);
    return [zone.id, formatNumber(zone.lamps.length), levels, wordOf(zone.reason), zone.programme, troubleText(zone)];
  });
  const columns = [
    { title: msg`Zone`, maxCols: 16 },
    { title: msg`Lamps`, align: 'right' },
    { title: msg`Level` },
    { title: msg`Why`, maxCols: 16 },
    { title: msg`Programme`, maxCols: 16 },
    { title: NO_TEXT },
  ] as const;
  return listOf('zone', columns, rows, page);
}

/** Most urgent first, because the end of a long list is cut. */
function troubleText({ lamps }: ZoneView): Said {
  const unwilling = lamps.filter(({ following }) => !following).map(({ id }) => id);
  const faulty = lamps.filter(({ faults }) => faults.length > 0).map(({ id }) => id);
  const follow = unwilling.length === 0 ? wordOf('all follow') : msg`not following: ${unwilling.join(' ')}`;
  return faulty.length === 0 ? follow : msg`fault: ${faulty.join(' ')}, ${follow}`;
}

function lineList(lines: readonly LineView[], page: Page): List {
  const rows = lines.map((line) => [
    line.id,
    stateWord(line.state, page),
    line.state === 'up' ? `${formatNumber(line.busyPct)} %` : NOTHING,
    formatNumber(line.baud),
    formatNumber(line.timeouts),
    formatNumber(line.crcErrors),
    line.state === 'up' ? line.port : line.reason,
  ]);
  const columns = [
    { title: msg`Line`, maxCols: 12 },
    { title: msg`State` },
    { title: msg`Busy`, align: 'right' },
    { title: msg`Baud`, align: 'right' },
    { title: msg`Timeouts`, align: 'right' },
    { title: msg`Bad CRC`, align: 'right' },
    { title: msg`Port, or what is wrong` },
  ] as const;
  return listOf('line', columns, rows, page);
}

function totals({ units, store, uplink, detections, lampsRaised }: StatusView, page: Page): string[] {
  const { ok, flaky, silent } = units;
  const kept = msg`${count(store.readings, 'reading')}, ${formatBytes(store.bytes)}, ${formatNumber(store.readingsWaiting)} to write`;
  const [storeState, lost] = [stateWord(store.state, page), lostNumber(store.readingsLost, store.lossesEstimated)];
  const sent = msg`${formatNumber(uplink.readingsPublished)} published, ${formatNumber(uplink.readingsAcked)} confirmed`;
  return [
    ...one(msg`Presence`, msg`${count(detections, 'detection')}, ${count(lampsRaised, 'lamp')} raised`, page),
    ...one(
      msg`Units`,
      silent === 0
        ? msg`${ok} ok, ${flaky} flaky, ${silent} silent`
        : msg`${ok} ok, ${flaky} flaky, ${silent} silent: luciole devices silent`,
      page,
    ),
    ...one(msg`Store`, msg`${storeState}, ${lost} lost, ${String(store.reason) === '' ? kept : store.reason}`, page),
    ...one(msg`Uplink`, uplinkText(uplink, page), page),
    ...(uplink.state === 'off' ? [] : one(msg`Sent`, msg`${sent}, ${count(store.backlogFrames, 'frame')} waiting`, page)),
  ];
}

function uplinkText({ state, reason, broker, sinceMs }: StatusView['uplink'], page: Page): Said {
  const word = stateWord(state, page);
  if (state === 'off') return msg`${word}`;
  return String(reason) === '' ? msg`${word}, ${broker}` : msg`${word} since ${clockTime(sinceMs, page)}: ${reason}`;
}

const SEVERITIES = ['info', 'warning', 'alarm'];

function eventList(events: readonly AgentEvent[], page: Page): List {
  const worst = [...events].sort(
    (a, b) => handled(a) - handled(b) || SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity) || b.startMs - a.startMs,
  );
  const rows = worst.map((event) => [stateWord(event.severity, page), event.source, since(event.startMs, page), markedText(event, page)]);
  const columns = [{ title: msg`Events` }, { title: msg`About`, maxCols: 16 }, { title: msg`For` }, { title: NO_TEXT }] as const;
  return listOf('event', columns, rows, page);
}

/** Events that wait for a person first, suppressed ones last. */
function handled(event: AgentEvent): number {
  return isSuppressed(event) ? 2 : event.acknowledged === undefined ? 0 : 1;
}

function markedText(event: AgentEvent, page: Page): Said {
  const text = eventText(event, page);
  if (isSuppressed(event)) return msg`(suppressed) ${text}`;
  return event.acknowledged === undefined ? text : msg`(acknowledged) ${text}`;
}

/** Returns one labelled line, cut at the edge; there is no room for a second one. */
function one(label: Message, text: Said, page: Page): string[] {
  const [line = '', ...rest] = labelled(label, text, { ...page, widthCols: page.widthCols - 1 });
  return [rest.length === 0 ? line : `${line}~`];
}
