/**
 * Renders `luciole store`, its check and its backup: what is stored, what fits, flash wear, whether every reading is accounted for. Pure.
 */
import { HOUR_MS } from '../../../core/durations.ts';
import { lostNumber } from '../../../core/lost-readings.ts';
import type { BackupReport, StoreAccount, StoreCheck } from '../../../core/ports.ts';
import type { ChoreView, StoreView } from '../../../core/views.ts';
import { formatDuration } from '../../text/duration.ts';
import {
  clockTime,
  count,
  formatBytes,
  formatNumber,
  fullTime,
  NOTHING,
  type Page,
  since,
  stateWord,
  translated,
} from '../../text/page.ts';
import { labelled } from '../../text/text-lines.ts';
import { tableLines } from '../../text/text-table.ts';

/** How far a check is, as far as anybody knows. */
export interface CheckProgress {
  readonly forMs: number;
}

/** As the configuration counts them. Units: bytes. */
const MEGABYTE = 2 ** 20;
/** Beyond this a forecast says no more. Units: hours. */
const FAR_HOURS = 20 * 365 * 24;

/** What holds whatever the trouble is. */
const TROUBLE = 'The street stays lit, what cannot be written waits in memory, and nothing needs a restart once it is repaired';

export function renderStore(view: StoreView, page: Page): string {
  const sheet: [label: string, text: string][] = [
    ['Store', `${stateWord(view.state, page)}, ${view.dir}`],
    ...(view.reason === '' ? [] : [['Trouble', `${view.reason}. ${TROUBLE}`] as [string, string]]),
    ['Kept', keptText(view, page)],
    ['Rows', rowsText(view)],
    ['Memory', `${count(view.readingsWaiting, 'reading')} to write, every ${formatNumber(view.commitSeconds)} s; ${lostText(view)}`],
    ['Room', roomText(view)],
    ['Flash', writtenText(view)],
    ['Sent', `up to frame ${formatNumber(view.cursorSeq)} of ${formatNumber(view.lastSeq)}, ${count(view.backlogFrames, 'frame')} waiting`],
    ['Account', accountText(view.account, view.gaps)],
    ['Epoch', view.epoch === '' ? NOTHING : view.epoch],
  ];
  const lines = sheet.flatMap(([label, text]) => labelled(label, text, page));
  return [...lines, '', ...choreLines(view.chores, page)].join('\n');
}

function keptText({ readings, frames, bytes, maxBytes, oldestMs }: StoreView, page: Page): string {
  const share = maxBytes === 0 ? NOTHING : `${formatNumber((bytes / maxBytes) * 100, bytes < maxBytes / 10 ? 1 : 0)} %`;
  const full = `${formatBytes(bytes)}, ${share} of store.maxMegabytes (${formatNumber(maxBytes / MEGABYTE)})`;
  const age = oldestMs !== null && oldestMs > page.atMs ? 'later than now: the clock went back' : since(oldestMs, page);
  const back = oldestMs === null ? 'nothing yet' : `back to ${fullTime(oldestMs, page.timezone)} (${age})`;
  return `${count(readings, 'reading')} in ${count(frames, 'frame')}, ${full}, ${back}`;
}

function rowsText({ journal, segments }: StoreView): string {
  return `journal ${perReading(journal)}; ${count(segments.count, 'segment')} ${perReading(segments)}`;
}

function perReading({ readings, bytes }: { readonly readings: number; readonly bytes: number }): string {
  if (readings === 0) return 'empty';
  return `${count(readings, 'reading')} in ${formatBytes(bytes)}, ${formatNumber(bytes / readings, 2)} bytes each`;
}

function lostText({ readingsLost, lossesEstimated }: StoreView): string {
  if (readingsLost + lossesEstimated === 0) return 'none lost since the start';
  return `${lostNumber(readingsLost, lossesEstimated)} lost since the start: \`luciole events\``;
}

