/**
 * Answers of the desk of the configuration.
 *
 * Owns their shape. Pure. Called by the revision desk.
 */
import type { Cabinet } from '../../core/cabinet.ts';
import type { Problem } from '../../core/errors.ts';
import type { Profile } from '../../core/profile.ts';
import type { ConfigAnswer, ConfigChange, ConfigFiles, SiteOwnedDifference } from '../../core/revisions.ts';
import { asWritten } from '../edit/as-written.ts';
import { changesBetween } from '../edit/changes.ts';
import { hashOf } from './revision-disk.ts';

/** A checked configuration. */
export interface SiteFiles {
  readonly cabinet: Cabinet;
  readonly profiles: ReadonlyMap<string, Profile>;
}

/** What a check found. Shape: `site` is null where there are problems. */
export interface CheckedFiles {
  readonly site: SiteFiles | null;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
  /** What it sets though it belongs to the file of the site; it must not run then. */
  readonly siteOwned: readonly SiteOwnedDifference[];
  /** What it may set, as an earlier revision did, but unlike the file of the site. */
  readonly unlikeSite: readonly SiteOwnedDifference[];
  /** Where it would give less light than the floor of the site. */
  readonly belowFloor: readonly Pick<Problem, 'path' | 'message'>[];
}

const PLAIN: ConfigAnswer = {
  state: 'done',
  reason: '',
  problems: [],
  warnings: [],
  changes: [],
  touches: [],
  revision: null,
  isOnTrial: false,
};

export function answer(facts: Partial<ConfigAnswer>): ConfigAnswer {
  return { ...PLAIN, ...facts };
}

export function refusal(reason: string): ConfigAnswer {
  return { ...PLAIN, state: 'refused', reason };
}

/** Values of the cabinet as its file names them, then profiles by their hash. */
export function differences(
  before: SiteFiles,
  after: SiteFiles,
  filesBefore: ConfigFiles | undefined,
  filesAfter: ConfigFiles,
): ConfigChange[] {
  return [
    ...changesBetween(asWritten(before.cabinet), asWritten(after.cabinet)),
    ...changesBetween({ profiles: hashes(filesBefore) }, { profiles: hashes(filesAfter) }),
  ];
}

function hashes(files: ConfigFiles | undefined): Readonly<Record<string, string>> {
  const texts = Object.entries(files?.profiles ?? {});
  return Object.fromEntries(texts.map(([name, cabinet]) => [name, hashOf({ cabinet, profiles: {} }).slice(0, 12)]));
}
