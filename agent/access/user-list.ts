/** The text format of a list of users, for its signer and its receiver. Pure. */

import { type ListedUser, NO_USER, ROLES, USER_NAME } from '../core/access.ts';
import type { WallMs } from '../core/clock.ts';
import { DAY_MS, dayStartMs } from '../core/durations.ts';
import { Message, msg } from '../core/message.ts';
import { isPasswordHash } from './password.ts';

/** The first line of each list of users: the version of its format. A list with another first line is refused. */
export const USER_LIST_HEADER = '# luciole users 1';
/** Longest accepted text of a list with its signature. Units: bytes. Source: one file part in a command of the platform. */
export const MAX_USER_LIST_BYTES = 32_768;
const LINE = /^(?<name>\S+) (?<role>\S+) (?<day>\S+) (?<password>\S+)$/;

/** The people of a list, or `flaw`: the first mistake in it. `finding` is the same text without the line number. */
export type ReadUserList = { readonly users: readonly ListedUser[] } | { readonly flaw: Message; readonly finding: Message };

/**
 * Reads a list of users. `text`: the list, which must not contain its signature. Returns the people, or the first mistake. Lines that begin
 * with `#` are comments; an empty line is a mistake, except at the end. Shape: `USER_LIST_HEADER`, then `name role last-day password-hash`
 * for each person.
 */
export function readUserList(text: string): ReadUserList {
  const [header, ...lines] = text.trimEnd().split('\n');
  if (header !== USER_LIST_HEADER) return refusal(msg`the first line must be "${USER_LIST_HEADER}"`);
  const users = new Map<string, ListedUser>();
  for (const [i, line] of lines.entries()) {
    if (line.startsWith('#')) continue;
    const user = readLine(line);
    if (user instanceof Message) return refusal(user, i + 2);
    if (users.has(user.name)) return refusal(msg`${user.name} is in the list twice`, i + 2);
    users.set(user.name, user);
  }
  return { users: [...users.values()] };
}

function refusal(finding: Message, line: number | null = null): ReadUserList {
  return { flaw: line === null ? finding : msg`line ${line}: ${finding}`, finding };
}

/** The person, or why the line is not valid. */
function readLine(line: string): ListedUser | Message {
  const { name = '', role = '', day = '', password = '' } = LINE.exec(line)?.groups ?? {};
  const known = ROLES.find((each) => each === role);
  const untilMs = endOf(day);
  if (name === NO_USER) return msg`the name ${name} stands for a person without a login; choose another`;
  if (!USER_NAME.test(name)) return msg`a line is "name role last-day password-hash", the name in small letters`;
  if (known === undefined) return msg`the role of ${name} is none of ${ROLES}`;
  if (untilMs === null) return msg`the last day of ${name} is not a date, as 2027-06-30`;
  return isPasswordHash(password)
    ? { name, role: known, untilMs, password }
    : msg`the password of ${name} is not a hash of \`luciole user hash\``;
}

/** Null for a date that does not exist. */
function endOf(day: string): WallMs | null {
  const startMs = dayStartMs(day);
  return startMs === null ? null : startMs + DAY_MS;
}
