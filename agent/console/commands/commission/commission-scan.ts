/** `commission scan`: scans the lines of the cabinet, compares them with the configuration, and stores the result. */
import type { AcceptanceStamp, LineScan } from '../../../core/acceptance.ts';
import type { ScanProgress, ScanResult } from '../../../core/bus-tools.ts';
import { count } from '../../../core/counts.ts';
import { BusError } from '../../../core/errors.ts';
import { type Message, msg } from '../../../core/message.ts';
import { Refusal } from '../../../core/refusal.ts';
import type { AgentView } from '../../../core/views.ts';
import { agentCommand, textArg } from '../../agent-command.ts';
import type { Job } from '../../command-spec.ts';
import type { Page } from '../../text/page.ts';
import { paragraph } from '../../text/text-lines.ts';
import { onStreet } from '../light/light-args.ts';
import { findLine, LINE_ARGUMENT, UNITS } from '../lines/bus-args.ts';
import { renderScanProgress } from '../lines/bus-scan.ts';
import { NOT_SAVED } from './commission-words.ts';

/** Result of a scan of one line. */
type Scanned = Omit<LineScan, keyof AcceptanceStamp>;

/**
 * The answer of `commission scan`. `scans`: the scanned lines. `failed`: lines that could not be scanned, and lines of `scans` whose result
 * was not stored because the results so far cannot be read. `isSaved`: no other save failed.
 */
export interface CommissionScanned {
  readonly scans: readonly Scanned[];
  readonly failed: readonly { readonly line: string; readonly why: Message }[];
  readonly isSaved: boolean;
}

/** `commission scan`: scans one line, or all except UART lines. Stores which units are missing, unknown or damaged. */
export const COMMISSION_SCAN = agentCommand<{ readonly typed: string | null }, CommissionScanned, ScanProgress>({
  name: 'commission scan',
  role: 'technician',
  group: 'Act:',
  summary: msg`compare the lines with the configuration, store it`,
  arguments: [{ ...LINE_ARGUMENT, summary: msg`a line (default: all)`, required: false }],
  examples: ['luciole commission scan', 'luciole commission scan north --json'],
  read: (args) => ({ typed: args['line'] === undefined ? null : textArg(args, 'line') }),
  answer: (view, { typed }, job) =>
    onStreet(() => scanLines(view, typed === null ? view.names().modbusLines : [findLine(view, typed)], job)),
  render: renderCommissionScan,
  succeeded: ({ scans, failed, isSaved }) => isSaved && failed.length === 0 && scans.every(isClean),
  progress: { isLasting: false, load: async () => renderScanProgress },
  audit: ({ scans }) => ({ lines: scans.length, bad: scans.filter((scan) => !isClean(scan)).length }),
});

/** Returns whether every unit of the line was found, and no other one. */
function isClean({ missing, unknown, damaged }: Scanned): boolean {
  return missing.length + unknown.length + damaged.length === 0;
}

async function scanLines(view: AgentView, lines: readonly string[], { source, signal, report }: Job): Promise<CommissionScanned> {
  const scans: Scanned[] = [];
  let isSaved = true;
  const failed: { line: string; why: Message }[] = [];
  const range = { from: UNITS.min, to: UNITS.max, autoBaud: false, waitMs: null };
  for (const line of lines) {
    try {
      const scan = scanned(await view.bus.scan({ ...range, line, signal }, (progress) => void report(progress)));
      scans.push(scan);
      // At once: a scan of the next line may be interrupted.
      isSaved = (await view.acceptance.note({ by: source, scans: [scan] })) && isSaved;
    } catch (error) {
      if (!(error instanceof BusError || error instanceof Refusal)) throw error;
      failed.push({ line, why: error.said });
    }
  }
  return { scans, failed, isSaved };
}

function scanned({ line, found, missing, damaged }: ScanResult): Scanned {
  const unknown = found
    .filter(({ device }) => device === null)
    .map(({ unit, profiles }) => ({ unit, profiles: profiles.map(({ id }) => id) }));
  const hurt = [...new Set(damaged)];
  return { line, found: found.length, missing: missing.filter(({ unit }) => !hurt.includes(unit)), unknown, damaged: hurt };
}

/** Renders the answer of `commission scan`, one paragraph for each line and each finding. */
function renderCommissionScan({ scans, failed, isSaved }: CommissionScanned, page: Page): string {
  return [
    ...scans.flatMap((scan) => scanTexts(scan)),
    ...failed.map(({ line, why }) => msg`${line}: not scanned: ${why}`),
    ...(isSaved ? [] : [NOT_SAVED]),
  ]
    .flatMap((text) => paragraph(text, page))
    .join('\n');
}

function scanTexts(scan: Scanned): readonly Message[] {
  const { line, found, missing, unknown, damaged } = scan;
  const units = count(found, 'unit');
  return [
    isClean(scan) ? msg`${line}: ${units}, as in the configuration` : msg`${line}: ${units}`,
    ...missing.map(({ unit, device }) => msg`- ${device} (unit ${unit}) does not answer: check its supply, its address and its bus wires`),
    ...(damaged.length === 0
      ? []
      : [msg`- damaged answers at ${damaged}: two units with one address, or a bad line; disconnect one and scan again`]),
    ...unknown.map(({ unit, profiles }) =>
      profiles.length === 0
        ? msg`- unit ${unit} is not in the configuration, and no profile recognises it`
        : msg`- unit ${unit} is not in the configuration; it may be ${profiles}`,
    ),
  ];
}
