/** Examines lines with a known cause and compares the verdict with what the cause must give. */
import type { BusExam } from '../../../agent/core/bus-exam.ts';
import { diagnose } from '../../../agent/diagnosis/bus-doctor/diagnose.ts';
import type { BusDiagnosis, Verdict } from '../../../agent/diagnosis/bus-doctor/finding.ts';
import { type LineCause, type LinePlan, planLine } from './line-plans.ts';
import { startLine, untilSettled } from './sick-line.ts';

/**
 * The verdicts that are right for a cause. Two causes that look the same from the gateway share one: a line without supply and swapped wires without
 * bias are both silent.
 */
export const RIGHT: Readonly<Record<LineCause, readonly Verdict[]>> = {
  none: ['healthy'],
  'no-supply-of-line': ['line-silent'],
  'wires-swapped': ['line-silent'],
  'wires-swapped-biased': ['swapped-wires'],
  'other-speed': ['wrong-settings'],
  'other-parity': ['wrong-settings'],
  'no-termination': ['no-termination'],
  'no-bias': ['no-bias'],
  'two-units-one-address': ['duplicate-address'],
  'second-master': ['second-master'],
  'echoing-adapter': ['echo'],
  'noisy-unit': ['noisy-unit'],
  'dead-unit': ['unit-silent'],
  'unit-wires-swapped': ['unit-silent'],
  'unit-other-speed': ['wrong-settings'],
  'noise-at-dusk': ['noise-at-hours'],
  'sleeping-driver': ['sleeping-driver'],
  'slow-unit': ['slow-unit'],
  'adapter-steps': ['adapter-latency'],
};

/** How a diagnosis compares with the cause. `undecided`: no verdict; `wrong`: any finding that the cause does not give, or none for a fault. */
export type VerdictCheck = 'right' | 'undecided' | 'wrong';

/** Runs the line of a plan and examines it. */
export async function examined(plan: LinePlan): Promise<{ readonly exam: BusExam; readonly diagnosis: BusDiagnosis }> {
  const line = await startLine(plan);
  await line.clock.advance(plan.warmUpMs);
  const exam = await untilSettled(
    line.clock,
    line.field.bus.examine({ line: 'north' }, () => {}),
  );
  await untilSettled(line.clock, line.stop());
  return { exam, diagnosis: diagnose(exam, (atMs) => new Date(atMs).toISOString().slice(11, 16)) };
}

/** Compares the findings with the cause. "Undecided" beside or in place of a right finding is not wrong. */
export function judged(cause: LineCause, { findings, verdict }: Pick<BusDiagnosis, 'findings' | 'verdict'>): VerdictCheck {
  const isFit = (found: Verdict): boolean => RIGHT[cause].includes(found) || found === 'undecided';
  if (!findings.every((finding) => isFit(finding.verdict))) return 'wrong';
  return RIGHT[cause].includes(verdict) ? 'right' : 'undecided';
}

/** Examines one line of this cause. */
export async function examinedCause(cause: LineCause, seed: number) {
  const plan = planLine(cause, seed);
  const result = await examined(plan);
  return { plan, ...result, judgement: judged(cause, result.diagnosis) };
}
