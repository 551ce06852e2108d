/**
 * Certificates and the password, read from their files for one connection.
 *
 * Owns the reading. Kept nowhere: a file that was replaced counts from the next connection on.
 */
import type { UplinkConfig } from '../core/cabinet.ts';
import { UplinkError } from '../core/errors.ts';
import type { ConnectOptions } from './door.ts';

export type ReadFile = (path: string) => Promise<Buffer>;

/** Errors: rejects with UplinkError `tls` when a file cannot be read, and names it. */
export async function readSecrets(
  config: UplinkConfig,
  readFile: ReadFile,
): Promise<Pick<ConnectOptions, 'password' | 'ca' | 'cert' | 'key'>> {
  const read = async (setting: string, path: string | null): Promise<Buffer | null> => {
    if (path === null) return null;
    try {
      return await readFile(path);
    } catch (error) {
      throw new UplinkError('tls', `uplink.${setting} ${path} cannot be read: check that it is there and readable for the agent`, {
        cause: error,
      });
    }
  };
  const password = await read('passwordFile', config.passwordFile);
  return {
    password: password === null ? null : withoutNewline(password),
    ca: await read('caFile', config.caFile),
    cert: await read('certFile', config.certFile),
    key: await read('keyFile', config.keyFile),
  };
}

/** Editors end a file with a newline that is not part of the password. */
function withoutNewline(bytes: Buffer): Buffer {
  let end = bytes.length;
  while (end > 0 && (bytes[end - 1] === 0x0a || bytes[end - 1] === 0x0d)) end -= 1;
  return bytes.subarray(0, end);
}
