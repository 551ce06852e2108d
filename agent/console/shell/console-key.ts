/**
 * The key by which the agent recognises a console. A user who logged in here before is not delayed by wrong passwords from elsewhere.
 *
 * The key does not prove the identity of a user and gives no access.
 */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { replaceWhole } from '../../core/atomic-write.ts';

/** Only a user of the machine can send this file with `copy`: in other sessions a name may not begin with a dot. */
const KEY_FILE = '.console-key';
/** Source: as for a session, OWASP ASVS 5.0, 7.2.3. Units: bytes. */
const KEY_BYTES = 32;

/**
 * Returns the key of the console on this line, which derives from a secret in `dir`. A missing secret is created. `line`: name of the
 * terminal.
 *
 * Errors: none; empty if `dir` is null or cannot be used.
 */
export function consoleKey(dir: string | null, line: string): string {
  if (dir === null) return '';
  try {
    const secret = readOrMake(join(dir, KEY_FILE), dir);
    return createHash('sha256').update(`${secret} ${line}`).digest('base64url');
  } catch {
    return '';
  }
}

/**
 * Returns the name of this process's standard input without `/dev/`: `ttyS1`, or `pts` for a pseudo-terminal. Empty if unknown. An input
 * that is no terminal has a name too, such as `pipe:[42]`.
 */
export function terminalName(): string {
  try {
    return readlinkSync('/proc/self/fd/0')
      .replace(/^\/dev\//, '')
      .replace(/^pts\/.*/, 'pts');
  } catch {
    return '';
  }
}

function readOrMake(path: string, dir: string): string {
  const found = existsSync(path) ? readFileSync(path, 'utf8') : '';
  // A shorter secret could be guessed.
  if (found.length >= KEY_BYTES) return found;
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const secret = randomBytes(KEY_BYTES).toString('base64url');
  replaceWhole(path, secret, 0o600);
  return secret;
}
