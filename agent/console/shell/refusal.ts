/** Reports refusals of a session's shell to the agent, for the audit log. */
import { fetchAnswer } from '../ask-agent.ts';
import type { ConsoleCommand } from '../command-spec.ts';
import { LOGIN_REFUSED } from '../commands/access/login.ts';
import { ConsoleError } from '../console-error.ts';
import { auditDetail, openArgs } from '../protocol/audit-detail.ts';
import type { LocalArgs } from '../terminal/terminal.ts';
import { maskSecrets } from './past-lines.ts';
import type { Asker } from './session.ts';

/**
 * Reports a refused command to the agent for the audit log, with a mask in place of what looks like a secret. Resolves also if no agent
 * answers or it refuses this report; then the log may lack the refusal.
 */
export async function noteRefusal(command: ConsoleCommand, args: LocalArgs, terminal: Asker): Promise<void> {
  try {
    await fetchAnswer(LOGIN_REFUSED, { command: command.name, detail: detailOf(command, args) }, { terminal });
  } catch (error) {
    if (!(error instanceof ConsoleError)) throw error;
  }
}

/** Returns the arguments with their names. If an argument may be a secret because of the word before it, returns the values only, with it masked. */
function detailOf(command: ConsoleCommand, args: LocalArgs): string {
  const spec = command.kind === 'agent' ? command : { ...command, secrets: [] };
  const values = Object.values(openArgs(spec, args))
    .flat()
    .filter((value) => typeof value === 'string')
    .join(' ');
  const masked = maskSecrets(values);
  return masked === values ? maskSecrets(auditDetail(spec, args)) : masked;
}
