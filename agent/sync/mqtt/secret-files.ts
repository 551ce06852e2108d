/**
 * Reads the uplink's secret files: finds credentials of the service manager, and checks the file rights.
 */
import { constants } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { UplinkError } from '../../core/errors.ts';
import { inStateDir, isBelow, isCredential } from '../../core/secrets.ts';
import type { ReadFile } from './secrets.ts';

/** Largest file that is read. Units: bytes. Source: assumed; all authorities of a system are under 300 KB. */
const MAX_FILE_BYTES = 1_048_576;
/** Mode bits that must not be set on a secret. */
const FORBIDDEN_MODE = { file: 0o077, credential: 0o007 };

/**
 * A reader for the files named in the configuration.
 *
 * A name without a folder is a credential of the service (`LoadCredential=`, `LoadCredentialEncrypted=`) and looked up in `credentialsDir`.
 * There a file may have rights for its group: systemd grants access to the agent by an access list, whose mask appears as group rights, and
 * the folder is closed to all others. Elsewhere the group is that of the technicians, who must not read keys.
 *
 * No secret is read from `stateDir`, the agent's own data, nor through links to it: users and revisions could be sent as a password.
 *
 * Source: systemd.exec(5), credentials; systemd 254 sets 0440 with an access list on tmpfs, 0400 without.
 */
export function createFileReader(credentialsDir: string | null, stateDir: string | null = null): ReadFile {
  return async (path, kind) => {
    const isHandedOver = isCredential(path);
    if (isHandedOver && credentialsDir === null) {
      throw new UplinkError(
        'secret',
        'is a name without a folder, so a credential of the service, and none were handed over: add LoadCredential= to the service, or write the whole path',
      );
    }
    const realFile = await realpath(isHandedOver ? join(credentialsDir ?? '', path) : path);
    if (kind === 'secret' && stateDir !== null && isBelow(realFile, await realOrSame(stateDir)))
      throw new UplinkError('secret', inStateDir(stateDir));
    // The path that was checked, and no link that replaced it since.
    const file = await open(realFile, constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      const { mode, size } = await file.stat();
      const open = mode & (isHandedOver ? FORBIDDEN_MODE.credential : FORBIDDEN_MODE.file);
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

async function realOrSame(dir: string): Promise<string> {
  try {
    return await realpath(dir);
  } catch (error) {
    if (error instanceof Error && 'code' in error) return resolve(dir);
    throw error;
  }
}
