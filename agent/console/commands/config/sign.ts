/**
 * `config keygen`, `config sign` and `config verify`: create a key pair, sign a revision, check a signature.
 *
 * `sign-run.ts` implements them. They need no agent and run on the computer of the person who approves a change.
 */
import { msg } from '../../../core/message.ts';
import { JSON_OPTION } from '../../agent-command.ts';
import type { LocalCommand } from '../../command-spec.ts';

const PROFILE = {
  name: 'profile',
  value: 'FILE',
  summary: msg`a device type that goes with it; all of them are signed`,
  repeats: true,
} as const;

const COMMANDS: readonly Omit<LocalCommand, 'kind' | 'hasSocket' | 'group'>[] = [
  {
    name: 'config keygen',
    role: 'admin',
    summary: msg`a new key pair to sign revisions with`,
    arguments: [{ name: 'file', summary: msg`where the private key goes; a file that exists is never replaced`, required: true }],
    options: [{ name: 'passphrase', value: null, summary: msg`ask for a passphrase and encrypt the private key with it` }, JSON_OPTION],
    examples: ['luciole config keygen office.key', 'luciole config keygen office.key --passphrase'],
  },
  {
    name: 'config sign',
    role: 'admin',
    summary: msg`approve a file as a revision, offline, for a time`,
    arguments: [{ name: 'file', summary: msg`the cabinet file exactly as it will be sent`, required: true }],
    options: [
      { name: 'key', value: 'FILE', summary: msg`the private key, from config keygen or openssl (PEM, Ed25519)` },
      { name: 'cabinet', value: 'ID', summary: msg`where it may be applied; '*' for every cabinet`, repeats: true },
      { name: 'valid', value: 'DURATION', summary: msg`until when it may be applied, 1h to 366d (default: 30d)` },
      PROFILE,
      { name: 'out', value: 'FILE', summary: msg`where the signature goes (default: the file with .sig behind it)` },
      JSON_OPTION,
    ],
    examples: [
      'luciole config sign cabinet.yaml --key office.key --cabinet angers-0042',
      'luciole config sign a.yaml --key office.key --cabinet a-1 --valid 7d',
    ],
  },
  {
    name: 'config verify',
    role: 'viewer',
    summary: msg`check a signature on a file as a cabinet would`,
    arguments: [{ name: 'file', summary: msg`the cabinet file`, required: true }],
    options: [
      { name: 'key', value: 'KEY', summary: msg`a public key: as in trust.revisionKeys, or a PEM file`, repeats: true },
      { name: 'signature', value: 'FILE', summary: msg`the signature (default: the file with .sig behind it)` },
      { name: 'cabinet', value: 'ID', summary: msg`for this cabinet (default: the first that it names)` },
      PROFILE,
      JSON_OPTION,
    ],
    examples: ['luciole config verify cabinet.yaml --key office.pub', 'luciole config verify a.yaml --key office.pub --cabinet a-1'],
  },
];

/** Name, arguments and options of `config keygen`, `config sign` and `config verify`. */
export const SIGNING_COMMANDS: readonly LocalCommand[] = COMMANDS.map((command) => ({
  ...{ kind: 'local', hasSocket: false, group: 'Agent:' },
  ...command,
}));
