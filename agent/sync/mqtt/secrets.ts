/**
 * Reads certificates, key and password from their files for one connection. They are not kept: a replaced file is used from the next
 * connection on.
 */
import type { UplinkConfig } from '../../core/cabinet.ts';
import type { Clock } from '../../core/clock.ts';
import { UplinkError } from '../../core/errors.ts';
import { within } from '../../core/within.ts';
import { isKeyOfCertificate } from './certificates.ts';
import type { ConnectOptions } from './mqtt-transport.ts';

/** `secret`: only the agent may have rights to read the file. Errors: may reject with UplinkError `secret`, whose message is shown unchanged. */
export type ReadFile = (path: string, kind: 'secret' | 'public') => Promise<Buffer>;

export type Secrets = Pick<ConnectOptions, 'password' | 'ca' | 'cert' | 'key'>;

/** Longest wait for these files. Units: ms. Source: assumed; a card that stalls answers within seconds, and the connection itself has 30 s. */
const READ_MS = 10_000;

/**
 * Returns a function that reads the files at each call. A read that hangs is awaited again instead of started again, since each blocks one of
 * Node's few threads.
 *
 * Errors: rejects with UplinkError `secret` when a file cannot be used, with its name, or when the disk does not respond.
 */
export function createSecretReader({
  config,
  readFile,
  clock,
}: {
  readonly config: UplinkConfig;
  readonly readFile: ReadFile;
  readonly clock: Pick<Clock, 'after'>;
}): () => Promise<Secrets> {
  let reading: Promise<Secrets> | null = null;
  return async () => {
    reading ??= readSecrets(config, readFile).finally(() => {
      reading = null;
    });
    const secrets = await within(clock, READ_MS, reading);
    if (secrets !== undefined) return secrets;
    const names = (['passwordFile', 'caFile', 'certFile', 'keyFile'] as const).filter((name) => config[name] !== null);
    throw new UplinkError(
      'secret',
      `${names.map((name) => `uplink.${name}`).join(', ')}: the disk does not answer; see dmesg, and df for the folder`,
    );
  };
}

async function readSecrets(config: UplinkConfig, readFile: ReadFile): Promise<Secrets> {
  const read = async (setting: string, path: string | null, kind: 'secret' | 'public'): Promise<Buffer | null> => {
    if (path === null) return null;
    try {
      return await readFile(path, kind);
    } catch (error) {
      const why = error instanceof UplinkError ? error.message : fileErrorText(error);
      throw new UplinkError('secret', `uplink.${setting} ${path} ${why}`, { cause: error });
    }
  };
  const password = await read('passwordFile', config.passwordFile, 'secret');
  const secrets = {
    password: password === null ? null : withoutNewline(password),
    ca: await read('caFile', config.caFile, 'public'),
    cert: await read('certFile', config.certFile, 'public'),
    key: await read('keyFile', config.keyFile, 'secret'),
  };
  const { cert, key } = secrets;
  if (cert !== null && key !== null && isKeyOfCertificate(cert, key) === false) {
    throw new UplinkError(
      'secret',
      `uplink.keyFile ${config.keyFile} is not the key of uplink.certFile ${config.certFile}: replace both together`,
    );
  }
  return secrets;
}

function fileErrorText(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return 'is not there: check the path, or copy the file to it';
  if (code === 'EACCES' || code === 'EPERM') return 'may not be read: give it to the user of the agent (chown luciole), then chmod 0400';
  return `cannot be read (${typeof code === 'string' ? code : String(error)}): check that it is there and readable for the agent`;
}

/** Editors add a newline at the end that is not part of the password. */
function withoutNewline(bytes: Buffer): Buffer {
  let end = bytes.length;
  while (end > 0 && (bytes[end - 1] === 0x0a || bytes[end - 1] === 0x0d)) end -= 1;
  return bytes.subarray(0, end);
}
