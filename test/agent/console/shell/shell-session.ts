/**
 * A session of the shell in this process: a terminal of the test's own, the manual clock, a real socket to an agent of fixed facts.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { wantedAt } from '../../../../agent/config/edit/wanted-value.ts';
import { type ConsoleServer, createConsoleServer } from '../../../../agent/console/protocol/socket-server.ts';
import type { SessionActions } from '../../../../agent/console/shell/command-runner.ts';
import { createConsoleLogin } from '../../../../agent/console/shell/console-login.ts';
import type { EndReason } from '../../../../agent/console/shell/dialog.ts';
import type { LineHistoryStore } from '../../../../agent/console/shell/past-lines.ts';
import { type Login, machineLogin } from '../../../../agent/console/shell/session.ts';
import { createShell, type Shell } from '../../../../agent/console/shell/shell.ts';
import type { Tty, TtyEvents } from '../../../../agent/console/shell/tty.ts';
import { createManualClock, type ManualClock } from '../../../../agent/core/manual-clock.ts';
import { msg } from '../../../../agent/core/message.ts';
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
  /** Over the socket where one logs in. */
  readonly hasLogin?: true;
  readonly historyStore?: LineHistoryStore;
  readonly localActions?: SessionActions;
  /** A defect of the program ends it, which is what the test is about. */
  readonly canFail?: true;
}

/** An open session: its screen, and ways to type and to wait. */
export interface ShellSession {
  readonly clock: ManualClock;
  readonly screen: Screen;
  readonly shell: Shell;
  /** Speeds of the port: the first, then each that the shell has set; null for an unknown one. Units: baud. */
  readonly speeds: readonly (number | null)[];
  /** All that the terminal got. */
  bytes(): string;
  /** Why it is over; null while it goes on. */
  ended(): EndReason | null;
  /** Bytes typed, all at once. */
  type(bytes: string | Uint8Array): void;
  /** Types a line and waits for the next prompt or the end. Resolves with the output, echo and prompt included. */
  say(line: string): Promise<string>;
  /** Advances the clock until it holds. Errors: rejects with the screen when it does not within 40 s of that clock. */
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
  problem: msg``,
};

export const PROMPT = 'ANG-0421> ';
const PROMPTS =
  /(?:(?:ANG-0421|\((?:no|sans) agent\))(?: \[[A-Z]+ [\d:]+\])*> |(?:User|Password|Current password|Code|Code in force, empty for none|Two codes in a row|New password|Once more): |(?:Utilisateur|Mot de passe|Nouveau mot de passe|Encore une fois) : )$/;

/** A terminal of the test's own: a screen to look at, and all bytes it got. */
class FakeTty implements Tty {
  readonly screen: Screen;
  readonly speeds: (number | null)[];
  events: TtyEvents | null = null;
  /** All text that it got. */
  text = '';

  constructor({ isVt100 = false, speedBaud = null, cols = 80, rows = 24 }: SessionOptions) {
    this.speeds = [speedBaud];
    this.screen = new Screen({ cols, rows, ...(isVt100 ? { answer: (bytes) => this.type(bytes) } : {}) });
  }

  type(bytes: string | Uint8Array): void {
    this.events?.bytes(typeof bytes === 'string' ? Buffer.from(bytes, 'utf8') : bytes);
  }

  listen(events: TtyEvents): void {
    this.events = events;
  }

  write(bytes: Uint8Array): number {
    const text = Buffer.from(bytes).toString('latin1');
    this.text += text;
    this.screen.write(text.replaceAll('\n', '\r\n'));
    return bytes.length;
  }

  get speedBaud(): number | null {
    return this.speeds.at(-1) ?? null;
  }

  async setSpeed(baud: number | null): Promise<void> {
    this.speeds.push(baud);
  }

  pause(): void {}
  resume(): void {}
  close(): void {}
}

/** The agent behind the socket, which may stop and start again; without a view there is none. */
function agentOn(socketPath: string, clock: ManualClock, { view = createFakeView(), hasLogin }: SessionOptions): ShellSession['agent'] {
  const parts = { socketKind: hasLogin ? 'login' : 'agent', socketPath, log: { event: () => {} }, clock, timezone: TIMEZONE } as const;
  let server: ConsoleServer | null = null;
  return {
    async start() {
      server = view === null ? null : createConsoleServer({ ...parts, view });
      await server?.start();
    },
    stop: async () => server?.stop(),
  };
}

function shellOn(tty: FakeTty, clock: ManualClock, socketPath: string, options: SessionOptions): Shell {
  const surroundings = {
    version: 'luciole 0.1.0',
    socketPath,
    localFiles: async () => ({ ...createFakeView(), about: msg`no agent answers, so this is what files say` }),
  };
  const login = options.hasLogin ? createConsoleLogin({ socketPath, clock, surroundings, consoleKey: '' }) : machineLogin('tech');
  return createShell({
    tty,
    clock,
    withProbe: options.withProbe ?? false,
    login: options.login ?? login,
    filesDir: options.filesDir ?? null,
    historyStore: options.historyStore ?? { load: () => [], save: () => {} },
    surroundings,
    machine: {
      lastState: async () => LAST_STATE,
      language: async () => options.fileLanguage ?? 'en',
      restart: async () => msg`Interactive authentication required.`,
    },
    wanted: async (path) => wantedAt(path),
    localActions: options.localActions ?? (() => NO_ACTIONS),
  });
}

/** Most waits are over within these. */
const QUICK_TURNS = 100;

/** Resolves at the first prompt. The session ends with the test. */
export async function openSession(t: Test, options: SessionOptions = {}): Promise<ShellSession> {
  const clock = createManualClock(AT_MS);
  const folder = mkdtempSync(join(tmpdir(), 'luciole-test-'));
  const socketPath = join(folder, 'agent.sock');
  const agent = agentOn(socketPath, clock, options);
  await agent.start();
  const tty = new FakeTty(options);
  const shell = shellOn(tty, clock, socketPath, options);
  let ended: EndReason | null = null;
  const running = shell.run().then(
    (reason) => {
      ended = reason;
    },
    (error: unknown) => {
      if (options.canFail !== true) throw error;
      ended = 'hang-up';
    },
  );
  const until = async (what: string, holds: () => boolean): Promise<void> => {
    for (let turn = 0; turn < 4_000; turn++) {
      if (holds()) return;
      await clock.advance(10);
      // Files and sockets need real time, on a busy machine more than so many turns take.
      await new Promise((resolve) => (turn < QUICK_TURNS ? setImmediate(resolve) : setTimeout(resolve, 1)));
    }
    throw new Error(`never: ${what}\n${tty.screen.transcript().join('\n')}`);
  };
  t.teardown(async () => {
    shell.end('stopped');
    await until('the end', () => ended !== null);
    await running;
    await agent.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const isWaiting = (): boolean => ended !== null || PROMPTS.test(tty.text);
  await until('the first prompt', isWaiting);
  return {
    ...{ clock, shell, agent, until },
    screen: tty.screen,
    speeds: tty.speeds,
    bytes: () => tty.text,
    ended: () => ended,
    type: (bytes) => tty.type(bytes),
    async say(line) {
      const from = tty.text.length;
      tty.type(`${line}\r`);
      await until(`a prompt after ${line}`, () => tty.text.length > from && isWaiting());
      return tty.text.slice(from);
    },
    hangUp: () => tty.events?.hangUp(),
  };
}