/** Readings that grow too old make room before the cap is reached. */
function roomText({ hoursLeft, maxDays }: StoreView): string {
  const age = `readings older than ${count(maxDays, 'day')} go`;
  if (hoursLeft === null) return `how long it lasts is told after 10 minutes of a run; ${age}`;
  if (hoursLeft >= maxDays * 24 || hoursLeft > FAR_HOURS)
    return `for all readings of ${count(maxDays, 'day')} at the present rate; older ones go`;
  return `full in ${formatDuration(hoursLeft * HOUR_MS)} at the present rate, then it is thinned; ${age}`;
}

function writtenText({ written, writtenBytesPerDay }: StoreView): string {
  if (written === null) return 'what is written is not told by this kernel';
  const sum = `${formatBytes(written.bytes)} in ${formatDuration(written.overMs)} by the kernel's account`;
  return writtenBytesPerDay === null
    ? `${sum}; a day's rate after 10 minutes`
    : `${formatBytes(writtenBytesPerDay)} written a day (${sum})`;
}

function accountText({ produced, delivered, backlog, gaps, estimates, isBalanced }: StoreAccount, gapRecords: number): string {
  const sum = `${formatNumber(produced)} produced = ${formatNumber(delivered)} delivered + ${formatNumber(backlog)} waiting + ${lostNumber(gaps, estimates)} lost in ${count(gapRecords, 'gap')}`;
  if (isBalanced) return `${sum}: it holds${uncountedText(estimates)}`;
  return `${sum}: IT DOES NOT HOLD, ${formatNumber(produced - delivered - backlog - gaps)} readings apart; run \`luciole store check\``;
}

/** What the account cannot prove. */
function uncountedText(estimates: number): string {
  return estimates === 0 ? '' : `; ${count(estimates, 'gap')} could not be counted`;
}

const CHORE_COLUMNS = [
  { title: 'Chore', isTranslated: true },
  { title: 'Next' },
  { title: 'Last' },
  { title: 'Result', wraps: true },
] as const;

function choreLines(chores: readonly ChoreView[], page: Page): string[] {
  const rows = chores.map(({ name, nextMs, lastMs, result, failed }) => [
    name,
    clockTime(nextMs, page),
    clockTime(lastMs, page),
    `${failed ? `${stateWord('failed', page)}: ` : ''}${result === '' ? NOTHING : translated(result, page)}`,
  ]);
  return tableLines(CHORE_COLUMNS, rows, page);
}

/** Renders `store check`: each file, and the account of readings. */
export function renderStoreCheck({ files, account }: StoreCheck, page: Page): string {
  const rows = files.map(({ file, ok, bytes }) => [file, stateWord(ok ? 'ok' : 'bad', page), formatBytes(bytes)]);
  const columns = [{ title: 'File', maxCols: 56 }, { title: 'State' }, { title: 'Size', align: 'right', isTranslated: true }] as const;
  const problems = files.flatMap((each) => each.problems.map((problem) => `${each.file}: ${problem}`));
  const isWell = problems.length === 0 && files.every(({ ok }) => ok) && account?.isBalanced !== false;
  return [
    ...tableLines(columns, rows, page),
    '',
    ...problems.flatMap((problem) => labelled('Damage', problem, page)),
    ...(account === null ? [] : labelled('Account', checkedAccount(account), page)),
    ...labelled('Result', isWell ? 'everything was read, nothing is damaged' : 'see above; docs/store.md says what to do', page),
  ].join('\n');
}

function checkedAccount({ produced, delivered, backlog, gaps, estimates, isBalanced }: StoreAccount): string {
  const parts = [formatNumber(delivered), formatNumber(backlog), lostNumber(gaps, estimates)].join(' + ');
  const result = isBalanced ? `it holds${uncountedText(estimates)}` : 'IT DOES NOT HOLD';
  return `${formatNumber(produced)} produced, ${parts} delivered, waiting and lost: ${result}`;
}

export function renderCheckProgress({ forMs }: CheckProgress, page: Page): string {
  return translated(`reading everything, ${formatDuration(forMs)}`, page);
}

export function renderBackup({ path, bytes, atMs }: BackupReport, page: Page): string {
  return labelled('Backup', `${path}, ${formatBytes(bytes)}, ${clockTime(atMs, page)}`, page).join('\n');
}
