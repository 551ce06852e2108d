import { AccessError, type AccessTools, type LoginAnswer, type Role, type SessionEnd } from '../../../agent/core/access.ts';
import { msg } from '../../../agent/core/message.ts';

/** Logins with the password `right`. */
function fakeSessions(): Pick<AccessTools, 'logIn' | 'ended' | 'logOut' | 'callerOf'> {
  const sessions = new Map<string, { user: string; role: Role; end: (how: SessionEnd) => void; ended: Promise<SessionEnd> }>();
  return {
    logIn: async ({ user, password, code, newPassword }): Promise<LoginAnswer> => {
      if (password !== 'right') return { state: 'wrong', waitMs: 0 };
      if (user === 'ada' && code === '') return { state: 'code-needed', codes: 1 };
      if (user === 'ada' && code === '111111') return { state: 'wrong', waitMs: 0 };
      if (user === 'nina' && newPassword.length < 12)
        return {
          state: 'new-password-needed',
          problem: newPassword === '' ? msg`` : msg`it has ${newPassword.length} characters; 12 at least`,
        };
      const token = `token of ${user} ${sessions.size}`;
      let end = (_how: SessionEnd): void => {};
      const ended = new Promise<SessionEnd>((resolve) => {
        end = resolve;
      });
      const role = user === 'ada' ? 'admin' : user === 'vera' ? 'viewer' : 'technician';
      sessions.set(token, { user, role, end, ended });
      return { state: 'in', token, user, role, idleMs: 900_000 };
    },
    ended: (token) => sessions.get(token)?.ended ?? Promise.resolve('logout'),
    logOut: (token) => {
      sessions.get(token)?.end('logout');
      sessions.delete(token);
    },
    callerOf: (token) => sessions.get(token) ?? null,
  };
}

/**
 * Every user logs in with the password `right`: `ada` as admin, `vera` as viewer, all others as technician.
 *
 * `ada` needs a code, any but 111111; `nina` needs a new password. Only `ada` and `marie` can be changed. `asked` gets the requests.
 */
export function createFakeAccess(asked: unknown[]): AccessTools {
  const unknown = (user: string): never => {
    throw new AccessError('unknown-user', msg`no user ${JSON.stringify(user)}; there are ada, marie`);
  };
  const known = async (kind: string, user: string, ...more: unknown[]): Promise<void> => {
    asked.push({ [kind]: user, ...(more.length === 0 ? {} : { more }) });
    if (user !== 'ada' && user !== 'marie') unknown(user);
  };
  const invitation = (user: string, role: 'technician' | 'admin' | 'viewer') => ({
    ...{ user, role, oneTimePassword: 'ABCD-EFGH-JKMN-PQRS', untilMs: Date.parse('2026-12-04T21:41:07Z') },
  });
  return {
    ...fakeSessions(),
    users: async () => [
      { name: 'ada', role: 'admin', invitedUntilMs: null, hasCodes: true, sessions: 0, lockedMs: 0 },
      {
        name: 'marie',
        role: 'technician',
        invitedUntilMs: Date.parse('2026-12-04T21:41:07Z'),
        hasCodes: false,
        sessions: 1,
        lockedMs: 30_000,
      },
    ],
    add: async (user, role) => {
      asked.push({ add: user, role });
      return invitation(user, role);
    },
    invite: async (user) => {
      await known('invite', user);
      return invitation(user, 'technician');
    },
    remove: (user) => known('remove', user),
    setRole: (user, role) => known('role', user, role),
    setPassword: (user, password, current) => known('password', user, password, current),
    offerCodes: async (user, proof) => {
      await known('offer', user, ...(proof === null ? [] : [proof]));
      return {
        user,
        secret: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567',
        uri: `otpauth://totp/Luciole:${user}%40ANG-0421?secret=ABCD&issuer=Luciole`,
      };
    },
    confirmCodes: (user, code) => known('confirm', user, code),
    dropCodes: (user, proof) => known('drop', user, ...(proof === null ? [] : [proof])),
  };
}
