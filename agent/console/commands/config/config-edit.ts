/** The `config` commands that change the candidate: set a value, load a file, discard changes. */
import { msg } from '../../../core/message.ts';
import type { ConfigAnswer, FilePart, ValueInForce } from '../../../core/revisions.ts';
import { agentCommand, JSON_OPTION, textArg } from '../../agent-command.ts';
import type { LocalCommand } from '../../command-spec.ts';
import { ConsoleError } from '../../console-error.ts';
import type { RawArgs } from '../../protocol/protocol.ts';
import { CONFIG_GROUP, configChange, configOf, isConfigDone } from './config-args.ts';

/**
 * `config set`: changes, adds or deletes one value of `cabinet.yaml` in the caller's candidate. Without a candidate it begins one with the
 * running files.
 */
export const CONFIG_SET = configChange({
  name: 'config set',
  summary: msg`change one value of the candidate`,
  arguments: [
    { name: 'path', summary: msg`as zones[rue].minPct, lines[0].serial.baud or lamps[+]`, required: true, names: 'place' },
    { name: 'value', summary: msg`YAML, as 15, "23:00" or "{ id: L13, ratedPowerW: 60 }"`, required: false, placeIn: 'path' },
  ],
  options: [{ name: 'delete', value: null, summary: msg`take it out` }],
  examples: [
    'luciole config set zones[rue].minPct 15',
    'luciole config set lamps[+] "{ id: L13, ratedPowerW: 60 }"',
    'luciole config set lamps[L12] --delete',
  ],
  read: (args) => {
    const isGone = args['delete'] === true;
    if (isGone === (args['value'] !== undefined)) throw new ConsoleError('usage', msg`give the value, or --delete to remove it`);
    return { path: textArg(args, 'path'), value: isGone ? null : textArg(args, 'value') };
  },
  answer: (view, { path, value }, { source }) => configOf(view).set(path, value, source),
  render: async (result, page) => (await import('./config-page.ts')).renderPut(result, page),
});

/** `config places`: answers with completions for a partly typed key of the running configuration; empty if there are none. */
export const CONFIG_PLACES = agentCommand({
  name: 'config places',
  role: 'viewer',
  group: CONFIG_GROUP,
  summary: msg`places of the configuration, for completion`,
  isHidden: true,
  // Sent with each TAB, so it is not an action of a person.
  isSelfNoted: true,
  arguments: [{ name: 'typed', summary: msg`as \`config set\` takes it`, required: false }],
  read: ({ typed = '' }) => ({ typed: String(typed) }),
  answer: ({ config }, { typed }): readonly string[] => config?.paths(typed) ?? [],
  render: async (result) => JSON.stringify(result),
});

/**
 * `config in-force`: answers with the value at a path of the running configuration, also a default value, for display. Null if there is
 * none or it is null, or if this run accepts no other configuration.
 */
export const CONFIG_IN_FORCE = agentCommand({
  name: 'config in-force',
  role: 'viewer',
  group: CONFIG_GROUP,
  summary: msg`the value in force at a place of the configuration, for help`,
  isHidden: true,
  // Sent with each `?`, so it is not an action of a person.
  isSelfNoted: true,
  arguments: [{ name: 'path', summary: msg`as \`config set\` takes it`, required: true }],
  read: (args) => textArg(args, 'path'),
  answer: ({ config }, path): ValueInForce | null => config?.inForce(path) ?? null,
  render: async (result) => JSON.stringify(result),
});

/**
 * `config put`: takes one part of a file for the caller's candidate, in base64. The candidate changes only once the parts are complete and
 * their SHA-256 is right.
 */
export const CONFIG_PUT = agentCommand({
  name: 'config put',
  role: 'technician',
  group: CONFIG_GROUP,
  summary: msg`a part of a file for the candidate`,
  isHidden: true,
  options: ['file', 'part', 'sha256', 'data'].map((name) => ({
    ...{ name, value: 'TEXT', summary: msg`as \`config load\` sends it` },
    ...(name === 'data' ? { isContent: true } : {}),
  })),
  read: readPart,
  answer: (view, part, { source }): Promise<ConfigAnswer> => configOf(view).putPart(part, source),
  render: async (result) => JSON.stringify(result),
  succeeded: isConfigDone,
});

