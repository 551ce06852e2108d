import { join } from 'node:path';
import { spawn as spawnOnTerminal } from '@lydell/node-pty';
import { type Clock, sleep } from '../../agent/core/clock.ts';
import { LAUNCHER } from './unknown-street.ts';

/** The program on a terminal of its own, with a person who waits for a question before answering it. `env`: in addition to that of the test. */
export function onTerminal(words: readonly string[], folder: string, clock: Clock, env: Readonly<Record<string, string>> = {}) {
  const pty = spawnOnTerminal(process.execPath, [LAUNCHER, ...words], {
    cols: 80,
    rows: 24,
    env: { ...process.env, TERM: 'dumb', LUCIOLE_SOCKET: join(folder, 'agent.sock'), ...env },
  });
  let [screen, read] = ['', 0];
  let wake = (): void => {};
  pty.onData((text) => {
    screen += text;
    wake();
  });
  const ended = new Promise<number>((resolve) => pty.onExit(({ exitCode }) => resolve(exitCode)));
  return {
    ended,
    screen: () => screen,
    kill: () => pty.kill('SIGKILL'),
    /** Errors: rejects with the text on the screen when the question is not shown. */
    async answer(question: RegExp, text: string): Promise<void> {
      const isLate = sleep(clock, 20_000).then(() => true);
      for (let found = question.exec(screen.slice(read)); ; found = question.exec(screen.slice(read))) {
        if (found !== null) {
          read += found.index + found[0].length;
          pty.write(text);
          return;
        }
        const more = new Promise<boolean>((resolve) => {
          wake = () => resolve(false);
        });
        if (await Promise.race([more, isLate])) throw new Error(`no ${question} in:\n${screen.slice(read)}`);
      }
    },
  };
}
