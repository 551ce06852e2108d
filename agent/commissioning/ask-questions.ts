/** Collects an answer for each setup question: from the given answers, from a person, or the usual one. It writes and scans nothing. */
import { type Message, msg, type Said } from '../core/message.ts';
import { type AnswerRefusal, type MachineFacts, QUESTIONS, type Question, type TypedAnswers } from './questions.ts';

/** One line from a person, who is asked in the language of the terminal. Shape: the prompt has no space at its end. Errors: rejects when the person leaves. */
export type AskLine = (prompt: Said) => Promise<string>;

/** Shows a line to a person, in the language of the terminal. Units: `indentCols` columns left free at its left. */
export type PrintLine = (line: Said, indentCols?: number) => void;

/** Of what follows a question or a heading. Units: columns. */
export const INDENT_COLS = 2;

export interface InterviewParts {
  /** Null where no question may be asked: the usual answers are taken. */
  readonly ask: AskLine | null;
  readonly print: PrintLine;
  readonly machine: MachineFacts;
  /** Answers of an earlier, interrupted run or of the file that is replaced; proposed, never taken silently from a person. */
  readonly proposed: TypedAnswers;
  /** After each answer of a person, so that an interrupted set-up loses none. */
  readonly keep: (answers: TypedAnswers) => void;
}

/** Answers that are missing or wrong; each line is for a person. */
export interface Unanswered {
  readonly missing: readonly Message[];
}

/** The answers to all questions of one part. */
export async function interview(part: Question['part'], given: TypedAnswers, parts: InterviewParts): Promise<TypedAnswers | Unanswered> {
  let answers = given;
  const missing: Message[] = [];
  for (const question of QUESTIONS.filter((each) => each.part === part)) {
    if (question.when?.(answers) === false) continue;
    const answer = await answerTo(question, answers, parts);
    if (answer === null) missing.push(msg`${`--${question.name}`}: ${question.prompt}`);
    else if (typeof answer === 'object') missing.push(msg`${`--${question.name}`}: ${answer.refused}`);
    else answers = { ...answers, [question.name]: answer };
  }
  return missing.length > 0 ? { missing } : answers;
}

/** Whether answers are missing or wrong. */
export function isUnanswered(result: TypedAnswers | Unanswered): result is Unanswered {
  return Array.isArray((result as Unanswered).missing);
}

async function answerTo(question: Question, answers: TypedAnswers, parts: InterviewParts): Promise<string | AnswerRefusal | null> {
  const given = answers[question.name];
  if (given !== undefined) return question.read(given.trim());
  const usual = parts.proposed[question.name] ?? question.usual(answers, parts.machine);
  if (parts.ask === null) return usual === null ? null : question.read(usual);
  for (;;) {
    const typed = (await parts.ask(promptOf(question, usual))).trim();
    const read =
      typed === '' && usual === null ? { refused: msg`this needs an answer` } : question.read(typed === '' ? (usual ?? '') : typed);
    if (typeof read === 'string') {
      parts.keep({ ...answers, [question.name]: read });
      return read;
    }
    parts.print(read.refused, INDENT_COLS);
  }
}

function promptOf({ prompt }: Question, usual: string | null): Message {
  return usual === null ? msg`${prompt}:` : msg`${prompt} [${usual === '' ? msg`none` : usual}]:`;
}
