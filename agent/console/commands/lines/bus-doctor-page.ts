/** Renders the result of `bus doctor`. */
import type { ExamProgress } from '../../../core/bus-exam.ts';
import { counted, type Message, msg } from '../../../core/message.ts';
import type { BusDiagnosis, BusFinding } from '../../../diagnosis/bus-doctor/finding.ts';
import { formatTook } from '../../text/duration.ts';
import { type Page, translated } from '../../text/page.ts';
import { labelled, paragraph } from '../../text/text-lines.ts';

const STEPS: Readonly<Record<ExamProgress['step'], Message>> = {
  listening: msg`listening`,
  reading: msg`reading`,
  resting: msg`waiting for a unit to rest`,
  settings: msg`trying other serial settings`,
};

/** Renders the progress line of an examination: its step, and how many seconds have passed of about how many. */
export function renderExamProgress({ step, doneMs, totalMs }: ExamProgress, page?: Pick<Page, 'language'>): string {
  const [done, total] = [Math.round(doneMs / 1_000), Math.round(totalMs / 1_000)];
  return translated(msg`${STEPS[step]}, ${done} of about ${total} s`, page ?? {});
}

/**
 * Renders a diagnosis: how many requests were answered, the units without supply that were not judged, and the findings. Each finding has
 * evidence, causes and, unless it is `healthy`, what to check.
 */
export function renderDiagnosis({ line, findings, asked, answered, unfed, durationMs }: BusDiagnosis, page: Page): string {
  const sum = msg`line ${line}: ${answered} of ${asked} requests answered, examined for ${formatTook(durationMs)}`;
  const notJudged = counted(
    unfed.length,
    msg`unit ${unfed} has no supply now: it was not judged`,
    msg`units ${unfed} have no supply now: they were not judged`,
  );
  const skipped = unfed.length === 0 ? [] : paragraph(translated(notJudged, page), page);
  return [translated(sum, page), ...skipped, ...findings.flatMap((finding) => ['', ...findingLines(finding, page)])].join('\n');
}

function findingLines({ verdict, text, evidence, causes, check }: BusFinding, page: Page): string[] {
  const isWell = verdict === 'healthy';
  return [
    ...labelled(msg`Verdict`, text, page),
    ...evidence.flatMap((each, i) => labelled(i === 0 ? msg`Evidence` : '', each, page)),
    ...causes.flatMap((each, i) => labelled(i === 0 ? msg`Causes` : '', msg`${i + 1}. ${each}`, page)),
    ...(isWell ? [] : labelled(msg`Check`, check, page)),
  ];
}
