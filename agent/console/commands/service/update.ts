/** `update`: installs another release of the program on trial, and reverts it. */
import { type Message, msg } from '../../../core/message.ts';
import type { UpdateAnswer, UpdateView } from '../../../core/updates.ts';
import type { AgentView } from '../../../core/views.ts';
import { agentCommand, JSON_OPTION, textArg } from '../../agent-command.ts';
import type { ConsoleCommand, LocalCommand } from '../../command-spec.ts';
import { ConsoleError } from '../../console-error.ts';
import type { Page } from '../../text/page.ts';
import { labelled, paragraph } from '../../text/text-lines.ts';

/**
 * Longest silence while the agent checks and unpacks. Units: ms. Source: assumed; 130 MB on a slow card. Confirmed by: a timed update on
 * the slowest card in use.
 */
const INSTALL_TIMEOUT_MS = 600_000;
const FORCE = { name: 'force', value: null, summary: msg`even while lamps are lit; they keep their level meanwhile` } as const;

/** The release installed with the system. */
const PACKAGE = 'package';

/** Common parts of the commands that change the program. */
const changing = {
  role: 'admin' as const,
  group: 'Agent:' as const,
  render: ({ text }: UpdateAnswer, page: Page) => paragraph(text, page).join('\n'),
  succeeded: ({ isDone }: UpdateAnswer) => isDone,
};
const auditOf = ({ isDone, text }: UpdateAnswer) => ({ isDone, text: String(text) });

const install: LocalCommand = {
  kind: 'local',
  name: 'update install',
  role: 'admin',
  hasSocket: true,
  group: 'Agent:',
  summary: msg`another release from a signed file, on trial first`,
  arguments: [{ name: 'file', summary: msg`the update file`, required: true, file: 'read' }],
  options: [FORCE, JSON_OPTION],
  examples: ['luciole update install luciole_0.2.0_arm64.update', 'luciole update install luciole_0.2.0_arm64.update --force'],
};

const status = agentCommand<object, UpdateView>({
  name: 'update status',
  role: 'viewer',
  group: 'Agent:',
  summary: msg`the release that runs, its trial, the release before`,
  examples: ['luciole update status', 'luciole update status --json'],
  answer: (view) => updatesOf(view).status(),
  render: async (view, page) => renderUpdates(view, page),
});

const revert = agentCommand<{ isForced: boolean }, UpdateAnswer>({
  ...changing,
  name: 'update revert',
  summary: msg`back to the release before`,
  options: [FORCE],
  examples: ['luciole update revert', 'luciole update revert --force'],
  timeoutMs: INSTALL_TIMEOUT_MS,
  read: (args) => ({ isForced: args['force'] === true }),
  answer: (view, request) => updatesOf(view).revert(request),
  audit: auditOf,
});

/**
 * `update put`: stores the next part of an update file, which arrives in base64. A part at byte 0 starts a new file. Another part must
 * begin where the stored file ends.
 */
export const put = agentCommand<{ atByte: number; ofBytes: number; data: Buffer }, UpdateAnswer>({
  ...changing,
  name: 'update put',
  summary: msg`a part of an update file`,
  isHidden: true,
  arguments: [
    { name: 'at', summary: msg`bytes before it`, required: true },
    { name: 'of', summary: msg`bytes of the file`, required: true },
    { name: 'data', summary: msg`base64`, required: true, isContent: true },
  ],
  read: (args) => ({
    atByte: bytesArg(textArg(args, 'at')),
    ofBytes: bytesArg(textArg(args, 'of')),
    data: Buffer.from(textArg(args, 'data'), 'base64'),
  }),
  answer: (view, part) => updatesOf(view).put(part),
});

/**
 * `update apply`: checks and unpacks the update file that `update put` stored. On success its release is installed on trial, and the agent
 * restarts.
 */
export const apply = agentCommand<{ isForced: boolean }, UpdateAnswer>({
  ...changing,
  name: 'update apply',
  summary: msg`check, unpack and start what was put`,
  isHidden: true,
  options: [
    FORCE,
    { name: 'file', value: 'NAME', summary: msg`of the file that was put, for the audit log` },
    { name: 'bytes', value: 'N', summary: msg`its size, for the audit log` },
    { name: 'sha256', value: 'HEX', summary: msg`of all of it, for the audit log` },
  ],
  timeoutMs: INSTALL_TIMEOUT_MS,
  read: (args) => ({ isForced: args['force'] === true }),
  answer: (view, request) => updatesOf(view).install(request),
  audit: auditOf,
});

/** The `update` commands, with the hidden ones that `update install` sends. */
export const UPDATE_COMMANDS: readonly ConsoleCommand[] = [install, status, revert, put, apply];

function updatesOf(view: AgentView): NonNullable<AgentView['updates']> {
  if (view.updates === null) throw new ConsoleError('failed', msg`started this way, the agent accepts no updates`);
  return view.updates;
}

function bytesArg(text: string): number {
  const bytes = /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(bytes)) throw new ConsoleError('usage', msg`bad number of bytes "${text}"`);
  return bytes;
}

function renderUpdates(view: UpdateView, page: Page): string {
  const { version, release, state, previous, serial, failed, keys, obstacle } = view;
  const line = (label: Message, text: Message): string[] => labelled(label, text, page);
  const runs = release === PACKAGE ? msg`luciole ${version}, as installed with the system` : msg`luciole ${version}, release ${release}`;
  return [
    ...line(msg`Runs`, state === 'trial' ? msg`${runs}, on trial` : runs),
    ...line(msg`Before`, beforeText(previous)),
    ...(failed === null ? [] : line(msg`Failed`, msg`release ${failed} did not start and was reverted`)),
    ...line(
      msg`Accepts`,
      keys.length === 0 ? msg`no release: no update key is known` : msg`releases with a serial above ${serial}, signed by ${keys}`,
    ),
    ...(String(obstacle) === '' ? [] : line(msg`But`, obstacle)),
  ].join('\n');
}

function beforeText(previous: string | null): Message {
  if (previous === null) return msg`no release to go back to`;
  return previous === PACKAGE ? msg`the installed package` : msg`release ${previous}`;
}
