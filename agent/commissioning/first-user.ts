/** Creates the first user of the serial console, before the first start of the agent. */
import { createHasher } from '../access/password.ts';
import { createUserRegistry } from '../access/user-registry.ts';
import { createUsersFile } from '../access/users-file.ts';
import { AccessError, type Invitation } from '../core/access.ts';
import { asOwnerOf } from '../core/atomic-write.ts';
import type { Message } from '../core/message.ts';
import { createSystemClock } from '../core/system-clock.ts';

/** The invitation, shown to the person once; or why no user was made. */
export type Enrolment = Invitation | { readonly failed: Message };

/** Invites this admin, who is created if unknown. Errors: none that a person can cause; the cabinet file stays in any case. */
export async function firstAdmin(
  name: string,
  { dir, cabinetId }: { readonly dir: string; readonly cabinetId: string },
): Promise<Enrolment> {
  const clock = createSystemClock({ quality: () => 'none' });
  const registry = createUserRegistry({ file: createUsersFile(dir), hasher: createHasher(), clock, cabinetId });
  try {
    // The state folder belongs to the service: root must not follow links further than the service could.
    return await asOwnerOf(dir, async () => {
      const known = (await registry.all()).some((user) => user.name === name);
      return known ? registry.invite(name) : registry.add(name, 'admin');
    });
  } catch (error) {
    if (error instanceof AccessError) return { failed: error.said };
    throw error;
  }
}