/** `config load`: puts a file into the caller's candidate. Only its name, arguments and options are here; `loadConfigFile` runs it. */
export const CONFIG_LOAD: LocalCommand = {
  kind: 'local',
  name: 'config load',
  role: 'technician',
  hasSocket: true,
  group: CONFIG_GROUP,
  summary: msg`put a file into the candidate`,
  arguments: [{ name: 'file', summary: msg`the file here; - is what is pasted, or the input up to its end`, required: true, file: 'read' }],
  options: [
    { name: 'profile', value: 'NAME', summary: msg`it is a device type, kept as acme.yaml` },
    { name: 'framed', value: null, summary: msg`it is in the form of \`config export --paste\`, and checked as a whole` },
    { name: 'signature', value: 'FILE', summary: msg`on the whole candidate, from config sign`, file: 'read' },
    JSON_OPTION,
  ],
  examples: ['luciole config load cabinet.yaml', 'luciole config load -', 'luciole config load my-meter.yaml --profile my-meter.yaml'],
};

/**
 * `config export`: prints a file of the running configuration, of a revision or of the candidate. Only its name, arguments and options are
 * here; `exportConfig` runs it.
 */
export const CONFIG_EXPORT: LocalCommand = {
  kind: 'local',
  name: 'config export',
  role: 'viewer',
  hasSocket: true,
  group: CONFIG_GROUP,
  summary: msg`the exact text, for a file or to paste back`,
  arguments: [],
  options: [
    { name: 'revision', value: 'N', summary: msg`an earlier one` },
    { name: 'candidate', value: null, summary: msg`the candidate` },
    { name: 'profile', value: 'NAME', summary: msg`a device type that comes with it` },
    { name: 'paste', value: null, summary: msg`as a command that pastes it back` },
    JSON_OPTION,
  ],
  examples: ['luciole config export > cabinet.yaml', 'luciole config export --paste', 'luciole config export --revision 7'],
};

/** `config take`: begins the caller's candidate as a copy of another author's. Refused, for example, if the caller already has one. */
export const CONFIG_TAKE = configChange({
  name: 'config take',
  summary: msg`copy another author's candidate into yours`,
  arguments: [{ name: 'author', summary: msg`as \`config\` names it, platform or console:marie`, required: true }],
  examples: ['luciole config take platform', 'luciole config take console:marie'],
  read: (args) => ({ author: textArg(args, 'author') }),
  answer: (view, { author }, { source }) => configOf(view).take(author, source),
  render: async (result, page) => (await import('./config-page.ts')).renderPut(result, page),
});

/** `config discard`: deletes the caller's candidate; refused, for example, if there is none. What runs is unchanged. */
export const CONFIG_DISCARD = configChange({
  name: 'config discard',
  summary: msg`throw the candidate away`,
  examples: ['luciole config discard', 'luciole config discard --json'],
  answer: (view, _args, { source }) => configOf(view).discard(source),
  render: async (result, page) => (await import('./config-page.ts')).renderDiscarded(result, page),
});

/** Errors: throws ConsoleError 'usage'. */
function readPart(args: RawArgs): FilePart {
  const [, part, parts] = /^(\d{1,4})\/(\d{1,4})$/.exec(textArg(args, 'part')) ?? [];
  if (part === undefined || parts === undefined) throw new ConsoleError('usage', msg`bad part: write it as 1/3`);
  const data = typeof args['data'] === 'string' ? args['data'] : '';
  return {
    file: textArg(args, 'file'),
    part: Number(part),
    parts: Number(parts),
    sha256: textArg(args, 'sha256'),
    data: Buffer.from(data, 'base64'),
  };
}
