import t from 'tap';
import { createLoginHandler } from '../../../agent/access/login-handler.ts';
import type { UserRegistry } from '../../../agent/access/user-registry.ts';
import type { UserRecord } from '../../../agent/access/users-file.ts';
import { AccessError } from '../../../agent/core/access.ts';
import { createManualClock } from '../../../agent/core/manual-clock.ts';
import { msg } from '../../../agent/core/message.ts';

const LATER_MS = Date.parse('2027-01-01T00:00:00Z');
const ADA: UserRecord = { name: 'ada', role: 'admin', password: 'hash', oneTime: { madeMs: 0, untilMs: LATER_MS }, codes: null };

t.test('a correct one-time password that the disk refuses to replace is no failed login, however often', async (t) => {
  const refused = new AccessError('file', msg`cannot write users.json`);
  const users: Pick<UserRegistry, 'all' | 'setPassword'> = { all: async () => [ADA], setPassword: async () => Promise.reject(refused) };
  const locks: number[] = [];
  const logins = createLoginHandler({
    users: users as UserRegistry,
    hasher: { hash: async () => 'hash', matches: async (password) => password === 'RIGHT' },
    codeCheck: { stepOf: async () => null, codesNeeded: () => 1 } as never,
    clock: createManualClock(Date.parse('2026-11-29T10:00:00Z')),
    log: { event: () => {} } as never,
    store: { load: async (_, without) => without as never, save: async () => true },
    onLocked: (_, waitMs) => locks.push(waitMs),
  });
  const request = { user: 'ada', password: 'right', code: '', newPassword: 'quatre lampes, un banc', console: '' };
  for (let turn = 0; turn < 10; turn++) t.match(await logins.judge(request), { state: 'unavailable' }, `turn ${turn}`);
  t.same(locks, []);
  for (let turn = 0; turn < 10; turn++) await logins.judge({ ...request, password: 'wrong' });
  t.ok(locks.length > 0, 'wrong ones lock as before');
});
