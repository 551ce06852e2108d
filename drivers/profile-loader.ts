import { ConfigError, type Problem } from '../agent/core/errors.ts';
import type { Profile } from '../agent/core/profile.ts';
import { judgeProfile, type ProfileUse } from './profile-judge.ts';

/** YAML with places, as the config room reads it. */
export type ReadPlaced = (text: string) => {
  readonly value: unknown;
  readonly flaws: readonly { readonly line: number; readonly column: number; readonly message: string }[];
  place(path: Path): Place;
  /** Where the key of a value stands. */
  keyPlace(path: Path): Place;
};

type Path = readonly (string | number)[];
type Place = { readonly line: number; readonly column: number };

export interface ProfileFile {
  readonly file: string;
  readonly text: string;
}

/**
 * One profile from its file.
 *
 * Errors: throws ConfigError with every problem and its place.
 */
export function loadProfile({ file, text }: ProfileFile, readPlaced: ReadPlaced, use: ProfileUse = 'service'): Profile {
  const document = readPlaced(text);
  if (document.flaws.length > 0) throw new ConfigError(document.flaws.map((flaw) => ({ file, path: '', ...flaw })));
  const { profile, findings } = judgeProfile(document.value, use);
  if (profile !== null) return profile;
  const problems = findings.map(({ path, message, atKey }): Problem => {
    const place = atKey === true ? document.keyPlace(path) : document.place(path);
    return { file, ...place, path: inWords(path), message };
  });
  throw new ConfigError(problems.toSorted((a, b) => a.line - b.line || a.column - b.column));
}

export interface LoadedProfiles {
  readonly profiles: ReadonlyMap<string, Profile>;
  readonly problems: readonly Problem[];
}

/** All profiles that are sound, and what is wrong with the rest. A later file with the same id replaces an earlier one, so a site can correct a shipped profile. */
export function loadProfiles(files: readonly ProfileFile[], readPlaced: ReadPlaced): LoadedProfiles {
  const profiles = new Map<string, Profile>();
  const problems: Problem[] = [];
  for (const file of files) {
    try {
      const profile = loadProfile(file, readPlaced);
      profiles.set(profile.id, profile);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems.push(...error.problems);
    }
  }
  return { profiles, problems };
}

/** As a person would say it: `points[3].address`. */
function inWords(path: Path): string {
  return path.map((part, i) => (typeof part === 'number' ? `[${part}]` : i === 0 ? part : `.${part}`)).join('');
}
