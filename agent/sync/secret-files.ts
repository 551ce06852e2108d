/**
 * Where the files of the uplink lie, and who may read them.
 *
 * Owns the look-up of credentials handed over by the service manager, and the check of rights. Called through `secrets.ts`.
 */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { UplinkError } from '../core/errors.ts';
import type { ReadFile } from './secrets.ts';

/** Largest file that is read. Units: bytes. Source: assumed; all authorities of a system are under 300 KB. */
const MAX_FILE_BYTES = 1_048_576;
/** Rights of everybody but the owner, and of those beyond the group. */
const OTHERS = { file: 0o077, credential: 0o007 };

/**
 * A reader for the files named in the configuration.
 *
 * A name without a folder is a credential of the service (`LoadCredential=`, `LoadCredentialEncrypted=`) and looked up in `credentialsDir`.
 * There a file may show rights of its group: systemd gives it to the agent by an access list, whose mask stands in that place, and the
 * folder is closed to all others. Anywhere else the group is that of the technicians, who need no key.
 *
 * Source: systemd.exec(5), credentials; systemd 254 sets 0440 with an access list on tmpfs, 0400 without.
 */
export function createFileReader(credentialsDir: string | null): ReadFile {
  return async (path, kind) => {
    const isCredential = !path.includes('/');
    if (isCredential && credentialsDir === null) {
      throw new UplinkError(
        'secret',
        'is a name without a folder, so a credential of the service, and none were handed over: add LoadCredential= to the service, or write the whole path',
      );
    }
    const file = await open(isCredential ? join(credentialsDir ?? '', path) : path, 'r');
    try {
      const { mode, size } = await file.stat();
      const open = mode & (isCredential ? OTHERS.credential : OTHERS.file);
      if (kind === 'secret' && open !== 0) {
        const rights = (mode & 0o777).toString(8).padStart(4, '0');
        throw new UplinkError(
          'secret',
          `can be read by others (its mode is ${rights}): run chmod 0400 on it, and if they may have read it, renew it`,
        );
      }
      if (size > MAX_FILE_BYTES) throw new UplinkError('secret', `is larger than 1 MB: check that it is the right file`);
      return await file.readFile();
    } finally {
      await file.close();
    }
  };
}
