/**
 * The desk of the configuration in a running agent: what it checks with, what it measures by, and how a configuration is taken up.
 *
 * Owns the joining of the config room with field, uplink and the rooms that are exchanged.
 */

import type { Cabinet } from '../../core/cabinet.ts';
import { createEventTracker } from '../../core/event-tracker.ts';
import type { Field } from '../../core/ports.ts';
import type { ConfigView, EditedText, EditOrder } from '../../core/revisions.ts';
import type { RevisionsAtStart } from '../load/start-revision.ts';
import type { CheckedRevision, RevisionFolder } from './check-in-child.ts';
import { createRevisionManager, type RevisionManager, type RevisionManagerParts } from './revision-manager.ts';
import { type CabinetAndProfiles, type TouchedRooms, touchedRooms } from './touched-parts.ts';

/** What a run brings. */
export interface RevisionParts {
  readonly atStart: RevisionsAtStart;
  readonly check: (folder: RevisionFolder) => Promise<CheckedRevision>;
  /** Changes one value in a process of its own. Default: in this one. */
  readonly edit?: (order: EditOrder) => Promise<EditedText>;
  /** The command line goes before every configuration. */
  readonly withOptions: (cabinet: Cabinet) => Cabinet;
}

export interface RevisionsParts extends RevisionParts, Pick<RevisionManagerParts, 'clock' | 'log' | 'onEvent' | 'onTrialEnd'> {
  readonly field: Pick<Field, 'devices'>;
  readonly isOnline: () => boolean;
  readonly site: () => CabinetAndProfiles;
  readonly apply: (site: CabinetAndProfiles) => Promise<unknown>;
  readonly onChange: (view: ConfigView) => void;
}

export function createRevisions(parts: RevisionsParts): RevisionManager {
  const { atStart, field, withOptions } = parts;
  const desk: RevisionManager = createRevisionManager({
    ...parts,
    disk: atStart.disk,
    book: atStart.book,
    unlikeSite: atStart.unlikeSite,
    siteFile: atStart.siteFile,
    async check(dir, runningDir) {
      const checked = await parts.check(folderToCheck(atStart, { dir, runningDir, nowMs: parts.clock.wallMs() }));
      const { site } = checked;
      return site === null ? checked : { ...checked, site: { ...site, cabinet: withOptions(site.cabinet) } };
    },
    touches: (before, after) => inWords(touchedRooms(before, after)),
    health() {
      const devices = field.devices();
      const answering = devices.filter(({ state }) => state === 'ok' || state === 'flaky');
      return {
        answering: new Set(answering.map(({ id }) => id)),
        devices: new Set(devices.map(({ id }) => id)),
        isOnline: parts.isOnline(),
      };
    },
    onChange: () => parts.onChange(desk.view()),
  });
  return {
    ...desk,
    get openCommand() {
      return desk.openCommand;
    },
    async start() {
      const events = createEventTracker(parts.clock, parts.onEvent);
      for (const happening of atStart.notices) events.notice(happening);
      await desk.start();
    },
  };
}

/** A configuration in the folder `dir`, with what it is compared with. */
export function folderToCheck(
  { disk, book, siteDir }: RevisionsAtStart,
  revision: Pick<RevisionFolder, 'dir' | 'runningDir' | 'nowMs'>,
): RevisionFolder {
  return { ...revision, siteDir, site: { dir: disk.dirOf('site'), hash: book.fileHash } };
}

/** As a person reads them. What only a restart takes up is touched too. */
function inWords({ lines, light, uplink, store, clock, console, atRestart }: TouchedRooms): string[] {
  return [
    ...lines.map((id) => `line ${id}`),
    ...(light ? ['light'] : []),
    ...(uplink ? ['uplink'] : []),
    ...(store ? ['store'] : []),
    ...(clock ? ['clock'] : []),
    ...(console ? ['console'] : []),
    ...(atRestart.length > 0 ? [`${atRestart.join(', ')} at the next start`] : []),
  ];
}
