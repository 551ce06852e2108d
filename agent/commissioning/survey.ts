/**
 * Finds the ports that are lines of the street, the units that answer on them, and the profile of each unit.
 *
 * If the probes of a unit leave several profiles, it asks a person. It writes no register.
 */

import { realpathSync } from 'node:fs';
import { findSerialPorts, type SerialPortSeen } from '../../drivers/port-finder.ts';
import { createSerialPort } from '../../drivers/serial-port.ts';
import { renderScanProgress, serialText } from '../console/commands/lines/bus-scan.ts';
import { ConsoleError } from '../console/console-error.ts';
import type { StatusLine } from '../console/terminal/status-line.ts';
import type { FoundUnit } from '../core/bus-tools.ts';
import { count } from '../core/counts.ts';
import { BusError } from '../core/errors.ts';
import { type Argument, type Message, msg, type Said } from '../core/message.ts';
import type { Profile } from '../core/profile.ts';
import { nearest } from '../core/suggestions.ts';
import { createSystemClock } from '../core/system-clock.ts';
import type { Language } from '../core/words.ts';
import { type AskLine, INDENT_COLS, type PrintLine } from './ask-questions.ts';
import { askUnknownUnits } from './ask-unknown-units.ts';
import { probeLine } from './probe.ts';
import type { ProfileChoice, SeenLine } from './propose.ts';
import { isNone } from './questions.ts';
import type { SetupRequest } from './setup-answers.ts';

/** What `survey` scans for, and how it asks and prints. If `signal` is aborted during a scan, `survey` rejects. */
export interface SurveyParts {
  readonly request: SetupRequest;
  /** By id. */
  readonly profiles: ReadonlyMap<string, Profile>;
  /** Null: no question may be asked; a unit whose profile is not certain then gets none. */
  readonly ask: AskLine | null;
  readonly print: PrintLine;
  /** Shows the progress of the scan; null for none. */
  readonly status: StatusLine | null;
  /** Language of the progress line. Default: English. */
  readonly language?: Language | undefined;
  readonly signal: AbortSignal;
}

/** A port that `survey` itself left out of the cabinet, and why. Ports that a person did not choose are not among them. */
export interface SkippedPort {
  readonly port: string;
  readonly why: Message;
}

/**
 * Scans ports, and prints what it finds. `ask` is used, for example, for profiles that are not certain. Resolves with `lines` for the
 * cabinet, the ports that it left out itself (`skipped`), and `choice`, which returns the profile of a unit.
 *
 * Errors: rejects, for example with ConsoleError if no port can be used, or as `ask`.
 */
export async function survey(parts: SurveyParts) {
  for (const id of [...parts.request.devices.values(), ...parts.request.preferred]) knownProfile(id, parts.profiles);
  const skipped: SkippedPort[] = [];
  const ports = parts.request.ports.length > 0 ? parts.request.ports : await choosePorts(parts, skipped);
  const seen: SeenLine[] = [];
  for (const port of ports) {
    const line = await look(port, parts, skipped);
    if (line !== null) seen.push(line);
  }
  if (seen.length === 0)
    throw new ConsoleError('failed', msg`no port could be used: ${skipped.map(({ port, why }) => msg`${port}: ${why}`)}`);
  const lines = parts.request.ports.length > 0 ? seen : withSomebody(seen, skipped);
  return { lines, skipped, choice: await chooseProfiles(lines, parts) };
}

async function choosePorts({ ask, print }: SurveyParts, skipped: SkippedPort[]): Promise<readonly string[]> {
  const all = findSerialPorts({ ownTerminal: ownTerminal() });
  for (const { path, keepOff } of all) if (keepOff !== null) skipped.push({ port: path, why: msg`${keepOff}` });
  const usable = all.filter(({ keepOff }) => keepOff === null);
  const paths = usable.map(({ path }) => path);
  if (usable.length === 0) {
    const others = skipped.map(({ port, why }) => msg`${port}: ${why}`);
    throw new ConsoleError(
      'failed',
      others.length === 0
        ? msg`no serial port found: plug the adapter in, or name a port: --port /dev/ttyUSB0 or --port tcp://host:502`
        : msg`no serial port can be used (${others}): plug the adapter in, or name a port: --port /dev/ttyUSB0 or --port tcp://host:502`,
    );
  }
  if (ask === null || usable.length === 1) return paths;
  print(msg`Serial ports:`);
  for (const [i, port] of usable.entries()) print(`${i + 1}  ${describe(port)}`, INDENT_COLS);
  for (;;) {
    const typed = (await ask(msg`Which are lines of the street? Numbers, or all [all]:`)).trim();
    if (isAll(typed)) return paths;
    const chosen = typed.split(/[\s,;]+/).map((number) => paths[Number(number) - 1]);
    if (chosen.every((path) => path !== undefined)) return [...new Set(chosen)];
    print(msg`found ${JSON.stringify(typed)}; allowed: all, or numbers from 1 to ${paths.length}, as 1 2`, INDENT_COLS);
  }
}

