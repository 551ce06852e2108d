/**
 * `user hash` and `user sign`: create and sign the list of users that the platform sends.
 *
 * `user-list-run.ts` implements them. They need no agent and run on the computer of the technician or signer.
 */
import { msg } from '../../../core/message.ts';
import { JSON_OPTION } from '../../agent-command.ts';
import type { LocalCommand } from '../../command-spec.ts';

const COMMANDS: readonly Omit<LocalCommand, 'kind' | 'hasSocket' | 'group'>[] = [
  {
    name: 'user hash',
    role: 'viewer',
    summary: msg`a line for the list of users, with a password`,
    arguments: [{ name: 'name', summary: msg`the user, in small letters`, required: true }],
    options: [
      { name: 'role', value: 'ROLE', summary: msg`viewer, technician or admin (default: technician)` },
      { name: 'until', value: 'DATE', summary: msg`the last day, as 2027-06-30` },
      JSON_OPTION,
    ],
    examples: ['luciole user hash marie --until 2027-06-30', 'luciole user hash luc --role viewer --until 2027-01-31'],
  },
  {
    name: 'user sign',
    role: 'admin',
    summary: msg`sign a list of users for the platform to send`,
    arguments: [{ name: 'file', summary: msg`the list: its first line, then one line of user hash for each person`, required: true }],
    options: [
      { name: 'key', value: 'FILE', summary: msg`the private key, from config keygen or openssl (PEM, Ed25519)` },
      { name: 'cabinet', value: 'ID', summary: msg`where it counts; '*' for every cabinet`, repeats: true },
      { name: 'valid', value: 'DURATION', summary: msg`until when a cabinet may take it, 1h to 366d (default: 30d)` },
      { name: 'out', value: 'FILE', summary: msg`where the signed list goes (default: the file with .signed behind it)` },
      JSON_OPTION,
    ],
    examples: [
      'luciole user sign people.list --key office.key --cabinet angers-0042',
      'luciole user sign a.list --key o.key --cabinet a-1 --valid 7d',
    ],
  },
];

/** Name, arguments and options of `user hash` and `user sign`, in the order of the help. */
export const USER_LIST_COMMANDS: readonly LocalCommand[] = COMMANDS.map((command) => ({
  ...{ kind: 'local', hasSocket: false, group: 'Access:' },
  ...command,
}));
