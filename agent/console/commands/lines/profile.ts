/**
 * `profile`: device types listed, shown, checked and tested.
 *
 * `profile-run.ts` does the work of the two that read a file.
 */
import type { Profile } from '../../../core/profile.ts';
import { type AgentView, type ConfigFilesView, type ProfileView, profileView } from '../../../core/views.ts';
import { agentCommand, type ConsoleCommand, type LocalCommand, textArg } from '../../command-spec.ts';
import { ConsoleError } from '../../console-error.ts';
import { JSON_OPTION, LOOK_TIMEOUT_MS } from '../common-words.ts';
import { findName } from '../find-name.ts';

const FILE = { name: 'file', summary: 'a profile, one YAML file a device type', required: true } as const;

/** What the agent uses, and behind it what its files have brought since it started. */
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
  if (found === undefined) throw new ConsoleError('unknown-name', `no profile ${id}`);
  return found;
}

const list = agentCommand({
  name: 'profile list',
  role: 'viewer',
  group: 'Lines:',
  summary: 'device types at hand, and who uses them',
  arguments: [],
  options: [JSON_OPTION],
  examples: ['luciole profile list', 'luciole profile list --json'],
  timeoutMs: LOOK_TIMEOUT_MS,
  read: () => ({}),
  answer: async (view): Promise<readonly ProfileView[]> => (await withPending(view)).profiles(),
  alone: (files) => files.profiles(),
  render: async (result, page) => (await import('./profile-list-page.ts')).renderProfiles(result, page),
});

const show = agentCommand({
  name: 'profile show',
  role: 'viewer',
  group: 'Lines:',
  summary: 'all that is known of a device type',
  arguments: [{ name: 'id', summary: 'as in the list', required: true, names: 'profile' }],
  options: [JSON_OPTION],
  examples: ['luciole profile show wirenboard-wb-led', 'luciole profile show eastron-sdm630 --json'],
  timeoutMs: LOOK_TIMEOUT_MS,
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
  summary: 'read a profile, run its examples, name all faults',
  arguments: [FILE],
  options: [{ name: 'json', value: null, summary: 'print what was found as JSON' }],
  examples: ['luciole profile check my-driver.yaml', 'luciole profile check my-driver.yaml --json'],
};

const test: LocalCommand = {
  kind: 'local',
  name: 'profile test',
  role: 'technician',
  hasSocket: true,
  group: 'Lines:',
  summary: 'read each point of a profile from a real unit',
  arguments: [FILE],
  options: [
    { name: 'line', value: 'LINE', summary: 'a line of the running cabinet', names: 'modbus-line' },
    { name: 'unit', value: 'UNIT', summary: 'the address of the unit, 1 to 247' },
    JSON_OPTION,
  ],
  examples: [
    'luciole profile test my-driver.yaml --line street --unit 7',
    'luciole profile test my-driver.yaml --line street --unit 0x07 --json',
  ],
};

/** In the order of the help. */
export const PROFILE_COMMANDS: readonly ConsoleCommand[] = [list, show, check, test];
