/** Converts `cabinet.yaml` into a `Cabinet`, or into all its problems with line and column. The caller's function reads the file. */

import type { Cabinet } from '../../core/cabinet.ts';
import { ConfigError, type Problem } from '../../core/errors.ts';
import { type Message, msg } from '../../core/message.ts';
import { checkCalendars } from '../check/check-calendars.ts';
import { checkEnergy } from '../check/check-energy.ts';
import { checkLevels } from '../check/check-levels.ts';
import { checkIds, checkReferences, checkWiring } from '../check/check-names.ts';
import { checkNights } from '../check/check-nights.ts';
import { checkOutputs } from '../check/check-outputs.ts';
import { checkPanels } from '../check/check-panels.ts';
import { checkProgrammes } from '../check/check-programmes.ts';
import { checkRules } from '../check/check-rules.ts';
import { checkSchema } from '../check/check-schema.ts';
import { checkConsole, checkSite, checkTrust } from '../check/check-site.ts';
import { checkSound } from '../check/check-sound.ts';
import { checkStreet } from '../check/check-street.ts';
import { checkValues } from '../check/check-values.ts';
import { checkWatchSection } from '../check/check-watch.ts';
import { checkWarnings, checkZones } from '../check/check-zones.ts';
import { indexDraft } from '../check/draft.ts';
import { type Finding, formatPath, type Path } from '../check/finding.ts';
import { completeCabinet } from '../schema/complete.ts';
import { mendedDocument } from './mended-cabinet.ts';
import { type PlacedDocument, readPlacedYaml, type TextPosition } from './places.ts';

/** A cabinet with the place of each of its values in the file. */
export interface LoadedCabinet {
  readonly file: string;
  /** With defaults. For a file with problems only the part that can be read. */
  readonly cabinet: Cabinet;
  /** Warnings that do not prevent a run, in the order of the file; empty if the file has problems. */
  readonly warnings: readonly Problem[];
  /**
   * The place of a value in the file. `path`: the keys of the cabinet file, with list positions as in `cabinet`. For a missing value the
   * place of its nearest parent.
   */
  place(path: Path): TextPosition;
  /** The place as `place` returns it, with the path of the value in the file as people write it. */
  named(path: Path): NamedPosition;
}

/** The place of a value, and its name for people: `lamps[2].point`. Positions in lists count from 0. */
export interface NamedPosition extends TextPosition {
  readonly path: string;
}

/** A cabinet and its problems. No run may use a cabinet that has problems. */
export interface ReadCabinet {
  /** Never null without problems. With problems: the part that can be read, only for display and checks; null if that is too little. */
  readonly loaded: LoadedCabinet | null;
  /** In the order of the file. */
  readonly problems: readonly Problem[];
}

/**
 * Loads a cabinet. Findings with `mayGoOn` are no problems here. Device profiles and the machine are not checked. `readFile`: returns the
 * text of the file, or throws an error with a `code`.
 *
 * Errors: throws ConfigError with the problems that were found, for example a file that cannot be read.
 */
export function loadCabinet(file: string, readFile: (file: string) => string): LoadedCabinet {
  const { loaded, problems } = readCabinet(file, readFile, 'running');
  if (problems.length > 0 || loaded === null) throw new ConfigError(problems);
  return loaded;
}

/** How strictly a configuration is checked. `new`: findings with `mayGoOn` are problems. `running`: they are warnings. */
export type CheckedFor = 'new' | 'running';

/**
 * Reads and checks a cabinet. Returns the problems beside the part that can be read. `checkedFor`: whether findings with `mayGoOn` are
 * problems. `readFile`: as for `loadCabinet`. Errors: throws ConfigError for a file that cannot be read, is empty, or cannot be used as
 * YAML.
 */
