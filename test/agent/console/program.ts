/** The program of the console, in this process and in one of its own. */

import { type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Test } from 'tap';
import { runCommandLine } from '../../../agent/console/cli.ts';
import type { Terminal } from '../../../agent/console/terminal/terminal.ts';
import { msg } from '../../../agent/core/message.ts';
import { createFakeView } from './fake-view.ts';
import { NO_ACTIONS } from './no-actions.ts';

export const ROOT = resolve(import.meta.dirname, '../../..');

export const MAIN = join(ROOT, 'agent/main.ts');

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Starts the program `words[0]` with the other words, and only /usr/bin and /bin in its PATH. */
export function startProgram(words: readonly string[], options: SpawnOptions = {}) {
  const [program = '', ...rest] = words;
  return spawn(program, rest, { env: { PATH: '/usr/bin:/bin' }, stdio: ['ignore', 'pipe', 'pipe'], ...options });
}

/** As `startProgram`; resolves at its end with its output and exit code, null after a signal. */
export async function run(words: readonly string[], options: SpawnOptions = {}): Promise<Ended> {
  const child = startProgram(words, options);
  const text = { out: '', err: '' };
  child.stdout?.on('data', (bytes) => {
    text.out += bytes;
  });
  child.stderr?.on('data', (bytes) => {
    text.err += bytes;
  });
  const [code] = await once(child, 'close');
  return { code, ...text };
}

/** Runs `luciole` with these words as a process. Resolves as `run`. */
export const runLuciole = (...words: string[]): Promise<Ended> => run([process.execPath, MAIN, ...words]);

/** Runs a command line of the console in this process, as user `tech`, without an agent. Local commands fail: see `NO_ACTIONS`. */
export function inProcess(...words: string[]): Promise<Ended> {
  return inProcessWith({}, ...words);
}

/** The status lines that all calls of `inProcess` have shown so far, oldest first. */
export const drawn: string[] = [];

export async function inProcessWith(changes: Partial<Terminal>, ...words: string[]): Promise<Ended> {
  const text = { out: '', err: '' };
  const add = (stream: 'out' | 'err') => (more: string) => {
    text[stream] += more;
  };
  const status = { show: (line: string) => drawn.push(line), clear: () => {} };
  const localFiles = async () => ({ ...createFakeView(), about: msg`no agent answers: the shelf of the program` });
  const terminal = { widthCols: 80, colour: false, user: 'tech', version: 'luciole 0', socketPath: null, status, localFiles };
  const code = await runCommandLine(words, { ...terminal, out: add('out'), err: add('err'), ...changes }, NO_ACTIONS);
  return { code, ...text };
}

/** A folder with a path short enough for a socket, removed after the test. */
export function programFolder(t: Test): string {
  const path = mkdtempSync(join(tmpdir(), 'luciole-test-'));
  t.teardown(() => rmSync(path, { recursive: true, force: true }));
  return path;
}
