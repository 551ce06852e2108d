/**
 * Reads a checked cabinet and its device profiles from files.
 */
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { findSerialPorts } from '../../../drivers/port-finder.ts';
import { kindOfDocument } from '../../../drivers/profile-loader.ts';
import { readProfiles } from '../../../drivers/registry.ts';
import type { Cabinet } from '../../core/cabinet.ts';
import { ConfigError, type Problem } from '../../core/errors.ts';
import type { Profile } from '../../core/profile.ts';
import type { CheckReport } from '../../core/run-options.ts';
import { POLL_PERIOD_MS } from '../../field/polls/poll-plan.ts';
import { checkPorts } from '../check/check-ports.ts';
import { checkAgainstProfiles, failsafeWarnings, type KnownProfiles } from '../check/check-profiles.ts';
import { checkSecrets } from '../check/check-secrets.ts';
import { checkStore } from '../check/check-store.ts';
import { type LoadedCabinet, loadCabinet } from './load.ts';
import { readPlacedYaml } from './places.ts';

export interface LoadedSite {
  readonly cabinet: Cabinet;
  readonly profiles: ReadonlyMap<string, Profile>;
  /** Profiles that had to be left on the shelf; no device of the cabinet needs them. */
  readonly profileProblems: readonly Problem[];
  /** What the cabinet runs with and a person should know. */
  readonly warnings: readonly Problem[];
}

/** A configuration that lies elsewhere than the file of the site, and may bring device types of its own. */
export interface RevisionPlace {
  /** Folders of profiles are named as seen from here. */
  readonly siteDir: string;
  /** Its own device types; each must be sound, needed or not. */
  readonly profilesDir: string;
}

/**
 * All that a run needs from files.
 *
 * Shape: folders of profiles are absolute in it.
 * Errors: throws ConfigError with every problem of the cabinet and of the profiles it names.
 */
export function loadSite(configFile: string, extraProfileDirs: readonly string[] = [], revision?: RevisionPlace): LoadedSite {
  const site = readAll(configFile, extraProfileDirs, { revision });
  const { problems, warnings } = judged(site);
  if (problems.length > 0) throw new ConfigError(problems);
  const { loaded, profiles, searched } = site;
  return { cabinet: { ...loaded.cabinet, profileDirs: searched }, profiles, profileProblems: warnings, warnings: advice(site) };
}

/** The same with every further check a person at a desk wants, ports included. Errors: none; all is in the report. */
export async function checkConfig({ configFile, profileDirs = [], text }: CheckRequest): Promise<CheckReport> {
  try {
    const site = readAll(configFile, profileDirs, { text });
    const { lamps, lines, zones } = site.loaded.cabinet;
    const counts = { lamps: lamps.length, lines: lines.length, zones: zones.length };
    const { problems, warnings } = judged(site);
    const secrets = checkSecrets(site.loaded, { realPath, siteDir: realPath(dirname(resolve(configFile))) });
    const store = checkStore(site.loaded, site.profiles, POLL_PERIOD_MS);
    return {
      problems: [
        ...problems,
        ...secrets.problems,
        ...store.problems,
        ...checkPorts(site.loaded, { exists: existsSync, listPorts: () => findSerialPorts().map(({ path }) => path) }),
      ],
      warnings: [...warnings, ...secrets.warnings, ...store.warnings, ...advice(site)],
      counts,
    };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { problems: error.problems, warnings: [], counts: null };
  }
}

/** Without links; a file that is not there yet lies where its folder does. Shape: absolute. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    const parent = dirname(path);
    return parent === path ? path : join(realPath(parent), basename(path));
  }
}

export interface CheckRequest {
  readonly configFile: string;
  readonly profileDirs?: readonly string[];
  /** What would stand in the file; default: what does. */
  readonly text?: string | undefined;
}

interface ReadSite extends KnownProfiles {
  readonly loaded: LoadedCabinet;
  readonly profileProblems: readonly Problem[];
  readonly ownProfilesDir: string | null;
}

/** Made by the package, and allowed to be missing. */
const USUAL_PROFILES = '/etc/luciole/profiles';

function readAll(
  configFile: string,
  extraDirs: readonly string[],
  from: { readonly text?: string | undefined; readonly revision?: RevisionPlace | undefined },
): ReadSite {
  const { text, revision } = from;
  const loaded = loadedCabinet(configFile, text);
  // A folder is named as seen from the file that names it.
  const named = loaded.cabinet.profileDirs.map((dir) => resolve(revision?.siteDir ?? dirname(configFile), dir));
  const searched = [...named, ...extraDirs];
  const { problems, ...shelf } = readProfiles(searched, readPlacedYaml, revision === undefined ? [] : [revision.profilesDir]);
  const missing = named.flatMap((dir, i) => (dir === USUAL_PROFILES || existsSync(dir) ? [] : [noFolder(loaded, i, dir)]));
  return { loaded, ...shelf, searched, profileProblems: [...missing, ...problems], ownProfilesDir: revision?.profilesDir ?? null };
}

/** What keeps the cabinet from working, and what is only worth a word because none of its devices needs it. */
function judged(site: ReadSite): { readonly problems: readonly Problem[]; readonly warnings: readonly Problem[] } {
  const named = new Set(site.loaded.cabinet.lines.flatMap(({ devices }) => devices.map(({ profile }) => profile)));
  const needed = new Set([...site.broken].flatMap(([id, files]) => (named.has(id) ? files : [])));
  const isNeeded = ({ file }: Problem): boolean => needed.has(file) || dirname(file) === site.ownProfilesDir;
  return {
    problems: [...site.profileProblems.filter(isNeeded), ...checkAgainstProfiles(site.loaded, site)],
    warnings: site.profileProblems.filter((problem) => !isNeeded(problem)),
  };
}

function advice({ loaded, profiles }: ReadSite): readonly Problem[] {
  return [...loaded.warnings, ...failsafeWarnings(loaded, profiles)].toSorted((a, b) => a.line - b.line || a.column - b.column);
}

/** Errors: as `loadCabinet`; one word instead of many for a file that is something else. */
function loadedCabinet(file: string, given?: string): LoadedCabinet {
  let text = '';
  try {
    return loadCabinet(file, () => {
      text = given ?? readFileSync(file, 'utf8');
      return text;
    });
  } catch (error) {
    if (!(error instanceof ConfigError) || kindOfDocument(readPlacedYaml(text).value) !== 'profile') throw error;
    const message = `this is a device profile, not a cabinet: luciole profile check ${file}`;
    throw new ConfigError([{ file, line: 1, column: 1, path: '', message }]);
  }
}

function noFolder({ file, place }: LoadedCabinet, index: number, dir: string): Problem {
  const message = `no such folder ${dir}; make it, or take it out of the list`;
  return { file, ...place(['profileDirs', index]), path: `profileDirs[${index}]`, message };
}
