/** `report make`: the agent makes a report, renders it and signs it. */
import { DAY_MS } from '../../../core/durations.ts';
import { type Message, msg } from '../../../core/message.ts';
import { Refusal } from '../../../core/refusal.ts';
import { REPORT_FORMATS, REPORT_KINDS, type Report, type ReportKind, type ReportLayout } from '../../../core/report.ts';
import type { SavingsDate } from '../../../core/savings-view.ts';
import type { AgentView } from '../../../core/views.ts';
import { LANGUAGES } from '../../../core/words.ts';
import { agentCommand, numberArg, textArg } from '../../agent-command.ts';
import type { Job } from '../../command-spec.ts';
import { ConsoleError } from '../../console-error.ts';
import { MAX_REPLY_BYTES, type RawArgs } from '../../protocol/protocol.ts';
import { answerOf, savingsError } from '../savings/savings-refusals.ts';
import type { ReportFile, ReportPeriod } from './report-file.ts';
import { completedPeriod, typedPeriod } from './report-period.ts';

interface MakeReportArgs extends ReportLayout {
  readonly kind: ReportKind;
  /** Null: the usual nights of this kind. */
  readonly period: ReportPeriod | null;
}

/** What the agent does for a report. `data`: it reads and computes. `page`: it renders and signs. */
export type MakingStep = 'data' | 'page';

/** Longest silence of the agent. Units: ms. Source: as to read twelve years of nights for a saving; signs of life end it. */
const TIMEOUT_MS = 60_000;
/** Source: the widths that a terminal may have. */
const WIDTH_COLS = { min: 20, max: 1_000, usual: 80 };
/** Space for what the answer has besides the text. Units: bytes. */
const REST_BYTES = 65_536;

/** `report make`: answers with the text of a report file, signed if the format and the agent allow it. The agent writes no file. */
export const REPORT_MAKE = agentCommand<MakeReportArgs, ReportFile, { readonly step: MakingStep }>({
  name: 'report make',
  role: 'viewer',
  group: 'Look:',
  summary: msg`a report as a file`,
  isHidden: true,
  arguments: [{ name: 'kind', summary: msg`night, month, savings or commission`, required: true }],
  options: [
    { name: 'date', value: 'DATE', summary: msg`the night, or the month` },
    { name: 'nights', value: 'FROM..TO', summary: msg`first and last night, as 2026-11-01..2026-11-30` },
    { name: 'format', value: 'FORMAT', summary: msg`text, html, json or csv` },
    { name: 'language', value: 'LANGUAGE', summary: msg`en or fr` },
    { name: 'semicolon', value: null, summary: msg`CSV with ; between the fields, for a French spreadsheet` },
    { name: 'width', value: 'COLUMNS', summary: msg`width of the text` },
  ],
  timeoutMs: TIMEOUT_MS,
  read: readMakeReport,
  answer: makeReport,
  progress: {
    isLasting: false,
    load:
      async () =>
      ({ step }) =>
        step,
  },
  render: async (result) => JSON.stringify(result),
});

function readMakeReport(args: RawArgs): MakeReportArgs {
  const kind = oneOf(textArg(args, 'kind'), REPORT_KINDS, (text) => msg`no report "${text}": one of ${REPORT_KINDS}`);
  return {
    kind,
    period: typedPeriod(kind, args),
    format: oneOf(textOr(args, 'format', 'text'), REPORT_FORMATS, (text) => msg`no format "${text}": write ${REPORT_FORMATS}`),
    language: oneOf(textOr(args, 'language', 'en'), LANGUAGES, (text) => msg`no language "${text}": write ${LANGUAGES}`),
    hasSemicolons: args['semicolon'] === true,
    widthCols: numberArg(args, 'width', WIDTH_COLS),
  };
}

async function makeReport(view: AgentView, args: MakeReportArgs, job: Job): Promise<ReportFile> {
  const { kind, format } = args;
  job.report({ step: 'data' });
  const period = await periodOf(view, args, job);
  const answer = await view.reports.make({ kind, ...period, by: job.source }, job.signal);
  if (!answer.ok) throw refusal(answer.why);
  job.report({ step: 'page' });
  const { report } = answer;
  const { sealedPage } = await import('./sealed-page.ts');
  const page = await sealedPage(report, args, view.reports, job.signal).catch(asConsoleError);
  if (Buffer.byteLength(JSON.stringify(page.text)) > MAX_REPLY_BYTES - REST_BYTES)
    throw new ConsoleError('too-large', msg`the report as ${format} is too long for one answer: choose fewer nights`);
  return { ...page, ...aboutReport(report) };
}

/** Errors: throws ConsoleError 'failed' for a Refusal. */
function asConsoleError(error: unknown): never {
  if (error instanceof Refusal) throw new ConsoleError('failed', error.said, { cause: error });
  throw error;
}

function aboutReport({ kind, cabinet, from, to }: Report): Pick<ReportFile, 'kind' | 'cabinet' | 'from' | 'to'> {
  return { kind, cabinet: cabinet.id, from, to };
}

async function periodOf(view: AgentView, { kind, period }: MakeReportArgs, { clock, timezone }: Job): Promise<ReportPeriod> {
  const [{ createLocalCalendar }, { nightAt }] = await Promise.all([
    import('../../../lighting/local-time.ts'),
    import('../../../diagnosis/energy-count.ts'),
  ]);
  const tonight = nightAt(createLocalCalendar(timezone), clock.wallMs());
  const lastNight = new Date(Date.parse(tonight) - DAY_MS).toISOString().slice(0, 10);
  const since = kind === 'savings' && period === null ? await baselineNight(view) : lastNight;
  return completedPeriod(kind, period, { lastNight, since });
}

/** The first night that is compared with the baseline. Errors: rejects with ConsoleError 'failed' without a baseline. */
async function baselineNight(view: AgentView): Promise<SavingsDate> {
  const { baselineEntry } = await import('../../../diagnosis/savings/ledger-chain.ts');
  const found = baselineEntry(answerOf(await view.savings.ledger()).entries);
  if (found === undefined) throw savingsError('no-baseline');
  return found.baseline.from;
}

function refusal(why: Parameters<typeof savingsError>[0] | 'no-data' | 'aborted'): ConsoleError {
  if (why === 'aborted') return new ConsoleError('failed', msg`stopped`);
  if (why === 'no-data') return new ConsoleError('failed', msg`nothing is stored about this time: a night is stored when it ends at noon`);
  return savingsError(why);
}

function textOr(args: RawArgs, name: string, usual: string): string {
  return args[name] === undefined ? usual : textArg(args, name);
}

function oneOf<T extends string>(text: string, known: readonly T[], problem: (text: string) => Message): T {
  const found = known.find((each) => each === text.toLowerCase());
  if (found !== undefined) return found;
  throw new ConsoleError('usage', problem(text));
}
