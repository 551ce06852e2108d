/**
 * Secrets: where their files may be, which brokers protect them in transit, and what must not be shown. Pure.
 *
 * A secret is a credential of the service or a file in the folder of the site; the agent's own data folder contains none.
 */

import { relative, sep } from 'node:path';
import type { UplinkConfig } from './cabinet.ts';
import { type Message, msg } from './message.ts';

/** Whether `path` is the folder `dir` or is below it. Both must be absolute and without links. */
export function isBelow(path: string, dir: string): boolean {
  const way = relative(dir, path);
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`));
}

/** A name without a folder is a credential that the service manager provides. */
export function isCredential(path: string): boolean {
  return !path.includes('/');
}

/** Files of secrets that are not credentials. Shape: absolute paths, from `resolve`. */
export function secretFiles(
  uplink: UplinkConfig | null,
  resolve: (path: string) => string,
): { readonly setting: 'passwordFile' | 'keyFile'; readonly path: string }[] {
  return (['passwordFile', 'keyFile'] as const).flatMap((setting) => {
    const named = uplink?.[setting] ?? null;
    return named === null || isCredential(named) ? [] : [{ setting, path: resolve(named) }];
  });
}

/** Brokers in the order in which they are tried. If the first is `mqtts://`, plain ones are left out, because the password would be readable in transit. */
export function usableBrokers({ broker, otherBrokers }: Pick<UplinkConfig, 'broker' | 'otherBrokers'>): string[] {
  return [broker, ...otherBrokers.filter((other) => isPlain(broker) || !isPlain(other))];
}

/** Returns whether the connection has no TLS. */
export function isPlain(broker: string): boolean {
  return URL.parse(broker)?.protocol !== 'mqtts:';
}

/** The sentence about a secret in the agent's data folder, which the agent never reads. */
export function inStateDir(stateDir: string): Message {
  return msg`lies in the agent's own data (${stateDir}), where no secret is read: move it to the folder of the site's file`;
}

/** The sentence about a secret outside the folder of the site. */
export function outsideSiteDir(siteDir: string): Message {
  return msg`lies outside of ${siteDir} and is no credential of the service: move it there`;
}

/** Names of keys with a secret value. The path of a file that contains one (`passwordFile`) is not secret. */
export const SECRET_KEY = /pass(word|phrase)?$|secret|token|api[-_]?key|private[-_]?key|credential/i;
const URL_PASSWORD = /(\/\/[^\s/:@]*):[^\s/@]+@/g;

/** Removes the passwords from URLs in a text. */
export function withoutUrlPasswords(text: string): string {
  return text.replace(URL_PASSWORD, '$1:[redacted]@');
}
