/** The text of an audit entry about a command: its arguments without secrets, and the result of a refusal. */
import { createHash } from 'node:crypto';
import { SECRET_KEY, withoutUrlPasswords } from '../../core/secrets.ts';
import type { AgentCommand } from '../command-spec.ts';
import type { LocalArgs } from '../terminal/terminal.ts';

const MASKED = '[redacted]';

type ArgsSpec = Pick<AgentCommand, 'secrets' | 'arguments' | 'options'>;

/**
 * Returns a copy of a command's arguments for the logs. Secrets that are recognised are left out or masked, such as passwords in addresses.
 * The content of a file, or of a part of it that is sent, is replaced by its size and SHA-256.
 */
export function openArgs({ secrets, arguments: positional, options }: ArgsSpec, args: LocalArgs): LocalArgs {
  const contents = [...positional, ...options].filter(({ isContent }) => isContent === true).map(({ name }) => name);
  const secretValues = positional
    .filter(({ placeIn }) => placeIn !== undefined && SECRET_KEY.test(String(args[placeIn] ?? '')))
    .map(({ name }) => name);
  const open = (name: string, value: LocalArgs[string]): LocalArgs[string] => {
    if (contents.includes(name)) return withoutContent(value);
    if (secretValues.includes(name)) return MASKED;
    return typeof value === 'string' ? withoutUrlPasswords(value) : value;
  };
  return Object.fromEntries(
    Object.entries(args)
      .filter(([name]) => !secrets.some((secret) => secret.name === name))
      .map(([name, value]) => [name, open(name, value)]),
  );
}

function withoutContent(value: LocalArgs[string] | undefined): string {
  const bytes = Buffer.from(typeof value === 'string' ? value : '', 'base64');
  return `${bytes.length} bytes, SHA-256 ${createHash('sha256').update(bytes).digest('hex')}`;
}

/**
 * Returns a command's arguments, masked by `openArgs`, as text for the audit log: `target=L07 level=80 for=30m`. A set flag is only its
 * name; an unset one is left out.
 */
export function auditDetail(command: ArgsSpec, args: LocalArgs): string {
  return Object.entries(openArgs(command, args))
    .filter(([, value]) => value !== false)
    .map(([name, value]) => (value === true ? name : `${name}=${value}`))
    .join(' ');
}
