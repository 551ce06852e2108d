/**
 * Finds the site-owned keys that a configuration sets to other values than the file of the site and the running revision. Runs in the
 * checking process.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Cabinet } from '../../core/cabinet.ts';
import { ConfigError } from '../../core/errors.ts';
import { cabinetIn } from '../load/load.ts';
import { controlledPlace } from '../load/text-bounds.ts';
import type { CheckedRevision, RevisionFolder } from './check-in-child.ts';
import { siteOwnedDifferences } from './site-owned.ts';

/** Compares the site-owned keys of a candidate. Shape: folders of profiles in `candidate` are absolute. */
export function ownedBySite(
  candidate: Cabinet,
  { siteDir, site, runningDir }: RevisionFolder,
): Pick<CheckedRevision, 'siteOwned' | 'unlikeSite'> {
  const ofSite = isSiteFileCurrent(site) ? allowedBy(textAt(site.dir), siteDir) : [];
  const unlikeSite = siteOwnedDifferences(candidate, ofSite);
  // One configuration is enough: each further one only allows more.
  const siteOwned = unlikeSite.length === 0 ? [] : siteOwnedDifferences(candidate, [...ofSite, ...allowedBy(textAt(runningDir), siteDir)]);
  return { siteOwned, unlikeSite };
}

const CONTROLLED = 'it holds a control character or a line end behind an escape: take it out';

/** Refuses hidden control characters. Errors: throws ConfigError for a value that no plain text could hold. */
export function refuseHiddenControls(candidate: Cabinet): void {
  const path = controlledPlace(candidate);
  if (path !== null) throw new ConfigError([{ file: 'cabinet.yaml', line: 1, column: 1, path, message: CONTROLLED }]);
}

/** Whether the folder still holds the file of the site as it last ran. */
export function isSiteFileCurrent({ dir, hash }: RevisionFolder['site']): boolean {
  return createHash('sha256').update(textAt(dir)).digest('hex') === hash;
}

/** Empty for a text that cannot be used: it allows nothing. Shape: folders of profiles are absolute. */
function allowedBy(text: string, siteDir: string): Cabinet[] {
  const cabinet = cabinetIn(text);
  return cabinet === undefined ? [] : [{ ...cabinet, profileDirs: cabinet.profileDirs.map((dir) => resolve(siteDir, dir)) }];
}

/** Empty where it cannot be read. */
function textAt(dir: string): string {
  try {
    return readFileSync(join(dir, 'cabinet.yaml'), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error) return '';
    throw error;
  }
}
