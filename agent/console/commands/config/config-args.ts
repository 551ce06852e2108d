/**
 * The words of the `config` commands as values.
 *
 * Owns these checks; both ends of the socket call them. What is in the files is the config room's business.
 */
import { mayUse } from '../../../core/access.ts';
import type { CommitRequest, ConfirmMode, FilePart } from '../../../core/revisions.ts';
import { type Job, textArg } from '../../command-spec.ts';
import { ConsoleError } from '../../console-error.ts';
import type { RawArgs } from '../../protocol/protocol.ts';
import { numberArg } from '../lines/bus-args.ts';

export interface CommitArgs {
  readonly mode: ConfirmMode;
  readonly minutes: number;
  readonly why: string;
  readonly lowersFloor: boolean;
}

/** Numbers of revisions. Source: seven digits outlive the gateway. */
export const NUMBERS = { min: 1, max: 9_999_999 };
/** How long a trial may last. Units: min. Source: as network consoles have it. */
const MINUTES = { min: 1, max: 168, usual: 10 };
/** Longest comment. Units: characters. Source: as from the platform. */
const MAX_COMMENT = 200;

/** Errors: throws ConsoleError 'usage'. */
export function readCommit(args: RawArgs): CommitArgs {
  const isAsked = args['confirm'] !== undefined;
  return {
    mode: isAsked ? 'asked' : 'auto',
    minutes: isAsked ? numberArg(args, 'confirm', MINUTES) : MINUTES.usual,
    why: readComment(args),
    lowersFloor: args['lower-floor'] === true,
  };
}

/** Errors: throws ConsoleError 'denied' for less light than the floor by somebody who is no admin. */
export function commitRequest(args: CommitArgs, { caller, source: by }: Pick<Job, 'caller' | 'source'>): CommitRequest {
  if (args.lowersFloor && !mayUse(caller.role, 'admin'))
    throw new ConsoleError('denied', `--lower-floor needs the role admin; ${caller.user} is ${caller.role ?? 'not logged in'}`);
  return { ...args, by, base: null, commandId: null };
}

/** Empty where none was given. Errors: throws ConsoleError 'usage'. */
export function readComment(args: RawArgs): string {
  if (args['comment'] === undefined) return '';
  const text = textArg(args, 'comment');
  if (text.length <= MAX_COMMENT && !/\p{C}/u.test(text)) return text;
  throw new ConsoleError('usage', `bad comment: one line of ${MAX_COMMENT} characters at most`);
}

/** The name under which a device type is kept. Errors: throws ConsoleError 'usage'. */
export function fileName(profile: string): string {
  if (/^[a-z0-9][a-z0-9._-]{0,63}\.yaml$/.test(profile)) return `profiles/${profile}`;
  throw new ConsoleError('usage', `bad name "${profile}": small letters, digits, ".", "_" and "-", and .yaml at the end`);
}

/** Errors: throws ConsoleError 'usage'. */
export function readPart(args: RawArgs): FilePart {
  const [, part, parts] = /^(\d{1,4})\/(\d{1,4})$/.exec(textArg(args, 'part')) ?? [];
  if (part === undefined || parts === undefined) throw new ConsoleError('usage', 'bad part: write it as 1/3');
  const data = typeof args['data'] === 'string' ? args['data'] : '';
  return {
    file: textArg(args, 'file'),
    part: Number(part),
    parts: Number(parts),
    sha256: textArg(args, 'sha256'),
    data: Buffer.from(data, 'base64'),
  };
}
