/**
 * Secrets that must not be shown: values under password-like names, and passwords inside URLs.
 */

/** Names of secrets. A path to a file that holds one (`passwordFile`) is none. */
export const SECRET_KEY = /pass(word|phrase)?$|secret|token|api[-_]?key|private[-_]?key|credential/i;
const URL_PASSWORD = /(\/\/[^\s/:@]*):[^\s/@]+@/g;

/** The same text without passwords in its URLs. */
export function withoutUrlPasswords(text: string): string {
  return text.replace(URL_PASSWORD, '$1:[redacted]@');
}
