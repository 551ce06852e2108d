/** Lists of users that the platform sends: accepts or refuses them and notes the result in the audit log. */

import type { UserList } from '../core/access.ts';
import type { AuditTools } from '../core/audit-tools.ts';
import type { Clock } from '../core/clock.ts';
import { Message, NO_TEXT } from '../core/message.ts';
import { createTokenBucket } from '../core/token-bucket.ts';

/**
 * `take` verifies and stores a list; it resolves with the list, or with why it is refused. `audit` receives a note of each accepted list,
 * and of refusals up to a limit per time, measured by `clock`.
 */
export interface SentUserListParts {
  readonly take: (text: string) => Promise<UserList | Message>;
  readonly audit: Pick<AuditTools, 'note'>;
  readonly clock: Pick<Clock, 'monoMs'>;
}

/** Limit of refusals that are noted, so that unsigned lists do not displace other entries. Source: as for refused commands of the platform. */
const REFUSALS = { burst: 30, perS: 1 / 60 };

/**
 * Returns a function that passes a list to `take` and notes the result in the audit log; refusals over a limit are not noted. It resolves
 * with `NO_TEXT` if the list is accepted, otherwise with why it is refused. `by`: the sender, as `platform:NAME`.
 */
export function createSentUserLists({ take, audit, clock }: SentUserListParts): (text: string, by: string) => Promise<Message> {
  const refusals = createTokenBucket(clock, REFUSALS);
  return async (text, by) => {
    const taken = await take(text);
    const [, user = ''] = by.split(':');
    const note = { user, role: '', door: 'platform', action: 'user list sent' } as const;
    if (taken instanceof Message) {
      if (refusals.take()) audit.note({ ...note, detail: '', result: `refused: ${String(taken)}` });
      return taken;
    }
    const version = new Date(taken.serial).toISOString();
    const people = taken.users.map(({ name, role }) => `${name} ${role}`).join(', ');
    audit.note({ ...note, detail: `signed by ${taken.signedBy} on ${version}: ${people === '' ? 'nobody' : people}`, result: 'ok' });
    return NO_TEXT;
  };
}
