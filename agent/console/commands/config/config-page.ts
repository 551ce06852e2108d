/** Renders `luciole config` and its verbs: the running revision, changes, problems, result. Pure. */

import { count } from '../../../core/counts.ts';
import { problemMessage } from '../../../core/errors.ts';
import { type Message, msg, type Said } from '../../../core/message.ts';
import type { CommitRequest, ConfigAnswer, ConfigChange, ConfigView, Revision } from '../../../core/revisions.ts';
import { formatDuration } from '../../text/duration.ts';
import { clockTime, dayTime, NOTHING, type Page, stateWord, translated } from '../../text/page.ts';
import { plain } from '../../text/plain-text.ts';
import { labelled, paragraph, wrap } from '../../text/text-lines.ts';
import { tableLines } from '../../text/text-table.ts';
import { asFileText } from './file-text.ts';

/** The part of a page that a change needs. */
type Sheet = Pick<Page, 'widthCols' | 'language'>;

/** Renders `config`: the running revision, its trial, the candidate of the caller, those of others, and trouble with the disk. */
export function renderConfig({ running, trial, candidate, others, trouble }: ConfigView, page: Page): string {
  const sheet: [label: Message, text: Said][] = [[msg`Runs`, revisionText(running, page)]];
  if (trial !== null) {
    const left = formatDuration(trial.restS * 1_000);
    sheet.push([
      msg`Trial`,
      trial.mode === 'asked'
        ? msg`${left} left, then it returns; \`luciole config confirm\` keeps it`
        : msg`${left} left, then it returns; it is kept by itself once all is well`,
    ]);
    sheet.push([msg`Missing`, trial.missing.length === 0 ? msg`nothing` : inTurn(trial.missing)]);
  }
  sheet.push([
    msg`Candidate`,
    candidate === null
      ? msg`none`
      : msg`by ${candidate.authors} ${clockTime(candidate.atMs, page)}, begun on revision ${candidate.base}: \`luciole config compare\``,
  ]);
  for (const { by, authors, atMs, base } of others)
    sheet.push([
      msg`Other`,
      msg`a candidate by ${authors} ${clockTime(atMs, page)}, begun on revision ${base}: \`luciole config take ${takenAs(by)}\``,
    ]);
  if (String(trouble) !== '') sheet.push([msg`Trouble`, trouble]);
  return sheet.flatMap(([label, text]) => labelled(label, text, page)).join('\n');
}

/** Joins the sentences with semicolons. */
function inTurn(sentences: readonly Message[]): Message {
  return sentences.reduce((before, next) => msg`${before}; ${next}`);
}

/** All users of the platform share one candidate. */
function takenAs(by: string): string {
  return by.replace(/^platform:.*/, 'platform');
}

/**
 * Renders `config history`: one row per revision, in the given order. It has number, local time, state and author, and why it was made or
 * returned.
 */
export function renderRevisions(revisions: readonly Revision[], page: Page): string {
  const rows = revisions.map(({ number, atMs, by, why, state, reason }) => [
    String(number),
    dayTime(atMs, page.timezone),
    stateWord(state, page),
    by,
    endText(why, reason),
  ]);
  const columns = [
    { title: msg`Rev`, align: 'right' },
    { title: msg`When` },
    { title: msg`State` },
    { title: msg`By`, maxCols: 20 },
    { title: msg`Why`, wraps: true },
  ] as const;
  return tableLines(columns, rows, page).join('\n');
}

function endText(why: Said, reason: Said): Said {
  if (String(reason) === '') return String(why) === '' ? NOTHING : why;
  return String(why) === '' ? msg`returned: ${reason}` : msg`${why}; returned: ${reason}`;
}

/** Renders the result of a change of the candidate: the warnings and the commands to type next, or the refusal with its problems. */
export function renderPut(answer: ConfigAnswer, page: Sheet): string {
  const done = msg`in the candidate: see \`luciole config compare\`, then \`luciole config commit\``;
  return refused(answer, page) ?? [...problemLines(answer.warnings, page, true), ...paragraph(done, page)].join('\n');
}

/** Renders the result of `config check`: the warnings, and the parts that the candidate would change; or the refusal with its problems. */
export function renderConfigCheck(answer: ConfigAnswer, page: Sheet): string {
  const { warnings, touches } = answer;
  return refused(answer, page) ?? [...problemLines(warnings, page, true), ...paragraph(msg`ok; ${touchText(touches)}`, page)].join('\n');
}

/** Renders `config compare`: each value that differs, before and after, and then the affected parts of the agent or the refusal. */
export function renderCompare(answer: ConfigAnswer, page: Sheet): string {
  const { changes, touches, reason } = answer;
  const wrong = refused(answer, page);
  if (wrong !== null) return [...changes.flatMap((change) => changeLines(change, page)), wrong].join('\n');
  if (changes.length === 0) return translated(String(reason) === '' ? msg`no value is different, only the text` : reason, page);
  return [
    ...changes.flatMap((change) => changeLines(change, page)),
    '',
    ...paragraph(msg`${count(changes.length, 'change')}; ${touchText(touches)}`, page),
  ].join('\n');
}

