/**
 * `config load` and `config export`: load a local file into the candidate, and print the running configuration as exact text.
 *
 * A large file is sent in several requests.
 */

import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { msg } from '../../../core/message.ts';
import { withTexts } from '../../../core/message-wire.ts';
import { readRegularFile } from '../../../core/regular-file.ts';
import { type ConfigAnswer, SIGNATURE_FILE } from '../../../core/revisions.ts';
import { textArg } from '../../agent-command.ts';
import { fetchAnswer } from '../../ask-agent.ts';
import { CONSOLE_EXIT, ConsoleError } from '../../console-error.ts';
import type { RawArgs } from '../../protocol/protocol.ts';
import type { LocalArgs, Terminal } from '../../terminal/terminal.ts';
import { wordOf } from '../../text/state-words.ts';
import { fileName } from './config-args.ts';
import { CONFIG_PUT } from './config-edit.ts';
import { renderPut } from './config-page.ts';
import { CONFIG_SHOW, type ConfigText } from './config-view.ts';
import { framed, readFrame } from './paste-frame.ts';

/** File bytes per request; base64 adds a third. Units: bytes. Source: a request has at most 64 KB, the agent accepts 32. */
const PART_BYTES = 30_000;
/** Largest file. Units: bytes. Source: limit of the agent. */
const MAX_BYTES = 524_288;

/**
 * `config load`: puts a file, and a signature on the whole candidate if one is named, into the candidate, and prints the result. Resolves
 * with 0, or 1 if the agent refused one. The signature is sent first: if it is refused, the file is not sent; if only the file is refused,
 * the signature stays. `readInput` reads the input for the file name `-`; null if there is no input.
 *
 * Errors: rejects with ConsoleError, for example if the file is unreadable or no agent answers.
 */
export async function loadConfigFile(args: LocalArgs, terminal: Terminal, readInput: (() => Promise<string>) | null): Promise<number> {
  const file = args['profile'] === undefined ? 'cabinet.yaml' : fileName(textArg(args as RawArgs, 'profile'));
  const bytes = Buffer.from(await textOf(args, readInput));
  if (bytes.length > MAX_BYTES) throw new ConsoleError('usage', msg`${file} has ${bytes.length} bytes; at most ${MAX_BYTES} are accepted`);
  // Send the signature first, so that the last answer, which is shown, is about the file.
  const signature = args['signature'] === undefined ? null : Buffer.from(fileText(textArg(args as RawArgs, 'signature')));
  const signed = signature === null ? null : await put(SIGNATURE_FILE, signature, args, terminal);
  const answer = signed?.state === 'refused' ? signed : await put(file, bytes, args, terminal);
  terminal.out(`${args['json'] === true ? JSON.stringify(withTexts(answer)) : renderPut(answer, terminal)}\n`);
  return answer.state === 'done' ? 0 : CONSOLE_EXIT.failed;
}

/** Sends all parts of a file, up to the first one that is refused. */
async function put(file: string, bytes: Buffer, args: LocalArgs, terminal: Terminal): Promise<ConfigAnswer> {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const count = Math.max(1, Math.ceil(bytes.length / PART_BYTES));
  let answer: ConfigAnswer | null = null;
  for (let part = 1; part <= count; part += 1) {
    const data = bytes.subarray((part - 1) * PART_BYTES, part * PART_BYTES).toString('base64');
    const asked = { file, part: `${part}/${count}`, sha256, data };
    answer = (await fetchAnswer(CONFIG_PUT, asked, { socket: args['socket'], terminal })).result as ConfigAnswer;
    if (answer.state === 'refused') break;
  }
  if (answer === null) throw new TypeError('a file has at least one part');
  return answer;
}

/**
 * `config export`: prints cabinet.yaml or a device type, of what runs, a revision or the candidate. Prints it as text, as lines to paste
 * back, or as JSON. Resolves with 0. Errors: rejects with ConsoleError, for example if the agent does not answer.
 */
export async function exportConfig(args: LocalArgs, terminal: Terminal): Promise<number> {
  const { socket, paste, json, ...asked } = args;
  const { result } = await fetchAnswer(CONFIG_SHOW, asked as RawArgs, { socket, terminal });
  const { file, lines } = result as ConfigText;
  const text = lines.join('\n');
  if (json === true) terminal.out(`${JSON.stringify({ file, text })}\n`);
  else if (paste !== true) terminal.out(text.endsWith('\n') ? text : `${text}\n`);
  else {
    const profile = file === 'cabinet.yaml' ? '' : ` --profile ${file.slice('profiles/'.length)}`;
    terminal.out(`config load - --framed${profile}\n${framed(text).join('\n')}\n`);
  }
  return 0;
}

/** Errors: rejects with ConsoleError for a file that cannot be read, with how to name one, and for an incomplete paste frame. */
async function textOf(args: LocalArgs, readInput: (() => Promise<string>) | null): Promise<string> {
  const file = textArg(args as RawArgs, 'file');
  if (file === '-' && readInput === null) throw new ConsoleError('usage', msg`nothing can be read here: name a file`);
  const text = file === '-' && readInput !== null ? await readInput() : fileText(file);
  if (args['framed'] !== true) return text;
  const read = readFrame(text.trimEnd().split('\n'));
  if ('flaw' in read) throw new ConsoleError('failed', msg`nothing was loaded: ${read.flaw}; export it again and paste all of it`);
  return read.text;
}

/** Errors: as `textOf`; also throws ConsoleError for a file that is not UTF-8. */
function fileText(file: string): string {
  const bytes = bytesOf(file);
  if (!isUtf8(bytes)) throw new ConsoleError('usage', msg`${file} is not UTF-8 text: save it as UTF-8`);
  return bytes.toString('utf8');
}

function bytesOf(file: string): Buffer {
  try {
    return readRegularFile(file, MAX_BYTES);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    throw new ConsoleError('usage', msg`${file} cannot be read (${wordOf(String(error.code))}): check its path and mode`);
  }
}
