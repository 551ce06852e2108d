/**
 * Renders `luciole store`, its check and its backup: what is stored, what fits, flash wear, whether every reading is accounted for. Pure.
 */

import { count } from '../../../core/counts.ts';
import type { RecordFacts } from '../../../core/decision-record.ts';
import { HOUR_MS } from '../../../core/durations.ts';
import { lostNumber } from '../../../core/lost-readings.ts';
import { type Message, msg } from '../../../core/message.ts';
import { inTurn } from '../../../core/message-lists.ts';
import type { BackupReport, StoreAccount, StoreCheck } from '../../../core/ports.ts';
import type { ChoreView, StoreView } from '../../../core/views.ts';
import { formatDuration } from '../../text/duration.ts';
import { clockTime, formatBytes, formatNumber, fullTime, NOTHING, type Page, since, stateWord, translated } from '../../text/page.ts';
import { labelled } from '../../text/text-lines.ts';
import { tableLines } from '../../text/text-table.ts';

/** Progress of a check: how long it has run. Units: ms. */
export interface CheckProgress {
  readonly forMs: number;
}

/** The megabyte of the configuration. Units: bytes. */
const MEGABYTE = 2 ** 20;
/** Longest forecast that is shown. Units: hours. */
const FAR_HOURS = 20 * 365 * 24;

/** Renders `store`: state, contents and room of the store, what was written and sent, the account of readings, and the background tasks. */
export function renderStore(view: StoreView, page: Page): string {
  const sheet: (readonly [label: Message, text: Message])[] = [
    [msg`Store`, msg`${stateWord(view.state, page)}, ${view.dir}`],
    ...(String(view.reason) === ''
      ? []
      : [
          [
            msg`Trouble`,
            msg`${view.reason}. The street stays lit, what cannot be written waits in memory, and no restart is needed once it is repaired`,
          ] as const,
        ]),
    [msg`Kept`, keptText(view, page)],
    [msg`Rows`, rowsText(view)],
    [msg`Memory`, msg`${count(view.readingsWaiting, 'reading')} to write, every ${formatNumber(view.commitSeconds)} s; ${lostText(view)}`],
    [msg`Room`, roomText(view)],
    [msg`Flash`, writtenText(view)],
    [
      msg`Sent`,
      msg`up to frame ${formatNumber(view.cursorSeq)} of ${formatNumber(view.lastSeq)}, ${count(view.backlogFrames, 'frame')} waiting`,
    ],
    ...(view.record === undefined ? [] : [[msg`Record`, recordText(view.record, view.decisionsLost ?? 0, page)] as const]),
    [msg`Account`, accountText(view.account, view.gaps)],
    [msg`Epoch`, msg`${view.epoch === '' ? NOTHING : view.epoch}`],
  ];
  const lines = sheet.flatMap(([label, text]) => labelled(label, text, page));
  return [...lines, '', ...choreLines(view.chores, page)].join('\n');
}

function keptText({ readings, frames, bytes, maxBytes, oldestMs }: StoreView, page: Page): Message {
  const share = maxBytes === 0 ? NOTHING : `${formatNumber((bytes / maxBytes) * 100, bytes < maxBytes / 10 ? 1 : 0)} %`;
  const full = msg`${formatBytes(bytes)}, ${share} of store.maxMegabytes (${formatNumber(maxBytes / MEGABYTE)})`;
  return msg`${count(readings, 'reading')} in ${count(frames, 'frame')}, ${full}, ${backText(oldestMs, page)}`;
}

function backText(oldestMs: StoreView['oldestMs'], page: Page): Message {
  if (oldestMs === null) return msg`nothing yet`;
  const oldest = fullTime(oldestMs, page.timezone);
  return oldestMs > page.atMs
    ? msg`oldest ${oldest} (in the future: the clock went back)`
    : msg`oldest ${oldest} (${since(oldestMs, page)} ago)`;
}

function rowsText({ journal, segments }: StoreView): Message {
  return msg`journal ${perReading(journal)}; ${count(segments.count, 'segment')} ${perReading(segments)}`;
}

function perReading({ readings, bytes }: { readonly readings: number; readonly bytes: number }): Message {
  if (readings === 0) return msg`empty`;
  return msg`${count(readings, 'reading')} in ${formatBytes(bytes)}, ${formatNumber(bytes / readings, 2)} bytes each`;
}

function lostText({ readingsLost, lossesEstimated }: StoreView): Message {
  if (readingsLost + lossesEstimated === 0) return msg`none lost since the start`;
  return msg`${lostNumber(readingsLost, lossesEstimated)} lost since the start: \`luciole events\``;
}

/** Readings that exceed the maximum age may be deleted before the size limit is reached. */
function roomText({ hoursLeft, maxDays }: StoreView): Message {
  const age = msg`readings older than ${count(maxDays, 'day')} are removed`;
  if (hoursLeft === null) return msg`how long it lasts is known after 10 minutes of a run; ${age}`;
  if (hoursLeft >= maxDays * 24 || hoursLeft > FAR_HOURS)
    return msg`for all readings of ${count(maxDays, 'day')} at the present rate; older ones are removed`;
  return msg`full in ${formatDuration(hoursLeft * HOUR_MS)} at the present rate, then it is thinned; ${age}`;
}