/** Returns true for "all": an empty answer, or the word in English or French. */
function isAll(typed: string): boolean {
  return ['', 'all', 'tous', 'toutes', 'tout'].includes(typed.toLowerCase());
}

function describe({ path, device, driver }: SerialPortSeen): string {
  const about = [path === device ? null : device, driver].filter((word) => word !== null).join(', ');
  return about === '' ? path : `${path} (${about})`;
}

/** Returns the terminal of this process; null if it has none. */
function ownTerminal(): string | null {
  try {
    const path = realpathSync('/proc/self/fd/0');
    return path.startsWith('/dev/') ? path : null;
  } catch (error) {
    if (error instanceof Error && 'code' in error) return null;
    throw error;
  }
}

/** Scans a port. Resolves with null if it cannot be used; this is printed, and the scan of the other ports goes on. */
async function look(port: string, parts: SurveyParts, skipped: SkippedPort[]): Promise<SeenLine | null> {
  const { request, profiles, signal, status, print, language = 'en' } = parts;
  print(msg`Scanning ${port} for addresses ${request.from} to ${request.to} ...`);
  try {
    const line = await probeLine(port, {
      ...request,
      profiles,
      clock: createSystemClock({ quality: () => 'none', isBusAlone: true }),
      openPort: createSerialPort,
      signal,
      report: (progress) => status?.show(renderScanProgress(progress, { language })),
    });
    status?.clear();
    for (const text of lineSummary(line)) print(text, INDENT_COLS);
    return line;
  } catch (error) {
    status?.clear();
    if (signal.aborted) throw new ConsoleError('failed', msg`interrupted; nothing was written`, { cause: error });
    if (!(error instanceof BusError)) throw error;
    skipped.push({ port, why: error.said });
    print(msg`this port is left out: ${error.said}`, INDENT_COLS);
    return null;
  }
}

function lineSummary({ serial, found, damaged, uartDevice }: SeenLine): readonly Said[] {
  if (uartDevice !== null) return [msg`a ${uartDevice.id} sends by itself at ${serialText(serial)}`];
  const hurt = damaged.length === 0 ? [] : [msg`damaged answers at ${damaged}: two units with one address, or a bad line`];
  if (found.length === 0) return [msg`no unit answers: check supply, A and B (try them swapped) and termination`, ...hurt];
  const units = found.map(
    ({ unit, profiles: [best, ...others] }): Argument =>
      best === undefined ? msg`${unit} unknown` : `${unit} ${best.id}${others.length === 0 && best.strength === 'strong' ? '' : '?'}`,
  );
  return [msg`${count(found.length, 'unit')} at ${serialText(serial)}: ${units}`, ...hurt];
}

/** A port without units belongs to other equipment, unless no port has any unit. */
function withSomebody(seen: readonly SeenLine[], skipped: SkippedPort[]): readonly SeenLine[] {
  const isSpoken = ({ found, damaged, uartDevice }: SeenLine): boolean => uartDevice !== null || found.length + damaged.length > 0;
  if (!seen.some(isSpoken)) return seen;
  for (const line of seen)
    if (!isSpoken(line)) skipped.push({ port: line.port, why: msg`no unit answers on it; name it with --port to keep it` });
  return seen.filter(isSpoken);
}

