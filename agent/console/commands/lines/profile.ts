/** `profile`: lists, shows, checks and tests device types. `profile-trial.ts` implements the two that read a file. */

import { count } from '../../../core/counts.ts';
import { msg, type Said } from '../../../core/message.ts';
import type { Profile } from '../../../core/profile.ts';
import type { AgentView, ConfigFilesView, ProfileView } from '../../../core/views.ts';
import { profileView } from '../../../core/views.ts';
import { agentCommand, JSON_OPTION, textArg } from '../../agent-command.ts';
import type { ConsoleCommand, LocalCommand } from '../../command-spec.ts';
import { ConsoleError } from '../../console-error.ts';
import { NOTHING, type Page, translated } from '../../text/page.ts';
import { wordOf } from '../../text/state-words.ts';
import { labelled } from '../../text/text-lines.ts';
import { tableLines } from '../../text/text-table.ts';
import { findName } from '../find-name.ts';

const FILE = { name: 'file', summary: msg`a profile, one YAML file a device type`, required: true, file: 'read' } as const;

/** Returns the profiles in use, then those added to the files since the agent started. */
async function withPending(view: AgentView): Promise<ConfigFilesView> {
  const pending = (await view.bus.pendingProfiles?.()) ?? [];
  const stateOf = (id: string): Pending => {
    const found = pending.find(({ profile }) => profile.id === id);
    return found === undefined ? {} : { pending: found.state };
  };
  const news = pending.filter(({ state }) => state === 'new').map(({ profile }) => profile);
  return {
    profiles: () =>
      [...view.profiles(), ...news.map((each) => profileView(each, { lines: [] }))].map((each) => ({ ...each, ...stateOf(each.id) })),
    profile: (id) => {
      const found = view.profile(id) ?? news.find((each) => each.id === id);
      return found === undefined ? undefined : { ...found, ...stateOf(id) };
    },
  };
}

type Pending = Pick<ProfileView, 'pending'>;

function findProfile(files: ConfigFilesView, args: { readonly id: string }): Profile & Pending {
  const ids = files.profiles().map(({ id }) => id);
  const id = findName(args.id, ids, { noun: 'profile', listedBy: 'luciole profile list' });
  const found = files.profile(id);
  if (found === undefined) throw new ConsoleError('unknown-name', msg`no profile ${id}`);
  return found;
}

const list = agentCommand({
  name: 'profile list',
  role: 'viewer',
  group: 'Lines:',
  summary: msg`device types at hand, and who uses them`,
  examples: ['luciole profile list', 'luciole profile list --json'],
  answer: async (view): Promise<readonly ProfileView[]> => (await withPending(view)).profiles(),
  alone: (files) => files.profiles(),
  render: renderProfiles,
});

const show = agentCommand({
  name: 'profile show',
  role: 'viewer',
  group: 'Lines:',
  summary: msg`all that is known of a device type`,
  arguments: [{ name: 'id', summary: msg`as in the list`, required: true, names: 'profile' }],
  examples: ['luciole profile show wirenboard-wb-led', 'luciole profile show eastron-sdm630 --json'],
  read: (args) => ({ id: textArg(args, 'id') }),
  answer: async (view, args) => findProfile(await withPending(view), args),
  alone: findProfile,
  render: async (result, page) => (await import('./profile-show-page.ts')).renderProfile(result, page),
});

const check: LocalCommand = {
  kind: 'local',
  name: 'profile check',
  role: 'viewer',
  hasSocket: false,
  group: 'Lines:',
  summary: msg`read a profile, run its examples, name all faults`,
  arguments: [FILE],
  options: [{ name: 'json', value: null, summary: msg`print what was found as JSON` }],
  examples: ['luciole profile check my-driver.yaml', 'luciole profile check my-driver.yaml --json'],
};

const test: LocalCommand = {
  kind: 'local',
  name: 'profile test',
  role: 'technician',
  hasSocket: true,
  group: 'Lines:',
  summary: msg`read each point of a profile from a real unit`,
  arguments: [FILE],
  options: [
    { name: 'line', value: 'LINE', summary: msg`a line of the running cabinet`, names: 'modbus-line' },
    { name: 'unit', value: 'UNIT', summary: msg`the address of the unit, 1 to 247` },
    JSON_OPTION,
  ],
  examples: [
    'luciole profile test my-driver.yaml --line street --unit 7',
    'luciole profile test my-driver.yaml --line street --unit 0x07 --json',
  ],
};

/**
 * The `profile` commands: `check` and `test` read a profile file. `list` and `show` give the available profiles, shipped and of the site;
 * also new ones that the agent will use from its next start.
 */
export const PROFILE_COMMANDS: readonly ConsoleCommand[] = [list, show, check, test];

/** Devices named in a row; more are counted. */
const MAX_USERS = 2;

/**
 * Renders `profile list`: a table of the device types by kind and id, with the devices that use them. Below it their number, and those that
 * the agent will use from its next start.
 */
export function renderProfiles(profiles: readonly ProfileView[], page: Page): string {
  if (profiles.length === 0) return translated(msg`no profiles: check that the agent is installed completely`, page);
  const sorted = [...profiles].sort((a, b) => a.category.localeCompare(b.category) || a.id.localeCompare(b.id));
  const rows = sorted.map((profile) => [
    profile.id,
    wordOf(profile.category),
    profile.transport,
    String(profile.points),
    `${profile.trust}${profile.experimental === null ? '' : ' !'}`,
    usersOf(profile),
  ]);
  const columns = [
    { title: msg`Profile`, maxCols: 28 },
    { title: msg`Kind` },
    { title: msg`Link` },
    { title: msg`Points`, align: 'right' },
    { title: msg`Trust` },
    { title: msg`Used by`, maxCols: 16 },
  ] as const;
  const waiting = sorted.flatMap(({ id, pending }) => {
    if (pending === undefined) return [];
    return pending === 'new' ? [msg`${id} (new)`] : [msg`${id} (changed)`];
  });
  const next = waiting.length === 0 ? [] : labelled(msg`Waiting`, msg`for the next start of the agent: ${waiting}`, page);
  const doubtful = profiles.filter(({ experimental }) => experimental !== null).length;
  const all = count(profiles.length, 'profile');
  const sum = doubtful === 0 ? all : msg`${all}, ${doubtful} experimental (!)`;
  return [...tableLines(columns, rows, page), '', translated(sum, page), ...next].join('\n');
}

function usersOf({ usedBy, pending }: ProfileView): Said {
  if (pending === 'new') return msg`next start`;
  if (usedBy.length === 0) return NOTHING;
  return usedBy.length <= MAX_USERS ? usedBy.join(' ') : count(usedBy.length, 'device');
}
