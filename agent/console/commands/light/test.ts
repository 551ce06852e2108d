/** `test lamp` and `test zone`: test lamps with a ramp. */

import type { LampTestVerdict } from '../../../core/acceptance.ts';
import { count } from '../../../core/counts.ts';
import { counted, type Message, msg, NO_TEXT } from '../../../core/message.ts';
import { firstOf } from '../../../core/message-lists.ts';
import { agentCommand, textArg } from '../../agent-command.ts';
import type { ConsoleCommand } from '../../command-spec.ts';
import type { RawArgs } from '../../protocol/protocol.ts';
import { formatNumber, NOTHING, type Page, translated } from '../../text/page.ts';
import { wordOf } from '../../text/state-words.ts';
import { paragraph, wrap } from '../../text/text-lines.ts';
import { tableLines } from '../../text/text-table.ts';
import { findLamp, findZone } from './light-args.ts';
import { POWER_WAIT_MS, type Tested, type TestStep, type TestWait, testTarget, type Unweighed } from './test-job.ts';

type Kind = 'lamp' | 'zone';

const VERDICT_TEXTS: Readonly<Record<LampTestVerdict, Message>> = {
  ok: msg`ok`,
  'no answer': msg`no answer`,
  refused: msg`refused`,
  'does not follow': msg`does not follow`,
  'no power': msg`no power`,
  'power does not rise': msg`power does not rise`,
};

function row(kind: Kind): ConsoleCommand {
  return agentCommand<string, Tested, TestStep | TestWait>({
    name: `test ${kind}`,
    role: 'technician',
    group: 'Act:',
    summary: kind === 'lamp' ? msg`ramp a lamp, read it back, check its power` : msg`ramp a zone, read its lamps, check their power`,
    arguments: [{ name: kind, summary: kind === 'lamp' ? msg`a lamp` : msg`a zone`, required: true, names: kind }],
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

/** The commands `test lamp` and `test zone`: a ramp of requested levels, which are read back, with a check of the power. */
export const TEST_COMMANDS: readonly ConsoleCommand[] = [row('lamp'), row('zone')];

function isWait(progress: TestStep | TestWait): progress is TestWait {
  return 'waitsFor' in progress;
}

/**
 * Renders what a step of a ramp waits for, with the longest remaining wait, or the result of a step. The result has the number of
 * confirmed lamps, the power at the meter and the reason.
 */
export function renderTestProgress(progress: TestStep | TestWait, page: Page): string {
  return isWait(progress) ? renderTestWait(progress, page) : renderTestStep(progress, page);
}

function renderTestWait({ levelPct, step, steps, waitsFor, restMs }: TestWait, page: Page): string {
  const restS = Math.ceil(restMs / 1_000);
  const text =
    waitsFor === 'lamps'
      ? msg`step ${step} of ${steps}, ${levelPct} %: until the lamps confirm, at most ${restS} s`
      : msg`step ${step} of ${steps}, ${levelPct} %: until the power is read, at most ${restS} s`;
  return translated(text, page);
}

/** Renders the result of a step, wrapped to the page: how many lamps confirmed the level, the power at the meter, and the reason. */
export function renderTestStep({ levelPct, states, meterW, reason }: TestStep, page: Page): string {
  const all = Object.values(states);
  const confirmed = all.filter((state) => state === 'verified').length;
  const lamps = count(all.length, 'lamp');
  const sum =
    meterW === null
      ? msg`${confirmed} of ${lamps} confirmed`
      : msg`${confirmed} of ${lamps} confirmed, ${formatNumber(meterW)} W at the meter`;
  const text = translated(String(reason) === '' ? sum : msg`${sum}: ${reason}`, page);
  return wrap(`${String(levelPct).padStart(3)} %  ${text}`, page.widthCols).join('\n');
}

/**
 * Renders the result of a test: a table of the lamps, why power was not checked, and a summary with the result of the release.
 * `otherLamps` is shown only where the meter measures them too. Without a verdict: that no lamp was tested, and why, if that is known.
 */
export function renderTested({ target, steps, verdicts, otherLamps, restored }: Tested, page: Page): string {
  if (verdicts.length === 0) return paragraph(untestedText(target.id, steps.at(-1)?.reason ?? NO_TEXT), page).join('\n');
  const columns = [
    { title: msg`Lamp`, maxCols: 16 },
    ...steps.map(({ levelPct }) => ({ title: msg`${levelPct} %` })),
    { title: msg`Power W`, align: 'right' as const },
    { title: msg`Verdict`, wraps: true as const },
  ];
  const rows = verdicts.map(({ lamp, verdict, weighedBy }) => [
    lamp,
    ...steps.map(({ states }) => wordOf(states[lamp] ?? NOTHING)),
    powers(lamp, steps),
    weighedBy === 'nothing' && verdict === 'ok' ? msg`ok, level only` : VERDICT_TEXTS[verdict],
  ]);
  const bad = verdicts.filter(({ verdict }) => verdict !== 'ok').length;
  const lamps = count(verdicts.length, 'lamp');
  const sum = bad === 0 ? msg`${lamps} of ${target.id}: all ok` : msg`${bad} of ${lamps} of ${target.id} not ok`;
  const end =
    restored === 'verified'
      ? msg`${sum}; given back to its programme`
      : msg`${sum}; released, but its return to the programme ended as ${wordOf(restored)}: see \`luciole why ${target.id}\``;
  const levelOnly = unweighedLines(verdicts, otherLamps).flatMap((line) => paragraph(line, page));
  return [...tableLines(columns, rows, page), '', ...levelOnly, ...paragraph(end, page)].join('\n');
}

function untestedText(id: string, reason: Message): Message {
  return String(reason) === '' ? msg`no lamp of ${id} was tested` : msg`no lamp of ${id} was tested: ${reason}`;
}

/** Lamps named per reason; the others are counted. */
const NAMED_LAMPS = 6;

/** Returns why power proves nothing, one line for all lamps with the same reason. */
function unweighedLines(verdicts: Tested['verdicts'], otherLamps: number): readonly Message[] {
  const others = counted(otherLamps, msg`${otherLamps} other lamp`, msg`${otherLamps} other lamps`);
  const why: Readonly<Record<Unweighed, Message>> = {
    'no-sensor': msg`neither the lamp nor a meter of the cabinet measures it`,
    'no-reading': msg`no fresh reading of it arrived within ${POWER_WAIT_MS / 1_000} s; \`luciole points power\` shows how old it is`,
    'no-meter-reading': msg`no fresh reading of the meter arrived within ${POWER_WAIT_MS / 1_000} s; \`luciole points power\` shows how old it is`,
    'shared-meter': msg`the meter measures ${others} too, which may change meanwhile`,
  };
  return (Object.keys(why) as Unweighed[]).flatMap((kind) => {
    const ids = verdicts.flatMap(({ lamp, unweighed }) => (unweighed === kind ? [lamp] : []));
    return ids.length === 0 ? [] : [msg`Power of ${firstOf(ids, NAMED_LAMPS)} not checked: ${why[kind]}`];
  });
}

/** Returns `12/36/60`; a dash if the lamp does not measure its own power. */
function powers(lamp: string, steps: readonly TestStep[]): string {
  const values = steps.map(({ lampW }) => lampW[lamp]);
  return values.every((value) => value === undefined) ? NOTHING : values.map((value) => formatNumber(value)).join('/');
}
