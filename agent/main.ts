/**
 * The entry point: turns arguments, environment and signals into calls, and results into exit codes.
 *
 * Creates no part of the agent except its log. Exit codes: 0 stop, 1 crash or failed command, 64 usage, 69 no agent, 78 bad config.
 */

import { flushCompileCache } from 'node:module';
import { userInfo } from 'node:os';
import manifest from '../package.json' with { type: 'json' };
import { runCommandLine } from './console/cli.ts';
import { ConsoleError, EXIT_BAD_CONFIG } from './console/console-error.ts';
import { createLocalActions } from './console/local-actions.ts';
import { hasAccents, personLanguage } from './console/terminal/person-language.ts';
import { createStatusLine } from './console/terminal/status-line.ts';
import { configFileOf, type LocalArgs, type Terminal, textOf } from './console/terminal/terminal.ts';
import { inAsciiLetters, withoutControls } from './console/text/plain-text.ts';
import { problemLines } from './console/text/text-lines.ts';
import { learn, translate } from './console/text/translate.ts';
import { dayStartMs } from './core/durations.ts';
import { ConfigError } from './core/errors.ts';
import { msg } from './core/message.ts';
import type { Log } from './core/ports.ts';
import type { RunOptions, ServiceFacts, StartSteps } from './core/run-options.ts';
import { brokerFlaw } from './core/secrets.ts';
import { createSystemClock } from './core/system-clock.ts';
import type { Language } from './core/words.ts';

/** Removes all rights of others and the write right of the group. Source: umask(2). */
const NOT_FOR_OTHERS = 0o027;
const EXIT_CRASH = 1;
/** The reader closed the pipe before the end: what a shell reports for a program ended by SIGPIPE. Source: signal(7), 128 + 13. */
const EXIT_SIGPIPE = 141;
/** Serial of this release, from the packager; missing in a clone. */
const SERIAL: string | undefined = process.env['LUCIOLE_SERIAL'];
/** Commit from which the packager built the program; missing in a clone, which may contain changes. */
const COMMIT: string | undefined = process.env['LUCIOLE_COMMIT'];
/** Width of a page. Source: a VT100 has 80 columns; a wider terminal uses its own width. */
const USUAL_COLS = 80;

/** By this time the street is lit, and each periodic task has run once. Units: ms. Source: assumed. Confirmed by: bench of the start on the gateway. */
const KEEP_COMPILED_AFTER_MS = 30_000;

const { env, stdout, stderr } = process;
/** Aborted when the rest of the output, or of a request, is not needed. */
const enough = new AbortController();

let language: Language = 'en';
let secretInput: Terminal['askSecret'];
const screen = terminal();
const actions = createLocalActions({
  screen,
  isTerminal: stdout.isTTY,
  write: writeOut,
  readInput: async () => (await import('node:stream/consumers')).text(process.stdin),
  signal: () => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => enough.abort());
    return enough.signal;
  },
  commit: COMMIT,
  own: {
    run: runAgentUntilStopped,
    console: runConsole,
    setup: runFirstStart,
    commission: runCommissionHere,
    erase: async (args) => (await import('./commissioning/erase.ts')).runErase(args, configFileOf(args), screen),
    backup: async (args) => (await import('./commissioning/backup/backup-run.ts')).runBackup(args, backupWorld(args)),
    restore: async (args) => (await import('./commissioning/backup/restore-run.ts')).runRestore(args, backupWorld(args)),
    'uplink renew': async (args) => (await import('./commissioning/renew-key.ts')).runRenewKey(args, configFileOf(args), screen),
    'config import': (args) => importTable(args, screen),
    'inventory import': (args) => importInventory(args, screen),
    'config keygen': async (args) => (await import('./console/commands/config/sign-run.ts')).runKeygen(args, screen),
    'config sign': async (args) => (await import('./console/commands/config/sign-run.ts')).runSign(args, screen),
    'config verify': async (args) => (await import('./console/commands/config/sign-run.ts')).runVerify(args, screen),
    'user hash': async (args) => (await import('./console/commands/access/user-list-run.ts')).runUserHash(args, screen),
    'user sign': async (args) => (await import('./console/commands/access/user-list-run.ts')).runUserSign(args, screen),
  },
});

