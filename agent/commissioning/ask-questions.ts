/** Collects an answer for each setup question: a given answer, an answer typed by a person, or the usual one. It writes nothing and scans no line. */
import { type Message, msg, type Said } from '../core/message.ts';
import { type AnswerRefusal, type MachineFacts, QUESTIONS, type Question, type TypedAnswers } from './questions.ts';

/** Prompts a person and resolves with the line typed. Shape: the prompt has no trailing space. Errors: rejects when the person leaves. */
export type AskLine = (prompt: Said) => Promise<string>;

/** Prints a text in the language of the terminal. `indentCols`: the indent of its lines, by default 0. Units: columns. */
export type PrintLine = (line: Said, indentCols?: number) => void;

/** Indent of the text below a question or a heading. Units: columns. */
export const INDENT_COLS = 2;

/** How `interview` asks and prints, the answers that it may propose, and where it stores typed answers. */
export interface InterviewParts {
  /** Null: no question may be asked. The proposed answer is then used, else the usual one; a question with neither stays unanswered. */
  readonly ask: AskLine | null;
  readonly print: PrintLine;
  readonly machine: MachineFacts;
  /** Answers of an interrupted run, or of the file that will be replaced. If questions are asked, an empty line accepts one. */
  readonly proposed: TypedAnswers;
  /** Receives all answers so far after each accepted answer of a person. Proposed ones count only once they are accepted. */
  readonly keep: (answers: TypedAnswers) => void;
}

/** The answers that are missing or wrong, with one message each for a person. */
export interface Unanswered {
  readonly missing: readonly Message[];
}

/**
 * Collects the answers of one part. Resolves with the given answers and those of this part, or with what is missing or wrong. Errors:
 * rejects when the person leaves.
 */
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

/** Returns whether this result of `interview` lists missing or wrong answers; false if it contains the answers. */
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