function writtenText({ written, writtenBytesPerDay }: StoreView): Message {
  if (written === null) return msg`this kernel does not report what is written`;
  const sum = msg`${formatBytes(written.bytes)} in ${formatDuration(written.overMs)} by the kernel's account`;
  return writtenBytesPerDay === null
    ? msg`${sum}; a day's rate after 10 minutes`
    : msg`${formatBytes(writtenBytesPerDay)} written a day (${sum})`;
}

/** The record of decisions: its size and rate, how far back it goes, and what was removed or lost. */
function recordText(record: RecordFacts, lost: number, page: Page): Message {
  const { bytes, maxBytes, bytesPerDay, oldestMs, thinnedToMs, droppedToMs } = record;
  if (oldestMs === null) return msg`of decisions: nothing yet`;
  const size = msg`of decisions: ${formatBytes(bytes)} of at most ${formatBytes(maxBytes)}, back to ${fullTime(oldestMs, page.timezone)}`;
  const rate = bytesPerDay === null ? msg`the rate is known after an hour` : msg`${formatBytes(bytesPerDay)} a day`;
  const removed = [
    ...(thinnedToMs === null ? [] : [msg`thinned: without inputs up to ${fullTime(thinnedToMs, page.timezone)}`]),
    ...(droppedToMs === null ? [] : [msg`removed to make room up to ${fullTime(droppedToMs, page.timezone)}`]),
    ...(lost === 0 ? [] : [msg`${count(lost, 'record')} lost since the start`]),
  ];
  return inTurn([size, rate, ...removed]);
}

function accountText({ produced, delivered, backlog, gaps, estimates, isBalanced }: StoreAccount, gapRecords: number): Message {
  const sum = msg`${formatNumber(produced)} produced = ${formatNumber(delivered)} delivered + ${formatNumber(backlog)} waiting + ${lostNumber(gaps, estimates)} lost in ${count(gapRecords, 'gap')}`;
  if (isBalanced) return msg`${sum}: ${balancedText(estimates)}`;
  return msg`${sum}: MISMATCH, ${formatNumber(produced - delivered - backlog - gaps)} readings apart; run \`luciole store check\``;
}

/** Also states what the account cannot prove. */
function balancedText(estimates: number): Message {
  return estimates === 0 ? msg`balanced` : msg`balanced; ${count(estimates, 'gap')} could not be counted`;
}

/** Names of the background tasks; a name from another release is shown unchanged. */
const CHORES: Readonly<Record<string, Message>> = {
  compaction: msg`compaction`,
  retention: msg`retention`,
  backup: msg`backup`,
  integrity: msg`integrity`,
  'daily-report': msg`daily-report`,
};

const CHORE_COLUMNS = [{ title: msg`Chore` }, { title: msg`Next` }, { title: msg`Last` }, { title: msg`Result`, wraps: true }] as const;

function choreLines(chores: readonly ChoreView[], page: Page): string[] {
  const rows = chores.map(({ name, nextMs, lastMs, result, failed }) => [
    CHORES[name] ?? name,
    clockTime(nextMs, page),
    clockTime(lastMs, page),
    `${failed ? `${stateWord('failed', page)}: ` : ''}${String(result) === '' ? NOTHING : translated(result, page)}`,
  ]);
  return tableLines(CHORE_COLUMNS, rows, page);
}

/** Renders `store check`: the state of the files, the damage that was found, and the account of readings if there is one. */
export function renderStoreCheck({ files, account }: StoreCheck, page: Page): string {
  const rows = files.map(({ file, ok, bytes }) => [file, stateWord(ok ? 'ok' : 'bad', page), formatBytes(bytes)]);
  const columns = [{ title: msg`File`, maxCols: 56 }, { title: msg`State` }, { title: msg`Size`, align: 'right' }] as const;
  const problems = files.flatMap((each) => each.problems.map((problem) => msg`${each.file}: ${problem}`));
  const isWell = problems.length === 0 && files.every(({ ok }) => ok) && account?.isBalanced !== false;
  return [
    ...tableLines(columns, rows, page),
    '',
    ...problems.flatMap((problem) => labelled(msg`Damage`, problem, page)),
    ...(account === null ? [] : labelled(msg`Account`, checkedAccount(account), page)),
    ...labelled(msg`Result`, isWell ? msg`everything was read, nothing is damaged` : msg`see above; docs/store.md says what to do`, page),
  ].join('\n');
}

function checkedAccount({ produced, delivered, backlog, gaps, estimates, isBalanced }: StoreAccount): Message {
  const parts = msg`${formatNumber(delivered)} + ${formatNumber(backlog)} + ${lostNumber(gaps, estimates)}`;
  const result = isBalanced ? balancedText(estimates) : msg`MISMATCH`;
  return msg`${formatNumber(produced)} produced, ${parts} delivered, waiting and lost: ${result}`;
}

/** Renders the progress line of `store check`: how long the check has run, not how much of it is done. */
export function renderCheckProgress({ forMs }: CheckProgress, page: Page): string {
  return translated(msg`reading everything, ${formatDuration(forMs)}`, page);
}

/** Renders the result of `store backup`: path and size of the copy of `state.db`, and when the copy was requested. */
export function renderBackup({ path, bytes, atMs }: BackupReport, page: Page): string {
  return labelled(msg`Backup`, msg`${path}, ${formatBytes(bytes)}, ${clockTime(atMs, page)}`, page).join('\n');
}
