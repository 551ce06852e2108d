/**
 * Profile files → profiles by id, and every problem of the other files, each with its line and column.
 *
 * Also decides between two files with the same id. Does not access the disk.
 */

import { ConfigError, type Problem } from '../agent/core/errors.ts';
import { type Message, msg } from '../agent/core/message.ts';
import type { Profile } from '../agent/core/profile.ts';
import { type CheckedProfiles, hashOfText, type ProfileFile } from './profile-folders.ts';
import { judgeProfile, type ProfileUse } from './profile-judge.ts';

/**
 * Parses YAML and returns its value, the mistakes of the text itself in `flaws`, and the position of each value. `value` may be undefined
 * if there are flaws. The position of a missing value is that of its nearest parent. Lines and columns count from 1.
 */
export type ReadPlaced = (text: string) => {
  readonly value: unknown;
  readonly flaws: readonly { readonly line: number; readonly column: number; readonly message: Message }[];
  place(path: Path): Place;
  /** Where the key of a value is; for an item of a list, where the item is. */
  keyPlace(path: Path): Place;
};

type Path = readonly (string | number)[];
type Place = { readonly line: number; readonly column: number };

/**
 * Parses and checks one profile from the text of its file. `use`: a profile for `trial` needs no examples of frames.
 *
 * Errors: throws ConfigError with the problems that were found, each with its place.
 */
export function loadProfile({ file, text }: ProfileFile, readPlaced: ReadPlaced, use: ProfileUse = 'service'): Profile {
  const document = readPlaced(text);
  if (document.flaws.length > 0) throw new ConfigError(document.flaws.map((flaw) => ({ file, path: '', ...flaw })));
  if (kindOfDocument(document.value) === 'cabinet') {
    const message = msg`this is a cabinet, not a device profile: luciole check ${file}`;
    throw new ConfigError([{ file, line: 1, column: 1, path: '', message }]);
  }
  const { profile, findings } = judgeProfile(document.value, use);
  if (profile !== null) return profile;
  const problems = findings.map(({ path, message, atKey }): Problem => {
    const place = atKey === true ? document.keyPlace(path) : document.place(path);
    return { file, ...place, path: inWords(path), message };
  });
  throw new ConfigError(problems.toSorted((a, b) => a.line - b.line || a.column - b.column));
}

/**
 * Returns the kind of a parsed file: `cabinet` if it has `cabinet` or `lines` at its top level, `profile` if it has `points` or `repeat`.
 * Null if it has keys of neither kind, or of both.
 */
export function kindOfDocument(value: unknown): 'cabinet' | 'profile' | null {
  if (typeof value !== 'object' || value === null) return null;
  const [isCabinet, isProfile] = [
    ['cabinet', 'lines'],
    ['points', 'repeat'],
  ].map((keys) => keys.some((key) => Object.hasOwn(value, key)));
  if (isCabinet === isProfile) return null;
  return isCabinet ? 'cabinet' : 'profile';
}

/** The profiles that can be used, by id, and the problems that were found. */
export interface LoadedProfiles {
  readonly profiles: ReadonlyMap<string, Profile>;
  readonly problems: readonly Problem[];
  /** Ids that have no profile because of invalid or contradicting files of the site, with these files. */
  readonly broken: ReadonlyMap<string, readonly string[]>;
}

/** One process often reads the same files again: for the running configuration, for the site's file, for a candidate. */
const soundByText = new Map<string, Profile>();
/** Source: assumed; several times the shipped profiles. Confirmed by: how many profiles sites have written. */
const MAX_SOUND = 100;

function soundProfile(file: ProfileFile, readPlaced: ReadPlaced): Profile {
  const found = soundByText.get(file.text);
  if (found !== undefined) return found;
  const profile = loadProfile(file, readPlaced);
  if (soundByText.size >= MAX_SOUND) soundByText.clear();
  soundByText.set(file.text, profile);
  return profile;
}

/**
 * Returns the profiles that can be used, by id, and the problems that were found. For one id, a valid file of the site has precedence over
 * a shipped one. Two valid ones, or only an invalid one whose id can be found, leave the id without a profile; see `broken`.
 *
 * Shape: `files` has the shipped ones first. `checked`: profiles that need no further check.
 */
export function loadProfiles(files: readonly ProfileFile[], readPlaced: ReadPlaced, checked: CheckedProfiles = new Map()): LoadedProfiles {
  const profiles = new Map<string, Profile>();
  const problems: Problem[] = [];
  /** Valid profiles of the site, by id. */
  const sound = new Map<string, ProfileFile[]>();
  const broken = new Map<string, string[]>();
  for (const file of files) {
    try {
      const profile = (checked.size === 0 ? undefined : checked.get(hashOfText(file.text))) ?? soundProfile(file, readPlaced);
      profiles.set(profile.id, file.isShipped === true ? asShipped(profile) : profile);
      if (file.isShipped !== true) pushTo(sound, profile.id, file);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems.push(...error.problems);
      const id = claimedId(file.text);
      if (id !== null && file.isShipped !== true) pushTo(broken, id, file.file);
    }
  }
  for (const [id, same] of sound) {
    broken.delete(id);
    if (same.length === 1) continue;
    broken.set(
      id,
      same.map(({ file }) => file),
    );
    problems.push(...sharedId(id, same, readPlaced));
  }
  for (const id of broken.keys()) profiles.delete(id);
  return { profiles, problems, broken };
}

/** The texts of its flags are in the catalogues, so that people read them in their language. */
function asShipped(profile: Profile): Profile {
  const points = profile.points.map((point) => ({ ...point, flags: point.flags.map((flag) => ({ ...flag, isShipped: true }) as const) }));
  return points.some(({ flags }) => flags.length > 0) ? { ...profile, points } : profile;
}

/** It is unknown which of the files is the right one, so none is used. */
function sharedId(id: string, [first, ...others]: readonly ProfileFile[], readPlaced: ReadPlaced): Problem[] {
  return others.map(({ file, text }) => {
    const message = msg`"${id}" is the id of ${first?.file ?? ''} too, and neither is used: give one of them another id, or remove it`;
    return { file, ...readPlaced(text).place(['id']), path: 'id', message };
  });
}

/** Returns the probable id of a profile file, found in its text without parsing; null if none is found. An invalid id may be cut off. */
export function claimedId(text: string): string | null {
  return /^id:[ \t]*(?:\r?\n[ \t]+)?["']?([a-z0-9][^\s"'#]*)/m.exec(text)?.[1] ?? null;
}

function pushTo<T>(lists: Map<string, T[]>, key: string, value: T): void {
  lists.set(key, [...(lists.get(key) ?? []), value]);
}

/** A path as people write it: `points[3].address`. */
function inWords(path: Path): string {
  return path.map((part, i) => (typeof part === 'number' ? `[${part}]` : i === 0 ? part : `.${part}`)).join('');
}
