/**
 * What the program does itself for the commands that need no agent, or more than one answer of it.
 *
 * Owns these actions; what they print goes to the terminal they are given. Called by `main.ts` and by the shell.
 */
import manifest from '../../package.json' with { type: 'json' };
import type { BusRead, BusReadResult } from '../core/bus-tools.ts';
import { formatProblem, type Problem } from '../core/errors.ts';
import type { AppModule } from '../core/run-options.ts';
import { createSystemClock } from '../core/system-clock.ts';
import { fetchAnswer } from './ask-agent.ts';
import { numberArg, UNITS } from './bus-args.ts';
import { BUS_READ } from './bus-commands.ts';
import { textArg } from './command-spec.ts';
import { ConsoleError } from './console-error.ts';
import { told } from './page.ts';
import { plain } from './plain-text.ts';
import type { RawArgs } from './protocol.ts';
import type { LocalActions, LocalArgs, Terminal } from './terminal.ts';
import { wrap } from './text-lines.ts';

/** Source: sysexits.h, EX_CONFIG. */
export const EXIT_BAD_CONFIG = 78;
const EXIT_FAILED = 1;
const USUAL_CONFIG = '/etc/luciole/cabinet.yaml';

export interface LocalActionParts {
  readonly screen: Terminal;
  /** Somebody reads along; else each problem stays on one line, for scripts and editors. */
  readonly isTerminal: boolean;
  /** Writes to the output and waits for a slow reader. */
  readonly write: (text: string) => Promise<void>;
  /** All of the input; null where it belongs to something else. */
  readonly readInput: (() => Promise<string>) | null;
  /** Aborted when nobody wants the rest. */
  readonly signal: () => AbortSignal;
  /** Where files received over the line lie; absent where there is no session. */
  readonly receivedDir?: string;
  /** What the packager made the program from; undefined in a clone. */
  readonly commit: string | undefined;
  /** Those that take the whole process, or have no place in a session. */
  readonly own: Pick<LocalActions, 'run' | 'console' | 'setup' | 'config keygen' | 'config sign' | 'config verify'>;
}

/** The actions, on one terminal. */
export function createLocalActions(parts: LocalActionParts): LocalActions {
  const { screen, write, signal, commit, own } = parts;
  const print = (line: string): void => screen.out(`${line}\n`);
  return {
    ...own,
    check: (args) => check(args, parts),
    version: async (args) => {
      const { version } = manifest;
      print(args['json'] === true ? JSON.stringify({ version, commit, node: process.versions.node }) : screen.version);
      return 0;
    },
    manual: async () => {
      screen.out((await import('./manual-page.ts')).manualPage(manifest.version));
      return 0;
    },
    'profile check': (args) => checkProfile(args, parts),
    'profile test': (args) => testProfileFile(args, parts),
    'config import': async (args) => {
      const { runImport } = await import('../commissioning/import-table.ts');
      return runImport(args, configFileOf({ file: args['into'] ?? '' }), screen);
    },
    erase: async (args) => (await import('../commissioning/erase.ts')).runErase(args, configFileOf(args), screen),
    'config load': async (args) =>
      (await import('./config-files.ts')).loadConfigFile(args, { terminal: screen, readInput: parts.readInput }),
    'config export': async (args) => (await import('./config-files.ts')).exportConfig(args, { terminal: screen }),
    'update install': async (args) => (await import('./update-commands.ts')).installUpdate(args, screen, parts.receivedDir),
    'tech-support': async (args) => {
      const { techSupport } = await import('./support-command.ts');
      const nowMs = createSystemClock({ quality: () => 'none' }).wallMs();
      const dir = process.env['STATE_DIRECTORY'] || process.cwd();
      return techSupport(args, { terminal: screen, configFile: configFileOf({}), dir, nowMs });
    },
    export: async (args) => {
      const { exportReadings } = await import('./export-command.ts');
      return exportReadings(args, { terminal: screen, signal: signal(), write });
    },
  };
}

/** The cabinet that was named, else that of the environment, else the usual one. */
export function configFileOf(args: LocalArgs): string {
  return textOf(args['file']) ?? (process.env['LUCIOLE_CONFIG'] || USUAL_CONFIG);
}

export function textOf(value: LocalArgs[string] | undefined): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

