import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import type { Cabinet } from '../../core/cabinet.ts';
import { ConfigError, type Problem } from '../../core/errors.ts';
import { msg } from '../../core/message.ts';
import { readRegularFile } from '../../core/regular-file.ts';
import { floorFlaws } from '../floor/floor-check.ts';
import { cabinetIn } from '../load/load.ts';
import { loadRevision } from '../load/load-site.ts';
import { controlledPlace } from '../load/text-bounds.ts';
import { type CheckedRevision, NOTHING_COMPARED, type RevisionFolder } from './check-in-child.ts';
import { siteOwnedDifferences } from './site-owned.ts';
import type { CabinetAndProfiles } from './touched-parts.ts';

/**
 * Checks a revision on the calling thread. Problems are in the answer. Without problems it is also compared with the running revision and
 * the file of the site.
 */
export function checkRevisionHere(folder: RevisionFolder): CheckedRevision {
  const { dir, siteDir, checkedFor } = folder;
  const nameOf = (file: string): string => (file.startsWith(`${dir}/`) ? file.slice(dir.length + 1) : file);
  const named = (problems: readonly Problem[]): Problem[] => problems.map((problem) => ({ ...problem, file: nameOf(problem.file) }));
  try {
    const { cabinet, profiles, profileProblems, warnings } = loadRevision(dir, siteDir, checkedFor);
    if (checkedFor === 'new') refuseHiddenControls(cabinet, profiles);
    const site = { cabinet, profiles };
    const owned = ownedBySite(cabinet, folder);
    // A configuration that is refused for its keys need not be compared night by night.
    const belowFloor = owned.siteOwned.length > 0 ? [] : floorOf(site, folder);
    return { site, problems: [], warnings: named([...profileProblems, ...warnings]), ...owned, belowFloor };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { site: null, problems: named(error.problems), warnings: [], ...NOTHING_COMPARED };
  }
}

/** Compares with the running revision and the file of the site, or with one of them if the other cannot be read. */
function floorOf(after: CabinetAndProfiles, { siteDir, site, runningDir, nowMs }: RevisionFolder): CheckedRevision['belowFloor'] {
  const ofFile = isSiteFileCurrent(site) ? siteIn(site.dir, siteDir) : undefined;
  const running = siteIn(runningDir, siteDir) ?? ofFile;
  if (running === undefined)
    return [{ path: '', message: msg`there is no configuration to compare its light with: check the disk of store.dir` }];
  return floorFlaws({ after, running, site: ofFile ?? running, nowMs });
}

/** The configuration in a folder; undefined if it can no longer be used. */
function siteIn(dir: string, siteDir: string): CabinetAndProfiles | undefined {
  try {
    return loadRevision(dir, siteDir, 'running');
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return undefined;
  }
}

/** Compares the site-owned keys of a candidate. Shape: folders of profiles in `candidate` are absolute. */
function ownedBySite(candidate: Cabinet, { siteDir, site, runningDir }: RevisionFolder): Pick<CheckedRevision, 'siteOwned' | 'unlikeSite'> {
  const ofSite = isSiteFileCurrent(site) ? allowedBy(textAt(site.dir), siteDir) : [];
  const unlikeSite = ofSite.length === 0 ? null : siteOwnedDifferences(candidate, ofSite);
  // One configuration is enough: each further one only allows more.
  const siteOwned = unlikeSite?.length === 0 ? [] : siteOwnedDifferences(candidate, [...ofSite, ...allowedBy(textAt(runningDir), siteDir)]);
  return { siteOwned, unlikeSite };
}

const CONTROLLED = msg`it contains an escaped control character or line end: remove it`;

/** Refuses hidden control characters. Errors: throws ConfigError for a value that a plain text cannot contain. */
function refuseHiddenControls(candidate: Cabinet, profiles: CabinetAndProfiles['profiles']): void {
  const path = controlledPlace(candidate) ?? controlledPlace({ profiles: Object.fromEntries(profiles) });
  if (path !== null) throw new ConfigError([{ file: 'cabinet.yaml', line: 1, column: 1, path, message: CONTROLLED }]);
}

/** Whether the folder still contains the file of the site as last loaded. */
function isSiteFileCurrent({ dir, hash }: RevisionFolder['site']): boolean {
  return createHash('sha256').update(textAt(dir)).digest('hex') === hash;
}

/** Empty for a text that cannot be used: it allows nothing. Shape: folders of profiles are absolute. */
function allowedBy(text: string, siteDir: string): Cabinet[] {
  const cabinet = cabinetIn(text);
  return cabinet === undefined ? [] : [{ ...cabinet, profileDirs: cabinet.profileDirs.map((dir) => resolve(siteDir, dir)) }];
}

/** Empty if it cannot be read. */
function textAt(dir: string): string {
  try {
    return readRegularFile(join(dir, 'cabinet.yaml')).toString('utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error) return '';
    throw error;
  }
}
