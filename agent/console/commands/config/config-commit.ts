/** The `config` commands that run another revision: commit, confirm, return, rollback. */

import { mayUse } from '../../../core/access.ts';
import { msg } from '../../../core/message.ts';
import type { CommitRequest, ConfirmMode } from '../../../core/revisions.ts';
import { ACT_TIMEOUT_MS, numberArg, textArg } from '../../agent-command.ts';
import type { Job } from '../../command-spec.ts';
import { ConsoleError } from '../../console-error.ts';
import type { RawArgs } from '../../protocol/protocol.ts';
import { CHECK_TIMEOUT_MS, configChange, configOf, REVISION_NUMBERS } from './config-args.ts';

/** Time for the check and for the new configuration to run. Units: ms. */
const COMMIT_TIMEOUT_MS = CHECK_TIMEOUT_MS + ACT_TIMEOUT_MS;
const COMMENT = { name: 'comment', value: 'TEXT', summary: msg`why, for the history` } as const;

const CONFIRM = {
  name: 'confirm',
  value: 'MINUTES',
  summary: msg`keep the revision only if confirmed within this many minutes, 1 to 168`,
} as const;

const LOWER_FLOOR = {
  name: 'lower-floor',
  value: null,
  summary: msg`as an admin: it may give less light than the file of the site`,
} as const;
/** Length of a trial. Units: min. Source: as on network consoles. */
const MINUTES = { min: 1, max: 168, usual: 10 };
/** Longest comment. Units: characters. Source: the limit of the platform's requests. */
const MAX_COMMENT = 200;

/**
 * The arguments of `config commit`. `mode`: `asked` if `--confirm` was typed: only a person can confirm the trial. Otherwise `auto`: the
 * agent can too. `minutes`: the longest duration of the trial, by default 10. `why`: the comment, empty for none. `lowersFloor`:
 * `--lower-floor` was typed.
 */
export interface CommitArgs {
  readonly mode: ConfirmMode;
  readonly minutes: number;
  readonly why: string;
  readonly lowersFloor: boolean;
}

/**
 * `config commit`: puts the caller's candidate into service, on trial if it affects a part of the agent. With `--confirm` a person must
 * confirm the trial.
 */
export const CONFIG_COMMIT = configChange({
  name: 'config commit',
  summary: msg`put the candidate into service, on trial first`,
  options: [CONFIRM, COMMENT, LOWER_FLOOR],
  examples: ['luciole config commit --comment "brighter at the school"', 'luciole config commit --confirm 5 --comment "north at 19200"'],
  timeoutMs: COMMIT_TIMEOUT_MS,
  read: readCommit,
  answer: (view, args, job) => configOf(view).commit(commitRequest(args, job)),
  render: async (result, page, args) => (await import('./config-page.ts')).renderCommit(result, page, args),
});

/** `config confirm`: accepts the revision that is on trial, which ends the trial; refused if there is none. */
export const CONFIG_CONFIRM = configChange({
  name: 'config confirm',
  summary: msg`keep the revision that is on trial`,
  examples: ['luciole config confirm', 'luciole config confirm --json'],
  timeoutMs: ACT_TIMEOUT_MS,
  answer: (view, _args, { source }) => configOf(view).confirm(source),
  render: async (result, page) => (await import('./config-page.ts')).renderKept(result, page),
});

/**
 * `config return`: withdraws the revision on trial and returns to the one before it, if that can be used. With `--revision` only if that
 * revision is on trial.
 */
export const CONFIG_RETURN = configChange({
  name: 'config return',
  summary: msg`take the revision on trial back at once`,
  options: [{ name: 'revision', value: 'N', summary: msg`only where this one is on trial` }, COMMENT],
  examples: ['luciole config return', 'luciole config return --comment "wrong street"'],
  timeoutMs: ACT_TIMEOUT_MS,
  read: (args) => ({
    why: readComment(args),
    number: args['revision'] === undefined ? undefined : numberArg(args, 'revision', REVISION_NUMBERS),
  }),
  answer: (view, { why, number }, { source }) => configOf(view).returnTrial(source, why, number),
  render: async (result, page) => (await import('./config-page.ts')).renderReturned(result, page),
});

/** `config rollback`: puts the files of a kept revision into service, with the options of `config commit`. */
export const CONFIG_ROLLBACK = configChange({
  name: 'config rollback',
  summary: msg`put an earlier revision back into service, on trial`,
  arguments: [{ name: 'number', summary: msg`as in \`luciole config history\``, required: true }],
  options: [CONFIRM, COMMENT, LOWER_FLOOR],
  examples: ['luciole config rollback 7', 'luciole config rollback 7 --confirm 5 --comment "as last week"'],
  timeoutMs: COMMIT_TIMEOUT_MS,
  read: (args) => ({ ...readCommit(args), number: numberArg(args, 'number', REVISION_NUMBERS) }),
  answer: (view, { number, ...args }, job) => configOf(view).rollback(number, commitRequest(args, job)),
  render: async (result, page, args) => (await import('./config-page.ts')).renderCommit(result, page, args),
});

/** Errors: throws ConsoleError 'usage'. */
function readCommit(args: RawArgs): CommitArgs {
  const isAsked = args['confirm'] !== undefined;
  return {
    mode: isAsked ? 'asked' : 'auto',
    minutes: isAsked ? numberArg(args, 'confirm', MINUTES) : MINUTES.usual,
    why: readComment(args),
    lowersFloor: args['lower-floor'] === true,
  };
}

/**
 * Returns the request to commit, in the name of the caller. Errors: throws ConsoleError 'denied' for `--lower-floor` by a user who is not
 * an admin.
 */
export function commitRequest(args: CommitArgs, { caller, source: by }: Pick<Job, 'caller' | 'source'>): CommitRequest {
  if (args.lowersFloor && !mayUse(caller.role, 'admin'))
    throw new ConsoleError(
      'denied',
      caller.role === null
        ? msg`--lower-floor requires the role admin; ${caller.user} is not logged in`
        : msg`--lower-floor requires the role admin; ${caller.user} has the role ${caller.role}`,
    );
  return { ...args, by, author: 'console', base: null, commandId: null };
}

/** Returns the comment; empty if none was given. Errors: throws ConsoleError 'usage'. */
function readComment(args: RawArgs): string {
  if (args['comment'] === undefined) return '';
  const text = textArg(args, 'comment');
  if (text.length <= MAX_COMMENT && !/\p{C}/u.test(text)) return text;
  throw new ConsoleError('usage', msg`bad comment: one line of ${MAX_COMMENT} characters at most`);
}
