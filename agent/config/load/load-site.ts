/**
 * Reads a checked cabinet and its device profiles from files.
 */

import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { consoleUnitAt } from '../../../drivers/console-ports.ts';
import { findSerialPorts } from '../../../drivers/port-finder.ts';
import { kindOfDocument } from '../../../drivers/profile-loader.ts';
import { readProfiles } from '../../../drivers/registry.ts';
import type { Cabinet } from '../../core/cabinet.ts';
import { ConfigError, type Problem } from '../../core/errors.ts';
import { msg } from '../../core/message.ts';
import type { Profile } from '../../core/profile.ts';
import { readRegularFile } from '../../core/regular-file.ts';
import type { CheckReport } from '../../core/run-options.ts';
import { POLL_PERIOD_MS } from '../../field/polls/poll-plan.ts';
import { lawGaps } from '../check/check-law.ts';
import { checkPorts, checkSecrets, type PortFacts } from '../check/check-machine.ts';
import { checkAgainstProfiles, failsafeWarnings, type KnownProfiles } from '../check/check-profiles.ts';
import { checkStore } from '../check/check-store.ts';
import { type CheckedFor, type LoadedCabinet, type ReadCabinet, readCabinet } from './load.ts';
import { readPlacedYaml } from './places.ts';

/** A checked cabinet with its device profiles. */
export interface LoadedSite {
  readonly cabinet: Cabinet;
  /** By id; also those that no device of the cabinet uses. */
  readonly profiles: ReadonlyMap<string, Profile>;
  /** Problems of profile folders, and of profiles that no device of the cabinet needs. */
  readonly profileProblems: readonly Problem[];
  /** Warnings with which the cabinet runs. */
  readonly warnings: readonly Problem[];
}

/**
 * Loads a cabinet and its device profiles for a run. The cabinet's `profileDirs` become absolute. The machine, such as its serial ports,
 * is not checked.
 *
 * Errors: throws ConfigError with the problems that prevent a run.
 */
export function loadSite(configFile: string): LoadedSite {
  return asLoaded(readAll(configFile, [], { checkedFor: 'running' }));
}

/**
 * Loads a revision as `loadSite` does, from `cabinet.yaml` and `profiles` in the folder `dir`. Other folders of profiles are relative to
 * `siteDir`. `checkedFor`: for `new`, some findings that do not prevent a run are problems too.
 *
 * Errors: throws ConfigError with the problems.
 */
export function loadRevision(dir: string, siteDir: string, checkedFor: CheckedFor): LoadedSite {
  return asLoaded(readAll(join(dir, 'cabinet.yaml'), [], { siteDir, profilesDir: join(dir, 'profiles'), checkedFor }));
}

function asLoaded(site: ReadSite): LoadedSite {
  const { problems, warnings } = judged(site);
  if (problems.length > 0) throw new ConfigError(problems);
  const { loaded, profiles, searched } = site;
  return { cabinet: { ...loaded.cabinet, profileDirs: searched }, profiles, profileProblems: warnings, warnings: advice(site) };
}

const MACHINE_PORTS: PortFacts = {
  exists: existsSync,
  listPorts: () => findSerialPorts().map(({ path }) => path),
  consoleAt: consoleUnitAt,
};

/**
 * Checks a cabinet as `luciole check` does: its file or `text`, profiles, secrets and store, and with `hasPorts` the serial ports of this
 * machine. Problems are in the report, also if the file cannot be read. `withLaw`: the report has `lawGaps` too.
 */
export async function checkConfig({
  configFile,
  profileDirs = [],
  text,
  hasPorts = true,
  withLaw = false,
}: CheckRequest): Promise<CheckReport> {
  try {
    const site = readAll(configFile, profileDirs, { text, checkedFor: 'new' });
    const { lamps, lines, zones } = site.loaded.cabinet;
    const counts = site.ownProblems.length > 0 ? null : { lamps: lamps.length, lines: lines.length, zones: zones.length };
    const { problems, warnings } = judged(site);
    const secrets = checkSecrets(site.loaded, { realPath, siteDir: realPath(dirname(resolve(configFile))) });
    const store = checkStore(site.loaded, site.profiles, POLL_PERIOD_MS);
    return {
      problems: [...problems, ...secrets.problems, ...store.problems, ...(hasPorts ? checkPorts(site.loaded, MACHINE_PORTS) : [])],
      warnings: [...warnings, ...secrets.warnings, ...store.warnings, ...advice(site)],
      counts,
      ...(withLaw && counts !== null ? { lawGaps: lawGaps(site.loaded) } : {}),
    };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { problems: error.problems, warnings: [], counts: null };
  }
}

