/** Reads the answers that `luciole setup` has before its first question: options, answers file, interrupted run, present cabinet file. */

import { readPlacedYaml } from '../config/load/places.ts';
import { ConsoleError } from '../console/console-error.ts';
import type { LocalArgs } from '../console/terminal/terminal.ts';
import type { SerialSettings } from '../core/cabinet.ts';
import { parseLinePort } from '../core/line-port.ts';
import { msg } from '../core/message.ts';
import { readRegularFile } from '../core/regular-file.ts';
import { nearest } from '../core/suggestions.ts';
import { QUESTIONS, type TypedAnswers } from './questions.ts';

/** Answers and options given before the first question. */
export interface SetupRequest {
  /** By question name. `Question.read` has not checked them. From the file they are YAML values as text: `0042` becomes `42`. */
  readonly answers: TypedAnswers;
  /** Ports to scan; empty: search for them. */
  readonly ports: readonly string[];
  /** Null: find the settings. */
  readonly serial: SerialSettings | null;
  /** First address to scan; `to` is the last. Default: 1 and 247. */
  readonly from: number;
  readonly to: number;
  /** Profile ids by unit, `31`, or by port and unit, `/dev/ttyS1 31`. Not checked: a profile may be unknown. */
  readonly devices: ReadonlyMap<string, string>;
  /** Ids of preferred profiles, for units whose probes do not prove exactly one. */
  readonly preferred: readonly string[];
  /** True, with `--yes`, `--answers` or `--json`: no question may be asked. */
  readonly isQuiet: boolean;
}

/** Answers that are lists; a single text is accepted too. */
const LISTS = ['port', 'device', 'prefer'];
const SINGLE = ['serial', 'units'];
/** Serial settings such as `9600 8N1`. Source: the schema of the cabinet file. */
const SERIAL = /^(\d{4,6})[- ,]?8([NEO])([12])$/i;

/**
 * Reads options and answers file; options take precedence. Answers to questions are not checked. Errors: throws ConsoleError 'usage', for
 * example for an unknown name in the file.
 */
export function readSetupRequest(args: LocalArgs): SetupRequest {
  const file = typeof args['answers'] === 'string' ? answersOf(args['answers']) : {};
  const texts = (name: string): readonly string[] => {
    const value = args[name] ?? file[name] ?? [];
    return Array.isArray(value) ? value.map(String) : [String(value)];
  };
  const answers = Object.fromEntries(
    QUESTIONS.flatMap(({ name }) => {
      const value = args[name] ?? file[name];
      return value === undefined ? [] : [[name, textOf(value)]];
    }),
  );
  const only = (name: string): string | undefined => {
    const [first, second] = texts(name);
    if (second !== undefined) throw new ConsoleError('usage', msg`${name}: give one value, not a list`);
    return first;
  };
  const [from, to] = unitsOf(only('units'));
  return {
    answers,
    ports: texts('port').map(portOf),
    serial: serialOf(only('serial')),
    from,
    to,
    devices: new Map(texts('device').map(deviceOf)),
    preferred: texts('prefer'),
    isQuiet: args['yes'] === true || args['answers'] !== undefined || args['json'] === true,
  };
}

/**
 * Returns those of id, name, time zone and position that the cabinet file contains. Only their types are checked. Empty if the file cannot
 * be read or parsed.
 */
export function answersOfCabinet(file: string): TypedAnswers {
  let text: string;
  try {
    text = readRegularFile(file).toString('utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error) return {};
    throw error;
  }
  const { value } = readPlacedYaml(text);
  const site = (value as { cabinet?: Record<string, unknown> } | null | undefined)?.cabinet;
  if (typeof site !== 'object' || site === null) return {};
  const answers: Record<string, string> = {};
  for (const name of ['id', 'name', 'timezone']) if (typeof site[name] === 'string') answers[name] = site[name];
  const [latitude, longitude] = [site['latitudeDeg'], site['longitudeDeg']];
  if (typeof latitude === 'number' && typeof longitude === 'number') answers['position'] = `${latitude}, ${longitude}`;
  return answers;
}

/** Returns the answers that an interrupted run stored in this JSON file, not checked; empty if it cannot be read or parsed. */
export function keptAnswers(file: string): TypedAnswers {
  try {
    const value: unknown = JSON.parse(readRegularFile(file).toString('utf8'));
    const entries = Object.entries(value as Record<string, unknown>);
    return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError || (error instanceof Error && 'code' in error)) return {};
    throw error;
  }
}

function answersOf(file: string): Readonly<Record<string, unknown>> {
  let text: string;
  try {
    text = readRegularFile(file).toString('utf8');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    throw new ConsoleError('usage', msg`${file} cannot be read (${String(error.code)}): check the path of --answers`, { cause: error });
  }
  const { value, flaws, keyPlace } = readPlacedYaml(text);
  const [flaw] = flaws;
  if (flaw !== undefined) throw new ConsoleError('usage', msg`${`${file}:${flaw.line}:${flaw.column}`}: ${flaw.message}`);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ConsoleError('usage', msg`${file}: answers are lines of "name: value", as in: id: angers-0042`);
  const known = [...QUESTIONS.map(({ name }) => name), ...LISTS, ...SINGLE];
  for (const name of Object.keys(value)) {
    if (known.includes(name)) continue;
    const near = nearest(name, known);
    const { line, column } = keyPlace([name]);
    const place = `${file}:${line}:${column}`;
    throw new ConsoleError(
      'usage',
      near === undefined
        ? msg`${place}: unknown answer "${name}"; allowed: ${known}`
        : msg`${place}: unknown answer "${name}"; did you mean ${near}?`,
    );
  }
  return value as Readonly<Record<string, unknown>>;
}

/** A position may also be a list of two numbers. */
function textOf(value: unknown): string {
  return Array.isArray(value) ? value.join(', ') : String(value ?? '');
}

function portOf(text: string): string {
  const port = parseLinePort(text);
  if (port.kind === 'bad') throw new ConsoleError('usage', msg`bad --port: ${port.why}`);
  return text;
}

function serialOf(text: string | undefined): SerialSettings | null {
  if (text === undefined) return null;
  const [, baud, parity = '', stop] = SERIAL.exec(text) ?? [];
  if (baud === undefined) throw new ConsoleError('usage', msg`bad --serial "${text}": write speed and format, as 19200-8N2 or 9600-8E1`);
  const name = { n: 'none', e: 'even', o: 'odd' }[parity.toLowerCase()] as SerialSettings['parity'];
  return { baud: Number(baud), parity: name, stopBits: stop === '2' ? 2 : 1, dataBits: 8 };
}

function unitsOf(text = '1-247'): [from: number, to: number] {
  const [, from, to] = /^(\d{1,3})(?:-(\d{1,3}))?$/.exec(text) ?? [];
  const [first, last] = [Number(from), Number(to ?? from)];
  if (from === undefined || first < 1 || last > 247 || first > last)
    throw new ConsoleError('usage', msg`bad --units "${text}": write two addresses from 1 to 247, as 1-40`);
  return [first, last];
}

function deviceOf(text: string): [place: string, profile: string] {
  const [, port, unit, profile] = /^(?:(\S+) )?(\d{1,3})=([a-z0-9][a-z0-9_-]*)$/.exec(text) ?? [];
  if (unit === undefined || profile === undefined)
    throw new ConsoleError('usage', msg`bad --device "${text}": write UNIT=PROFILE, as 31=eastron-sdm120, or "PORT UNIT=PROFILE"`);
  // Addresses found by a scan have no leading zeros.
  const address = String(Number(unit));
  return [port === undefined ? address : `${port} ${address}`, profile];
}
