/** Removes from a text what looks like a secret, before it leaves the cabinet. Pure. */

const MASK = '***';
/** Source: RFC 7468, the ends of a private key; all between goes. */
const KEY_BLOCK = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g;
/** Source: RFC 3986 §3.2.1, a password before the host. */
const URL_PASSWORD = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@"']*:)[^\s@"']+@/gi;
/** A key that names a secret, in YAML, JSON, INI, on a command line or in a sentence; one that names the file of a secret stays. */
const NAMED =
  /((?:^|[\s{,[(&?"'_-])(?:[\w-]*(?:passw(?:or)?d|passphrase|secret|token|api[_-]?key|private[_-]?key|credential|psk)|pass|pin)["']?\s*[:=]\s*)("(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[^\s,}\]]+(?:[ \t]+[^\s:,}\]]+)*)/gim;
const HASH = /\bscrypt\$[\w$-]+|\$(?:1|2[aby]|5|6|y)\$[\w./$-]{10,}/g;
const OTP = /otpauth:\/\/\S+/gi;

/** The same text, secrets put out. */
export function withoutSecrets(text: string): string {
  return text
    .replace(KEY_BLOCK, MASK)
    .replace(OTP, MASK)
    .replace(HASH, MASK)
    .replace(URL_PASSWORD, `$1${MASK}@`)
    .replace(NAMED, (_, name: string) => `${name}${MASK}`);
}
