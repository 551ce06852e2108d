/** The words of an audit entry about a command: its arguments without secrets, and the result of a refusal. */
import { createHash } from 'node:crypto';
import type { AgentCommand } from '../command-spec.ts';
import type { LocalArgs } from '../terminal/terminal.ts';

/** Result of a command that the role of its user does not allow. */
export const DENIED = 'denied';

/** What of a command says which of its arguments may not be written down. */
type ArgsSpec = Pick<AgentCommand, 'secrets'> & Partial<Pick<AgentCommand, 'arguments' | 'options'>>;

/** The arguments without the secret ones, with size and SHA-256 in place of the content of a file. */
export function openArgs({ secrets, arguments: positional = [], options = [] }: ArgsSpec, args: LocalArgs): LocalArgs {
  const contents = [...positional, ...options].filter(({ isContent }) => isContent === true).map(({ name }) => name);
  return Object.fromEntries(
    Object.entries(args)
      .filter(([name]) => !secrets.some((secret) => secret.name === name))
      .map(([name, value]) => [name, contents.includes(name) ? withoutContent(value) : value]),
  );
}

function withoutContent(value: LocalArgs[string] | undefined): string {
  const bytes = Buffer.from(typeof value === 'string' ? value : '', 'base64');
  return `${bytes.length} bytes, SHA-256 ${createHash('sha256').update(bytes).digest('hex')}`;
}

/** The arguments as text: `target=L07 level=80 for=30m`. */
export function auditDetail(command: ArgsSpec, args: LocalArgs): string {
  return Object.entries(openArgs(command, args))
    .filter(([, value]) => value !== false)
    .map(([name, value]) => (value === true ? name : `${name}=${value}`))
    .join(' ');
}
