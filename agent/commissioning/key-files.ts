/** The cabinet's key and its certificate request, as files in the folder of the cabinet file. An existing key is never replaced. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConsoleError } from '../console/console-error.ts';
import { createFile, type Owner } from '../core/atomic-write.ts';
import { replaceFile } from '../core/replace-file.ts';
import { certificateRequest, newKeyPem } from './key-request.ts';

export interface KeyFiles {
  readonly keyFile: string;
  readonly requestFile: string;
  /** Where the certificate is to be put. */
  readonly certFile: string;
}

/** Whose the key must be: the service's user. Source: the unit file. */
const SERVICE_USER = 'luciole';

export function keyFilesIn(folder: string): KeyFiles {
  return { keyFile: join(folder, 'cabinet.key'), requestFile: join(folder, 'cabinet.csr'), certFile: join(folder, 'cabinet.pem') };
}

/**
 * A key, unless there is one, and a request for it in the name of the edge node. True when the key is new.
 *
 * Errors: throws ConsoleError 'failed' for a key that cannot be read or is of another kind.
 */
export function makeKeyRequest({ keyFile, requestFile }: KeyFiles, node: string): boolean {
  const isNew = !existsSync(keyFile);
  if (isNew) {
    createFile(keyFile, newKeyPem(), 0o400, process.getuid?.() === 0 ? idsOf(SERVICE_USER) : null);
  }
  try {
    replaceFile(requestFile, certificateRequest(readFileSync(keyFile, 'utf8'), node), { mode: 0o644, backup: null });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new ConsoleError('failed', `no certificate request from ${keyFile}: ${error.message}; put it away and run setup again`, {
      cause: error,
    });
  }
  return isNew;
}

/** Null for an unknown user. Source: passwd(5). */
function idsOf(user: string): Owner | null {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((each) => each.startsWith(`${user}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  return uid === undefined || gid === undefined ? null : { uid: Number(uid), gid: Number(gid) };
}