/** The path without links, even of a file that does not exist yet. Shape: absolute. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    const parent = dirname(path);
    return parent === path ? path : join(realPath(parent), basename(path));
  }
}

/**
 * The input of `checkConfig`. `profileDirs`: folders of device profiles in addition to those that the file names; a relative one is
 * relative to the working directory.
 */
export interface CheckRequest {
  /** The cabinet file. Relative folders of profiles that it names are relative to its folder. */
  readonly configFile: string;
  readonly profileDirs?: readonly string[];
  /** Text to check in place of the file's; the file need not exist then. */
  readonly text?: string | undefined;
  /** Whether this machine is the gateway, whose serial ports must exist and be free of a console. Default: true. */
  readonly hasPorts?: boolean;
  /** Whether the inventory is compared with the French arrêté of 27 December 2018, article 5. Default: false. */
  readonly withLaw?: boolean;
}

interface ReadSite extends KnownProfiles {
  readonly loaded: LoadedCabinet;
  /** Problems of the cabinet's file alone; if there are any, `loaded` is only for display. */
  readonly ownProblems: readonly Problem[];
  readonly profileProblems: readonly Problem[];
  readonly ownProfilesDir: string | null;
}

interface ReadRequest {
  readonly checkedFor: CheckedFor;
  readonly text?: string | undefined;
  readonly siteDir?: string;
  readonly profilesDir?: string;
}

/** The package creates this folder; it may be missing. */
const USUAL_PROFILES = '/etc/luciole/profiles';

function readAll(
  configFile: string,
  extraDirs: readonly string[],
  { checkedFor, text, siteDir = dirname(configFile), profilesDir }: ReadRequest,
): ReadSite {
  const { loaded, problems: ownProblems } = readableCabinet(configFile, checkedFor, text);
  // A folder is relative to the file that names it.
  const named = loaded.cabinet.profileDirs.map((dir) => resolve(siteDir, dir));
  const searched = [...named, ...extraDirs];
  const { problems, ...known } = readProfiles(searched, readPlacedYaml, profilesDir === undefined ? [] : [profilesDir]);
  const missing = named.flatMap((dir, i) => (dir === USUAL_PROFILES || existsSync(dir) ? [] : [noFolder(loaded, i, dir)]));
  return { loaded, ownProblems, ...known, searched, profileProblems: [...missing, ...problems], ownProfilesDir: profilesDir ?? null };
}

/** Problems that prevent a run, and warnings about profiles that none of the devices needs. */
function judged(site: ReadSite): { readonly problems: readonly Problem[]; readonly warnings: readonly Problem[] } {
  const named = new Set(site.loaded.cabinet.lines.flatMap(({ devices }) => devices.map(({ profile }) => profile)));
  const needed = new Set([...site.broken].flatMap(([id, files]) => (named.has(id) ? files : [])));
  const isNeeded = ({ file }: Problem): boolean => needed.has(file) || dirname(file) === site.ownProfilesDir;
  return {
    problems: [...site.ownProblems, ...site.profileProblems.filter(isNeeded), ...checkAgainstProfiles(site.loaded, site)],
    warnings: site.profileProblems.filter((problem) => !isNeeded(problem)),
  };
}

function advice({ loaded, profiles }: ReadSite): readonly Problem[] {
  return [...loaded.warnings, ...failsafeWarnings(loaded, profiles)].toSorted((a, b) => a.line - b.line || a.column - b.column);
}

/**
 * Returns the cabinet, or the part that can be read. Errors: throws ConfigError if too little can be read, and for a file that is a device profile.
 */
function readableCabinet(file: string, checkedFor: CheckedFor, given?: string): ReadCabinet & { readonly loaded: LoadedCabinet } {
  let text = '';
  const read = readCabinet(
    file,
    () => {
      text = given ?? readRegularFile(file).toString('utf8');
      return text;
    },
    checkedFor,
  );
  if (read.problems.length > 0 && kindOfDocument(readPlacedYaml(text).value) === 'profile') {
    const message = msg`this is a device profile, not a cabinet: luciole profile check ${file}`;
    throw new ConfigError([{ file, line: 1, column: 1, path: '', message }]);
  }
  const { loaded, problems } = read;
  if (loaded === null) throw new ConfigError(problems);
  return { loaded, problems };
}

function noFolder({ file, named }: LoadedCabinet, index: number, dir: string): Problem {
  const message = msg`no such folder ${dir}; make it, or remove it from the list`;
  return { file, ...named(['profileDirs', index]), message };
}
