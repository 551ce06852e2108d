/** Renders the answers of `maintenance start`, `end` and `list`. Pure. */
import type { MaintenanceAnswer, MaintenanceView } from '../../../core/alarm-tools.ts';
import { count } from '../../../core/counts.ts';
import { type Message, msg } from '../../../core/message.ts';
import { firstOf } from '../../../core/message-lists.ts';
import { formatDuration } from '../../text/duration.ts';
import { clockTime, formatNumber, type Page, translated } from '../../text/page.ts';
import { labelled } from '../../text/text-lines.ts';
import { tableLines } from '../../text/text-table.ts';
import { notSavedLines } from './alarm-args.ts';

/** The answer of `maintenance list`. */
export interface MaintenanceLists {
  /** Also those of an earlier run that wait until the time is trusted. */
  readonly inForce: readonly MaintenanceView[];
  /** The newest of those that ended in this run, or had ended when it restored them, newest last. */
  readonly ended: readonly MaintenanceView[];
}

/** Suppressed events that are named; the others are counted. */
const NAMED = 6;

/**
 * Renders the answer of `maintenance start`, or that of `maintenance end` if `isEnd` is true: the maintenance, the events whose alarm was
 * raised, and whether it was not saved.
 */
export function renderMaintenance({ maintenance, raised, isSaved }: MaintenanceAnswer, page: Page, isEnd: unknown = false): string {
  return [
    ...maintenance.flatMap((each) => (isEnd === true ? endLines(each, page) : startLines(each, page))),
    ...(raised.length === 0
      ? []
      : labelled(
          msg`Alarms`,
          msg`${firstOf(
            raised.map(({ code, source }) => `${code} ${source}`),
            NAMED,
          )}`,
          page,
        )),
    ...notSavedLines(isSaved, page),
  ].join('\n');
}

function startLines({ target: { kind, id }, untilMs }: MaintenanceView, page: Page): readonly string[] {
  const until = msg`${id}: maintenance until ${clockTime(untilMs, page)} (${formatDuration(untilMs - page.atMs)})`;
  const light = msg`not affected: presence, programme and platform still set the level`;
  return [
    ...labelled(msg`Alarms`, msg`${until}; alarms are recorded, but not raised`, page),
    ...labelled(msg`Light`, kind === 'cabinet' ? light : msg`${light}; lock it by \`override ${id} LEVEL --maintenance\``, page),
    ...labelled(msg`End`, msg`\`maintenance end ${kind === 'cabinet' ? 'cabinet' : id}\``, page),
  ];
}

function endLines(maintenance: MaintenanceView, page: Page): readonly string[] {
  const { target, source } = maintenance;
  return [
    ...labelled(msg`Ended`, msg`maintenance of ${target.id} by ${source}`, page),
    ...labelled(msg`Recorded`, suppressedText(maintenance), page),
  ];
}

function suppressedText({ count: total, suppressed }: Pick<MaintenanceView, 'count' | 'suppressed'>): Message {
  if (total === 0) return msg`no alarm was suppressed`;
  const names = suppressed.slice(0, NAMED).map(({ code, source }) => `${code} ${source}`);
  return total > names.length ? msg`${count(total, 'event')}, first ${names}` : msg`${count(total, 'event')}: ${names}`;
}

/** Renders the list `inForce`, then the list `ended`, as one table, where ended ones are `over`. If both are empty, one sentence. */
export function renderMaintenanceList({ inForce, ended }: MaintenanceLists, page: Page): string {
  const rows = [...inForce.map((each) => ({ each, isOver: false })), ...ended.map((each) => ({ each, isOver: true }))];
  if (rows.length === 0) return translated(msg`no maintenance is in force, and none has ended since the start of the agent`, page);
  const cells = rows.map(({ each, isOver }) => [
    each.target.id,
    isOver ? msg`over` : clockTime(each.untilMs, page),
    each.source,
    formatNumber(each.count),
    each.reason === '' ? suppressedText(each) : msg`${each.reason}; ${suppressedText(each)}`,
  ]);
  const columns = [
    { title: msg`Of`, maxCols: 16 },
    { title: msg`Until` },
    { title: msg`By`, maxCols: 20 },
    { title: msg`Events`, align: 'right' },
    { title: msg`Why, and what it suppressed`, wraps: true },
  ] as const;
  return tableLines(columns, cells, page).join('\n');
}