/** Loaded on demand: the agent's libraries take longer to load than a console command takes in all. */
export async function loadApp(): Promise<AppModule> {
  return import('../app/run.ts');
}

async function check(args: LocalArgs, parts: LocalActionParts): Promise<number> {
  const { out } = parts.screen;
  const configFile = configFileOf(args);
  const { checkConfig } = await import('../config/load/load-site.ts');
  const { problems, warnings, counts } = await checkConfig({ configFile });
  if (args['json'] === true) out(`${JSON.stringify([...withSeverity(warnings, 'warning'), ...withSeverity(problems, 'error')])}\n`);
  else if (warnings.length + problems.length > 0)
    out(`${inLines([...warnings.map((warning) => asWarning(warning, told('warning', parts.screen))), ...problems], parts)}\n`);
  if (problems.length > 0 || counts === null) return EXIT_BAD_CONFIG;
  const sum = `${count(counts.lamps, 'lamp')}, ${count(counts.lines, 'line')}, ${count(counts.zones, 'zone')}`;
  if (args['json'] !== true)
    out(`${told(`${configFile}: ok, ${sum}${warnings.length === 0 ? '' : `, ${count(warnings.length, 'warning')}`}`, parts.screen)}\n`);
  return 0;
}

async function checkProfile(args: LocalArgs, parts: LocalActionParts): Promise<number> {
  const { screen } = parts;
  const file = textOf(args['file']) ?? '';
  const { checkProfileFile } = await import('./profile-trial.ts');
  const { problems, profile } = checkProfileFile(file);
  if (args['json'] === true) screen.out(`${JSON.stringify({ problems, profile })}\n`);
  else if (profile === null) screen.out(`${inLines(problems, parts)}\n`);
  else screen.out(`${(await import('./render-profile.ts')).renderChecked(file, profile, screen)}\n`);
  return profile === null ? EXIT_BAD_CONFIG : 0;
}

/** The file is read here, its registers by the running agent, which alone may use the line. */
async function testProfileFile(args: LocalArgs, parts: LocalActionParts): Promise<number> {
  const { screen } = parts;
  if (args['line'] === undefined || args['unit'] === undefined)
    throw new ConsoleError('usage', 'say which line and unit: --line LINE --unit N');
  const [line, unit] = [textArg(args as RawArgs, 'line'), numberArg(args as RawArgs, 'unit', UNITS)];
  const [{ checkProfileFile, testProfile }, { renderProfileTest, testSucceeded }] = await Promise.all([
    import('./profile-trial.ts'),
    import('./render-profile-test.ts'),
  ]);
  const { problems, profile } = checkProfileFile(textOf(args['file']) ?? '', 'trial');
  if (profile === null) {
    screen.out(`${args['json'] === true ? JSON.stringify({ problems }) : inLines(problems, parts)}\n`);
    return EXIT_BAD_CONFIG;
  }
  const read = async ({ line, unit, table, address, count }: BusRead): Promise<BusReadResult> => {
    const asked = { line, unit: String(unit), table, address: String(address), count: String(count) };
    return (await fetchAnswer(BUS_READ, asked, { socket: args['socket'], terminal: screen })).result as BusReadResult;
  };
  const tell = (done: number, total: number): void => screen.status?.show(told(`${done} of ${total} points`, screen));
  try {
    const result = await testProfile({ profile, line, unit, read, tell });
    screen.status?.clear();
    screen.out(`${args['json'] === true ? JSON.stringify(result) : renderProfileTest(plain(result) as typeof result, screen)}\n`);
    return testSucceeded(result) ? 0 : EXIT_FAILED;
  } finally {
    screen.status?.clear();
  }
}

/** One a line for scripts and editors; on a terminal between words. */
function inLines(problems: readonly Problem[], { isTerminal, screen }: LocalActionParts): string {
  const lines = problems.map((problem) => formatProblem({ ...problem, message: told(problem.message, screen) }));
  return (isTerminal ? lines.flatMap((line) => wrap(line, screen.widthCols)) : lines).join('\n');
}

function withSeverity(problems: readonly Problem[], severity: 'warning' | 'error'): readonly object[] {
  return problems.map((problem) => ({ ...problem, severity }));
}

/** `file:line:column: warning: path: message`, as editors know it from compilers. */
function asWarning(problem: Problem, word: string): Problem {
  return { ...problem, path: problem.path === '' ? word : `${word}: ${problem.path}` };
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
