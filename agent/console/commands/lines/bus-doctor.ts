/** `bus doctor`: examines a line in service and names what is wrong. */
import type { ExamProgress } from '../../../core/bus-exam.ts';
import { msg } from '../../../core/message.ts';
import type { AgentView } from '../../../core/views.ts';
import type { BusDiagnosis } from '../../../diagnosis/bus-doctor/finding.ts';
import { agentCommand, textArg } from '../../agent-command.ts';
import { dayTime } from '../../text/page.ts';
import { findLine, LINE_ARGUMENT, onBus } from './bus-args.ts';

/**
 * `bus doctor`: answers with the verdict about a line, its evidence and what to check. An answer has exit code 1 unless `healthy`. A DALI
 * bus or a Modbus TCP line is refused.
 */
export const BUS_DOCTOR = agentCommand<{ line: string }, BusDiagnosis, ExamProgress>({
  name: 'bus doctor',
  role: 'technician',
  group: 'Lines:',
  summary: msg`what is wrong with a line in service`,
  arguments: [LINE_ARGUMENT],
  examples: ['luciole bus doctor street', 'luciole bus doctor street --json'],
  read: (args) => ({ line: textArg(args, 'line') }),
  answer: (view, args, { report, signal, timezone }) => {
    const line = findLine(view, args.line);
    return onBus(async () => {
      const unfed = new Set(unfedUnits(view, line));
      const exam = await view.bus.examine({ line, unfed, signal }, (progress) => void report(progress));
      const { diagnose } = await import('../../../diagnosis/bus-doctor/diagnose.ts');
      return diagnose(exam, (atMs) => dayTime(atMs, timezone), new Set([...unfed, ...unfedUnits(view, line)]));
    });
  },
  render: async (result, page) => (await import('./bus-doctor-page.ts')).renderDiagnosis(result, page),
  succeeded: ({ verdict }) => verdict === 'healthy',
  progress: {
    isLasting: false,
    load: async () => (await import('./bus-doctor-page.ts')).renderExamProgress,
    // Half a minute without output looks like a hang in a script's log.
    stage: ({ step }) => step,
  },
});

function unfedUnits(view: AgentView, lineId: string): readonly number[] {
  return view.devices().flatMap(({ line, unit, hasNoSupply }) => (line === lineId && hasNoSupply === true ? [unit] : []));
}
