/**
 * Reads secrets for a one-shot command: without echo on a terminal, otherwise as lines of the input.
 *
 * The terminal is in raw mode while a secret is typed.
 */

import type { ReadStream } from 'node:tty';
import { type Message, msg } from '../../core/message.ts';
import type { Language } from '../../core/words.ts';
import { ConsoleError } from '../console-error.ts';
import { translate } from '../text/translate.ts';
import type { SecretRule } from './terminal.ts';

/** Longest input without a terminal. Units: characters. Source: assumed; a few lines. Confirmed by: the longest secret that a command reads. */
const MAX_INPUT_CHARS = 4_096;
const TRIES = 3;

/**
 * Returns a function that reads one secret: typed without echo on a terminal, otherwise the next line of `stdin`, which is first read to
 * its end. With a rule, a typed secret is checked and must be typed twice; a line of `stdin` is not checked.
 *
 * Errors: the function rejects with ConsoleError, for example 'failed' if the person cancels.
 */
export function createSecretInput(
  stdin: ReadStream,
  write: (text: string) => void,
  language: Language,
): (prompt: Message, rule: SecretRule | null) => Promise<string> {
  const asker: Asker = { stdin, write, say: (said) => write(translate(language, said)) };
  if (stdin.isTTY) return (prompt, rule) => (rule === null ? typed(prompt, asker) : typedTwice(prompt, rule, asker));
  let lines: Promise<string[]> | null = null;
  return async (prompt) => {
    lines ??= allLines(stdin);
    const line = (await lines).shift();
    if (line === undefined)
      throw new ConsoleError('usage', msg`nothing to read for: ${prompt}; give each secret its own line of the input`);
    return line;
  };
}

interface Asker {
  readonly stdin: ReadStream;
  readonly write: (text: string) => void;
  readonly say: (said: Message) => void;
}

async function typedTwice(prompt: Message, rule: SecretRule, asker: Asker): Promise<string> {
  const { say, write } = asker;
  say(rule.text);
  write('\n');
  for (let left = TRIES; left > 0; left--) {
    const first = await typed(prompt, asker);
    const problem = rule.problem(first);
    if (problem === null && first === (await typed(msg`Once more`, asker))) return first;
    say(problem ?? msg`the two are not the same`);
    write('\n');
  }
  throw new ConsoleError('failed', msg`no new one after three tries; nothing was changed`);
}

/** Reads one line of raw bytes. Ctrl-C and Ctrl-D give up, Ctrl-U starts again. */
async function typed(prompt: Message, { stdin, write, say }: Asker): Promise<string> {
  say(msg`${prompt}:`);
  write(' ');
  stdin.setRawMode(true);
  try {
    let letters: string[] = [];
    for await (const bytes of stdin.iterator({ destroyOnReturn: false })) {
      for (const letter of (bytes as Buffer).toString('utf8')) {
        if (letter === '\r' || letter === '\n') return letters.join('');
        if (letter === '\x03' || letter === '\x04') throw new ConsoleError('failed', msg`cancelled; nothing was changed`);
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

/** Lines are not trimmed: a secret may begin or end with a space. */
async function allLines(stdin: ReadStream): Promise<string[]> {
  let text = '';
  for await (const bytes of stdin) {
    text += (bytes as Buffer).toString('utf8');
    if (text.length > MAX_INPUT_CHARS) throw new ConsoleError('usage', msg`the input is longer than ${MAX_INPUT_CHARS} characters`);
  }
  return text === '' ? [] : text.replace(/\r?\n$/, '').split(/\r?\n/);
}