const words = process.argv.slice(2);
let mustBeComplete = false;
stdout.on('error', endOnLostOutput);
// There is no other way to report it.
stderr.on('error', () => {});
process.exitCode = words[0] === 'unpack-release' ? await unpackReleaseFor(words.slice(1)) : await runCommandLine(words, screen, actions);
// A stopped agent exits even if a library still has an open handle; so does an export whose page is still being read.
if (words[0] === 'run' || enough.signal.aborted) process.exit();

function terminal(): Terminal {
  return {
    // A file gets the exact text; for a terminal, control characters are removed.
    out: (text) => void stdout.write(stdout.isTTY ? onTerminal(text) : text),
    err: (text) => void stderr.write(stderr.isTTY ? onTerminal(text) : withoutControls(text)),
    get language() {
      return language;
    },
    speak,
    widthCols: Math.max(USUAL_COLS, stdout.isTTY ? stdout.columns : 0),
    charset: hasAccents(env) ? 'utf-8' : 'ascii',
    colour: stdout.isTTY && !env['NO_COLOR'] && env['TERM'] !== 'dumb',
    version: versionLine(),
    user: userName(),
    socketPath: env['LUCIOLE_SOCKET'] || null,
    localFiles: async () => (await import('./console/local-files.ts')).localFiles(configFileOf({}), env['CREDENTIALS_DIRECTORY'] || null),
    askSecret: async (prompt, rule) => {
      const { createSecretInput } = await import('./console/terminal/secret-input.ts');
      secretInput ??= createSecretInput(process.stdin, (text) => void stderr.write(onTerminal(text)), language);
      return secretInput(prompt, rule);
    },
    enough: () => {
      // The second signal ends the program, as usual.
      process.once('SIGINT', () => enough.abort());
      return enough.signal;
    },
    status: stderr.isTTY ? createStatusLine((text) => void stderr.write(text), createSystemClock({ quality: () => 'none' })) : null,
  };
}

/** On a terminal without accented characters, French is shown without accents. */
function onTerminal(text: string): string {
  return withoutControls(language === 'en' || hasAccents(env) ? text : inAsciiLetters(text));
}

/** The translations of a language are loaded only when used. */
async function speak(): Promise<void> {
  language = await personLanguage(env, configFileOf({}));
  await learn(language);
}

function backupWorld(args: LocalArgs) {
  const nowMs = createSystemClock({ quality: () => 'none' }).wallMs();
  return { terminal: screen, configFile: configFileOf(args), nowMs, version: manifest.version };
}

/** A user in a container may have a number but no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid-${process.getuid?.() ?? 0}`;
  }
}

/** The shell on this terminal. */
async function runConsole(args: LocalArgs): Promise<number> {
  const { startConsole } = await import('./console/shell/start-console.ts');
  return startConsole(args, screen, {
    'config import': importTable,
    'inventory import': importInventory,
    commission: runCommissionIn,
  });
}

async function runCommissionIn(args: LocalArgs, terminal: Terminal, files: { configFile: string } | null = null): Promise<number> {
  const { runCommission } = await import('./commissioning/guide/commission-run.ts');
  const restart = async () => (await import('./console/local-machine.ts')).localMachine(configFileOf({})).restart();
  return runCommission(args, { terminal, first: files === null ? null : { ...files, restart, signal: enough.signal } });
}

/** Asks questions only on a terminal. */
async function runCommissionHere(args: LocalArgs): Promise<number> {
  const { createLineAsker } = await import('./console/terminal/ask-line.ts');
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => enough.abort());
  const asker = process.stdin.isTTY ? createLineAsker(process.stdin, screen.out, enough.signal) : null;
  const onLine = (prompt: string): Promise<string> =>
    (asker as NonNullable<typeof asker>).ask(prompt).catch((error: unknown) => {
      // What follows must not continue the line of the prompt.
      screen.out('\n');
      throw error;
    });
  const asked = asker === null ? {} : { askLine: onLine };
  // Properties that change later, such as the language, must stay those of the screen.
  const withQuestions: Terminal = Object.create(screen, Object.getOwnPropertyDescriptors({ ...asked, signal: enough.signal }));
  try {
    return await runCommissionIn(args, withQuestions, { configFile: configFileOf(args) });
  } finally {
    asker?.close();
  }
}

