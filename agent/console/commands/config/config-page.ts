/** Renders `luciole config` and its verbs: what runs, what would change, what is wrong, what the result is. Pure. */
import { formatProblem } from '../../../core/errors.ts';
import type { CommitRequest, ConfigAnswer, ConfigChange, ConfigView, Revision } from '../../../core/revisions.ts';
import { formatDuration } from '../../text/duration.ts';
import { clockTime, count, dayTime, NOTHING, type Page, stateWord, translated } from '../../text/page.ts';
import { toAscii } from '../../text/plain-text.ts';
import { labelled, paragraph, wrap } from '../../text/text-lines.ts';
import { tableLines } from '../../text/text-table.ts';
import { asFileText } from './file-text.ts';

/** What a change needs of a page. */
type Sheet = Pick<Page, 'widthCols' | 'language'>;

export function renderConfig({ running, trial, candidate, others, trouble }: ConfigView, page: Page): string {
  const sheet: [label: string, text: string][] = [['Runs', revisionText(running, page)]];
  if (trial !== null) {
    const how = trial.mode === 'asked' ? '`luciole config confirm` keeps it' : 'it is kept by itself once all is well';
    sheet.push(['Trial', `${formatDuration(trial.restS * 1_000)} left, then it returns; ${how}`]);
    sheet.push(['Missing', trial.missing.length === 0 ? 'nothing' : trial.missing.join('; ')]);
  }
  const begun =
    candidate === null ? '' : `by ${candidate.authors.join(', ')} ${clockTime(candidate.atMs, page)}, begun on revision ${candidate.base}`;
  sheet.push(['Candidate', candidate === null ? 'none' : `${begun}: \`luciole config compare\``]);
  for (const { by, authors, atMs, base } of others)
    sheet.push([
      'Other',
      `a candidate by ${authors.join(', ')} ${clockTime(atMs, page)}, begun on revision ${base}: \`luciole config take ${takenAs(by)}\``,
    ]);
  if (trouble !== '') sheet.push(['Trouble', trouble]);
  return sheet.flatMap(([label, text]) => labelled(label, text, page)).join('\n');
}

/** The platform has one candidate, whichever of its users asks. */
function takenAs(by: string): string {
  return by.replace(/^platform:.*/, 'platform');
}

/** Renders `config history`, the newest revision first. */
export function renderRevisions(revisions: readonly Revision[], page: Page): string {
  const rows = revisions.map(({ number, atMs, by, why, state, reason }) => [
    String(number),
    dayTime(atMs, page.timezone),
    stateWord(state, page),
    by,
    reason === '' ? why || NOTHING : `${why === '' ? '' : `${why}; `}returned: ${reason}`,
  ]);
  const columns = [
    { title: 'Rev', align: 'right' },
    { title: 'When' },
    { title: 'State' },
    { title: 'By', maxCols: 20 },
    { title: 'Why', wraps: true, isTranslated: true },
  ] as const;
  return tableLines(columns, rows, page).join('\n');
}

/** A file or a value is in the candidate. */
export function renderPut(answer: ConfigAnswer, page: Sheet): string {
  const done = 'in the candidate: see `luciole config compare`, then `luciole config commit`';
  return (
    refused(answer, page) ??
    [...problemLines(answer.warnings, page, `${translated('warning', page)}: `), ...paragraph(done, page)].join('\n')
  );
}

/** Renders the result of `config check`. */
export function renderConfigCheck(answer: ConfigAnswer, page: Sheet): string {
  const { warnings, touches } = answer;
  return (
    refused(answer, page) ??
    [...problemLines(warnings, page, `${translated('warning', page)}: `), ...paragraph(`ok; ${touchText(touches)}`, page)].join('\n')
  );
}

export function renderCompare(answer: ConfigAnswer, page: Sheet): string {
  const { changes, touches, reason } = answer;
  const wrong = refused(answer, page);
  if (wrong !== null) return [...changes.flatMap((change) => changeLines(change, page)), wrong].join('\n');
  if (changes.length === 0) return translated(reason === 'equal' ? 'equal' : 'no value is different, only the text', page);
  return [
    ...changes.flatMap((change) => changeLines(change, page)),
    '',
    ...paragraph(`${count(changes.length, 'change')}; ${touchText(touches)}`, page),
  ].join('\n');
}

