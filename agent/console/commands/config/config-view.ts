/** The `config` commands that only read: running revision, text, history, comparison, check. */

import { type Message, msg } from '../../../core/message.ts';
import type { ConfigAnswer, ConfigView, Revision } from '../../../core/revisions.ts';
import { listNames } from '../../../core/suggestions.ts';
import { agentCommand, numberArg, textArg } from '../../agent-command.ts';
import { ConsoleError } from '../../console-error.ts';
import { CHECK_TIMEOUT_MS, CONFIG_GROUP, configOf, fileName, isConfigDone, REVISION_NUMBERS } from './config-args.ts';

/** A file of a configuration, as lines; the last line is empty if the file ends with a line end. */
export interface ConfigText {
  /** `cabinet.yaml`, or `profiles/acme.yaml`. */
  readonly file: string;
  readonly lines: readonly string[];
  /** File names of the device types that come with this configuration, as `acme.yaml`. */
  readonly profiles: readonly string[];
}

/** `config`: answers with the running revision, its trial if it is on trial, and the candidates of all authors. */
export const CONFIG = agentCommand({
  name: 'config',
  role: 'viewer',
  group: CONFIG_GROUP,
  summary: msg`the configuration: what runs, what is on trial`,
  examples: ['luciole config', 'luciole config compare', 'luciole config commit --confirm 5 --comment "new lamp"'],
  answer: (view, _args, { source }): ConfigView => configOf(view).view(source),
  render: async (result, page) => (await import('./config-page.ts')).renderConfig(result, page),
});

const NO_CANDIDATE = msg`there is no candidate: begin one with \`luciole config set\` or \`luciole config load\``;

/**
 * `config show`: answers with the text of one file of the running configuration, the caller's candidate or a revision. Fails if that is
 * not kept or has no such file.
 */
export const CONFIG_SHOW = agentCommand({
  name: 'config show',
  role: 'viewer',
  group: CONFIG_GROUP,
  summary: msg`the text of what runs, or of a revision`,
  options: [
    { name: 'revision', value: 'N', summary: msg`an earlier one, as in \`luciole config history\`` },
    { name: 'candidate', value: null, summary: msg`the candidate` },
    { name: 'profile', value: 'NAME', summary: msg`a device type that comes with it, as acme.yaml` },
  ],
  examples: ['luciole config show', 'luciole config show --revision 7', 'luciole config show --candidate --profile acme.yaml'],
  read: (args) => ({
    of:
      args['candidate'] === true
        ? ('candidate' as const)
        : args['revision'] === undefined
          ? ('running' as const)
          : numberArg(args, 'revision', REVISION_NUMBERS),
    file: args['profile'] === undefined ? 'cabinet.yaml' : fileName(textArg(args, 'profile')),
  }),
  answer: async (view, { of, file }, { source }): Promise<ConfigText> => {
    const files = await configOf(view).files(of, source);
    if (files === undefined) throw new ConsoleError('failed', of === 'candidate' ? NO_CANDIDATE : notKept(of));
    const profiles = Object.keys(files.profiles);
    const text = file === 'cabinet.yaml' ? files.cabinet : files.profiles[file.slice('profiles/'.length)];
    if (text === undefined) throw new ConsoleError('failed', msg`no ${file} comes with it; there are: ${listNames(profiles)}`);
    return { file, lines: text.split('\n'), profiles };
  },
  render: async ({ lines }) => lines.join('\n').trimEnd(),
});

/** `config history`: answers with the revisions in the history, newest first. */
export const CONFIG_HISTORY = agentCommand({
  name: 'config history',
  role: 'viewer',
  group: CONFIG_GROUP,
  summary: msg`the revisions: when, by whom, why, and their end`,
  examples: ['luciole config history', 'luciole config history --json'],
  answer: (view): readonly Revision[] => configOf(view).history(),
  render: async (result, page) => (await import('./config-page.ts')).renderRevisions(result, page),
});

/**
 * `config compare`: answers with the values that differ between two revisions; by default between what runs and the caller's candidate.
 * The answer is a refusal if, for example, there is no candidate.
 */
export const CONFIG_COMPARE = agentCommand({
  name: 'config compare',
  role: 'viewer',
  group: CONFIG_GROUP,
  summary: msg`what the candidate would change`,
  options: [
    { name: 'from', value: 'N', summary: msg`a revision (default: what runs)` },
    { name: 'to', value: 'N', summary: msg`a revision (default: the candidate)` },
  ],
  examples: ['luciole config compare', 'luciole config compare --from 6 --to 8'],
  timeoutMs: CHECK_TIMEOUT_MS,
  read: (args) => ({
    from: args['from'] === undefined ? ('running' as const) : numberArg(args, 'from', REVISION_NUMBERS),
    to: args['to'] === undefined ? ('candidate' as const) : numberArg(args, 'to', REVISION_NUMBERS),
  }),
  answer: (view, { from, to }, { source }): Promise<ConfigAnswer> => configOf(view).compare(from, to, source),
  render: async (result, page) => (await import('./config-page.ts')).renderCompare(result, page),
  succeeded: isConfigDone,
});

/**
 * `config check`: checks the caller's candidate. The answer has warnings, the changed values and what a commit would affect. A refusal has
 * the problems in the files, or another reason.
 */
export const CONFIG_CHECK = agentCommand({
  name: 'config check',
  role: 'viewer',
  group: CONFIG_GROUP,
  summary: msg`name everything wrong in the candidate`,
  examples: ['luciole config check', 'luciole config check --json'],
  timeoutMs: CHECK_TIMEOUT_MS,
  answer: (view, _args, { source }): Promise<ConfigAnswer> => configOf(view).check(source),
  render: async (result, page) => (await import('./config-page.ts')).renderConfigCheck(result, page),
  succeeded: isConfigDone,
});

function notKept(of: number | 'running'): Message {
  return of === 'running' ? msg`the files of what runs are not kept` : msg`the files of revision ${of} are not kept`;
}
