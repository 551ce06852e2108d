/** Creates the first user of the serial console, before the agent starts for the first time. */
import { createHasher } from '../access/password.ts';
import { createUserRegistry } from '../access/user-registry.ts';
import { createUsersFile } from '../access/users-file.ts';
import { AccessError, type Invitation } from '../core/access.ts';
import { asOwnerOf } from '../core/atomic-write.ts';
import type { Message } from '../core/message.ts';
import { createSystemClock } from '../core/system-clock.ts';

/** The invitation of the first user of a console, which is shown once, or `failed`: why there is none. */
export type Enrolment = Invitation | { readonly failed: Message };

/**
 * Creates an admin with a one-time password, in the state folder `dir`. An existing user of this name keeps the role and gets a one-time
 * password in place of the password. Resolves with `failed`, for example, if the name cannot be used. Errors: may reject with an error of
 * the system.
 */
export async function firstAdmin(
  name: string,
  { dir, cabinetId }: { readonly dir: string; readonly cabinetId: string },
): Promise<Enrolment> {
  const clock = createSystemClock({ quality: () => 'none' });
  const registry = createUserRegistry({ file: createUsersFile(dir), hasher: createHasher(), clock, cabinetId });
  try {
    // The service's user owns the state folder. As root, do not follow a link that the service could not follow.
    return await asOwnerOf(dir, async () => {
      const known = (await registry.all()).some((user) => user.name === name);
      return known ? registry.invite(name) : registry.add(name, 'admin');
    });
  } catch (error) {
    if (error instanceof AccessError) return { failed: error.said };
    throw error;
  }
}
