/** Reports to the agent what the shell of a session refused, so that the audit log has it. */
import { fetchAnswer } from '../ask-agent.ts';
import type { ConsoleCommand } from '../command-spec.ts';
import { LOGIN_REFUSED } from '../commands/access/login.ts';
import { ConsoleError } from '../console-error.ts';
import { auditDetail, openArgs } from '../protocol/audit-detail.ts';
import type { LocalArgs } from '../terminal/terminal.ts';
import { maskSecrets } from './past-lines.ts';
import type { Asker } from './session.ts';

/** Errors: none that a person can cause: the command stays refused where no agent answers. */
export async function noteRefusal(command: ConsoleCommand, args: LocalArgs, terminal: Asker): Promise<void> {
  try {
    await fetchAnswer(LOGIN_REFUSED, { command: command.name, detail: detailOf(command, args) }, { terminal });
  } catch (error) {
    if (!(error instanceof ConsoleError)) throw error;
  }
}

/** The arguments with their names; only their values, one masked, where one of them is a secret by the word before it. */
function detailOf(command: ConsoleCommand, args: LocalArgs): string {
  const spec = command.kind === 'agent' ? command : { ...command, secrets: [] };
  const values = Object.values(openArgs(spec, args))
    .flat()
    .filter((value) => typeof value === 'string')
    .join(' ');
  const masked = maskSecrets(values);
  return masked === values ? maskSecrets(auditDetail(spec, args)) : masked;
}