/**
 * Renders the result of `config commit` and `config rollback`: the trial with its latest end, the revision that is kept, or the refusal.
 * `mode`: how the trial is confirmed. `minutes`: longest duration of the trial.
 */
export function renderCommit(answer: ConfigAnswer, page: Page, { mode, minutes }: Pick<CommitRequest, 'mode' | 'minutes'>): string {
  const { revision, isOnTrial, reason, changes, touches, partsBy = [] } = answer;
  const wrong = refused(answer, page);
  if (wrong !== null) return wrong;
  const others = partsBy.length === 0 ? null : msg`with parts by ${partsBy}`;
  if (!isOnTrial) {
    const kept = translated(String(reason) === '' ? msg`revision ${revision ?? 0} is kept; ${touchText(touches)}` : reason, page);
    return others === null ? kept : [kept, ...paragraph(others, page)].join('\n');
  }
  const until = clockTime(page.atMs + minutes * 60_000, page);
  const [length, many] = [count(minutes, 'minute'), count(changes.length, 'change')];
  const sheet: [label: Message, text: Message][] = [
    [msg`Trial`, msg`revision ${revision ?? 0} runs on trial until ${until}, ${length}: ${many}; ${touchText(touches)}`],
    mode === 'asked'
      ? [msg`Then`, msg`\`luciole config confirm\` keeps it, without that it returns by itself`]
      : [msg`Then`, msg`it is kept as soon as all is well, else it returns by itself: \`luciole config\` shows how it does`],
  ];
  if (others !== null) sheet.splice(1, 0, [msg`Parts`, others]);
  return sheet.flatMap(([label, text]) => labelled(label, text, page)).join('\n');
}

/** Renders the result of `config confirm`: the revision that is kept, or the refusal. */
export function renderKept(answer: ConfigAnswer, page: Sheet): string {
  return refused(answer, page) ?? translated(msg`revision ${answer.revision ?? 0} is kept`, page);
}

/** Renders the result of `config return`: the revision that runs again, and why that is not stored, if it is not; or the refusal. */
export function renderReturned(answer: ConfigAnswer, page: Sheet): string {
  const { code, reason, revision } = answer;
  const but = code === undefined ? [] : paragraph(asciiMessage(reason), page);
  return refused(answer, page) ?? [translated(msg`revision ${revision ?? 0} runs again`, page), ...but].join('\n');
}

/** Renders the result of `config discard`: that the candidate is removed, or the refusal. */
export function renderDiscarded(answer: ConfigAnswer, page: Sheet): string {
  return refused(answer, page) ?? translated(msg`the candidate is removed; what runs is unchanged`, page);
}

function revisionText({ number, state, by, atMs, why }: Revision, page: Page): Message {
  const [shown, time] = [stateWord(state, page), clockTime(atMs, page)];
  return String(why) === ''
    ? msg`revision ${number}, ${shown}, by ${by} ${time}`
    : msg`revision ${number}, ${shown}, by ${by} ${time}: ${why}`;
}

/** Returns null if the answer is not a refusal. */
function refused({ state, reason, problems }: ConfigAnswer, page: Sheet): string | null {
  if (state === 'done') return null;
  return [...problemLines(problems, page), ...paragraph(msg`refused: ${asciiMessage(reason)}`, page)].join('\n');
}

function problemLines(problems: ConfigAnswer['problems'], page: Sheet, isWarning = false): string[] {
  return problems.flatMap((problem) => {
    const message = asciiMessage(problemMessage(problem));
    return paragraph(isWarning ? msg`warning: ${message}` : message, page);
  });
}

/** Returns the message with its arguments, which come from files, in ASCII. */
function asciiMessage(message: Message): Message {
  return plain(message) as Message;
}

function changeLines({ path, before, after }: ConfigChange, { widthCols }: Sheet): string[] {
  const side = (sign: string, text: string | null): string[] =>
    text === null ? [] : wrap(asFileText(text), widthCols - 4).map((line, i) => `${i === 0 ? `  ${sign} ` : '    '}${line}`);
  return [...wrap(path, widthCols), ...side('-', before), ...side('+', after)];
}

/** The agent's modules as people at the cabinet name them. */
const ROOMS: Readonly<Record<string, Message>> = {
  light: msg`the lighting`,
  uplink: msg`the link to the platform`,
  store: msg`the store of readings`,
  clock: msg`how far the clock is trusted`,
  console: msg`the language of new sessions`,
};

/** Returns which parts of the running cabinet the change affects. */
function touchText(touches: readonly Message[]): Message {
  return touches.length === 0 ? msg`nothing that runs is changed` : msg`it changes ${touches.map((room) => ROOMS[room.id] ?? room)}`;
}
