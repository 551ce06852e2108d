/**
 * The key by which the agent recognises a console: a user who logged in here before is not delayed by wrong passwords from elsewhere.
 *
 * The key is no proof of a user and opens nothing.
 */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { replaceWhole } from '../../core/atomic-write.ts';

/** No file of this name goes out by `copy`, which refuses names that begin with a dot. */
const KEY_FILE = '.console-key';
/** Source: as of a session, OWASP ASVS 5.0, 7.2.3. Units: bytes. */
const KEY_BYTES = 32;

/**
 * The key of the console on this line, from a secret in the folder of the console, made at the first use. Each line has its own key.
 *
 * Errors: none; empty where the folder cannot be used: then this console counts as any other client.
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

/** The terminal of this process, `ttyS1`. Pseudo-terminals count as one: their numbers mean nothing. */
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
  // What is shorter could be guessed.
  if (found.length >= KEY_BYTES) return found;
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const secret = randomBytes(KEY_BYTES).toString('base64url');
  replaceWhole(path, secret, 0o600);
  return secret;
}
