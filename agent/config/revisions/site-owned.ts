/**
 * The keys of `cabinet.yaml` that belong to the file of the site: no revision changes them, whatever its author or signature.
 * docs/adr/0025-two-owners-of-the-configuration.md has the reasons. Pure.
 */

import { isDeepStrictEqual } from 'node:util';
import type { Cabinet, PanelConfig, PanelLimits } from '../../core/cabinet.ts';
import { type LineNetwork, parseLineNetwork, parseLinePort, portKey } from '../../core/line-port.ts';
import { Message, msg } from '../../core/message.ts';
import { DEFAULT_LIMITS } from '../../core/panel-config.ts';
import type { SiteOwnedDifference } from '../../core/revisions.ts';

const PANEL = 'panels[].limits';
const PANEL_LIMITS = ['maxLength', 'changesPerMin', 'changesPerHour', 'characters', 'textFrom', 'emergencyFrom'] as const;

/**
 * The keys that the file of the site owns, with their names in `cabinet.yaml`; `[]` stands for any item. A revision may set some of
 * them within limits, such as ports of lines: see `siteOwnedDifferences`.
 */
export const SITE_OWNED: readonly string[] = [
  // Another cabinet would answer in its place.
  'cabinet.id',
  // A site at another place would have its day at night.
  ...['cabinet.latitudeDeg', 'cabinet.longitudeDeg', 'cabinet.timezone'],
  // A wrong clock would be trusted.
  'cabinet.clockTrust',
  // All data and the password would be sent elsewhere, or another platform would be in command.
  ...['uplink.broker', 'uplink.otherBrokers', 'uplink.protocol', 'uplink.group', 'uplink.node', 'uplink.primaryHost', 'uplink.username'],
  // The content of any file could be read and sent, or another authority be trusted.
  ...['uplink.passwordFile', 'uplink.caFile', 'uplink.certFile', 'uplink.keyFile'],
  // Any file could be overwritten, any folder be read.
  ...['service.metricsFile', 'profileDirs'],
  // The console could be opened without a login, or hidden.
  'console.socketPath',
  // Readings, users and revisions would be lost.
  'store.dir',
  // The record of users' actions could be deleted before anyone has read it.
  'store.peopleDays',
  // Recordings of alarms could be deleted before anyone has read them.
  ...['recorder.memoryKilobytes', 'recorder.maxRecordings', 'recorder.maxMegabytes'],
  // The times of detections would be kept for longer, or a complaint could no longer be answered.
  'store.recordDays',
  // A revision could name its own signers and allow its own ports.
  ...['trust.revisionKeys', 'trust.userKeys', 'trust.ports'],
  // The square could be shouted at, at night too.
  ...['sound.limits.maxVolumePct', 'sound.limits.emergencyVolumePct', 'sound.limits.quietHours'],
  ...['sound.limits.announcementsPerH', 'sound.limits.emergencyBy'],
  // Other services and devices of the machine and its network would become reachable. Compared over all lines.
  'lines[].port',
  // Any text could be shown to the public. Compared for each device that shows texts.
  ...PANEL_LIMITS.map((key) => `${PANEL}.${key}`),
];

const PORT = 'lines[].port';

/**
 * Returns the site-owned keys in which `candidate` differs from `allowed`, and `lines[ID].kind` if the port of a sound player gets another
 * kind of line. Empty if there are none. A section is compared with that of the most similar cabinet of `allowed`; without one, all keys of
 * the section differ. A line may have any port that one of them has or trusts. The limits of a panel are compared with those of the
 * most similar panel on the same unit and port; without one, with the default limits. Shape: `profileDirs` are absolute in all these
 * cabinets.
 */
export function siteOwnedDifferences(candidate: Cabinet, allowed: readonly Cabinet[]): SiteOwnedDifference[] {
  const sections = Map.groupBy(
    SITE_OWNED.filter((key) => key !== PORT && !key.startsWith(PANEL)),
    (key) => key.split('.')[0],
  );
  const others = [...sections.values()].flatMap((keys) => fewest(keys, candidate, allowed));
  const ports = new Set(allowed.flatMap(portsOf));
  const networks = allowed.flatMap(({ trust }) => trust.ports.flatMap((text) => parseLineNetwork(text) ?? []));
  const isAllowed = (port: string): boolean => ports.has(portKey(port)) || networks.some((network) => isInNetwork(network, port));
  const foreign = candidate.lines.filter(({ port }) => !isAllowed(port)).map(({ id }) => `lines[${id}].port`);
  return [...others, ...foreign, ...panelDifferences(candidate, allowed), ...playerLines(candidate, allowed)].map((key) => ({ key }));
}

