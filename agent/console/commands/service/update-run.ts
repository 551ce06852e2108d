/** `update install`: sends a file to the agent in parts, because the agent's service cannot read home folders. */

import { createHash } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { msg } from '../../../core/message.ts';
import { withTexts } from '../../../core/message-wire.ts';
import { READ_AT_ONCE } from '../../../core/regular-file.ts';
import type { UpdateAnswer } from '../../../core/updates.ts';
import { fetchAnswer } from '../../ask-agent.ts';
import { CONSOLE_EXIT, ConsoleError } from '../../console-error.ts';
import type { LocalArgs, Terminal } from '../../terminal/terminal.ts';
import { translated } from '../../text/page.ts';
import { paragraph } from '../../text/text-lines.ts';
import { apply, put } from './update.ts';

/** File bytes per request. Units: bytes. Source: a request has 64 KiB; base64 adds a third. */
const PART_BYTES = 32_768;
/** Longest file name in the audit log. Source: assumed; release names are shorter. Confirmed by: the naming rule of releases. */
const MAX_NAME_CHARS = 100;

/**
 * `update install`: sends a file to the agent, requests its installation and prints the answer. Resolves with 0, or 1 if the agent answers
 * that it was not done. After success a file that is in `receivedDir` is deleted; null: it is kept.
 *
 * Errors: rejects with ConsoleError, for example if the file cannot be read or no agent answers.
 */
export async function installUpdate(args: LocalArgs, terminal: Terminal, receivedDir: string | null = null): Promise<number> {
  const call = { socket: args['socket'], terminal };
  const path = typeof args['file'] === 'string' ? args['file'] : '';
  const answer = async (command: typeof put, asked: Readonly<Record<string, string | boolean>>): Promise<UpdateAnswer> =>
    (await fetchAnswer(command, asked, call)).result as UpdateAnswer;
  const show = (result: UpdateAnswer): number => {
    terminal.status?.clear();
    terminal.out(`${args['json'] === true ? JSON.stringify(withTexts(result)) : paragraph(result.text, terminal).join('\n')}\n`);
    return result.isDone ? 0 : CONSOLE_EXIT.failed;
  };
  const digest = createHash('sha256');
  let bytes = 0;
  for await (const { atByte, ofBytes, data } of partsOf(path)) {
    digest.update(data);
    bytes = ofBytes;
    const result = await answer(put, { at: String(atByte), of: String(ofBytes), data: data.toString('base64') });
    if (!result.isDone) return show(result);
    terminal.status?.show(translated(msg`${Math.round((100 * (atByte + data.length)) / ofBytes)} % sent to the agent`, terminal));
  }
  terminal.status?.show(translated(msg`checked and unpacked`, terminal));
  const file = { file: basename(path).slice(0, MAX_NAME_CHARS), bytes: String(bytes), sha256: digest.digest('hex') };
  const code = show(await answer(apply, args['force'] === true ? { ...file, force: true } : file));
  if (code === 0 && receivedDir !== null && dirname(resolve(path)) === receivedDir) {
    await rm(path, { force: true });
    if (args['json'] !== true) terminal.out(`${paragraph(msg`${path} is removed`, terminal).join('\n')}\n`);
  }
  return code;
}

async function* partsOf(path: string): AsyncGenerator<{ atByte: number; ofBytes: number; data: Buffer }> {
  const file = await open(path, READ_AT_ONCE).catch((error: NodeJS.ErrnoException) => {
    throw new ConsoleError('failed', msg`${path} cannot be read (${error.code ?? error.message}): check its path and mode`);
  });
  try {
    const stats = await file.stat();
    const { size: ofBytes } = stats;
    if (!stats.isFile()) throw new ConsoleError('failed', msg`${path} is no update file but a folder, a pipe or a device: check its path`);
    if (ofBytes === 0) throw new ConsoleError('failed', msg`${path} is empty`);
    for (let atByte = 0; atByte < ofBytes; ) {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(PART_BYTES), 0, PART_BYTES, atByte);
      if (bytesRead === 0) throw new ConsoleError('failed', msg`${path} became shorter while it was read`);
      yield { atByte, ofBytes, data: buffer.subarray(0, bytesRead) };
      atByte += bytesRead;
    }
  } finally {
    await file.close();
  }
}
