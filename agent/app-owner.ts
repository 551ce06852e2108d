/**
 * What a configuration sets or darkens though it belongs to the site.
 *
 * Owns the choice of what it is compared with: the file of the site as it was last taken up, and the revision that runs. Part of `app.ts`;
 * runs in the checking process.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { floorFlaws } from './app-floor.ts';
import { loadSite } from './app-load.ts';
import type { CheckedRevision, RevisionFolder } from './app-revision-check.ts';
import type { Site } from './app-touched.ts';
import { cabinetIn } from './config/load.ts';
import { siteOwnedDifferences } from './config/site-owned.ts';
import type { Cabinet } from './core/cabinet.ts';
import { ConfigError } from './core/errors.ts';

type Compared = Pick<CheckedRevision, 'siteOwned' | 'unlikeSite' | 'belowFloor'>;

/** Shape: folders of profiles in `after` are absolute. */
export function comparedWithOwners(after: Site, folder: RevisionFolder): Compared {
  const owned = ownedBySite(after.cabinet, folder);
  // What is refused by its keys need not be compared night by night.
  return { ...owned, belowFloor: owned.siteOwned.length > 0 ? [] : floorOf(after, folder) };
}

/** Against what runs and the file of the site; against one of them where the other cannot be read. */
function floorOf(after: Site, { siteDir, site, runningDir, nowMs }: RevisionFolder): Compared['belowFloor'] {
  const ofFile = isTakenUp(site) ? siteIn(site.dir, siteDir) : undefined;
  const running = siteIn(runningDir, siteDir) ?? ofFile;
  if (running === undefined)
    return [{ path: '', message: 'there is no configuration to compare its light with: check the disk of store.dir' }];
  return floorFlaws({ after, running, site: ofFile ?? running, nowMs });
}

/** Undefined where it cannot be used any more. */
function siteIn(dir: string, siteDir: string): Site | undefined {
  try {
    return loadSite(join(dir, 'cabinet.yaml'), [], { siteDir, profilesDir: join(dir, 'profiles') });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return undefined;
  }
}

function ownedBySite(candidate: Cabinet, { siteDir, site, runningDir }: RevisionFolder): Omit<Compared, 'belowFloor'> {
  const ofSite = isTakenUp(site) ? allowedBy(textAt(site.dir), siteDir) : [];
  const unlikeSite = siteOwnedDifferences(candidate, ofSite);
  // One of them is enough: each further one only allows more.
  const siteOwned = unlikeSite.length === 0 ? [] : siteOwnedDifferences(candidate, [...ofSite, ...allowedBy(textAt(runningDir), siteDir)]);
  return { siteOwned, unlikeSite };
}

/** Empty for a text that cannot be used: it allows nothing. Shape: folders of profiles are absolute. */
function allowedBy(text: string, siteDir: string): Cabinet[] {
  const cabinet = cabinetIn(text);
  return cabinet === undefined ? [] : [{ ...cabinet, profileDirs: cabinet.profileDirs.map((dir) => resolve(siteDir, dir)) }];
}

function isTakenUp({ dir, hash }: RevisionFolder['site']): boolean {
  return createHash('sha256').update(textAt(dir)).digest('hex') === hash;
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
