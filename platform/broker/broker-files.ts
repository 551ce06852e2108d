/** The files by which host and broker prove who they are. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { PlatformFailure } from '../core/errors.ts';

/**
 * Where the broker is, and how the host proves who it is. The files are read at the start, and each time a connection is opened. A
 * connection that restores itself does not read them again.
 */
export interface BrokerAddress {
  readonly url: string;
  readonly username: string | undefined;
  readonly passwordFile: string | undefined;
  /** Certificates (PEM) by which the broker is verified; undefined for those that Node.js has. */
  readonly caFile: string | undefined;
  /** The certificate (PEM) of the host, only together with `keyFile`; undefined for none. */
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
  /** Further nodes of the same cluster, tried in turn. */
  readonly otherUrls?: readonly string[];
  /** 4: MQTT 3.1.1. Default: 5. */
  readonly protocol?: 4 | 5;
  /** The broker does not support shared subscriptions: each topic is subscribed itself, so that this connection receives all of it. */
  readonly isWithoutShares?: boolean;
}

/**
 * The contents of the files, under the names that TLS and MQTT libraries use. A file that is not configured is absent. `password`: without
 * white space at its end.
 */
export interface BrokerSecrets {
  readonly password?: string;
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

/**
 * Reads the files and checks the key and the first certificate of each file, so that most mistakes are reported before the first
 * connection.
 *
 * Errors: throws PlatformFailure `broker-files` for a file that cannot be read, or is no certificate in PEM where one belongs. Also for a
 * key that is not that of the certificate, and for one of the two without the other.
 */
export function readBrokerFiles({ passwordFile, caFile, certFile, keyFile }: BrokerAddress): BrokerSecrets {
  const secrets: BrokerSecrets = {
    ...(passwordFile === undefined ? {} : { password: readFile('--password-file', passwordFile).toString().trimEnd() }),
    ...(caFile === undefined ? {} : { ca: readFile('--ca-file', caFile) }),
    ...(certFile === undefined ? {} : { cert: readFile('--cert-file', certFile) }),
    ...(keyFile === undefined ? {} : { key: readFile('--key-file', keyFile) }),
  };
  const { ca, cert, key } = secrets;
  if (ca !== undefined) orFail(`--ca-file ${caFile}`, () => checkAuthority(ca));
  if (cert !== undefined || key !== undefined) orFail('--cert-file and --key-file', () => createSecureContext({ cert, key }));
  if ((cert === undefined) !== (key === undefined)) throw new PlatformFailure('broker-files', '--cert-file and --key-file: give both');
  return secrets;
}

/** TLS reads only PEM, and leaves out a certificate in another form without an error. Errors: throws for what is no certificate in PEM. */
function checkAuthority(bytes: Buffer): void {
  new X509Certificate(bytes);
  if (!bytes.includes('-----BEGIN '))
    throw new Error('it is in DER form: convert it with `openssl x509 -inform der -in FILE -out FILE.pem`');
}

function readFile(option: string, path: string): Buffer {
  return orFail(`${option} ${path}`, () => readFileSync(path));
}

function orFail<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new PlatformFailure('broker-files', `${what}: ${error instanceof Error ? error.message : String(error)}`, error);
  }
}
