/** Masks what looks like a secret in a text before it leaves the cabinet. Pure. */

import { withoutUrlPasswords } from '../../../core/secrets.ts';

const MASK = '***';
/** Source: RFC 7468, begin and end of a private key; all between is removed. */
const KEY_BLOCK = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g;
/** Parts of YAML or JSON that may contain a URL. */
const WORD = /[^\s"']+/g;
/** A key that names a secret, in YAML, JSON, INI, on a command line or in a sentence. A key that names the file of a secret is kept. */
const NAMED =
  /((?:^|[\s{,[(&?"'_-])(?:[\w-]*(?:passw(?:or)?d|passphrase|secret|token|api[_-]?key|private[_-]?key|credential|psk)|pass|pin)["']?\s*[:=]\s*)("(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[^\s,}\]]+(?:[ \t]+[^\s:,}\]]+)*)/gim;
const HASH = /\bscrypt\$[\w$-]+|\$(?:1|2[aby]|5|6|y)\$[\w./$-]{10,}/g;
const OTP = /otpauth:\/\/\S+/gi;

/**
 * Returns the text with `***` in place of what looks like a secret, such as private keys, password hashes, passwords in URLs, and values
 * after `password:`. A secret that cannot be recognised by its form stays.
 */
export function withoutSecrets(text: string): string {
  const masked = text.replace(KEY_BLOCK, MASK).replace(OTP, MASK).replace(HASH, MASK);
  return withoutUrlPasswords(masked, MASK, WORD).replace(NAMED, (_, name: string) => `${name}${MASK}`);
}
