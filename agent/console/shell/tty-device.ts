/**
 * The terminal on which this process was started: its mode, its descriptor, its speed.
 *
 * Writes never block, because a stopped line must not stop the session. Node's own stream would block, so a second descriptor is opened.
 */

import { spawn, spawnSync } from 'node:child_process';
import { closeSync, constants, openSync, readlinkSync, writeSync } from 'node:fs';
import { ReadStream } from 'node:tty';
import { msg } from '../../core/message.ts';
import { ConsoleError } from '../console-error.ts';
import { wordOf } from '../text/state-words.ts';
import type { Tty, TtyEvents } from './tty.ts';

/** Terminals without a physical line. Source: Linux, Documentation/admin-guide/devices.txt: 136 and up are pseudo-terminals. */
const PSEUDO = /^\/dev\/(pts\/|tty\d+$|console$)/;

/** Exit code of a program ended by a signal. Source: sh(1), 128 plus the signal number; here any value above 128 has the same meaning. */
const KILLED = 128;

/**
 * Resolves with the terminal of this process, in raw mode until its `close`. `speedBaud` (bit/s): what its `speedBaud` returns at first;
 * null: the speed of the port, if it has one. `write` is not slowed to it. Errors: rejects, for example with ConsoleError 'usage' if input
 * or output is no terminal.
 */
export async function openTtyDevice(speedBaud: number | null): Promise<Tty> {
  const stdin = process.stdin;
  if (!(stdin instanceof ReadStream) || !process.stdout.isTTY) {
    throw new ConsoleError(
      'usage',
      msg`console needs a terminal on its input and output; for scripts there are the commands themselves: luciole --help`,
    );
  }
  const path = readlinkSync('/proc/self/fd/0');
  const isSerial = !PSEUDO.test(path);
  const fd = openTtyForWrites(path);
  stdin.setRawMode(true);
  // XOFF limits a pasted file to the speed of this program. Without `stty` the kernel's buffer must be enough.
  const sttyText = isSerial ? await stty(['ixoff', 'speed']).catch(() => '') : '';
  const ownSpeed = /^\d+$/.test(sttyText.trim()) ? Number(sttyText) : null;
  let nowSpeed = speedBaud ?? ownSpeed;
  let isClosed = false;
  return {
    listen({ bytes, hangUp }: TtyEvents) {
      stdin.on('data', (data: Buffer) => bytes(data));
      for (const event of ['end', 'close', 'error'] as const) stdin.on(event, hangUp);
      stdin.resume();
    },
    write: (bytes) => (isClosed ? bytes.length : writeSome(fd, bytes)),
    pause: () => void stdin.pause(),
    resume: () => void stdin.resume(),
    get speedBaud() {
      return nowSpeed;
    },
    async setSpeed(baud) {
      if (!isSerial) throw new ConsoleError('failed', msg`this terminal has no speed: it is no serial port`);
      await stty([String(baud)]);
      nowSpeed = baud;
    },
    lend: (words, dir, report) => lendTo(stdin, words, { dir, report }),
    close() {
      if (isClosed) return;
      isClosed = true;
      closeSync(fd);
      if (ownSpeed !== null && nowSpeed !== ownSpeed) spawnSync('stty', [String(ownSpeed)], { stdio: ['inherit', 'ignore', 'ignore'] });
      stdin.setRawMode(false);
      stdin.pause();
    },
  };
}

/**
 * Opens the terminal at `path` for writes that never block, and returns its descriptor. Errors: throws ConsoleError 'failed' if that fails.
 */
export function openTtyForWrites(path: string): number {
  try {
    return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const why = wordOf(code ?? message);
    throw new ConsoleError(
      'failed',
      msg`the terminal ${path} cannot be opened (${why}): after su it is another user's; type \`script /dev/null\` first`,
      { cause },
    );
  }
}

interface Lending {
  readonly dir: string | undefined;
  readonly report: ((text: string) => void) | undefined;
}

/** As `Tty.lend`. */
async function lendTo(stdin: ReadStream, [program = '', ...words]: readonly string[], { dir, report }: Lending): Promise<number | null> {
  stdin.pause();
  try {
    const child = spawn(program, words, {
      stdio: ['inherit', 'inherit', report === undefined ? 'ignore' : 'pipe'],
      env: { ...process.env, LC_ALL: 'C' },
      ...(dir === undefined ? {} : { cwd: dir }),
    });
    child.stderr?.setEncoding('latin1').on('data', (text: string) => report?.(text));
    const code = await new Promise<number | null>((resolve) => {
      child.once('error', () => resolve(null));
      child.once('close', (ended) => resolve(ended ?? KILLED));
    });
    return child.pid === undefined ? null : code;
  } finally {
    // The program restores the terminal mode, unless it was killed.
    stdin.setRawMode(false);
    stdin.setRawMode(true);
    stdin.resume();
  }
}

/** Returns how many bytes were written. Writes to a disconnected line count as written; its end is reported elsewhere. */
function writeSome(fd: number, bytes: Uint8Array): number {
  try {
    return writeSync(fd, bytes);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return 0;
    return bytes.length;
  }
}

/**
 * Runs the program `stty` on the standard input, and resolves with its output. Errors: rejects with ConsoleError 'failed' if the program is
 * missing or fails.
 */
export function stty(words: readonly string[]): Promise<string> {
  const child = spawn('stty', words, { stdio: ['inherit', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.on('data', (bytes) => {
    out += bytes;
  });
  child.stderr.on('data', (bytes) => {
    err += bytes;
  });
  return new Promise((resolve, reject) => {
    child.once('error', (cause: NodeJS.ErrnoException) => {
      const why =
        cause.code === 'ENOENT'
          ? msg`no program stty here: install the Debian package coreutils`
          : msg`the program stty does not start: ${cause.code ?? cause.message}`;
      reject(new ConsoleError('failed', why, { cause }));
    });
    child.once('close', (code) => {
      if (code === 0) resolve(out);
      else reject(new ConsoleError('failed', msg`the terminal does not take ${words.join(' ')}: ${err.trim() || String(code)}`));
    });
  });
}
