/**
 * The entry: arguments, environment, signals and exit codes, turned into calls.
 *
 * Owns the process. Decides nothing about lighting and builds no part of the agent but its log.
 * Called by the launcher. Exit codes: 0 stop, 1 crash or failed command, 64 usage, 69 no agent, 78 bad config.
 */
import { flushCompileCache } from 'node:module';
import { userInfo } from 'node:os';
import manifest from '../package.json' with { type: 'json' };
import { fetchAnswer } from './console/ask-agent.ts';
import { numberArg, UNITS } from './console/bus-args.ts';
import { BUS_READ } from './console/bus-commands.ts';
import { runCommandLine } from './console/cli.ts';
import { textArg } from './console/command-spec.ts';
import { ConsoleError } from './console/console-error.ts';
import { plain } from './console/plain-text.ts';
import type { RawArgs } from './console/protocol.ts';
import { createStatusLine } from './console/status-line.ts';
import type { LocalActions, LocalArgs, Terminal } from './console/terminal.ts';
import { wrap } from './console/text-lines.ts';
import type { BusRead, BusReadResult } from './core/bus-tools.ts';
import { ConfigError, formatProblem, type Problem } from './core/errors.ts';
import type { AppModule, RunOptions } from './core/run-options.ts';
import { createSystemClock } from './core/system-clock.ts';

/** Source: sysexits.h, EX_CONFIG. */
const EXIT_BAD_CONFIG = 78;
const EXIT_CRASH = 1;
/** What the packager made the program from; missing in a clone, which may have been changed since. */
const COMMIT: string | undefined = process.env['LUCIOLE_COMMIT'];
const USUAL_CONFIG = '/etc/luciole/cabinet.yaml';
/** Width of a page. Source: a VT100 has 80 columns; a wider one is used where the terminal says so. */
const USUAL_COLS = 80;

/** By then all that a start needs is loaded, and the street is lit. Units: ms. Source: assumed. */
const KEEP_COMPILED_AFTER_MS = 30_000;

const { env, stdout, stderr } = process;
/** Nobody wants the rest. */
const enough = new AbortController();

const actions: LocalActions = {
  run: runAgentUntilStopped,
  check: async (args) => {
    const configFile = configFileOf(args);
    const { checkConfig } = await loadApp();
    const { problems, warnings, counts } = await checkConfig({ configFile });
    if (args['json'] === true) print(JSON.stringify([...withSeverity(warnings, 'warning'), ...withSeverity(problems, 'error')]));
    else if (warnings.length + problems.length > 0) print(inLines([...warnings.map(asWarning), ...problems]));
    if (problems.length > 0 || counts === null) return EXIT_BAD_CONFIG;
    const sum = `${count(counts.lamps, 'lamp')}, ${count(counts.lines, 'line')}, ${count(counts.zones, 'zone')}`;
    if (args['json'] !== true) print(`${configFile}: ok, ${sum}${warnings.length === 0 ? '' : `, ${count(warnings.length, 'warning')}`}`);
    return 0;
  },
  version: async (args) => {
    const { version } = manifest;
    print(args['json'] === true ? JSON.stringify({ version, commit: COMMIT, node: process.versions.node }) : versionLine());
    return 0;
  },
  'profile check': async (args) => {
    const file = textOf(args['file']) ?? '';
    const { checkProfileFile } = await import('./app-profiles.ts');
    const { problems, profile } = checkProfileFile(file);
    if (args['json'] === true) print(JSON.stringify({ problems, profile }));
    else if (profile === null) print(inLines(problems));
    else print((await import('./console/render-profile.ts')).renderChecked(file, profile, screen.widthCols));
    return profile === null ? EXIT_BAD_CONFIG : 0;
  },
  'profile test': testProfileFile,
  export: async (args) => {
    const { exportReadings } = await import('./console/export-command.ts');
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => enough.abort());
    return exportReadings(args, { terminal: screen, signal: enough.signal, write: writeOut });
  },
};

const screen = terminal();
stdout.on('error', endOnClosedPipe);
const words = process.argv.slice(2);
process.exitCode = await runCommandLine(words, screen, actions);
// An agent that has stopped is gone, even if a library still holds a handle; so is an export whose page is still on its way.
if (words[0] === 'run' || enough.signal.aborted) process.exit();

function terminal(): Terminal {
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    widthCols: Math.max(USUAL_COLS, stdout.isTTY ? stdout.columns : 0),
    colour: stdout.isTTY && !env['NO_COLOR'] && env['TERM'] !== 'dumb',
    version: versionLine(),
    user: userName(),
    socketPath: env['LUCIOLE_SOCKET'] || null,
    shelf: async () => (await import('./app-shelf.ts')).localShelf(configFileOf({}), env['CREDENTIALS_DIRECTORY'] || null),
    status: stderr.isTTY ? createStatusLine((text) => void stderr.write(text), createSystemClock({ quality: () => 'none' })) : null,
  };
}