/** Takes a proven profile. A likely one must be confirmed by a person: a wrong profile would write to unknown registers. */
async function chooseProfiles(lines: readonly SeenLine[], parts: SurveyParts): Promise<ProfileChoice> {
  const { request, profiles, ask } = parts;
  const chosen = new Map<string, Profile | null>();
  /** A person's answers for units with the same candidates. */
  const alike = new Map<string, string | null>();
  for (const { port, found } of lines) {
    const unknown: FoundUnit[] = [];
    for (const unit of found) {
      const named = request.devices.get(`${port} ${unit.unit}`) ?? request.devices.get(String(unit.unit));
      const certain = named ?? proven(unit, request.preferred);
      if (certain === null && unit.profiles.length === 0) unknown.push(unit);
      const id = certain ?? (ask === null || unit.profiles.length === 0 ? null : await askProfile(port, unit, { ...parts, ask, alike }));
      chosen.set(`${port} ${unit.unit}`, id === null ? null : knownProfile(id, profiles));
    }
    if (ask === null) continue;
    for (const [unit, id] of await profilesOfUnknown(port, unknown, { ...parts, ask }))
      chosen.set(`${port} ${unit}`, knownProfile(id, profiles));
  }
  return (port, { unit }) => chosen.get(`${port} ${unit}`) ?? null;
}

/** Asks a person for the profiles of the units that none recognises. Resolves with the profile by unit. */
async function profilesOfUnknown(
  port: string,
  unknown: readonly FoundUnit[],
  parts: SurveyParts & { readonly ask: AskLine },
): Promise<Iterable<readonly [unit: number, profile: string]>> {
  const { profiles, ask, print } = parts;
  const [only] = unknown;
  if (only === undefined) return [];
  if (unknown.length === 1) {
    const id = await askOneProfile(port, only, parts);
    return id === null ? [] : [[only.unit, id]];
  }
  const refusalOf = (id: string): Message | null => (profiles.get(id)?.transport === 'modbus' ? null : noProfile(id, profiles));
  return askUnknownUnits({ port, units: unknown.map(({ unit }) => unit), ask, print, refusalOf });
}

function proven({ profiles }: FoundUnit, preferred: readonly string[]): string | null {
  const strong = profiles.filter(({ strength }) => strength === 'strong');
  if (strong.length === 1) return strong[0]?.id ?? null;
  return preferred.find((id) => profiles.some((each) => each.id === id)) ?? null;
}

interface AskParts extends SurveyParts {
  readonly ask: AskLine;
  readonly alike: Map<string, string | null>;
}

/** Asks once for all units with the same candidates, such as forty equal drivers. */
async function askProfile(port: string, unit: FoundUnit, parts: AskParts): Promise<string | null> {
  const { ask, alike } = parts;
  const look = unit.profiles.map(({ id }) => id).join(' ');
  const known = alike.get(look);
  if (known !== undefined) return known;
  const id = await askOneProfile(port, unit, parts);
  if (isYes(await ask(msg`The same for all other units that look like it? yes or no [yes]:`))) alike.set(look, id);
  return id;
}

async function askOneProfile(port: string, unit: FoundUnit, { profiles, ask, print }: Omit<AskParts, 'alike'>): Promise<string | null> {
  const [best] = unit.profiles;
  print(
    best === undefined
      ? msg`Unit ${unit.unit} on ${port} answers, and no profile recognises it.`
      : msg`Unit ${unit.unit} on ${port} has one of these profiles: ${unit.profiles.map(({ id }) => id)}.`,
  );
  const prompt = msg`Its profile, or none to leave it out [${best?.id ?? msg`none`}]:`;
  for (;;) {
    const typed = (await ask(prompt)).trim() || (best?.id ?? 'none');
    if (isNone(typed)) return null;
    if (profiles.get(typed)?.transport === 'modbus') return typed;
    print(noProfile(typed, profiles), INDENT_COLS);
  }
}

/** Returns true if a person typed nothing, or "yes" in English or French, also by its first letter, in upper or lower case. */
export function isYes(typed: string): boolean {
  return ['', 'y', 'yes', 'o', 'oui'].includes(typed.trim().toLowerCase());
}

/** Returns the profile. Errors: throws ConsoleError 'usage' if it is unknown or not a Modbus profile. */
function knownProfile(id: string, profiles: ReadonlyMap<string, Profile>): Profile {
  const profile = profiles.get(id);
  if (profile?.transport === 'modbus') return profile;
  throw new ConsoleError('usage', noProfile(id, profiles));
}

function noProfile(id: string, profiles: ReadonlyMap<string, Profile>): Message {
  if (profiles.has(id))
    return msg`a device of profile ${id} sends by itself and has no address: give it a line of its own in the cabinet (kind: uart)`;
  const near = nearest(id, [...profiles.keys()]);
  return near === undefined ? msg`no profile "${id}"; see luciole profile list` : msg`no profile "${id}"; did you mean ${near}?`;
}
