/**
 * Describes a command for the audit log, and limits how often reads are noted.
 *
 * Secret arguments are left out.
 */
import type { Clock, MonoMs } from '../../core/clock.ts';
import type { AgentCommand } from '../command-spec.ts';
import type { RawArgs } from './protocol.ts';

/** The same read by the same user is noted this often at most. Units: ms. Source: assumed; a live view asks every two seconds. */
const LOOK_MS = 3_600_000;
/** Reads remembered; more are dropped, which costs a line each. Source: assumed; 8 users with 25 commands. */
const MAX_LOOKS = 200;

/** The arguments without the secret ones. */
export function openArgs({ secrets }: Pick<AgentCommand, 'secrets'>, args: RawArgs): RawArgs {
  return Object.fromEntries(Object.entries(args).filter(([name]) => !secrets.some((secret) => secret.name === name)));
}

/** The arguments as text: `target=L07 level=80 for=30m`. */
export function auditDetail(command: Pick<AgentCommand, 'secrets'>, args: RawArgs): string {
  return Object.entries(openArgs(command, args))
    .filter(([, value]) => value !== false)
    .map(([name, value]) => (value === true ? name : `${name}=${value}`))
    .join(' ');
}

/** Whether a line is due; a second one with the same key is due an hour later. */
export function createAuditPace(clock: Pick<Clock, 'monoMs'>): { isDue(key: string): boolean } {
  const noted = new Map<string, MonoMs>();
  return {
    isDue: (key) => {
      const nowMono = clock.monoMs();
      const before = noted.get(key);
      if (before !== undefined && nowMono - before < LOOK_MS) return false;
      if (noted.size >= MAX_LOOKS) noted.clear();
      noted.set(key, nowMono);
      return true;
    },
  };
}