export function readCabinet(file: string, readFile: (file: string) => string, checkedFor: CheckedFor): ReadCabinet {
  const text = readText(file, readFile);
  const yaml = readPlacedYaml(text);
  const problems: Problem[] = yaml.flaws.map(({ line, column, message }) => ({ file, line, column, path: '', message }));
  if (yaml.value === null) throw refusal(file, msg`the file holds no settings; start from config/example-street.yaml`);
  if (yaml.value === undefined) throw new ConfigError(inOrder(problems));
  const { findings, document, draft } = checkSchema(yaml.value);
  const index = indexDraft(draft);
  const all = [
    ...findings,
    ...checkSite(draft.cabinet),
    ...checkIds(index),
    ...checkWiring(index),
    ...checkReferences(index),
    ...checkValues(draft, index),
    ...checkStreet(draft, index),
    ...checkZones(index),
    ...checkLevels(index),
    ...checkProgrammes(index),
    ...checkCalendars(index),
    ...checkRules(index),
    ...checkOutputs(index),
    ...checkSound(draft, index),
    ...checkPanels(index),
    ...checkWatchSection(draft, index),
    ...checkEnergy(draft),
    ...checkTrust(draft.trust),
    ...checkConsole(draft.console),
  ];
  const goesOn = ({ mayGoOn }: Finding): boolean => mayGoOn === true && checkedFor === 'running';
  problems.push(...all.filter((finding) => !goesOn(finding)).map((finding) => toProblem(file, yaml, finding)));
  const isSound = problems.length === 0;
  const read = document === undefined ? mendedDocument(yaml.value) : { document, originalPath: (path: Path) => path };
  const original = (path: Path): Path => read?.originalPath(path) ?? path;
  const place = (path: Path): TextPosition => yaml.place(original(path));
  const named = (path: Path): NamedPosition => ({ ...place(path), path: formatPath(original(path)) });
  if (read === undefined) return { loaded: null, problems: inOrder(problems) };
  const cabinet = completeCabinet(read.document);
  const warned = isSound ? [...all, ...checkWarnings(index), ...checkNights(cabinet)] : [];
  const warnings = inOrder(warned.map((finding) => toProblem(file, yaml, finding)));
  return { loaded: { file, cabinet, warnings, place, named }, problems: inOrder(problems) };
}

/**
 * Returns the cabinet of a YAML text, with defaults. Does not check one value against another. A key that is written twice is accepted.
 * Undefined if the text cannot be used as YAML or does not fit the schema.
 */
export function cabinetIn(text: string): Cabinet | undefined {
  return cabinetFrom(readPlacedYaml(text).value);
}

/** Returns the cabinet of the parsed values of a text, as `cabinetIn` does. Undefined if they do not fit the schema. */
export function cabinetFrom(values: unknown): Cabinet | undefined {
  const { document } = checkSchema(values);
  return document === undefined ? undefined : completeCabinet(document);
}

function toProblem(file: string, yaml: PlacedDocument, { path, message, atKey, first }: Finding): Problem {
  const place = atKey ? yaml.keyPlace(path) : yaml.place(path);
  const whole = first === undefined ? message : msg`${message} (the other is in line ${yaml.place(first).line})`;
  return { file, ...place, path: formatPath(path), message: whole };
}

/** The message for a failed read, by error code. Source: errno(3). */
const READ_FAILURES: Readonly<Record<string, Message>> = {
  ENOENT: msg`no such file; check the path, or write a first one with \`luciole setup\``,
  ENOTDIR: msg`no such file; a part of the path is not a folder`,
  EISDIR: msg`this is a folder; name the cabinet file in it`,
  'not a regular file': msg`this is not a file but a pipe or a device; name the cabinet file`,
  EFBIG: msg`too large for a cabinet file; check that it is the right one`,
  EACCES: msg`not allowed to read it; check the file's owner and mode`,
};

function readText(file: string, readFile: (file: string) => string): string {
  try {
    return readFile(file);
  } catch (error) {
    const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
    if (code === undefined) throw error;
    throw refusal(file, READ_FAILURES[code] ?? msg`cannot be read (${code}); check the disk`);
  }
}

function refusal(file: string, message: Message): ConfigError {
  return new ConfigError([{ file, line: 1, column: 1, path: '', message }]);
}

function inOrder(problems: readonly Problem[]): Problem[] {
  return problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
}
