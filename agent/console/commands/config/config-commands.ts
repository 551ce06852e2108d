/**
 * The rows of the command table about the configuration: look, change a candidate, try it, keep it or take it back.
 *
 * Owns these rows; the desk of revisions does the work, `config-files.ts` that of the two that read or write a file.
 * Renderers are loaded only where one is shown. Called by the command table.
 */
import type { ConfigAnswer, ConfigDesk, ConfigView, Revision } from '../../../core/revisions.ts';
import type { AgentView } from '../../../core/views.ts';
import { agentCommand, type Command, type LocalCommand, textArg } from '../../command-spec.ts';
import { ConsoleError } from '../../console-error.ts';
import { ACT_TIMEOUT_MS, JSON_OPTION, LOOK_TIMEOUT_MS } from '../common-words.ts';
import { numberArg } from '../lines/bus-args.ts';
import { commitRequest, fileName, NUMBERS, readComment, readCommit, readPart } from './config-args.ts';

/** A check compares a year of nights, which takes a slow gateway a minute. Units: ms. Source: the agent gives a check up after 110 s. */
const CHECK_TIMEOUT_MS = 125_000;
/** The check, then the new configuration until it runs. Units: ms. */
const COMMIT_TIMEOUT_MS = CHECK_TIMEOUT_MS + ACT_TIMEOUT_MS;
const GROUP = 'Agent:';
const COMMENT = { name: 'comment', value: 'TEXT', summary: 'why, for the history' } as const;
const CONFIRM = {
  name: 'confirm',
  value: 'MINUTES',
  summary: 'keep it only when `config confirm` comes within so many, 1 to 168',
} as const;
const LOWER_FLOOR = { name: 'lower-floor', value: null, summary: 'as an admin: it may give less light than the file of the site' } as const;

/** A file of a configuration, line by line. */
export interface ConfigText {
  readonly file: string;
  readonly lines: readonly string[];
  /** Device types that come with it. */
  readonly profiles: readonly string[];
}

/** Also asked by a session that is lost. */
export const CONFIG = agentCommand({
  name: 'config',
  role: 'viewer',
  group: GROUP,
  summary: 'the configuration: what runs, what is on trial',
  arguments: [],
  options: [JSON_OPTION],
  examples: ['luciole config', 'luciole config compare', 'luciole config commit --confirm 5 --comment "new lamp"'],
  timeoutMs: LOOK_TIMEOUT_MS,
  read: () => ({}),
  answer: (view): ConfigView => deskOf(view).view(),
  render: async (result, page) => (await import('./config-page.ts')).renderConfig(result, page),
});

/** Also asked by `config export`. */
export const CONFIG_SHOW = agentCommand({
  name: 'config show',
  isVerbatim: true,
  role: 'viewer',
  group: GROUP,
  summary: 'the text of what runs, or of a revision',
  arguments: [],
  options: [
    { name: 'revision', value: 'N', summary: 'an earlier one, as in `luciole config history`' },
    { name: 'candidate', value: null, summary: 'the candidate' },
    { name: 'profile', value: 'NAME', summary: 'a device type that comes with it, as acme.yaml' },
    JSON_OPTION,
  ],
  examples: ['luciole config show', 'luciole config show --revision 7', 'luciole config show --candidate --profile acme.yaml'],
  timeoutMs: LOOK_TIMEOUT_MS,
  read: (args) => ({
    of:
      args['candidate'] === true
        ? ('candidate' as const)
        : args['revision'] === undefined
          ? ('running' as const)
          : numberArg(args, 'revision', NUMBERS),
    file: args['profile'] === undefined ? 'cabinet.yaml' : fileName(textArg(args, 'profile')),
  }),
  answer: async (view, { of, file }): Promise<ConfigText> => {
    const files = await deskOf(view).files(of);
    if (files === undefined)
      throw new ConsoleError('failed', of === 'candidate' ? NO_CANDIDATE : `the files of ${nameOf(of)} are not kept`);
    const profiles = Object.keys(files.profiles);
    const text = file === 'cabinet.yaml' ? files.cabinet : files.profiles[file.slice('profiles/'.length)];
    if (text === undefined) throw new ConsoleError('failed', `no ${file} comes with it; there are: ${profiles.join(', ') || 'none'}`);
    return { file, lines: text.split('\n'), profiles };
  },
  render: async ({ lines }) => lines.join('\n').trimEnd(),
});

