import { ConfigError, type Problem } from '../agent/core/errors.ts';
import type { Profile } from '../agent/core/profile.ts';
import { checkProfile } from './profile-checks.ts';
import { expandProfile } from './profile-expand.ts';
import { profileSchema } from './profile-schema.ts';

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
export function loadProfile({ file, text }: ProfileFile, readPlaced: ReadPlaced): Profile {
  const document = readPlaced(text);
  const problem = (path: Path, message: string, place = document.place(path)): Problem => ({
    file,
    ...place,
    path: inWords(path),
    message,
  });
  if (document.flaws.length > 0) throw new ConfigError(document.flaws.map((flaw) => ({ file, path: '', ...flaw })));
  const result = profileSchema.safeParse(document.value);
  if (!result.success) {
    throw new ConfigError(
      result.error.issues.flatMap((issue) => {
        const path = issue.path as (string | number)[];
        if (issue.code !== 'unrecognized_keys') return [problem(path, issue.message)];
        return issue.keys.map((key) => problem([...path, key], `unknown key "${key}"`, document.keyPlace([...path, key])));
      }),
    );
  }
  const expanded = expandProfile(result.data);
  const flaws = checkProfile(expanded).map(({ path, message }) => problem(path, message));
  if (flaws.length > 0) throw new ConfigError(flaws.toSorted((a, b) => a.line - b.line || a.column - b.column));
  return expanded.profile;
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