async function importTable(args: LocalArgs, terminal: Terminal): Promise<number> {
  const { runImport } = await import('./commissioning/import-table.ts');
  return runImport(args, configFileOf({ file: args['into'] ?? '' }), terminal);
}

async function importInventory(args: LocalArgs, terminal: Terminal): Promise<number> {
  const { runInventoryImport } = await import('./commissioning/import-table.ts');
  return runInventoryImport(args, configFileOf({ file: args['into'] ?? '' }), terminal);
}

/** Asks questions only on a terminal. */
async function runFirstStart(args: LocalArgs): Promise<number> {
  const [{ runSetup }, { createLineAsker }] = await Promise.all([
    import('./commissioning/first-start.ts'),
    import('./console/terminal/ask-line.ts'),
  ]);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => enough.abort());
  const asker = process.stdin.isTTY ? createLineAsker(process.stdin, screen.out, enough.signal) : null;
  try {
    return await runSetup(args, { terminal: screen, configFile: configFileOf(args), ask: asker?.ask ?? null, signal: enough.signal });
  } finally {
    asker?.close();
  }
}

/** Used by luciole-release.service, not by people. `folders`: state and runtime folder of the agent. */
async function unpackReleaseFor([stateDir = '', runtimeDir = '']: readonly string[]): Promise<number> {
  const [{ answerUnpackRequest }, { UPDATE_KEYS_DIR }] = await Promise.all([
    import('./service/updates/unpack-request.ts'),
    import('./service/updates/update-file.ts'),
  ]);
  const keysDir = env['LUCIOLE_UPDATE_KEYS'] || UPDATE_KEYS_DIR;
  const places = { stateDir, runtimeDir, unpackedDir: env['LUCIOLE_RELEASES'] ?? '', keysDir };
  const { release, text } = await answerUnpackRequest({ ...places, arch: process.arch, installedSerial: Number(SERIAL ?? 0) });
  screen.out(release === null ? `refused: ${text}\n` : `release ${release} is unpacked\n`);
  return release === null ? EXIT_CRASH : 0;
}

async function runAgentUntilStopped(args: LocalArgs): Promise<number> {
  // The agent's files contain names of people and places, so other users must not read them, even without a service manager.
  process.umask(process.umask() | NOT_FOR_OTHERS);
  const options = runOptions(args);
  const [{ createLog }, { createNotify }, { createStartProgress, USUAL_STEP_LIMIT_MS }] = await Promise.all([
    import('./service/log/log.ts'),
    import('./service/run/notify.ts'),
    import('./service/run/start-progress.ts'),
  ]);
  const clock = createSystemClock({ quality: () => 'none' });
  const minSeverity = args['verbose'] === true ? 'debug' : 'info';
  const log = createLog({ clock, journal: env['JOURNAL_STREAM'] !== undefined && !stdout.isTTY, minSeverity });
  const notify = createNotify({ socket: options.notifySocket ?? null, log });
  const stepLimitMs = options.service?.startStepMs ?? USUAL_STEP_LIMIT_MS;
  const progress = createStartProgress({ clock, log, notify, stepLimitMs });
  const startSteps: StartSteps = {
    ...progress,
    over() {
      progress.over();
      // A cabinet usually loses mains instead of being stopped, so a flush at the end would not run.
      clock.after(KEEP_COMPILED_AFTER_MS, flushCompileCache);
    },
  };
  startSteps.completed('program-started');
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort(signal));
  process.on('uncaughtExceptionMonitor', (error) => {
    tellCrash(log, error);
    log.flush();
  });
  try {
    // Loaded on demand: loading the agent's libraries takes longer than a whole console command.
    const { runAgent } = await import('./app/run.ts');
    startSteps.completed('agent-loaded');
    return await runAgent({ ...options, log, logFeed: log, startSteps, stopSignal: stop.signal });
  } catch (error) {
    if (error instanceof ConfigError) {
      await speak();
      screen.err(`${problemLines(error.problems, screen, false)}\n`);
      return EXIT_BAD_CONFIG;
    }
    if (error instanceof ConsoleError) throw error;
    tellCrash(log, error);
    return EXIT_CRASH;
  } finally {
    log.flush();
  }
}

function tellCrash(log: Log, error: unknown): void {
  log.event('agent-crashed', { error, stack: error instanceof Error ? error.stack : undefined }, 'alarm');
}

