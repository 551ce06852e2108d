/** A restore as a person sees it, before and after. Pure. */
import { join } from 'node:path';
import { count, formatBytes } from '../../console/text/page.ts';
import { BEFORE_RESTORE } from '../../core/pending-restore.ts';
import type { ReadingsFacts } from '../../store/copy-tools.ts';
import type { BackupManifest } from './manifest.ts';
import type { RestoreItem } from './restore-plan.ts';

/** What `--json` prints. */
export interface RestoreReport {
  readonly restored: boolean;
  /** Of the file of the backup. */
  readonly sha256: string;
  readonly backup: BackupManifest;
  readonly items: readonly RestoreItem[];
  /** The readings that were here; null for none. */
  readonly readings: (ReadingsFacts & { readonly isKept: boolean }) | null;
  /** The readings in the folder that the present cabinet file names, where that is another one; null for none. */
  readonly formerReadings: (ReadingsFacts & { readonly dir: string }) | null;
}

const WORDS: Readonly<Record<RestoreItem['change'], string>> = {
  new: 'new',
  beside: `replaced; the former stays as NAME${BEFORE_RESTORE}`,
  aside: `set aside as NAME${BEFORE_RESTORE}`,
  same: 'the same already',
  sealed: 'sealed: --yes asks for the passphrase, --no-keys leaves it',
  stays: 'stays',
};
/** Digits of an epoch that are shown. Source: as on the wire. */
const EPOCH_DIGITS = 8;

/** One text for each thing. Shape: `dir` is the folder of the store. */
export function restoreLines({ restored, sha256, backup, items, readings, formerReadings }: RestoreReport, dir: string): readonly string[] {
  const config = join(dir, 'config');
  const [revisions, others] = [true, false].map((isOne) => items.filter(({ path }) => path.startsWith(`${config}/`) === isOne));
  const change = revisions?.every((item) => item.change === 'new') === true ? 'new' : 'beside';
  const made = new Date(backup.madeMs).toISOString();
  return [
    `Cabinet ${backup.cabinet || 'of no name'}, backup of ${made} by luciole ${backup.luciole}: ${count(backup.files.length, 'file')}, whole`,
    `sha256 ${sha256}`,
    ...(others ?? []).map((item) => `${item.path}${item.bytes === null ? '' : `  ${formatBytes(item.bytes)}`}  ${WORDS[item.change]}`),
    ...(revisions === undefined || revisions.length === 0
      ? []
      : [`${config}  ${count(revisions.length, 'file')} of revisions  ${WORDS[change]}`]),
    ...(backup.leftOut.length === 0 ? [] : [`Not in the backup: ${backup.leftOut.join(', ')}`]),
    ...readingsLines(readings, backup),
    ...formerLines(formerReadings),
    ...(restored ? afterLines(made) : ['Nothing was changed: --yes restores it.']),
  ];
}

function readingsLines(readings: RestoreReport['readings'], backup: BackupManifest): readonly string[] {
  if (readings === null) return [];
  const { epoch, undelivered, isKept } = readings;
  const sum = `Readings that are here: ${count(undelivered, 'reading')} not confirmed by the platform.`;
  if (!isKept) return [`${sum} They are set aside, and a new epoch begins; --keep-readings keeps them, on the gateway that made them.`];
  const isOther = backup.readings !== null && backup.readings.epoch !== epoch;
  const doubt = `Their epoch is ${epoch.slice(0, EPOCH_DIGITS)}, that of the backup ${backup.readings?.epoch.slice(0, EPOCH_DIGITS)}: are they of this cabinet?`;
  return [`${sum} They stay, and so does the epoch: right only on the gateway that made them.`, ...(isOther ? [doubt] : [])];
}

function formerLines(former: RestoreReport['formerReadings']): readonly string[] {
  if (former === null) return [];
  const sum = `${count(former.undelivered, 'reading')} not confirmed by the platform`;
  return [`Readings in ${former.dir}, which the present cabinet file names: ${sum}. They stay there, and no agent sends them.`];
}

function afterLines(made: string): readonly string[] {
  return [
    'Restored. Switch off the gateway that this one replaces, then: systemctl start luciole',
    `What happened since ${made} is not known here: for a day an order of the platform with an id of its own is refused once. docs/backup.md says what else.`,
  ];
}
