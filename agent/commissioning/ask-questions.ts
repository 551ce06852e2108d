/** Collects an answer for each setup question: from the given answers, from a person, or the usual one. It writes and scans nothing. */
import { type MachineFacts, QUESTIONS, type Question, type TypedAnswers } from './questions.ts';

/** One line from a person. Errors: rejects when the person leaves. */
export type AskLine = (prompt: string) => Promise<string>;

export interface InterviewParts {
  /** Null where no question may be asked: the usual answers are taken. */
  readonly ask: AskLine | null;
  readonly print: (line: string) => void;
  readonly machine: MachineFacts;
  /** Answers of an earlier, interrupted run or of the file that is replaced; proposed, never taken silently from a person. */
  readonly proposed: TypedAnswers;
  /** After each answer of a person, so that an interrupted set-up loses none. */
  readonly keep: (answers: TypedAnswers) => void;
}

/** Answers that are missing or wrong; each line is for a person. */
export interface Unanswered {
  readonly missing: readonly string[];
}

/** The answers to all questions of one part. */
export async function interview(part: Question['part'], given: TypedAnswers, parts: InterviewParts): Promise<TypedAnswers | Unanswered> {
  let answers = given;
  const missing: string[] = [];
  for (const question of QUESTIONS.filter((each) => each.part === part)) {
    if (question.when?.(answers) === false) continue;
    const answer = await answerTo(question, answers, parts);
    if (answer === null) missing.push(`--${question.name}: ${question.prompt}`);
    else if (typeof answer === 'object') missing.push(`--${question.name}: ${answer.refused}`);
    else answers = { ...answers, [question.name]: answer };
  }
  return missing.length > 0 ? { missing } : answers;
}

/** Whether answers are missing or wrong. */
export function isUnanswered(result: TypedAnswers | Unanswered): result is Unanswered {
  return Array.isArray((result as Unanswered).missing);
}

async function answerTo(question: Question, answers: TypedAnswers, parts: InterviewParts): Promise<string | { refused: string } | null> {
  const given = answers[question.name];
  if (given !== undefined) return question.read(given.trim());
  const usual = parts.proposed[question.name] ?? question.usual(answers, parts.machine);
  if (parts.ask === null) return usual === null ? null : question.read(usual);
  for (;;) {
    const typed = (await parts.ask(`${question.prompt}${usual === null ? '' : ` [${usual === '' ? 'none' : usual}]`}: `)).trim();
    const read =
      typed === '' && usual === null ? { refused: 'this must be answered' } : question.read(typed === '' ? (usual ?? '') : typed);
    if (typeof read === 'string') {
      parts.keep({ ...answers, [question.name]: read });
      return read;
    }
    parts.print(`  ${read.refused}`);
  }
}
