/** Terminal settings by the program `stty`: Node has no call for them. */
import { spawn } from 'node:child_process';
import { ConsoleError } from '../console-error.ts';

/** What the program printed. Errors: rejects with ConsoleError 'failed': no such program, or what it said. */
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
          ? 'no program stty here: install the Debian package coreutils'
          : `the program stty does not start: ${cause.code ?? cause.message}`;
      reject(new ConsoleError('failed', why, { cause }));
    });
    child.once('close', (code) => {
      if (code === 0) resolve(out);
      else reject(new ConsoleError('failed', `the terminal does not take ${words.join(' ')}: ${err.trim() || String(code)}`));
    });
  });
}