const NO_CANDIDATE = 'there is no candidate: begin one with `luciole config set` or `luciole config load`';

const history = agentCommand({
  name: 'config history',
  role: 'viewer',
  group: GROUP,
  summary: 'the revisions: when, by whom, why, and their end',
  arguments: [],
  options: [JSON_OPTION],
  examples: ['luciole config history', 'luciole config history --json'],
  timeoutMs: LOOK_TIMEOUT_MS,
  read: () => ({}),
  answer: (view): readonly Revision[] => deskOf(view).history(),
  render: async (result, page) => (await import('./config-page.ts')).renderHistory(result, page),
});

const set = agentCommand({
  name: 'config set',
  role: 'technician',
  group: GROUP,
  summary: 'change one value of the candidate',
  arguments: [
    { name: 'path', summary: 'as zones[rue].minPct, lines[0].serial.baud or lamps[+]', required: true, names: 'place' },
    { name: 'value', summary: 'YAML, as 15, "23:00" or "{ id: L13, ratedPowerW: 60 }"', required: false, placeIn: 'path' },
  ],
  options: [{ name: 'delete', value: null, summary: 'take it out' }, JSON_OPTION],
  examples: [
    'luciole config set zones[rue].minPct 15',
    'luciole config set lamps[+] "{ id: L13, ratedPowerW: 60 }"',
    'luciole config set lamps[L12] --delete',
  ],
  timeoutMs: LOOK_TIMEOUT_MS,
  read: (args) => {
    const isGone = args['delete'] === true;
    if (isGone === (args['value'] !== undefined)) throw new ConsoleError('usage', 'say the value, or --delete to take it out');
    return { path: textArg(args, 'path'), value: isGone ? null : textArg(args, 'value') };
  },
  answer: (view, { path, value }, { source }): Promise<ConfigAnswer> => deskOf(view).set(path, value, source),
  render: async (result, page) => (await import('./config-page.ts')).renderPut(result, page),
  succeeded,
  audit,
});

/** How a place goes on, asked by a session while it is typed. */
export const CONFIG_PLACES = agentCommand({
  name: 'config places',
  role: 'viewer',
  group: GROUP,
  summary: 'places of the configuration, for completion',
  isHidden: true,
  // Asked with each TAB: it says nothing of what a person did.
  isSelfNoted: true,
  arguments: [{ name: 'typed', summary: 'as `config set` takes it', required: false }],
  options: [],
  examples: [],
  timeoutMs: LOOK_TIMEOUT_MS,
  read: ({ typed = '' }) => ({ typed: String(typed) }),
  answer: ({ config }, { typed }): readonly string[] => config?.paths(typed) ?? [],
  render: async (result) => JSON.stringify(result),
});

/** A part of a file, asked by `config load`. */
export const CONFIG_PUT = agentCommand({
  name: 'config put',
  role: 'technician',
  group: GROUP,
  summary: 'a part of a file for the candidate',
  isHidden: true,
  arguments: [],
  options: ['file', 'part', 'sha256', 'data'].map((name) => ({ name, value: 'TEXT', summary: 'as `config load` sends it' })),
  examples: [],
  timeoutMs: LOOK_TIMEOUT_MS,
  read: readPart,
  answer: (view, part, { source }): Promise<ConfigAnswer> => deskOf(view).putPart(part, source),
  render: async (result) => JSON.stringify(result),
  succeeded,
});

