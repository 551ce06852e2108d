/**
 * Checks the sections about the site itself: its time zone and coordinates, the console's socket, and the keys and ports that it trusts. Pure; uses
 * the runtime's time zone data.
 */

import { isLoginPlace } from '../../core/access.ts';
import { parseLineNetwork, parseLinePort } from '../../core/line-port.ts';
import { Message, msg } from '../../core/message.ts';
import { nearest } from '../../core/suggestions.ts';
import { readRevisionKey } from '../revisions/revision-key.ts';
import { repeatedBy } from './check-names.ts';
import { type CabinetDraft, type Placed, placed } from './draft.ts';
import type { Finding } from './finding.ts';

/** Degrees of longitude per hour of local time. */
const DEG_PER_HOUR = 15;
/** Largest distance of a place from the meridian of its clock. Units: degrees. Source: 4 h; western China, the extreme, is 3 h off. */
const FAR_DEG = 60;
/** Usual distance from the meridian of the clock. Units: degrees. Source: 2 h, a standard meridian with one hour of slack on either side. */
const USUAL_DEG = 30;
/** The latitudes of `Europe/` zones. Units: degrees of latitude. Source: Gavdos 34.8 N, Franz Josef Land 81.9 N. */
const EUROPE_DEG = { min: 34, max: 82 };

/**
 * Returns a finding for an unknown time zone, or for a latitude and longitude that, by the time zone, look swapped. Empty if nothing is
 * found.
 */
export function checkSite(site: CabinetDraft['cabinet']): Finding[] {
  const timezone = site?.timezone;
  if (site === undefined || timezone === undefined) return [];
  const offsetH = standardOffsetH(timezone);
  if (offsetH === null) return [{ path: ['cabinet', 'timezone'], message: msg`unknown time zone "${timezone}"${suggestZone(timezone)}` }];
  const { latitudeDeg, longitudeDeg } = site;
  if (latitudeDeg === undefined || longitudeDeg === undefined) return [];
  if (!looksSwapped({ latitudeDeg, longitudeDeg, meridianDeg: offsetH * DEG_PER_HOUR, timezone })) return [];
  const message = msg`latitude ${latitudeDeg} and longitude ${longitudeDeg} look swapped: ${timezone} lies elsewhere, and fits the other way round`;
  return [{ path: ['cabinet', 'latitudeDeg'], message }];
}

interface SitePlace {
  readonly latitudeDeg: number;
  readonly longitudeDeg: number;
  readonly meridianDeg: number;
  readonly timezone: string;
}

function looksSwapped({ latitudeDeg, longitudeDeg, meridianDeg, timezone }: SitePlace): boolean {
  if (Math.abs(longitudeDeg) > 90 || Math.abs(latitudeDeg - meridianDeg) > USUAL_DEG) return false;
  const inEurope = (deg: number): boolean => deg >= EUROPE_DEG.min && deg <= EUROPE_DEG.max;
  if (timezone.startsWith('Europe/') && !inEurope(latitudeDeg) && inEurope(longitudeDeg)) return true;
  return Math.abs(longitudeDeg - meridianDeg) > FAR_DEG;
}

/** The smaller of the January and July offsets: winter time on both hemispheres. Null for an unknown zone. Units: h. */
function standardOffsetH(timezone: string): number | null {
  if (!/^[A-Za-z]/.test(timezone)) return null;
  try {
    const format = new Intl.DateTimeFormat('en', { timeZone: timezone, timeZoneName: 'longOffset' });
    return Math.min(offsetH(format, Date.UTC(2026, 0, 15)), offsetH(format, Date.UTC(2026, 6, 15)));
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function offsetH(format: Intl.DateTimeFormat, atMs: number): number {
  const name = format.formatToParts(atMs).find((part) => part.type === 'timeZoneName')?.value ?? '';
  const [, sign, hours = '0', minutes = '0'] = /GMT([+-])(\d+):(\d+)/.exec(name) ?? [];
  return (sign === '-' ? -1 : 1) * (Number(hours) + Number(minutes) / 60);
}

/** Completes a city name alone, and corrects a typing error. */
function suggestZone(timezone: string): Message {
  const zones = Intl.supportedValuesOf('timeZone');
  const city = timezone.toLowerCase().replaceAll(' ', '_');
  const guess = zones.find((zone) => zone.toLowerCase().endsWith(`/${city}`)) ?? nearest(timezone, zones);
  return guess === undefined ? msg`; allowed: an IANA name such as Europe/Paris` : msg`; did you mean "${guess}"?`;
}

/** Returns a finding if `console.socketPath` is a path that is reserved for login sockets; see `isLoginPlace`. Empty otherwise. */
export function checkConsole(console: CabinetDraft['console']): Finding[] {
  const path = console?.socketPath;
  if (typeof path !== 'string' || !isLoginPlace(path)) return [];
  const message = msg`"${path}" is the login socket, and this one has no login: leave it out, or write /run/luciole/agent.sock`;
  return [{ path: ['console', 'socketPath'], message }];
}

/** Why no line could have this port, or address of this network; null if one could. */
function portFlaw(text: string): Message | null {
  const network = parseLineNetwork(text);
  if (network !== undefined) return network instanceof Message ? network : null;
  const port = parseLinePort(text);
  return port.kind === 'bad' ? port.why : null;
}

/** Returns findings about `trust`, such as a port that no line could have or the malformed text of a key. Empty if there are none. */
export function checkTrust(trust: CabinetDraft['trust']): Finding[] {
  const ports = placed(trust?.ports, ['trust', 'ports']).map(({ value, path }) => ({ flaw: portFlaw(value), path }));
  return [
    ...ports.flatMap(({ flaw, path }) => (flaw === null ? [] : [{ path, message: flaw }])),
    ...checkKeys(placed(trust?.revisionKeys, ['trust', 'revisionKeys']), {
      sameId: (id) => msg`there are two revision keys "${id}"`,
      twice: msg`this revision key is listed twice; each person needs a key of their own`,
    }),
    ...checkKeys(placed(trust?.userKeys, ['trust', 'userKeys']), {
      sameId: (id) => msg`there are two user keys "${id}"`,
      twice: msg`this user key is listed twice; each person needs a key of their own`,
    }),
  ];
}

function checkKeys(
  entries: readonly Placed<{ readonly id?: string | undefined; readonly key?: string | undefined }>[],
  texts: { readonly sameId: (id: string) => Message; readonly twice: Message },
): Finding[] {
  const ids = entries.map(({ value, path }) => ({ id: value.id?.toLowerCase(), path: [...path, 'id'] }));
  const keys = entries.flatMap(({ value, path }) => (value.key === undefined ? [] : [{ text: value.key, path: [...path, 'key'] }]));
  const usable = keys.map(({ text, path }) => ({ raw: Buffer.from(text, 'base64').toString('hex').slice(-64), path, text }));
  return [
    ...usable
      .filter(({ text }) => readRevisionKey(text) === undefined)
      .map(({ path }) => ({ path, message: msg`not an Ed25519 public key; copy the line that \`luciole config keygen\` printed` })),
    ...repeatedBy(ids, texts.sameId),
    ...repeatedBy(
      usable.map(({ raw, path }) => ({ id: raw, path })),
      () => texts.twice,
    ),
  ];
}