function runOptions(args: LocalArgs): Omit<RunOptions, 'log' | 'stopSignal'> {
  return {
    configFile: configFileOf(args),
    ports: portsOf(args['port']),
    broker: brokerOf(textOf(args['broker'])),
    dataDir: textOf(args['data-dir']),
    socketPath: textOf(args['socket']) ?? (env['LUCIOLE_SOCKET'] || null),
    startAtMs: startAtMsOf(textOf(args['start-at'])),
    noUplink: args['no-uplink'] === true,
    version: manifest.version,
    credentialsDir: env['CREDENTIALS_DIRECTORY'] || null,
    notifySocket: env['NOTIFY_SOCKET'] || null,
    service: serviceFacts(),
    release: {
      name: env['LUCIOLE_RELEASE'] || null,
      serial: Number(SERIAL ?? 0),
      stateDir: env['STATE_DIRECTORY'] || null,
      unpackedDir: env['LUCIOLE_RELEASES'] || null,
      keysDir: env['LUCIOLE_UPDATE_KEYS'] || null,
    },
  };
}

/** Source: sd_watchdog_enabled(3), systemd.exec(5); the boot id is a variable of our own unit file. */
function serviceFacts(): ServiceFacts {
  const [watchdogUs, startStepUs] = [Number(env['WATCHDOG_USEC']), Number(env['LUCIOLE_START_STEP_USEC'])];
  return {
    watchdogMs: watchdogUs > 0 ? watchdogUs / 1_000 : null,
    startStepMs: startStepUs > 0 ? startStepUs / 1_000 : null,
    bootId: env['LUCIOLE_BOOT_ID'] || null,
    stateDir: env['STATE_DIRECTORY'] || null,
    runtimeDir: env['RUNTIME_DIRECTORY'] || null,
  };
}

function portsOf(given: LocalArgs[string] | undefined): Record<string, string> {
  const pairs = Array.isArray(given) ? (given as readonly string[]) : [];
  return Object.fromEntries(
    pairs.map((pair) => {
      const [, line, path] = /^([^=]+)=(.+)$/.exec(pair) ?? [];
      if (line === undefined || path === undefined)
        throw new ConsoleError('usage', msg`bad --port "${pair}": write LINE=PATH, as street=/dev/ttyUSB0`);
      return [line, path];
    }),
  );
}

function brokerOf(broker: string | null): string | null {
  const flaw = broker === null ? null : brokerFlaw(broker);
  if (flaw === 'no-address') throw new ConsoleError('usage', msg`bad --broker: write mqtt://host:1883 or mqtts://host:8883`);
  if (flaw === 'password')
    throw new ConsoleError(
      'usage',
      msg`bad --broker: found a user or password in the address; write username and passwordFile in the file instead`,
    );
  return broker;
}

function startAtMsOf(text: string | null): number | null {
  if (text === null) return null;
  const [, day = ''] = /^(\d{4}-\d\d-\d\d)T\d\d:\d\d/.exec(text) ?? [];
  const atMs = dayStartMs(day) === null ? Number.NaN : Date.parse(text);
  if (Number.isNaN(atMs)) throw new ConsoleError('usage', msg`bad --start-at "${text}": write an ISO time, as 2026-12-01T21:58:00Z`);
  return atMs;
}

/** For data that is useful only if complete. Waits for a slow reader. */
function writeOut(text: string): Promise<void> {
  mustBeComplete = true;
  return new Promise((resolve) => stdout.write(stdout.isTTY ? onTerminal(text) : text, () => resolve()));
}

function versionLine(): string {
  return `luciole ${manifest.version} (${COMMIT === undefined ? '' : `commit ${COMMIT}, `}node ${process.versions.node})`;
}

/**
 * `luciole points | head` closes the pipe early, which is not a failure; an export must be complete. The agent continues to light without output.
 */
function endOnLostOutput({ code = 'unknown' }: NodeJS.ErrnoException): void {
  if (words[0] === 'run') return;
  if (code === 'EPIPE') process.exit(mustBeComplete ? EXIT_SIGPIPE : 0);
  const said = msg`the output cannot be written (${code}): check the free space and the disk of the file it goes to`;
  screen.err(`luciole: ${translate(language, said)}\n`);
  process.exit(EXIT_CRASH);
}
