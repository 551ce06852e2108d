/**
 * Secrets: where their files may lie, which brokers keep them from being read on the way, and what must not be shown. Pure.
 *
 * A secret is a credential of the service or a file in the folder of the site; the folder of the agent's own data holds none.
 */

import { relative, sep } from 'node:path';
import type { UplinkConfig } from './cabinet.ts';
import { type Message, msg } from './message.ts';

/** Is `path` the folder `dir`, or below it? Both absolute and without links. */
export function isBelow(path: string, dir: string): boolean {
  const way = relative(dir, path);
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`));
}

/** A name without a folder is a credential that the service manager hands over. */
export function isCredential(path: string): boolean {
  return !path.includes('/');
}

/** Files of secrets that are no credentials. Shape: absolute paths, from `resolve`. */
export function secretFiles(
  uplink: UplinkConfig | null,
  resolve: (path: string) => string,
): { readonly setting: 'passwordFile' | 'keyFile'; readonly path: string }[] {
  return (['passwordFile', 'keyFile'] as const).flatMap((setting) => {
    const named = uplink?.[setting] ?? null;
    return named === null || isCredential(named) ? [] : [{ setting, path: resolve(named) }];
  });
}

/** Brokers in the order in which they are tried: with `mqtts://` first, a plain one never is, since the password would be readable on the way. */
export function usableBrokers({ broker, otherBrokers }: Pick<UplinkConfig, 'broker' | 'otherBrokers'>): string[] {
  return [broker, ...otherBrokers.filter((other) => isPlain(broker) || !isPlain(other))];
}

/** Without TLS. */
export function isPlain(broker: string): boolean {
  return URL.parse(broker)?.protocol !== 'mqtts:';
}

/** The sentence about a secret that the agent never reads. */
export function inStateDir(stateDir: string): Message {
  return msg`lies in the agent's own data (${stateDir}), where no secret is read: move it to the folder of the site's file`;
}

/** The sentence about a secret in another folder than that of the site. */
export function outsideSiteDir(siteDir: string): Message {
  return msg`lies outside of ${siteDir} and is no credential of the service: move it there`;
}

/** Names of secrets. A path to a file that holds one (`passwordFile`) is none. */
export const SECRET_KEY = /pass(word|phrase)?$|secret|token|api[-_]?key|private[-_]?key|credential/i;
const URL_PASSWORD = /(\/\/[^\s/:@]*):[^\s/@]+@/g;

/** The same text without passwords in its URLs. */
export function withoutUrlPasswords(text: string): string {
  return text.replace(URL_PASSWORD, '$1:[redacted]@');
}
