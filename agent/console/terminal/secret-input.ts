/**
 * Secrets typed at the terminal of a one-shot command, without echo; lines of the input where that is no terminal.
 *
 * The terminal is in raw mode while a secret is typed.
 */

import type { ReadStream } from 'node:tty';
import { msg } from '../../core/message.ts';
import { ConsoleError } from '../console-error.ts';
import type { SecretRule } from './terminal.ts';

/** Longest input that is no terminal. Units: characters. Source: assumed; a few lines. */
const MAX_INPUT_CHARS = 4_096;
const TRIES = 3;

/** Reads from `stdin`, asks on `write`. Errors: the reader rejects with ConsoleError. */
export function createSecretInput(
  stdin: ReadStream,
  write: (text: string) => void,
): (prompt: string, rule: SecretRule | null) => Promise<string> {
  if (stdin.isTTY) return (prompt, rule) => (rule === null ? typed(prompt, stdin, write) : typedTwice(prompt, rule, stdin, write));
  let lines: Promise<string[]> | null = null;
  return async (prompt) => {
    lines ??= allLines(stdin);
    const line = (await lines).shift();
    if (line === undefined)
      throw new ConsoleError('usage', msg`nothing to read for: ${prompt}; give each secret its own line of the input`);
    return line;
  };
}

async function typedTwice(prompt: string, rule: SecretRule, stdin: ReadStream, write: (text: string) => void): Promise<string> {
  write(`${rule.text}\n`);
  for (let left = TRIES; left > 0; left--) {
    const first = await typed(prompt, stdin, write);
    const problem = rule.problem(first);
    if (problem === null && first === (await typed('Once more', stdin, write))) return first;
    write(`${problem ?? 'these two are not the same'}\n`);
  }
  throw new ConsoleError('failed', msg`no new one after three tries; nothing was changed`);
}

/** One line of raw bytes. Ctrl-C and Ctrl-D give up, Ctrl-U starts again. */
async function typed(prompt: string, stdin: ReadStream, write: (text: string) => void): Promise<string> {
  write(`${prompt}: `);
  stdin.setRawMode(true);
  try {
    let letters: string[] = [];
    for await (const bytes of stdin.iterator({ destroyOnReturn: false })) {
      for (const letter of (bytes as Buffer).toString('utf8')) {
        if (letter === '\r' || letter === '\n') return letters.join('');
        if (letter === '\x03' || letter === '\x04') throw new ConsoleError('failed', msg`given up; nothing was changed`);
        if (letter === '\x15') letters = [];
        else if (letter === '\x7f' || letter === '\b') letters.pop();
        else letters.push(letter);
      }
    }
    throw new ConsoleError('failed', msg`the input ended; nothing was changed`);
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
    write('\n');
  }
}

/** As they are: a secret may begin or end with a space. */
async function allLines(stdin: ReadStream): Promise<string[]> {
  let text = '';
  for await (const bytes of stdin) {
    text += (bytes as Buffer).toString('utf8');
    if (text.length > MAX_INPUT_CHARS) throw new ConsoleError('usage', msg`the input is longer than ${MAX_INPUT_CHARS} characters`);
  }
  return text.replace(/\r?\n$/, '').split(/\r?\n/);
}
