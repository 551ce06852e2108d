/** `test lamp` and `test zone`: try lamps. */

import { count } from '../../../core/counts.ts';
import { msg } from '../../../core/message.ts';
import { agentCommand, textArg } from '../../agent-command.ts';
import type { ConsoleCommand } from '../../command-spec.ts';
import type { RawArgs } from '../../protocol/protocol.ts';
import { formatNumber, NOTHING, type Page, translated } from '../../text/page.ts';
import { paragraph, wrap } from '../../text/text-lines.ts';
import { tableLines } from '../../text/text-table.ts';
import { findLamp, findZone } from './light-args.ts';
import { POWER_WAIT_MS, type Tested, type TestStep, type TestWait, testTarget, type Unweighed } from './test-job.ts';

type Kind = 'lamp' | 'zone';

function row(kind: Kind): ConsoleCommand {
  return agentCommand<string, Tested, TestStep | TestWait>({
    name: `test ${kind}`,
    role: 'technician',
    group: 'Act:',
    summary: kind === 'lamp' ? msg`ramp a lamp, read it back, weigh it` : msg`ramp a zone, read each lamp back, weigh it`,
    arguments: [{ name: kind, summary: msg`a ${kind}`, required: true, names: kind }],
    examples:
      kind === 'lamp'
        ? ['luciole test lamp L07', 'luciole test lamp L07 --json']
        : ['luciole test zone rue-bressigny', 'luciole test zone rue --json'],
    read: (args: RawArgs) => textArg(args, kind),
    answer: (view, typed, job) => {
      const id = kind === 'lamp' ? findLamp(view, typed) : findZone(view, typed);
      return testTarget(view, { kind, id }, job);
    },
    render: renderTested,
    succeeded: ({ verdicts }) => verdicts.length > 0 && verdicts.every(({ verdict }) => verdict === 'ok'),
    progress: { isLasting: (progress) => !isWait(progress), load: async () => renderTestProgress },
    audit: ({ target, verdicts }) => ({ target: target.id, bad: verdicts.filter(({ verdict }) => verdict !== 'ok').length }),
  });
}

export const TEST_COMMANDS: readonly ConsoleCommand[] = [row('lamp'), row('zone')];

function isWait(progress: TestStep | TestWait): progress is TestWait {
  return 'waitsFor' in progress;
}

/** What a step waits for, in the status line of a terminal, and one line a step. */
export function renderTestProgress(progress: TestStep | TestWait, page: Page): string {
  return isWait(progress) ? renderTestWait(progress, page) : renderTestStep(progress, page);
}

function renderTestWait({ levelPct, step, steps, waitsFor, restMs }: TestWait, page: Page): string {
  const what = waitsFor === 'lamps' ? 'until the lamps confirm' : 'until the power is read';
  return translated(`step ${step} of ${steps}, ${levelPct} %: ${what}, at most ${Math.ceil(restMs / 1_000)} s`, page);
}

/** One line a step. */
export function renderTestStep({ levelPct, states, meterW, reason }: TestStep, page: Page): string {
  const all = Object.values(states);
  const confirmed = all.filter((state) => state === 'verified').length;
  const weighed = meterW === null ? '' : `, ${formatNumber(meterW)} W at the meter`;
  const why = reason === '' ? '' : `: ${reason}`;
  const text = translated(`${confirmed} of ${count(all.length, 'lamp')} confirmed${weighed}${why}`, page);
  return wrap(`${String(levelPct).padStart(3)} %  ${text}`, page.widthCols).join('\n');
}

export function renderTested({ target, steps, verdicts, otherLamps, restored }: Tested, page: Page): string {
  const columns = [
    { title: msg`Lamp`, maxCols: 16 },
    ...steps.map(({ levelPct }) => ({ title: msg`${levelPct} %`, isTranslated: true as const })),
    { title: msg`Power W`, align: 'right' as const },
    { title: msg`Verdict`, wraps: true as const, isTranslated: true as const },
  ];
  const rows = verdicts.map(({ lamp, verdict, weighedBy }) => [
    lamp,
    ...steps.map(({ states }) => states[lamp] ?? NOTHING),
    powers(lamp, steps),
    weighedBy === 'nothing' && verdict === 'ok' ? 'ok, level only' : verdict,
  ]);
  const bad = verdicts.filter(({ verdict }) => verdict !== 'ok').length;
  const sum =
    bad === 0
      ? `${count(verdicts.length, 'lamp')} of ${target.id}: all ok`
      : `${bad} of ${count(verdicts.length, 'lamp')} of ${target.id} not ok`;
  const back =
    restored === 'verified'
      ? 'given back to its programme'
      : `released, but its return to the programme ended as ${restored}: see \`luciole why ${target.id}\``;
  const levelOnly = unweighedLines(verdicts, otherLamps).flatMap((line) => paragraph(line, page));
  return [...tableLines(columns, rows, page), '', ...levelOnly, ...paragraph(`${sum}; ${back}`, page)].join('\n');
}

/** Lamps named in one reason; the others are counted. */
const NAMED_LAMPS = 6;

/** Why the power of a lamp said nothing, once for all lamps of a kind. */
function unweighedLines(verdicts: Tested['verdicts'], otherLamps: number): readonly string[] {
  const others = `${count(otherLamps, 'other lamp')}`;
  const why: Readonly<Record<Unweighed, string>> = {
    'no-sensor': 'neither the lamp nor a meter of the cabinet measures it',
    'no-reading': `no fresh reading of it came within ${POWER_WAIT_MS / 1_000} s; \`luciole points power\` shows how old it is`,
    'no-meter-reading': `no fresh reading of the meter came within ${POWER_WAIT_MS / 1_000} s; \`luciole points power\` shows how old it is`,
    'shared-meter': `the meter measures ${others} too, which may change meanwhile`,
  };
  return (Object.keys(why) as Unweighed[]).flatMap((kind) => {
    const ids = verdicts.flatMap(({ lamp, unweighed }) => (unweighed === kind ? [lamp] : []));
    const more = ids.length - NAMED_LAMPS;
    const names = more > 0 ? `${ids.slice(0, NAMED_LAMPS).join(', ')} and ${more} more` : ids.join(', ');
    return ids.length === 0 ? [] : [`Power of ${names} not weighed: ${why[kind]}`];
  });
}

/** `12/36/60`; a dash where the lamp does not measure its own. */
function powers(lamp: string, steps: readonly TestStep[]): string {
  const values = steps.map(({ lampW }) => lampW[lamp]);
  return values.every((value) => value === undefined) ? NOTHING : values.map((value) => formatNumber(value)).join('/');
}
