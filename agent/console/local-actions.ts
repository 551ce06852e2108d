/**
 * Runs the commands that need no agent, or several answers of it.
 *
 * Each is loaded on demand. Output is written to the given terminal: that of the process or of a session.
 */
import manifest from '../../package.json' with { type: 'json' };
import type { ReportKind } from '../core/report.ts';
import { createSystemClock } from '../core/system-clock.ts';
import { configFileOf, type ExpectRoom, type LocalActions, type Terminal } from './terminal/terminal.ts';

/** What the local commands use of their process, or of the session in which they run. */
export interface LocalActionParts {
  readonly screen: Terminal;
  /** A person reads the output. */
  readonly isTerminal: boolean;
  /** Writes to the output; resolves when a slow reader has room, in a session at once. */
  readonly write: (text: string) => Promise<void>;
  /**
   * Resolves with the input, in a session with the text that the person pastes next. Null if there is no input to read. Errors: rejects,
   * for example with ConsoleError if the person cancels the paste.
   */
  readonly readInput: (() => Promise<string>) | null;
  /**
   * Returns a signal that is aborted when the person stops the command; in a session also at its end, otherwise also by SIGTERM or SIGHUP.
   * From this call on, Ctrl-C only aborts it and does not end the process. Outside a session, lost output does not abort it.
   */
  readonly signal: () => AbortSignal;
  /** Folder for the files of a session; absent outside a session. */
  readonly filesDir?: string;
  /** Commit of the packaged program; undefined in a clone. */
  readonly commit: string | undefined;
  /** Actions that another module implements. */
  readonly own: Pick<
    LocalActions,
    | 'run'
    | 'console'
    | 'setup'
    | 'commission'
    | 'erase'
    | 'backup'
    | 'restore'
    | 'config import'
    | 'inventory import'
    | 'config keygen'
    | 'config sign'
    | 'config verify'
    | 'uplink renew'
    | 'user hash'
    | 'user sign'
  >;
}

/**
 * Returns the functions of the local commands, by command name. Each takes the typed arguments and resolves with the exit code. They may
 * reject, for example with ConsoleError.
 */
export function createLocalActions(parts: LocalActionParts): LocalActions {
  const { screen, isTerminal, write, readInput, signal, commit, own, filesDir } = parts;
  /** A logged-in user must leave space for the store; a user of the machine is not limited. */
  const expectRoom: ExpectRoom = async (path, bytes) => {
    if (screen.role !== undefined && filesDir !== undefined)
      (await import('./shell/session-files.ts')).expectSessionRoom(filesDir, path, bytes);
  };
  return {
    ...own,
    check: async (args) => (await import('./commands/service/check-run.ts')).runCheck(args, screen, isTerminal),
    version: async (args) => {
      const { version } = manifest;
      screen.out(`${args['json'] === true ? JSON.stringify({ version, commit, node: process.versions.node }) : screen.version}\n`);
      return 0;
    },
    manual: async () => {
      screen.out((await import('./commands/service/manual-page.ts')).manualPage(manifest.version));
      return 0;
    },
    'profile check': async (args) => (await import('./commands/lines/profile-trial.ts')).runProfileCheck(args, screen, isTerminal),
    'profile test': async (args) => (await import('./commands/lines/profile-trial.ts')).runProfileTest(args, screen, isTerminal),
    'inventory export': async (args) => {
      const { exportInventory } = await import('./commands/config/inventory-export.ts');
      return exportInventory(args, screen, expectRoom);
    },
    'config load': async (args) => (await import('./commands/config/config-files-run.ts')).loadConfigFile(args, screen, readInput),
    'config export': async (args) => (await import('./commands/config/config-files-run.ts')).exportConfig(args, screen),
    'update install': async (args) => {
      const { receivedDir } = await import('./shell/session-files.ts');
      const received = filesDir === undefined ? null : receivedDir(filesDir);
      return (await import('./commands/service/update-run.ts')).installUpdate(args, screen, received);
    },
    'tech-support': async (args) => {
      const { techSupport } = await import('./commands/service/tech-support-run.ts');
      const nowMs = createSystemClock({ quality: () => 'none' }).wallMs();
      const { sessionDir } = await import('./shell/session-files.ts');
      const dir = filesDir === undefined ? process.cwd() : sessionDir(filesDir, screen.role ?? null);
      return techSupport(args, { terminal: screen, configFile: configFileOf({}), dir, nowMs, expectRoom });
    },
    'recorder export': async (args) => {
      const { exportRecording } = await import('./commands/recorder/recorder-export.ts');
      const { sessionDir } = await import('./shell/session-files.ts');
      const dir = filesDir === undefined ? '' : sessionDir(filesDir, screen.role ?? null);
      return exportRecording(args, screen, { dir, expectRoom });
    },
    simulate: async (args) => (await import('./commands/light/simulate-run.ts')).runSimulate(args, screen, signal(), isTerminal),
    ...reportActions(parts, expectRoom),
    export: async (args) => {
      const { exportReadings } = await import('./commands/store/export-run.ts');
      return exportReadings(args, screen, signal(), write, expectRoom);
    },
  };
}

function reportActions(
  { screen, isTerminal, write, signal }: LocalActionParts,
  expectRoom: ExpectRoom,
): Pick<LocalActions, `report ${ReportKind}` | 'report verify' | 'savings verify'> {
  const report =
    (kind: ReportKind): LocalActions['report night'] =>
    async (args) => {
      const { runReport } = await import('./commands/report/report-run.ts');
      return runReport(kind, args, { terminal: screen, signal: signal(), isTerminal, write, expectRoom });
    };
  return {
    'report night': report('night'),
    'report month': report('month'),
    'report savings': report('savings'),
    'report commission': report('commission'),
    'report verify': async (args) => (await import('./commands/report/verify-run.ts')).runReportVerify(args, screen, configFileOf({})),
    'savings verify': async (args) => (await import('./commands/report/verify-run.ts')).runSavingsVerify(args, screen, configFileOf({})),
  };
}
