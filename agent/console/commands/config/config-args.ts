/** Shared by the `config` commands: timeouts, words and checks. */
import { msg } from '../../../core/message.ts';
import type { ConfigAnswer, ConfigManager } from '../../../core/revisions.ts';
import type { AgentView } from '../../../core/views.ts';
import { type AgentCommandParts, agentCommand } from '../../agent-command.ts';
import type { AgentCommand } from '../../command-spec.ts';
import { ConsoleError } from '../../console-error.ts';

/**
 * How long a client waits for the agent's answer to a check of a configuration.
 * Units: ms. Source: the agent stops a check after 110 s.
 */
export const CHECK_TIMEOUT_MS = 125_000;
/** The heading under which the help lists the `config` commands, among others. */
export const CONFIG_GROUP = 'Agent:';
/** Smallest and largest revision number that may be typed. Source: seven digits are enough for the life of a gateway. */
export const REVISION_NUMBERS = { min: 1, max: 9_999_999 };

/** Returns the manager of the configuration. Errors: throws ConsoleError 'failed' if this run accepts no other configuration. */
export function configOf({ config: manager }: AgentView): ConfigManager {
  if (manager === null)
    throw new ConsoleError('failed', msg`started this way, the agent accepts no other configuration (safe mode, or a rehearsal)`);
  return manager;
}

/** Returns true if the request was done and its answer has no `code`. False also for a return that took effect but was not stored. */
export function isConfigDone({ state, code }: ConfigAnswer): boolean {
  return state === 'done' && code === undefined;
}

/**
 * Makes a command that changes the configuration or its candidate, and that requires at least the role technician. It succeeds if
 * `isConfigDone`; state, reason and revision of the answer go to the agent's log.
 */
export function configChange<Args>(
  parts: Omit<AgentCommandParts<Args, ConfigAnswer, never>, 'role' | 'group' | 'succeeded' | 'audit'>,
): AgentCommand {
  const audit = ({ state, reason, revision }: ConfigAnswer) => ({ state, reason: String(reason), revision });
  return agentCommand({ ...parts, role: 'technician', group: CONFIG_GROUP, succeeded: isConfigDone, audit });
}

/**
 * Returns the path of the file of a device type within a configuration, `profiles/acme.yaml` for `acme.yaml`. Errors: throws ConsoleError
 * 'usage' for a name that is not allowed.
 */
export function fileName(profile: string): string {
  if (/^[a-z0-9][a-z0-9._-]{0,63}\.yaml$/.test(profile)) return `profiles/${profile}`;
  throw new ConsoleError('usage', msg`bad name "${profile}": small letters, digits, ".", "_" and "-", and .yaml at the end`);
}