/** On a line of another kind, written registers could contain the bytes of a command to the player, such as its full volume. */
function playerLines(candidate: Cabinet, allowed: readonly Cabinet[]): string[] {
  const ports = new Set(allowed.flatMap(playerPorts).map(portKey));
  return candidate.lines.filter(({ kind, port }) => kind !== 'uart' && ports.has(portKey(port))).map(({ id }) => `lines[${id}].kind`);
}

function playerPorts({ sound, lines }: Cabinet): string[] {
  const players = new Set(sound?.places.map(({ player }) => player));
  return lines.filter(({ devices }) => devices.some(({ id }) => players.has(id))).map(({ port }) => port);
}

/**
 * Most keys in the sentence. Source: assumed; with the longest names they fit four lines of a terminal. Confirmed by: the longest refusals on a
 * terminal of 80 columns.
 */
const SHOWN_KEYS = 8;

/** The sentence with which a configuration is refused. Names the site's `file` and at most eight keys, then how many more there are. */
export function siteOwnedRefusal(differences: readonly SiteOwnedDifference[], file: string): Message {
  const keys = differences.map(({ key }) => key);
  const [first = ''] = keys;
  const others = keys.length - SHOWN_KEYS;
  if (keys.length === 1) return msg`${first} belongs to the file of the site (${file}): change it there`;
  const shown = keys.slice(0, SHOWN_KEYS);
  const named = others > 0 ? msg`${shown} and ${others} more` : msg`${shown}`;
  return msg`${named} belong to the file of the site (${file}): change them there`;
}

/** The differences from the most similar of the allowed configurations. */
function fewest(keys: readonly string[], candidate: Cabinet, allowed: readonly Cabinet[]): readonly string[] {
  return allowed
    .map((each) => keys.filter((key) => !isDeepStrictEqual(valueAt(candidate, key), valueAt(each, key))))
    .reduce((least, next) => (next.length < least.length ? next : least), keys);
}

/** The keys of `cabinet:` are at the top of a `Cabinet`; a missing section has no values. */
function valueAt(cabinet: Cabinet, key: string): unknown {
  const path = key.replace(/^cabinet\./, '').split('.');
  return path.reduce<unknown>((value, name) => (value as Record<string, unknown> | null | undefined)?.[name], cabinet);
}

function panelDifferences(candidate: Cabinet, allowed: readonly Cabinet[]): string[] {
  const places = placesOf(candidate);
  return candidate.panels.flatMap(({ id, device, limits }) => {
    const place = places.get(device);
    const known = allowed.flatMap((each) => panelsAt(each, place));
    const differing = (other: PanelLimits): readonly string[] => PANEL_LIMITS.filter((key) => !isDeepStrictEqual(limits[key], other[key]));
    const [first, ...others] = known.length === 0 ? [differing(DEFAULT_LIMITS)] : known.map((panel) => differing(panel.limits));
    const least = others.reduce((fewestKeys, next) => (next.length < fewestKeys.length ? next : fewestKeys), first ?? []);
    return least.map((key) => `panels[${id}].limits.${key}`);
  });
}

/** The panels on one unit of a line, whatever their names. */
function panelsAt(cabinet: Cabinet, place: string | undefined): readonly PanelConfig[] {
  const places = placesOf(cabinet);
  return cabinet.panels.filter(({ device }) => places.get(device) === place);
}

/** Port and unit of each device. */
function placesOf({ lines }: Cabinet): ReadonlyMap<string, string> {
  return new Map(lines.flatMap(({ port, devices }) => devices.map(({ id, unit }) => [id, `${portKey(port)}#${unit}`] as const)));
}

function portsOf({ lines, trust }: Cabinet): string[] {
  return [...lines.map(({ port }) => port), ...trust.ports].map(portKey);
}

function isInNetwork(network: LineNetwork | Message, text: string): boolean {
  if (network instanceof Message) return false;
  const port = parseLinePort(text);
  return (
    (port.kind === 'tcp' || port.kind === 'rtu+tcp') && port.kind === network.kind && port.port === network.port && network.holds(port.host)
  );
}
