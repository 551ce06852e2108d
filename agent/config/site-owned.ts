/**
 * Keys of `cabinet.yaml` that belong to the file of the site: no revision of the configuration sets them, whatever its author or signature.
 *
 * Owns that list and the comparison. Pure; docs/adr/0025-two-owners-of-the-configuration.md has the reasons.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Cabinet } from '../core/cabinet.ts';
import { linePortName, parseLinePort } from '../core/line-port.ts';

export interface SiteOwnedKey {
  /** As it stands in `cabinet.yaml`; `lines[].port` is compared over all lines. */
  readonly key: string;
  /** What a revision could do with it. */
  readonly why: string;
}

/** Every key of the schema that is not in this list belongs to platform and console. */
export const SITE_OWNED: readonly SiteOwnedKey[] = [
  { key: 'cabinet.id', why: 'another cabinet would answer in its place' },
  { key: 'cabinet.latitudeDeg', why: 'a site that is moved has its day at night' },
  { key: 'cabinet.longitudeDeg', why: 'a site that is moved has its day at night' },
  { key: 'cabinet.timezone', why: 'the hours of the night would be others' },
  { key: 'cabinet.clockTrust', why: 'a wrong clock would be believed' },
  { key: 'uplink.broker', why: 'all data and the password would go elsewhere' },
  { key: 'uplink.otherBrokers', why: 'all data and the password would go elsewhere' },
  { key: 'uplink.protocol', why: 'a connection could be lost for good' },
  { key: 'uplink.group', why: 'another platform would be in command' },
  { key: 'uplink.node', why: 'another platform would be in command' },
  { key: 'uplink.primaryHost', why: 'another platform would be in command' },
  { key: 'uplink.username', why: 'the cabinet would be known under another name' },
  { key: 'uplink.passwordFile', why: 'the content of any file would be sent' },
  { key: 'uplink.caFile', why: 'another authority would be believed' },
  { key: 'uplink.certFile', why: 'the cabinet would be known under another name' },
  { key: 'uplink.keyFile', why: 'any file would be read' },
  { key: 'service.metricsFile', why: 'any file could be overwritten' },
  { key: 'profileDirs', why: 'any folder would be read' },
  { key: 'console.socketPath', why: 'the console could be opened without a login, or hidden' },
  { key: 'store.dir', why: 'readings, users and revisions would be left behind' },
  { key: 'trust.revisionKeys', why: 'a revision could name its own signer' },
  { key: 'trust.ports', why: 'a revision could allow its own ports' },
  { key: 'lines[].port', why: 'other services and devices of the machine and its network would be reached' },
];

/** One key that a configuration sets to a value of its own. Shape: `uplink.broker`, `lines[north].port`. */
export interface SiteOwnedDifference {
  readonly key: string;
}

/**
 * Site-owned keys that `candidate` sets to a value which none of `allowed` has. Empty when there is none.
 *
 * Keys of one section count together: user and password of one configuration with the broker of another are a third one.
 * With nothing in `allowed` every key is a difference.
 */
export function siteOwnedDifferences(candidate: Cabinet, allowed: readonly Cabinet[]): SiteOwnedDifference[] {
  const sections = Map.groupBy(
    SITE_OWNED.map(({ key }) => key).filter((key) => key !== PORT),
    (key) => key.split('.')[0],
  );
  const others = [...sections.values()].flatMap((keys) => fewest(keys, candidate, allowed));
  const ports = new Set(allowed.flatMap(portsOf));
  const foreign = candidate.lines.filter(({ port }) => !ports.has(portName(port))).map(({ id }) => `lines[${id}].port`);
  return [...others, ...foreign].map((key) => ({ key }));
}

/** The sentence with which a configuration is refused; `file` is that of the site. */
export function siteOwnedRefusal(differences: readonly SiteOwnedDifference[], file: string): string {
  const keys = differences.map(({ key }) => key);
  const [first = ''] = keys;
  const others = keys.length - SHOWN_KEYS;
  if (keys.length === 1) return `${first} belongs to the file of the site (${file}): change it there`;
  const named = `${keys.slice(0, SHOWN_KEYS).join(', ')}${others > 0 ? ` and ${others} more` : ''}`;
  return `${named} belong to the file of the site (${file}): change them there`;
}

const PORT = 'lines[].port';
/** Source: assumed; with the longest names they fit four lines of a terminal. */
const SHOWN_KEYS = 8;

/** What differs from the most similar of them. */
function fewest(keys: readonly string[], candidate: Cabinet, allowed: readonly Cabinet[]): readonly string[] {
  return allowed
    .map((each) => keys.filter((key) => !isDeepStrictEqual(valueAt(candidate, key), valueAt(each, key))))
    .reduce((least, next) => (next.length < least.length ? next : least), keys);
}

/** The keys of `cabinet:` stand at the top of a `Cabinet`; a section that is left out has no values. */
function valueAt(cabinet: Cabinet, key: string): unknown {
  const path = key.replace(/^cabinet\./, '').split('.');
  return path.reduce<unknown>((value, name) => (value as Record<string, unknown> | null | undefined)?.[name], cabinet);
}

function portsOf({ lines, trust }: Cabinet): string[] {
  return [...lines.map(({ port }) => port), ...trust.ports].map(portName);
}

/** One name for one endpoint, `tcp://plc` and `tcp://plc:502`. */
function portName(text: string): string {
  const port = parseLinePort(text);
  return port.kind === 'bad' ? text : linePortName(port);
}
