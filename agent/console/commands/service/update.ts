/**
 * The rows of the command table about the program itself: bring another release, look, go back.
 *
 * Owns these rows, and the way of a file to the agent in parts: the agent of a service sees no home folder. Called by the command table.
 */

import { open, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { UpdateAnswer, UpdateView } from '../../../core/updates.ts';
import type { AgentView } from '../../../core/views.ts';
import { fetchAnswer } from '../../ask-agent.ts';
import { agentCommand, type Command, type LocalCommand, textArg } from '../../command-spec.ts';
import { CONSOLE_EXIT, ConsoleError } from '../../console-error.ts';
import type { LocalArgs, Terminal } from '../../terminal/terminal.ts';
import { type Page, told } from '../../text/page.ts';
import { labelled, paragraph } from '../../text/text-lines.ts';
import { JSON_OPTION, LOOK_TIMEOUT_MS } from '../common-words.ts';

/** Of the file in one request. Units: bytes. Source: a request holds 64 KiB, base64 takes a third more. */
const PART_BYTES = 32_768;
/** Longest silence while the agent checks and unpacks. Units: ms. Source: assumed; 130 MB on a slow card. */
const INSTALL_TIMEOUT_MS = 600_000;

const FORCE = { name: 'force', value: null, summary: 'though lamps are lit; they keep their level meanwhile' } as const;

const install: LocalCommand = {
  kind: 'local',
  name: 'update install',
  role: 'admin',
  hasSocket: true,
  group: 'Agent:',
  summary: 'another release from a signed file, on trial first',
  arguments: [{ name: 'file', summary: 'the update file', required: true }],
  options: [FORCE, JSON_OPTION],
  examples: ['luciole update install luciole_0.2.0_arm64.update', 'luciole update install luciole_0.2.0_arm64.update --force'],
};

const status = agentCommand<object, UpdateView>({
  name: 'update status',
  role: 'viewer',
  group: 'Agent:',
  summary: 'which release runs, is it on trial, what was before',
  arguments: [],
  options: [JSON_OPTION],
  examples: ['luciole update status', 'luciole update status --json'],
  timeoutMs: LOOK_TIMEOUT_MS,
  read: () => ({}),
  answer: (view) => deskOf(view).status(),
  render: async (view, page) => renderUpdates(view, page),
});

const revert = agentCommand<{ isForced: boolean }, UpdateAnswer>({
  name: 'update revert',
  role: 'admin',
  group: 'Agent:',
  summary: 'back to the release before',
  arguments: [],
  options: [FORCE, JSON_OPTION],
  examples: ['luciole update revert', 'luciole update revert --force'],
  timeoutMs: INSTALL_TIMEOUT_MS,
  read: (args) => ({ isForced: args['force'] === true }),
  answer: (view, request) => deskOf(view).revert(request),
  render: async ({ text }, page) => paragraph(text, page).join('\n'),
  succeeded: ({ isDone }) => isDone,
  audit: ({ isDone, text }) => ({ isDone, text }),
});

const put = agentCommand<{ atByte: number; ofBytes: number; data: Buffer }, UpdateAnswer>({
  name: 'update put',
  role: 'admin',
  group: 'Agent:',
  summary: 'a part of an update file',
  isHidden: true,
  arguments: [
    { name: 'at', summary: 'bytes before it', required: true },
    { name: 'of', summary: 'bytes of the file', required: true },
    { name: 'data', summary: 'base64', required: true },
  ],
  options: [],
  examples: [],
  timeoutMs: LOOK_TIMEOUT_MS,
  read: (args) => ({
    atByte: bytesArg(textArg(args, 'at')),
    ofBytes: bytesArg(textArg(args, 'of')),
    data: Buffer.from(textArg(args, 'data'), 'base64'),
  }),
  answer: (view, part) => deskOf(view).put(part),
  render: async ({ text }, page) => paragraph(text, page).join('\n'),
  succeeded: ({ isDone }) => isDone,
});

const apply = agentCommand<{ isForced: boolean }, UpdateAnswer>({
  name: 'update apply',
  role: 'admin',
  group: 'Agent:',
  summary: 'check, unpack and start what was put',
  isHidden: true,
  arguments: [],
  options: [FORCE],
  examples: [],
  timeoutMs: INSTALL_TIMEOUT_MS,
  read: (args) => ({ isForced: args['force'] === true }),
  answer: (view, request) => deskOf(view).install(request),
  render: async ({ text }, page) => paragraph(text, page).join('\n'),
  succeeded: ({ isDone }) => isDone,
  audit: ({ isDone, text }) => ({ isDone, text }),
});

export const UPDATE_COMMANDS: readonly Command[] = [install, status, revert, put, apply];

/**
 * Carries the file to the agent and has it installed; resolves with the exit code. One that was received, in `receivedDir`, goes then.
 *
 * Errors: rejects with ConsoleError.
 */
export async function installUpdate(args: LocalArgs, terminal: Terminal, receivedDir: string | null = null): Promise<number> {
  const call = { socket: args['socket'], terminal };
  const path = typeof args['file'] === 'string' ? args['file'] : '';
  const answer = async (command: typeof put, asked: Readonly<Record<string, string | boolean>>): Promise<UpdateAnswer> =>
    (await fetchAnswer(command, asked, call)).result as UpdateAnswer;
  const show = (result: UpdateAnswer): number => {
    terminal.status?.clear();
    terminal.out(`${args['json'] === true ? JSON.stringify(result) : paragraph(result.text, terminal).join('\n')}\n`);
    return result.isDone ? 0 : CONSOLE_EXIT.failed;
  };
  for await (const { atByte, ofBytes, data } of partsOf(path)) {
    const result = await answer(put, { at: String(atByte), of: String(ofBytes), data: data.toString('base64') });
    if (!result.isDone) return show(result);
    terminal.status?.show(told(`${Math.round((100 * (atByte + data.length)) / ofBytes)} % brought to the agent`, terminal));
  }
  terminal.status?.show(told('checked and unpacked', terminal));
  const code = show(await answer(apply, args['force'] === true ? { force: true } : {}));
  if (code === 0 && receivedDir !== null && dirname(resolve(path)) === receivedDir) {
    await rm(path, { force: true });
    if (args['json'] !== true) terminal.out(`${paragraph(`${path} is removed`, terminal).join('\n')}\n`);
  }
  return code;
}

async function* partsOf(path: string): AsyncGenerator<{ atByte: number; ofBytes: number; data: Buffer }> {
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    throw new ConsoleError('failed', `${path} cannot be read (${error.code}): check its path and mode`);
  });
  try {
    const { size: ofBytes } = await file.stat();
    if (ofBytes === 0) throw new ConsoleError('failed', `${path} is empty`);
    for (let atByte = 0; atByte < ofBytes; ) {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(PART_BYTES), 0, PART_BYTES, atByte);
      if (bytesRead === 0) throw new ConsoleError('failed', `${path} became shorter while it was read`);
      yield { atByte, ofBytes, data: buffer.subarray(0, bytesRead) };
      atByte += bytesRead;
    }
  } finally {
    await file.close();
  }
}

function deskOf(view: AgentView): NonNullable<AgentView['updates']> {
  if (view.updates === null) throw new ConsoleError('failed', 'this run of the agent takes no updates');
  return view.updates;
}

function bytesArg(text: string): number {
  const bytes = /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(bytes)) throw new ConsoleError('usage', `bad number of bytes "${text}"`);
  return bytes;
}

function renderUpdates({ version, release, state, previous, serial, failed, keys, obstacle }: UpdateView, page: Page): string {
  const line = (label: string, text: string): string[] => labelled(label, text, page);
  return [
    ...line(
      'Runs',
      `luciole ${version}, ${release === 'package' ? 'as installed with the system' : `release ${release}`}${state === 'trial' ? ', on trial' : ''}`,
    ),
    ...line(
      'Before',
      previous === null ? 'nothing to go back to' : previous === 'package' ? 'the installed package' : `release ${previous}`,
    ),
    ...(failed === null ? [] : line('Failed', `release ${failed} did not come up and was taken back`)),
    ...line(
      'Takes',
      `releases with a serial above ${serial}, signed by ${keys.length === 0 ? 'nobody: no key is known' : keys.join(', ')}`,
    ),
    ...(obstacle === '' ? [] : line('But', obstacle)),
  ].join('\n');
}
