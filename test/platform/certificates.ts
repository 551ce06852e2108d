/**
 * Certificates for one test, made by the `openssl` program: authorities, brokers, clients, with any dates.
 *
 * Check for the program with `findProgram` first.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DAY_MS } from '../../agent/core/durations.ts';

/** Paths of a certificate and its key, both PEM. The key of an issued certificate has mode 0400. */
export interface Pair {
  readonly cert: string;
  readonly key: string;
}

export interface CertificateRequest {
  /** Host name or address of the certificate; none for a client. */
  readonly host?: string;
  /** Default: yesterday to a year from now. */
  readonly from?: Date;
  readonly until?: Date;
}

export interface Authority extends Pair {
  /** A certificate signed by this authority. `name`: its common name. Errors: throws if `openssl` fails. */
  issue(name: string, request?: CertificateRequest): Pair;
}

export interface TestAuthorities {
  readonly folder: string;
  /** Creates an authority with its own key, valid for ten years. Errors: throws for a name that was used, or if `openssl` fails. */
  create(name: string): Authority;
  close(): void;
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
const CONFIG = `[ca]
default_ca = own
[own]
database = $HOME/index
new_certs_dir = $HOME
serial = $HOME/serial
certificate = $HOME/ca.pem
private_key = $HOME/ca.key
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
[req]
distinguished_name = name
x509_extensions = authority
[name]
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
`;

/** Creates a temporary folder for authorities and their certificates; `close` removes it. `program`: path of `openssl`. */
export function openTestAuthorities(program: string): TestAuthorities {
  const folder = mkdtempSync(join(tmpdir(), 'luciole-certificates-'));
  let serial = 1_000;
  const run = (...words: string[]): void => void execFileSync(program, words, { cwd: folder, stdio: 'pipe' });
  return {
    folder,
    create: (name) => {
      const home = join(folder, name);
      mkdirSync(home);
      writeFileSync(join(home, 'index'), '');
      writeFileSync(join(home, 'openssl.cnf'), CONFIG.replaceAll('$HOME', home));
      const own: Pair = { cert: join(home, 'ca.pem'), key: join(home, 'ca.key') };
      const subject = ['-subj', `/CN=${name}`];
      run(
        'req',
        '-x509',
        ...NEW_KEY,
        '-keyout',
        own.key,
        '-out',
        own.cert,
        '-days',
        '3650',
        ...subject,
        '-config',
        join(home, 'openssl.cnf'),
      );
      const issue = (commonName: string, { host, from, until }: CertificateRequest = {}): Pair => {
        serial += 1;
        const base = join(home, `${serial}`);
        const pair: Pair = { cert: `${base}.pem`, key: `${base}.key` };
        const config = ['-config', join(home, 'openssl.cnf')];
        run('req', ...NEW_KEY, '-keyout', pair.key, '-out', `${base}.csr`, '-subj', `/CN=${commonName}`, ...config);
        const names = host === undefined ? '' : `subjectAltName=${/^[\d.]+$/.test(host) ? 'IP' : 'DNS'}:${host}\n`;
        writeFileSync(`${base}.ext`, `basicConstraints=CA:FALSE\n${names}`);
        writeFileSync(join(home, 'serial'), `${serial}\n`);
        const dates = ['-startdate', stamp(from ?? daysFromNow(-1)), '-enddate', stamp(until ?? daysFromNow(365))];
        const files = ['-in', `${base}.csr`, '-out', pair.cert, '-extfile', `${base}.ext`];
        run('ca', '-batch', '-notext', ...config, ...dates, ...files);
        chmodSync(pair.key, 0o400);
        return pair;
      };
      return { ...own, issue };
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** This time of day so many days from now; a negative number is in the past. */
export function daysFromNow(days: number): Date {
  return new Date(Date.now() + days * DAY_MS);
}

/** `20260131120000Z`. */
function stamp(date: Date): string {
  return `${date.toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`;
}
