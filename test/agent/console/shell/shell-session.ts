/**
 * A session of the shell in this process: a terminal of the test's own, the manual clock, a real socket to an agent of fixed facts.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { wantedAt } from '../../../../agent/config/edit/wanted-value.ts';
import { createConsoleServer } from '../../../../agent/console/protocol/socket-server.ts';
import type { SessionActions } from '../../../../agent/console/shell/command-runner.ts';
import { createConsoleLogin } from '../../../../agent/console/shell/console-login.ts';
import type { EndReason } from '../../../../agent/console/shell/dialog.ts';
import type { LineHistoryStore } from '../../../../agent/console/shell/past-lines.ts';
import { type Login, machineLogin } from '../../../../agent/console/shell/session.ts';
import { createShell, type Shell } from '../../../../agent/console/shell/shell.ts';
import type { Tty, TtyEvents } from '../../../../agent/console/shell/tty.ts';
import { createManualClock, type ManualClock } from '../../../../agent/core/manual-clock.ts';
import type { AgentView, LastState } from '../../../../agent/core/views.ts';
import { Screen } from '../../../support/screen.ts';
import { AT_MS, TIMEZONE } from '../fake-clock.ts';
import { createFakeView, fakeEvent } from '../fake-view.ts';
import { NO_ACTIONS } from '../no-actions.ts';

export interface SessionOptions {
  /** Default: an agent of fixed facts; null: none answers. */
  readonly view?: AgentView | null;
  /** The terminal answers questions about its cursor. */
  readonly isVt100?: boolean;
  readonly withProbe?: boolean;
  readonly speedBaud?: number | null;
  readonly cols?: number;
  readonly rows?: number;
  readonly login?: Login;
  readonly filesDir?: string;
  /** What the file of the cabinet says; asked where no agent answers. */
  readonly fileLanguage?: 'fr' | 'en';
  /** Over the door where one logs in. */
  readonly hasLogin?: true;
  readonly historyStore?: LineHistoryStore;
  readonly localActions?: SessionActions;
}

export interface ShellSession {
  readonly clock: ManualClock;
  readonly screen: Screen;
  readonly shell: Shell;
  /** Speeds of the port, newest last. */
  readonly speeds: readonly (number | null)[];
  /** All that the terminal got. */
  bytes(): string;
  /** Why it is over; null while it goes on. */
  ended(): EndReason | null;
  /** Bytes typed, all at once. */
  type(bytes: string | Uint8Array): void;
  /** Types a line and waits for the next prompt; resolves with what was shown between. */
  say(line: string): Promise<string>;
  /** Waits until it holds. Errors: rejects with the screen when it does not. */
  until(what: string, holds: () => boolean): Promise<void>;
  hangUp(): void;
  readonly agent: { start(): Promise<void>; stop(): Promise<void> };
}

const LAST_STATE: LastState = {
  configFile: '/etc/luciole/cabinet.yaml',
  timezone: TIMEZONE,
  service: 'failed',
  log: ['{"severity":"alarm","event":"agent-crashed"}'],
  store: { dir: '/var/lib/luciole', lastReadingMs: AT_MS - 60_000, events: [fakeEvent(3)], problems: [] },
  problem: '',
};

export const PROMPT = 'ANG-0421> ';
const PROMPTS =
  /(?:(?:ANG-0421|\((?:no|sans) agent\))(?: \[[A-Z]+ [\d:]+\])*> |(?:User|Password|Current password|Code|Two codes in a row|New password|Once more): |(?:Utilisateur|Mot de passe|Nouveau mot de passe|Encore une fois) : )$/;

export async function openSession(t: Test, options: SessionOptions = {}): Promise<ShellSession> {
  const { isVt100 = false, withProbe = false, speedBaud = null, cols = 80, rows = 24 } = options;
  const clock = createManualClock(AT_MS);
  const folder = mkdtempSync(join(tmpdir(), 'luciole-test-'));
  const socketPath = join(folder, 'agent.sock');
  const view = options.view === undefined ? createFakeView() : options.view;
  const socketKind = options.hasLogin ? 'login' : 'agent';
  const openServer = () =>
    view === null ? null : createConsoleServer({ view, socketKind, socketPath, log: { event: () => {} }, clock, timezone: TIMEZONE });
  let server = openServer();
  await server?.start();
  const speeds: (number | null)[] = [speedBaud];
  let events: TtyEvents | null = null;
  let all = '';
  const type = (bytes: string | Uint8Array): void => events?.bytes(typeof bytes === 'string' ? Buffer.from(bytes, 'utf8') : bytes);
  const screen = new Screen({ cols, rows, ...(isVt100 ? { answer: type } : {}) });
  const tty: Tty = {
    listen: (newEvents) => {
      events = newEvents;
    },
    write: (bytes) => {
      const text = Buffer.from(bytes).toString('latin1');
      all += text;
      screen.write(text.replaceAll('\n', '\r\n'));
      return bytes.length;
    },
    pause: () => {},
    resume: () => {},
    get speedBaud() {
      return speeds.at(-1) ?? null;
    },
    setSpeed: async (baud) => {
      speeds.push(baud);
    },
    close: () => {},
  };
  const surroundings = {
    version: 'luciole 0.1.0',
    socketPath,
    localFiles: async () => ({ ...createFakeView(), about: 'no agent answers, so this is what files say' }),
  };
  const consoleLogin = options.hasLogin ? createConsoleLogin({ socketPath, clock, surroundings }) : undefined;
  const shell = createShell({
    tty,
    clock,
    withProbe,
    login: options.login ?? consoleLogin ?? machineLogin('tech'),
    filesDir: options.filesDir ?? null,
    historyStore: options.historyStore ?? { load: () => [], save: () => {} },
    surroundings,
    machine: {
      lastState: async () => LAST_STATE,
      language: async () => options.fileLanguage ?? 'en',
      restart: async () => 'Interactive authentication required.',
    },
    wanted: async (path) => wantedAt(path),
    localActions: options.localActions ?? (() => NO_ACTIONS),
  });
  let ended: EndReason | null = null;
  const running = shell.run().then((reason) => {
    ended = reason;
  });
  const until = async (what: string, holds: () => boolean): Promise<void> => {
    for (let turn = 0; turn < 4_000; turn++) {
      if (holds()) return;
      await clock.advance(10);
      await new Promise((resolve) => setImmediate(resolve));
    }
    throw new Error(`never: ${what}\n${screen.transcript().join('\n')}`);
  };
  t.teardown(async () => {
    shell.end('stopped');
    await until('the end', () => ended !== null);
    await running;
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const atPrompt = (): boolean => PROMPTS.test(all);
  const session: ShellSession = {
    clock,
    screen,
    shell,
    speeds,
    bytes: () => all,
    ended: () => ended,
    type,
    until,
    async say(line) {
      const from = all.length;
      type(`${line}\r`);
      await until(`a prompt after ${line}`, () => all.length > from && (ended !== null || atPrompt()));
      return all.slice(from);
    },
    hangUp: () => events?.hangUp(),
    agent: {
      async start() {
        server = openServer();
        await server?.start();
      },
      stop: async () => server?.stop(),
    },
  };
  await until('the first prompt', () => ended !== null || atPrompt());
  return session;
}
