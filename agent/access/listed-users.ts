/** The users of the cabinet together with the people of the signed list, for logins and commands. */

import { AccessError } from '../core/access.ts';
import { msg } from '../core/message.ts';
import type { UserListStore } from './user-list-store.ts';
import type { UserRegistry } from './user-registry.ts';

/**
 * Returns a registry whose `all` also contains people of the signed list while they may log in, except those whose name a user of the
 * cabinet has.
 *
 * Errors: except for `add`, changes of a person who is only in the list reject with AccessError.
 */
export function withListedUsers(registry: UserRegistry, list: Pick<UserListStore, 'users'>): UserRegistry {
  /** Errors: rejects with AccessError for a person who is only in the list. */
  async function expectOwn(name: string): Promise<void> {
    const listed = (await list.users()).some((user) => user.name === name);
    if (!listed || (await registry.all()).some((user) => user.name === name)) return;
    throw new AccessError('listed-user', msg`${name} comes from the signed list of the platform: change it there`);
  }
  const own =
    <Args extends readonly unknown[], T>(change: (name: string, ...args: Args) => Promise<T>) =>
    async (name: string, ...args: Args): Promise<T> => {
      await expectOwn(name);
      return change(name, ...args);
    };
  return {
    ...registry,
    all: async () => {
      const users = await registry.all();
      const names = new Set(users.map(({ name }) => name));
      const listed = (await list.users()).filter(({ name }) => !names.has(name));
      return [
        ...users,
        ...listed.map(({ name, role, password, untilMs }) => ({
          ...{ name, role, password, oneTime: null, codes: null },
          listedUntilMs: untilMs,
        })),
      ];
    },
    invite: own(registry.invite),
    remove: own(registry.remove),
    setRole: own(registry.setRole),
    setPassword: own(registry.setPassword),
    offerCodes: own(registry.offerCodes),
    dropCodes: own(registry.dropCodes),
  };
}