const load: LocalCommand = {
  kind: 'local',
  name: 'config load',
  role: 'technician',
  hasSocket: true,
  group: GROUP,
  summary: 'put a file into the candidate',
  arguments: [{ name: 'file', summary: 'the file here; - is what is pasted, or the input up to its end', required: true }],
  options: [
    { name: 'profile', value: 'NAME', summary: 'it is a device type, kept as acme.yaml' },
    { name: 'framed', value: null, summary: 'it is in the form of `config export --paste`, and checked as a whole' },
    { name: 'signature', value: 'FILE', summary: 'on the whole candidate, from config sign' },
    JSON_OPTION,
  ],
  examples: ['luciole config load cabinet.yaml', 'luciole config load -', 'luciole config load my-meter.yaml --profile my-meter.yaml'],
};

const exported: LocalCommand = {
  kind: 'local',
  name: 'config export',
  isVerbatim: true,
  role: 'viewer',
  hasSocket: true,
  group: GROUP,
  summary: 'the exact text, for a file or to paste back',
  arguments: [],
  options: [
    { name: 'revision', value: 'N', summary: 'an earlier one' },
    { name: 'candidate', value: null, summary: 'the candidate' },
    { name: 'profile', value: 'NAME', summary: 'a device type that comes with it' },
    { name: 'paste', value: null, summary: 'as a command that pastes it back' },
    JSON_OPTION,
  ],
  examples: ['luciole config export > cabinet.yaml', 'luciole config export --paste', 'luciole config export --revision 7'],
};

const compare = agentCommand({
  name: 'config compare',
  role: 'viewer',
  group: GROUP,
  summary: 'what the candidate would change',
  arguments: [],
  options: [
    { name: 'from', value: 'N', summary: 'a revision (default: what runs)' },
    { name: 'to', value: 'N', summary: 'a revision (default: the candidate)' },
    JSON_OPTION,
  ],
  examples: ['luciole config compare', 'luciole config compare --from 6 --to 8'],
  timeoutMs: CHECK_TIMEOUT_MS,
  read: (args) => ({
    from: args['from'] === undefined ? ('running' as const) : numberArg(args, 'from', NUMBERS),
    to: args['to'] === undefined ? ('candidate' as const) : numberArg(args, 'to', NUMBERS),
  }),
  answer: (view, { from, to }): Promise<ConfigAnswer> => deskOf(view).compare(from, to),
  render: async (result, page) => (await import('./config-page.ts')).renderCompare(result, page),
  succeeded,
});

const check = agentCommand({
  name: 'config check',
  role: 'viewer',
  group: GROUP,
  summary: 'name everything wrong in the candidate',
  arguments: [],
  options: [JSON_OPTION],
  examples: ['luciole config check', 'luciole config check --json'],
  timeoutMs: CHECK_TIMEOUT_MS,
  read: () => ({}),
  answer: (view): Promise<ConfigAnswer> => deskOf(view).check(),
  render: async (result, page) => (await import('./config-page.ts')).renderCheck(result, page),
  succeeded,
});

const commit = agentCommand({
  name: 'config commit',
  role: 'technician',
  group: GROUP,
  summary: 'run by the candidate, on trial until all is well',
  arguments: [],
  options: [CONFIRM, COMMENT, LOWER_FLOOR, JSON_OPTION],
  examples: ['luciole config commit --comment "brighter at the school"', 'luciole config commit --confirm 5 --comment "north at 19200"'],
  timeoutMs: COMMIT_TIMEOUT_MS,
  read: readCommit,
  answer: (view, args, job): Promise<ConfigAnswer> => deskOf(view).commit(commitRequest(args, job)),
  render: async (result, page, args) => (await import('./config-page.ts')).renderCommit(result, page, args),
  succeeded,
  audit,
});