/** `minutes`: how long the trial lasts. */
export function renderCommit(answer: ConfigAnswer, page: Page, { mode, minutes }: Pick<CommitRequest, 'mode' | 'minutes'>): string {
  const { revision, isOnTrial, reason, changes, touches, partsBy = [] } = answer;
  const wrong = refused(answer, page);
  if (wrong !== null) return wrong;
  const others = partsBy.length === 0 ? '' : `with parts by ${partsBy.join(', ')}`;
  if (!isOnTrial) {
    const kept = translated(reason === '' ? `revision ${revision} is kept; ${touchText(touches)}` : reason, page);
    return others === '' ? kept : [kept, ...paragraph(others, page)].join('\n');
  }
  const until = `until ${clockTime(page.atMs + minutes * 60_000, page)}, ${count(minutes, 'minute')}`;
  const sheet: [label: string, text: string][] = [
    ['Trial', `revision ${revision} runs on trial ${until}: ${count(changes.length, 'change')}; ${touchText(touches)}`],
    mode === 'asked'
      ? ['Then', '`luciole config confirm` keeps it, without that it returns by itself']
      : ['Then', 'it is kept as soon as all is well, else it returns by itself: `luciole config` shows how it does'],
  ];
  if (others !== '') sheet.splice(1, 0, ['Parts', others]);
  return sheet.flatMap(([label, text]) => labelled(label, text, page)).join('\n');
}

export function renderKept(answer: ConfigAnswer, page: Sheet): string {
  return refused(answer, page) ?? translated(`revision ${answer.revision} is kept`, page);
}

export function renderReturned(answer: ConfigAnswer, page: Sheet): string {
  const { code, reason, revision } = answer;
  const but = code === undefined ? [] : paragraph(toAscii(reason), page);
  return refused(answer, page) ?? [translated(`revision ${revision} runs again`, page), ...but].join('\n');
}

export function renderDiscarded(answer: ConfigAnswer, page: Sheet): string {
  return refused(answer, page) ?? translated('the candidate is gone; what runs is as it was', page);
}

function revisionText({ number, state, by, atMs, why }: Revision, page: Page): string {
  return `revision ${number}, ${stateWord(state, page)}, by ${by} ${clockTime(atMs, page)}${why === '' ? '' : `: ${why}`}`;
}

/** Null for what was not refused. */
function refused({ state, reason, problems }: ConfigAnswer, page: Sheet): string | null {
  if (state === 'done') return null;
  return [...problemLines(problems, page), ...paragraph(`refused: ${toAscii(reason)}`, page)].join('\n');
}

function problemLines(problems: ConfigAnswer['problems'], page: Sheet, before = ''): string[] {
  return problems.flatMap((problem) => {
    const message = translated(toAscii(problem.message), page);
    return wrap(`${before}${toAscii(formatProblem({ ...problem, message: '' }))}${message}`, page.widthCols);
  });
}

function changeLines({ path, before, after }: ConfigChange, { widthCols }: Sheet): string[] {
  const side = (sign: string, text: string | null): string[] =>
    text === null ? [] : wrap(asFileText(text), widthCols - 4).map((line, i) => `${i === 0 ? `  ${sign} ` : '    '}${line}`);
  return [...wrap(path, widthCols), ...side('-', before), ...side('+', after)];
}

/** Rooms of the agent as the street knows them. */
const ROOMS: Readonly<Record<string, string>> = {
  light: 'the lighting',
  uplink: 'the link to the platform',
  store: 'the store of readings',
  clock: 'how far the clock is trusted',
  console: 'the language of new sessions',
};

/** Parts of the running cabinet that are started again. */
function touchText(touches: readonly string[]): string {
  return touches.length === 0 ? 'nothing that runs is changed' : `it changes ${touches.map((room) => ROOMS[room] ?? room).join(', ')}`;
}
