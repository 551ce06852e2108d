/**
 * Files → a checked cabinet with its device profiles.
 *
 * Owns the order of reading and checking. Part of `app.ts`; the config room and the drivers do the work.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { readProfiles } from '../drivers/registry.ts';
import { checkPorts } from './config/check-ports.ts';
import { checkAgainstProfiles } from './config/check-profiles.ts';
import { type LoadedCabinet, loadCabinet } from './config/load.ts';
import { readPlacedYaml } from './config/places.ts';
import type { Cabinet } from './core/cabinet.ts';
import { ConfigError, type Problem } from './core/errors.ts';
import type { Profile } from './core/profile.ts';
import type { CheckReport } from './core/run-options.ts';

export interface LoadedSite {
  readonly cabinet: Cabinet;
  readonly profiles: ReadonlyMap<string, Profile>;
  /** Profiles that had to be left on the shelf; no device of the cabinet needs them. */
  readonly profileProblems: readonly Problem[];
}

/**
 * All that a run needs from files.
 *
 * Errors: throws ConfigError with every problem of the cabinet and of the profiles it uses.
 */
export function loadSite(configFile: string, extraProfileDirs: readonly string[] = []): LoadedSite {
  const { loaded, profiles, dirs, profileProblems } = readAll(configFile, extraProfileDirs);
  const misfits = checkAgainstProfiles(loaded, profiles, dirs);
  if (misfits.length > 0) throw new ConfigError([...misfits, ...profileProblems]);
  return { cabinet: loaded.cabinet, profiles, profileProblems };
}

/** The same with every further check a person at a desk wants, ports included. Errors: none; all is in the report. */
export async function checkConfig({
  configFile,
  profileDirs = [],
}: {
  configFile: string;
  profileDirs?: readonly string[];
}): Promise<CheckReport> {
  try {
    const { loaded, profiles, dirs, profileProblems } = readAll(configFile, profileDirs);
    const { lamps, lines, zones } = loaded.cabinet;
    const counts = { lamps: lamps.length, lines: lines.length, zones: zones.length };
    const problems = [
      ...profileProblems,
      ...checkAgainstProfiles(loaded, profiles, dirs),
      ...checkPorts(loaded, { exists: existsSync, listPorts }),
    ];
    return { problems, counts };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { problems: error.problems, counts: null };
  }
}

interface ReadSite {
  readonly loaded: LoadedCabinet;
  readonly profiles: ReadonlyMap<string, Profile>;
  /** Folders of the site's own profiles. */
  readonly dirs: readonly string[];
  readonly profileProblems: readonly Problem[];
}

function readAll(configFile: string, extraDirs: readonly string[]): ReadSite {
  const loaded = loadCabinet(configFile, (file) => readFileSync(file, 'utf8'));
  // A folder is named as seen from the file that names it.
  const named = loaded.cabinet.profileDirs.map((dir) => resolve(dirname(configFile), dir));
  const dirs = [...named, ...extraDirs];
  const { profiles, problems } = readProfiles(dirs, readPlacedYaml);
  const missing = named.flatMap((dir, i) => (dir === USUAL_PROFILES || existsSync(dir) ? [] : [noFolder(loaded, i, dir)]));
  return { loaded, profiles, dirs, profileProblems: [...missing, ...problems] };
}

/** Made by the package, and allowed to be missing. */
const USUAL_PROFILES = '/etc/luciole/profiles';

function noFolder({ file, place }: LoadedCabinet, index: number, dir: string): Problem {
  const message = `no such folder ${dir}; make it, or take it out of the list`;
  return { file, ...place(['profileDirs', index]), path: `profileDirs[${index}]`, message };
}

/** Source: Linux names of serial devices: on-board ports, USB adapters, USB modems. */
const PORT_NAMES = /^tty(S|AMA|O|mxc|USB|ACM|RS485)\d/;

function listPorts(): string[] {
  const byPath = '/dev/serial/by-path';
  const stable = existsSync(byPath) ? readdirSync(byPath).map((name) => join(byPath, name)) : [];
  return [
    ...stable,
    ...readdirSync('/dev')
      .filter((name) => PORT_NAMES.test(name))
      .sort()
      .map((name) => join('/dev', name)),
  ];
}
