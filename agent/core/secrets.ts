/**
 * Secrets: where their files may be, which brokers protect them in transit, and what must not be shown. Pure.
 *
 * A secret is a credential of the service or a file in the folder of the site; the agent's own data folder contains none.
 */

import { relative, sep } from 'node:path';
import type { UplinkConfig } from './cabinet.ts';
import { type Message, msg } from './message.ts';

/** Returns whether `path` is the folder `dir` or inside it, by their texts: links are not followed. Shape: both are absolute. */
export function isBelow(path: string, dir: string): boolean {
  const way = relative(dir, path);
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`));
}

/** Returns whether the path of a configured secret names a credential of the service manager: it contains no `/`. */
export function isCredential(path: string): boolean {
  return !path.includes('/');
}

/**
 * Returns the configured files of password and key that are not credentials of the service manager; empty without an uplink. Shape:
 * absolute paths, from `resolve`.
 */
export function secretFiles(
  uplink: UplinkConfig | null,
  resolve: (path: string) => string,
): { readonly setting: 'passwordFile' | 'keyFile'; readonly path: string }[] {
  return (['passwordFile', 'keyFile'] as const).flatMap((setting) => {
    const named = uplink?.[setting] ?? null;
    return named === null || isCredential(named) ? [] : [{ setting, path: resolve(named) }];
  });
}

/** Returns the configured brokers in the order in which they are tried. If the first is `mqtts://`, brokers without TLS are left out. */
export function usableBrokers({ broker, otherBrokers }: Pick<UplinkConfig, 'broker' | 'otherBrokers'>): string[] {
  return [broker, ...otherBrokers.filter((other) => isPlain(broker) || !isPlain(other))];
}

/**
 * Returns what is wrong with the address of a broker. `no-address`: it is no `mqtt://` or `mqtts://` URL with a host. `password`: it is
 * one, with a user name or a password. Null if neither is wrong. Even without the result `password`, a text may contain one.
 */
export function brokerFlaw(broker: string): 'no-address' | 'password' | null {
  const url = URL.parse(broker);
  if (url === null || !['mqtt:', 'mqtts:'].includes(url.protocol) || url.hostname === '') return 'no-address';
  return url.username !== '' || url.password !== '' ? 'password' : null;
}

/** Returns whether the address of a broker means a connection without TLS: any address that is not `mqtts:`, also a text that is no URL. */
export function isPlain(broker: string): boolean {
  return URL.parse(broker)?.protocol !== 'mqtts:';
}

/** Returns the end of a sentence about a secret file: it is in the agent's data folder, and must be moved. */
export function inStateDir(stateDir: string): Message {
  return msg`lies in the agent's own data (${stateDir}), where no secret is read: move it to the folder of the site's file`;
}

/**
 * Returns the end of a sentence about a secret file: it is outside the folder of the site's file and no credential, and must be moved to
 * that folder.
 */
export function outsideSiteDir(siteDir: string): Message {
  return msg`lies outside of ${siteDir} and is no credential of the service: move it there`;
}

/** Matches names of keys whose value may be secret, such as `password`, `token` or `apiKey`. */
export const SECRET_KEY = /pass(word|phrase)?$|secret|token|api[-_]?key|private[-_]?key|credential/i;

/**
 * Returns the text with `mask` in place of passwords in URLs of the form `mqtts://name:password@host`. `words`: pattern of the parts that
 * may contain a URL, with the flag `g`. By default a part ends at white space, so a password with a space is not masked. The last `@` of a
 * part counts as the end of the password, so more may be masked.
 */
export function withoutUrlPasswords(text: string, mask = '[redacted]', words = /\S+/g): string {
  return text.replace(words, (word) => {
    const start = word.indexOf('//');
    const colon = start < 0 ? -1 : word.indexOf(':', start);
    // The last one: a password that was typed unencoded may contain `@` and `/`.
    const end = word.lastIndexOf('@');
    return colon < 0 || end < colon ? word : `${word.slice(0, colon)}:${mask}${word.slice(end)}`;
  });
}
