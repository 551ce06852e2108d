/** Creates the revision manager of a running agent: how it checks, how it judges a trial, and how a configuration is applied. */

import type { Cabinet } from '../../core/cabinet.ts';
import { type Message, msg } from '../../core/message.ts';
import type { Field } from '../../core/ports.ts';
import type { ConfigView, EditedText, EditOrder } from '../../core/revisions.ts';
import type { RevisionsAtStart } from '../load/start-revision.ts';
import type { CheckedRevision, RevisionFolder } from './check-in-child.ts';
import { RevisionManager, type RevisionManagerParts } from './revision-manager.ts';
import { type CabinetAndProfiles, type TouchedRooms, touchedRooms } from './touched-parts.ts';

/** What the manager needs from the start of a run: the revisions found, and how to check and edit files. */
export interface RevisionParts {
  readonly atStart: RevisionsAtStart;
  /** Checks a revision without the options of the command line; as `checkRevisionInChild`. */
  readonly check: (folder: RevisionFolder, signal?: AbortSignal) => Promise<CheckedRevision>;
  /** Resolves with a text of `cabinet.yaml` in which one value is changed; as `editInChild`. Default: in this process. */
  readonly edit?: (order: EditOrder, signal?: AbortSignal) => Promise<EditedText>;
  /** Applies the options of the command line, which override every configuration. */
  readonly withOptions: (cabinet: Cabinet) => Cabinet;
}

/**
 * The input of `createRevisions`: `RevisionParts`, and the objects of the running agent. `onChange` receives the view for the author
 * `platform`.
 */
export interface RevisionsParts extends RevisionParts, Pick<RevisionManagerParts, 'clock' | 'log' | 'onEvent' | 'onTrialEnd'> {
  /** The devices, whose answers decide about a trial. */
  readonly field: Pick<Field, 'devices'>;
  /** Returns whether the uplink is connected. */
  readonly isOnline: () => boolean;
  /** Returns the running configuration. */
  readonly site: () => CabinetAndProfiles;
  /** Applies a configuration; resolves when it runs. */
  readonly apply: (site: CabinetAndProfiles) => Promise<unknown>;
  readonly onChange: (view: ConfigView) => void;
}

/**
 * Creates the manager of this run's configuration revisions, not started. Options of the command line are applied to a configuration
 * after its check. For a trial, devices in state `ok` or `flaky` answer, others do not.
 */
export function createRevisions(parts: RevisionsParts): RevisionManager {
  const { atStart, field, withOptions } = parts;
  const manager: RevisionManager = new RevisionManager({
    ...parts,
    disk: atStart.disk,
    history: atStart.history,
    unlikeSite: atStart.unlikeSite,
    siteFile: atStart.siteFile,
    startNotices: atStart.notices,
    async check(folder, signal) {
      const checked = await parts.check(folderToCheck(atStart, { ...folder, nowMs: parts.clock.wallMs() }), signal);
      const { site } = checked;
      return site === null ? checked : { ...checked, site: { ...site, cabinet: withOptions(site.cabinet) } };
    },
    touches: (before, after) => inWords(touchedRooms(before, after)),
    health() {
      const devices = field.devices();
      const { answering = [], silent = [] } = Object.groupBy(devices, ({ state }) =>
        state === 'ok' || state === 'flaky' ? 'answering' : 'silent',
      );
      return {
        answering: new Set(answering.map(({ id }) => id)),
        devices: new Map(devices.map(({ id, line }) => [id, line])),
        silent: new Map(silent.map(({ line, unit, id }) => [`${line}:${unit}`, id])),
        isOnline: parts.isOnline(),
      };
    },
    onChange: () => parts.onChange(manager.view('platform')),
  });
  return manager;
}

/** The input of a check: `revision`, with the site's folder, and the folder and hash of the file of the site as last loaded. */
export function folderToCheck(
  { disk, history, siteDir }: RevisionsAtStart,
  revision: Pick<RevisionFolder, 'dir' | 'runningDir' | 'checkedFor' | 'nowMs'>,
): RevisionFolder {
  return { ...revision, siteDir, site: { dir: disk.dirOf('site'), hash: history.fileHash } };
}

/** The affected parts as text, with those that change only at a restart. */
function inWords({ lines, light, uplink, store, clock, console, atRestart }: TouchedRooms): Message[] {
  return [
    ...lines.map((id) => msg`line ${id}`),
    ...(light ? [msg`light`] : []),
    ...(uplink ? [msg`uplink`] : []),
    ...(store ? [msg`store`] : []),
    ...(clock ? [msg`clock`] : []),
    ...(console ? [msg`console`] : []),
    ...(atRestart.length > 0 ? [msg`${atRestart} at the next start`] : []),
  ];
}
