import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { type IPty, spawn } from '@lydell/node-pty';
import t, { type Test } from 'tap';
import { STATUS } from '../../../../agent/console/commands/cabinet/devices.ts';
import { callAgent } from '../../../../agent/console/protocol/socket-client.ts';
import { createConsoles } from '../../../../agent/console/protocol/socket-server.ts';
import { msg } from '../../../../agent/core/message.ts';
import { createSystemClock } from '../../../../agent/core/system-clock.ts';
import { TIMEZONE } from '../fake-clock.ts';
import { trialManager } from './trial-manager.ts';

const MAIN = join(import.meta.dirname, '../../../../agent/main.ts');

/** Both sockets of an agent for which each commit is a trial, and a way to start real consoles on them. */
async function openSockets(t: Test, by: string) {
  // A socket's path must be short.
  const folder = mkdtempSync(join(tmpdir(), 'luciole-test-'));
  const made = trialManager(by);
  const socketPath = join(folder, 'agent.sock');
  const clock = createSystemClock({ quality: () => 'synced' });
  const server = createConsoles({ view: made.view, socketPath, log: { event: () => {} }, clock, timezone: TIMEZONE });
  await server.start();
  const started: IPty[] = [];
  t.teardown(async () => {
    for (const { pid } of started) endQuietly(pid);
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  /** Types each line once the terminal shows what stands before it. */
  const typed = async (options: readonly string[], lines: readonly (readonly [after: RegExp, line: string])[]): Promise<IPty> => {
    const env = { PATH: '/nowhere', STATE_DIRECTORY: folder };
    const child = spawn(process.execPath, [MAIN, 'console', '--no-probe', '--socket', socketPath, ...options], { cols: 80, rows: 24, env });
    started.push(child);
    let shown = '';
    let wake = (): void => {};
    child.onData((text) => {
      shown += text;
      wake();
    });
    for (const [after, line] of lines) {
      while (!after.test(shown)) await new Promise<void>((resolve) => (wake = resolve));
      shown = '';
      child.write(line);
    }
    return child;
  };
  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10));
  };
  /** What came before on other connections has been seen once a request on a new one is answered. */
  const seen = async (): Promise<void> => {
    const request = { id: 1, command: STATUS.name, args: {}, user: 'tech' };
    await callAgent({ socketPaths: [socketPath], request, timeoutMs: STATUS.timeoutMs });
  };
  return { ...made, typed, until, seen };
}

/** It may have ended already. */
function endQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

const COMMIT = [/ANG-0421> $/, 'config commit --confirm 5\r'] as const;
const DONE = [/\[TRIAL 05:00\]> $/, ''] as const;
const LOG_IN = [
  [/User: $/, 'marie\r'],
  [/Password: $/, 'right\r'],
] as const;
const kinds = [
  ['of a user who logged in', ['--login'], 'console:marie', LOG_IN],
  ['of a user of the machine', [], `console:${userInfo().username}`, []],
] as const;

for (const [whose, options, by, before] of kinds) {
  t.test(`the console ${whose} is killed after a commit: the agent returns it`, { timeout: 60_000 }, async (t) => {
    const { asked, typed, until } = await openSockets(t, by);
    const child = await typed(options, [...before, COMMIT, DONE]);
    t.strictSame(asked, [], 'nothing returns while the session goes on');
    process.kill(child.pid, 'SIGKILL');
    await until(() => asked.length > 0);
    t.strictSame(asked, [[by, msg`the session was lost`, 8]]);
  });

  t.test(
    `the console ${whose} is killed while its commit is checked: the agent returns it once it runs`,
    { timeout: 60_000 },
    async (t) => {
      const { asked, typed, until, held } = await openSockets(t, by);
      const check = held();
      const child = await typed(options, [...before, COMMIT]);
      await check.reached;
      process.kill(child.pid, 'SIGKILL');
      await new Promise((resolve) => child.onExit(resolve));
      check.release();
      await until(() => asked.length > 0);
      t.strictSame(asked, [[by, msg`the session was lost`, 8]]);
    },
  );

  t.test(`the console ${whose} ends by its own command: nothing is reverted`, { timeout: 60_000 }, async (t) => {
    const { asked, typed, seen } = await openSockets(t, by);
    const child = await typed(options, [...before, COMMIT, [/\[TRIAL 05:00\]> $/, 'logout\r']]);
    await new Promise((resolve) => child.onExit(resolve));
    await seen();
    t.strictSame(asked, []);
  });
}
