/** Checks the role for each command on one socket, runs it through the command table, and writes the audit entries. */

import { type Caller, type LoginSocket, mayUse, NO_USER } from '../../core/access.ts';
import { DENIED } from '../../core/audit-tools.ts';
import type { Clock, MonoMs } from '../../core/clock.ts';
import { type Message, msg } from '../../core/message.ts';
import type { Log } from '../../core/ports.ts';
import { nearest } from '../../core/suggestions.ts';
import type { AgentView } from '../../core/views.ts';
import type { AgentCommand, Job } from '../command-spec.ts';
import { COMMANDS } from '../commands.ts';
import { ConsoleError } from '../console-error.ts';
import { auditDetail, openArgs } from './audit-detail.ts';
import type { ConsoleRequest } from './protocol.ts';

/** Runs the commands that arrive at one socket, if the caller's role allows them, and writes the audit entries. */
export interface Gate {
  /**
   * Runs a command, writes its audit entry if it needs one, and resolves with its result.
   *
   * Errors: rejects with ConsoleError, for example 'denied' if the role does not allow it. Any other error is a bug.
   */
  carryOut(request: ConsoleRequest, job: Omit<Job, 'caller' | 'source'>): Promise<unknown>;
  /** Returns true if the command may send progress. Errors: throws ConsoleError 'unknown-command'. */
  isLong(request: ConsoleRequest): boolean;
  /** Returns true if a long job still answers after its client ended it. Errors: as `isLong`. */
  hasSummary(request: ConsoleRequest): boolean;
}

/**
 * Creates the gate of one socket. On the machine's own socket (`agent`) each caller is admin; on the other (`login`) the session token
 * decides, and a caller without a token has no role.
 */
export function createGate(socketKind: LoginSocket, view: AgentView, log: Log, clock: Pick<Clock, 'monoMs'>): Gate {
  const pace = createAuditPace(clock);

  function noteOf(command: AgentCommand, request: ConsoleRequest, caller: Caller): (result: string) => void {
    let isNoted = false;
    return (result) => {
      // A denied command has not run, so it has noted nothing itself.
      if (isNoted || (command.isSelfNoted && result !== DENIED)) return;
      isNoted = true;
      // The store counts repeated refusals.
      if (isLook(command) && result !== DENIED && !pace.isDue(`${caller.user} ${command.name} ${result}`)) return;
      const { user, role } = caller;
      const detail = auditDetail(command, request.args);
      const look = isLook(command) ? ({ isLook: true } as const) : {};
      view.audit.note({ user, role: role ?? '', door: socketKind, action: command.name, detail, result, ...look });
    };
  }

  /** On the machine's socket, membership in its group proves the user; on the login socket, a session does. */
  function callerOf({ user, token }: ConsoleRequest): Caller {
    if (socketKind === 'agent') return { user, role: 'admin', socketKind };
    if (token === undefined) return { user: NO_USER, role: null, socketKind };
    const session = view.access.callerOf(token);
    if (session === null) throw new ConsoleError('denied', msg`the session is over; log in again`);
    return { ...session, socketKind };
  }

  return {
    isLong: (request) => commandFor(request).progress !== null,
    hasSummary: (request) => commandFor(request).hasSummary,
    carryOut: async (request, job) => {
      const command = commandFor(request);
      const caller = callerOf(request);
      const note = noteOf(command, request, caller);
      if (!mayUse(caller.role, command.role)) {
        note(DENIED);
        throw new ConsoleError('denied', denial(command, caller));
      }
      if (command.progress !== null) job.signal.addEventListener('abort', () => note('ended by its reader'), { once: true });
      const asked = { command: command.name, args: openArgs(command, request.args), by: `console:${caller.user}` };
      try {
        const result = await command.answer(view, request.args, { ...job, caller, source: asked.by });
        note(command.succeeded(result) ? 'ok' : 'failed');
        if (command.audit !== null) log.event('console-command', { ...asked, ...command.audit(result) });
        return result;
      } catch (error) {
        const refused = error instanceof Error ? error.message : String(error);
        note(`refused: ${refused}`);
        if (command.audit !== null) log.event('console-command', { ...asked, refused }, 'warning');
        throw error;
      }
    },
  };
}

/** Returns true for a command that changes nothing: one audit entry per hour is enough. */
function isLook({ group, audit }: AgentCommand): boolean {
  return audit === null && group !== 'Act:';
}

function denial({ name, role }: AgentCommand, caller: Caller): Message {
  if (caller.role === null) return msg`${name} needs a login as ${role}`;
  return msg`${name} requires the role ${role}; ${caller.user} has the role ${caller.role}`;
}

/** Errors: throws ConsoleError 'unknown-command'. */
function commandFor({ command }: ConsoleRequest): AgentCommand {
  const known = COMMANDS.filter((each) => each.kind === 'agent');
  const found = known.find(({ name }) => name === command);
  if (found !== undefined) return found;
  const names = known.map(({ name }) => name);
  const near = nearest(command, names);
  const typed = JSON.stringify(command.slice(0, 40));
  throw new ConsoleError(
    'unknown-command',
    near === undefined
      ? msg`the agent has no command ${typed}; it has ${names}`
      : msg`the agent has no command ${typed}; did you mean ${near}?`,
  );
}

/**
 * Shortest interval between audit entries for the same read by the same user. Units: ms. Source: assumed; a live view sends a request
 * every two seconds. Confirmed by: entries per day in an audit log.
 */
const LOOK_MS = 3_600_000;
/**
 * Remembered reads; when full, all are forgotten, at one more entry each. Source: assumed; 8 users with 25 commands. Confirmed by: users
 * and commands in audit logs.
 */
const MAX_LOOKS = 200;

/** Limits audit entries: `isDue` returns true for a key at most once per hour. */
function createAuditPace(clock: Pick<Clock, 'monoMs'>): { isDue(key: string): boolean } {
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
