/**
 * `luciole commission`: leads a person from the scan of the lines to the acceptance report.
 *
 * It has no state of its own: the agent stores each result at once, and what is missing from its report is the next step. So it may be stopped or
 * killed at any time and started again.
 */
import { existsSync } from 'node:fs';
import { COMMISSION_REPORT } from '../../console/commands/commission/commission-report.ts';
import { COMMISSION_SCAN } from '../../console/commands/commission/commission-scan.ts';
import { COMMISSION_TEST } from '../../console/commands/commission/commission-test.ts';
import { COMMISSION_WALK } from '../../console/commands/commission/commission-walk.ts';
import { ConsoleError } from '../../console/console-error.ts';
import type { LocalArgs, Terminal } from '../../console/terminal/terminal.ts';
import type { AcceptanceReport } from '../../core/acceptance.ts';
import { count } from '../../core/counts.ts';
import { type Message, msg } from '../../core/message.ts';
import { runSetup } from '../first-start.ts';
import { createGuideTalk, type GuideTalk, untilPassed } from './guide-talk.ts';
import { placeLamps } from './place-step.ts';

/** What `runCommission` needs besides its arguments: the terminal, and how to begin without an agent. */
export interface CommissionWorld {
  readonly terminal: Terminal;
  /** How to begin on a gateway without a cabinet file or agent; null if an agent must run already. */
  readonly first: FirstSteps | null;
}

/**
 * The cabinet file, which a first set-up writes if it is missing, and how to start the service. `restart` resolves with null if the
 * service manager reports no failure, otherwise with the reason.
 */
export interface FirstSteps {
  readonly configFile: string;
  readonly restart: () => Promise<Message | null>;
  /** Aborting it ends the scan of the set-up. */
  readonly signal: AbortSignal;
}

/** Default of the time for a walk. Units: min. Source: assumed; a street of 300 m at a walking pace. Confirmed by: the times of walks in the audit log. */
const USUAL_WALK_MIN = 5;

/**
 * Leads a person through the commissioning. Resolves with the exit code: 0 if the result of the report is `pass`, otherwise 1. Also 1 if
 * the set-up wrote no cabinet file because it would have problems.
 *
 * Errors: rejects, for example with ConsoleError if the person stops.
 */
export async function runCommission(args: LocalArgs, { terminal, first }: CommissionWorld): Promise<number> {
  const talk = createGuideTalk(args, terminal);
  const report = first === null ? await talk.report() : await firstReport(args, talk, first);
  if (report === null) return 1;
  talk.print(msg`Commissioning of ${report.cabinet.name}: scan, poles, ramps, walk, report. Each result is stored at once.`);
  await scanStep(talk, report);
  await placeLamps(talk, await talk.report());
  await testStep(talk, await talk.report());
  await walkStep(talk, await talk.report());
  return (await talk.run(COMMISSION_REPORT, {})) ? 0 : 1;
}

/** Without an agent: writes the cabinet file if it is missing, and starts the agent. Resolves with null if the file would have problems. */
async function firstReport(
  args: LocalArgs,
  talk: GuideTalk,
  { configFile, restart, signal }: FirstSteps,
): Promise<AcceptanceReport | null> {
  const present = await reportIfRunning(talk);
  if (present !== null) return present;
  const { terminal } = talk;
  if (!existsSync(configFile)) {
    talk.print(msg`There is no ${configFile}: first the set-up.`);
    const ask = (prompt: string): Promise<string> => terminal.askLine?.(prompt) ?? Promise.resolve('');
    if ((await runSetup(args, { terminal, configFile, ask, signal })) !== 0) return null;
  }
  if (await talk.agree(msg`Start the agent now, as the service luciole?`)) {
    const refusal = await restart();
    if (refusal !== null) talk.print(msg`the service manager does not start the agent: ${refusal}`);
  }
  for (;;) {
    const report = await reportIfRunning(talk);
    if (report !== null) return report;
    await talk.ask(msg`Start it elsewhere: luciole run ${configFile}. Enter once it runs:`);
  }
}

/** Null if no agent answers. */
async function reportIfRunning(talk: GuideTalk): Promise<AcceptanceReport | null> {
  try {
    return await talk.report();
  } catch (error) {
    if (error instanceof ConsoleError && error.code === 'unreachable') return null;
    throw error;
  }
}

async function scanStep(talk: GuideTalk, { lines }: AcceptanceReport): Promise<void> {
  const open = lines.filter(({ scan }) => scan === null || scan.missing.length + scan.unknown.length + scan.damaged.length > 0);
  if (open.length === 0) return;
  if (await talk.agree(msg`Scan ${count(open.length, 'line')}: which units answer?`))
    await untilPassed(talk, async () => {
      const results: boolean[] = [];
      for (const { line } of open) results.push(await talk.run(COMMISSION_SCAN, { line }));
      return !results.includes(false);
    });
}

async function testStep(talk: GuideTalk, { lamps }: AcceptanceReport): Promise<void> {
  const open = lamps.filter(({ test, isUnweighed }) => test?.finding !== 'ok' || isUnweighed);
  if (open.length === 0) return;
  if (await talk.agree(msg`Test ${count(open.length, 'lamp')}: they go to 20, 60 and 100 %, and their power is measured.`))
    await untilPassed(talk, () => talk.run(COMMISSION_TEST, {}));
}

async function walkStep(talk: GuideTalk, { sensors }: AcceptanceReport): Promise<void> {
  const open = Map.groupBy(
    sensors.filter(({ result }) => result !== 'pass'),
    ({ zone }) => zone,
  );
  for (const [zone, own] of open) {
    const names = own.map(({ pointId }) => pointId);
    await untilPassed(talk, async () => {
      const typed = await talk.ask(msg`Walk under ${names} of ${zone}. Minutes, or s to skip [${USUAL_WALK_MIN}]:`);
      if (typed.toLowerCase().startsWith('s')) return true;
      return talk.run(COMMISSION_WALK, { zone, for: `${typed === '' ? USUAL_WALK_MIN : typed}m` });
    });
  }
}
