/** The words of an audit entry about a command: its arguments without secrets, and the result of a refusal. */
import type { AgentCommand } from '../command-spec.ts';
import type { LocalArgs } from '../terminal/terminal.ts';

/** Result of a command that the role of its user does not allow. */
export const DENIED = 'denied';

/** The arguments without the secret ones. */
export function openArgs({ secrets }: Pick<AgentCommand, 'secrets'>, args: LocalArgs): LocalArgs {
  return Object.fromEntries(Object.entries(args).filter(([name]) => !secrets.some((secret) => secret.name === name)));
}

/** The arguments as text: `target=L07 level=80 for=30m`. */
export function auditDetail(command: Pick<AgentCommand, 'secrets'>, args: LocalArgs): string {
  return Object.entries(openArgs(command, args))
    .filter(([, value]) => value !== false)
    .map(([name, value]) => (value === true ? name : `${name}=${value}`))
    .join(' ');
}
