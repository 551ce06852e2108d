/** `metrics`: prints metrics of the agent for a monitoring system. */
import { msg } from '../../../core/message.ts';
import { METRIC_FORMATS, type MetricFamily, type MetricFormat, metricsText } from '../../../core/metrics.ts';
import { agentCommand } from '../../agent-command.ts';
import { ConsoleError } from '../../console-error.ts';
import type { RawArgs } from '../../protocol/protocol.ts';

/** `metrics`: answers with the metrics of the agent, shown as text for a monitoring system. */
export const METRICS = agentCommand<{ format: MetricFormat }, readonly MetricFamily[]>({
  name: 'metrics',
  role: 'viewer',
  group: 'Agent:',
  summary: msg`figures for a monitor, as OpenMetrics text`,
  options: [{ name: 'format', value: 'FORMAT', summary: msg`openmetrics, prometheus (default: openmetrics)`, choices: METRIC_FORMATS }],
  examples: ['luciole metrics', 'luciole metrics --format prometheus > /run/luciole.prom'],
  read: readFormat,
  answer: (view) => view.metrics(),
  render: async (families, _page, { format }) => metricsText(families, format).trimEnd(),
});

function readFormat({ format = 'openmetrics' }: RawArgs): { format: MetricFormat } {
  const known = METRIC_FORMATS.find((each) => each === format);
  if (known === undefined) throw new ConsoleError('usage', msg`bad --format "${String(format)}": it is one of ${METRIC_FORMATS}`);
  return { format: known };
}