const rollback = agentCommand({
  name: 'config rollback',
  role: 'technician',
  group: GROUP,
  summary: 'run by an earlier revision again, on trial',
  arguments: [{ name: 'number', summary: 'as in `luciole config history`', required: true }],
  options: [CONFIRM, COMMENT, LOWER_FLOOR, JSON_OPTION],
  examples: ['luciole config rollback 7', 'luciole config rollback 7 --confirm 5 --comment "as last week"'],
  timeoutMs: COMMIT_TIMEOUT_MS,
  read: (args) => ({ ...readCommit(args), number: numberArg(args, 'number', NUMBERS) }),
  answer: (view, { number, ...args }, job): Promise<ConfigAnswer> => deskOf(view).rollback(number, commitRequest(args, job)),
  render: async (result, page, args) => (await import('./config-page.ts')).renderCommit(result, page, args),
  succeeded,
  audit,
});

const confirm = agentCommand({
  name: 'config confirm',
  role: 'technician',
  group: GROUP,
  summary: 'keep the revision that is on trial',
  arguments: [],
  options: [JSON_OPTION],
  examples: ['luciole config confirm', 'luciole config confirm --json'],
  timeoutMs: ACT_TIMEOUT_MS,
  read: () => ({}),
  answer: (view, _args, { source }): Promise<ConfigAnswer> => deskOf(view).confirm(source),
  render: async (result, page) => (await import('./config-page.ts')).renderKept(result, page),
  succeeded,
  audit,
});

/** Also asked by a session that is lost while what it has committed is on trial. */
export const CONFIG_RETURN = agentCommand({
  name: 'config return',
  role: 'technician',
  group: GROUP,
  summary: 'take the revision on trial back at once',
  arguments: [],
  options: [{ name: 'revision', value: 'N', summary: 'only where this one is on trial' }, COMMENT, JSON_OPTION],
  examples: ['luciole config return', 'luciole config return --comment "wrong street"'],
  timeoutMs: ACT_TIMEOUT_MS,
  read: (args) => ({ why: readComment(args), number: args['revision'] === undefined ? undefined : numberArg(args, 'revision', NUMBERS) }),
  answer: (view, { why, number }, { source }): Promise<ConfigAnswer> => deskOf(view).giveBack(source, why, number),
  render: async (result, page) => (await import('./config-page.ts')).renderReturned(result, page),
  succeeded,
  audit,
});

const discard = agentCommand({
  name: 'config discard',
  role: 'technician',
  group: GROUP,
  summary: 'throw the candidate away',
  arguments: [],
  options: [JSON_OPTION],
  examples: ['luciole config discard', 'luciole config discard --json'],
  timeoutMs: LOOK_TIMEOUT_MS,
  read: () => ({}),
  answer: (view, _args, { source }): Promise<ConfigAnswer> => deskOf(view).discard(source),
  render: async (result, page) => (await import('./config-page.ts')).renderDiscarded(result, page),
  succeeded,
  audit,
});

/** Errors: throws ConsoleError 'failed' where this run takes no other configuration. */
function deskOf({ config: desk }: AgentView): ConfigDesk {
  if (desk === null) throw new ConsoleError('failed', 'this run of the agent takes no other configuration (safe mode, or a rehearsal)');
  return desk;
}

function nameOf(of: number | 'running'): string {
  return of === 'running' ? 'what runs' : `revision ${of}`;
}

function succeeded({ state }: ConfigAnswer): boolean {
  return state === 'done';
}

function audit({ state, reason, revision }: ConfigAnswer): Readonly<Record<string, unknown>> {
  return { state, reason, revision };
}

/** In the order of the help. */
export const CONFIG_COMMANDS: readonly Command[] = [
  CONFIG,
  CONFIG_SHOW,
  history,
  set,
  CONFIG_PLACES,
  CONFIG_PUT,
  load,
  exported,
  compare,
  check,
  commit,
  confirm,
  CONFIG_RETURN,
  rollback,
  discard,
];