/** A container's user may have a number and no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid-${process.getuid?.() ?? 0}`;
  }
}

/** The file is read here, its registers by the running agent, which alone may use the line. */
async function testProfileFile(args: LocalArgs): Promise<number> {
  if (args['line'] === undefined || args['unit'] === undefined)
    throw new ConsoleError('usage', 'say which line and unit: --line LINE --unit N');
  const [line, unit] = [textArg(args as RawArgs, 'line'), numberArg(args as RawArgs, 'unit', UNITS)];
  const [{ checkProfileFile, testProfile }, { renderProfileTest, testSucceeded }] = await Promise.all([
    import('./app-profiles.ts'),
    import('./console/render-profile-test.ts'),
  ]);
  const { problems, profile } = checkProfileFile(textOf(args['file']) ?? '', 'trial');
  if (profile === null) {
    print(args['json'] === true ? JSON.stringify({ problems }) : inLines(problems));
    return EXIT_BAD_CONFIG;
  }
  const read = async ({ line, unit, table, address, count }: BusRead): Promise<BusReadResult> => {
    const asked = { line, unit: String(unit), table, address: String(address), count: String(count) };
    return (await fetchAnswer(BUS_READ, asked, { socket: args['socket'], terminal: screen })).result as BusReadResult;
  };
  const tell = (done: number, total: number): void => screen.status?.show(`${done} of ${total} points`);
  try {
    const result = await testProfile({ profile, line, unit, read, tell });
    screen.status?.clear();
    print(args['json'] === true ? JSON.stringify(result) : renderProfileTest(plain(result) as typeof result, screen));
    return testSucceeded(result) ? 0 : EXIT_CRASH;
  } finally {
    screen.status?.clear();
  }
}

async function runAgentUntilStopped(args: LocalArgs): Promise<number> {
  const options = runOptions(args);
  const { createLog } = await import('./service/log.ts');
  const clock = createSystemClock({ quality: () => 'none' });
  const minSeverity = args['verbose'] === true ? 'debug' : 'info';
  const log = createLog({ clock, journal: env['JOURNAL_STREAM'] !== undefined && !stdout.isTTY, minSeverity });
  // A cabinet loses its mains rather than being stopped, so waiting for the end would be waiting for ever.
  clock.after(KEEP_COMPILED_AFTER_MS, flushCompileCache);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort(signal));
  try {
    const { runAgent } = await loadApp();
    return await runAgent({ ...options, log, stopSignal: stop.signal });
  } catch (error) {
    if (error instanceof ConfigError) {
      stderr.write(`${error.message}\n`);
      return EXIT_BAD_CONFIG;
    }
    if (error instanceof ConsoleError) throw error;
    log.event('agent-crashed', { error, stack: error instanceof Error ? error.stack : undefined }, 'alarm');
    return EXIT_CRASH;
  } finally {
    log.flush();
  }
}

function runOptions(args: LocalArgs): Omit<RunOptions, 'log' | 'stopSignal'> {
  return {
    configFile: configFileOf(args),
    ports: portsOf(args['port']),
    broker: textOf(args['broker']),
    dataDir: textOf(args['data-dir']),
    socketPath: textOf(args['socket']) ?? (env['LUCIOLE_SOCKET'] || null),
    startAtMs: startAtMsOf(textOf(args['start-at'])),
    noUplink: args['no-uplink'] === true,
    version: manifest.version,
    credentialsDir: env['CREDENTIALS_DIRECTORY'] || null,
    notifySocket: env['NOTIFY_SOCKET'] || null,
  };
}

function portsOf(given: LocalArgs[string] | undefined): Record<string, string> {
  const pairs = Array.isArray(given) ? (given as readonly string[]) : [];
  return Object.fromEntries(
    pairs.map((pair) => {
      const [, line, path] = /^([^=]+)=(.+)$/.exec(pair) ?? [];
      if (line === undefined || path === undefined)
        throw new ConsoleError('usage', `bad --port "${pair}": write LINE=PATH, as street=/dev/ttyUSB0`);
      return [line, path];
    }),
  );
}

function startAtMsOf(text: string | null): number | null {
  if (text === null) return null;
  const atMs = /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(atMs)) throw new ConsoleError('usage', `bad --start-at "${text}": write an ISO time, as 2026-12-01T21:58:00Z`);
  return atMs;
}

function configFileOf(args: LocalArgs): string {
  return textOf(args['file']) ?? (env['LUCIOLE_CONFIG'] || USUAL_CONFIG);
}

function textOf(value: LocalArgs[string] | undefined): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

/** Loaded on demand: the agent's libraries take longer to load than a console command takes in all. */
async function loadApp(): Promise<AppModule> {
  return import('./app-run.ts');
}

/** One a line for scripts and editors; on a terminal between words. */
function inLines(problems: readonly Problem[]): string {
  const lines = problems.map(formatProblem);
  return (stdout.isTTY ? lines.flatMap((line) => wrap(line, screen.widthCols)) : lines).join('\n');
}

function withSeverity(problems: readonly Problem[], severity: 'warning' | 'error'): readonly object[] {
  return problems.map((problem) => ({ ...problem, severity }));
}

/** `file:line:column: warning: path: message`, as editors know it from compilers. */
function asWarning(problem: Problem): Problem {
  return { ...problem, path: problem.path === '' ? 'warning' : `warning: ${problem.path}` };
}

function print(line: string): void {
  stdout.write(`${line}\n`);
}

/** Waits for a reader that is slower. */
function writeOut(text: string): Promise<void> {
  return new Promise((resolve) => stdout.write(text, () => resolve()));
}

function versionLine(): string {
  return `luciole ${manifest.version} (${COMMIT === undefined ? '' : `commit ${COMMIT}, `}node ${process.versions.node})`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** `luciole points | head` closes the pipe early, which is no failure. */
function endOnClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
}
