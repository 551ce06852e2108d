/** Renders a restore for a person, before and after it. Pure. */
import { join } from 'node:path';
import { formatBytes } from '../../console/text/page.ts';
import { count } from '../../core/counts.ts';
import { type Message, msg, type Said } from '../../core/message.ts';
import { BEFORE_RESTORE } from '../../core/pending-restore.ts';
import type { ReadingsFacts } from '../../store/copy-tools.ts';
import type { BackupManifest } from './manifest.ts';
import type { RestoreItem } from './restore-plan.ts';

/** What a restore changed, or would change; the output of `luciole restore --json`. */
export interface RestoreReport {
  readonly restored: boolean;
  /** Hash of the backup file. */
  readonly sha256: string;
  readonly backup: BackupManifest;
  /** As planned before the restore. */
  readonly items: readonly RestoreItem[];
  /** Readings in the store folder before the restore; null for none that can be read. `isKept`: `--keep-readings` was given. */
  readonly readings: (ReadingsFacts & { readonly isKept: boolean }) | null;
  /** Readings in the store folder of the replaced cabinet file, if that is another folder. Null for none that can be read. */
  readonly formerReadings: (ReadingsFacts & { readonly dir: string }) | null;
  /** The ids of the cabinet here and of that in the backup; null if they are equal, or one of them is unknown. */
  readonly replaced: { readonly here: string; readonly backup: string } | null;
}

const WORDS: Readonly<Record<RestoreItem['change'], Message>> = {
  new: msg`new`,
  beside: msg`replaced; the former file stays as NAME${BEFORE_RESTORE}`,
  aside: msg`set aside as NAME${BEFORE_RESTORE}`,
  same: msg`the same already`,
  sealed: msg`sealed: --yes asks for the passphrase, --no-keys leaves it out`,
  stays: msg`stays`,
};
/** Digits of an epoch to show. Source: as sent to the platform. */
const EPOCH_DIGITS = 8;

const TO_RESTORE = msg`Nothing was changed: --yes restores it.`;
const TO_REPLACE = msg`Nothing was changed: --yes --other-cabinet restores it.`;

function differentText({ here, backup }: NonNullable<RestoreReport['replaced']>, restored: boolean): Message {
  return restored
    ? msg`The ids differ: this gateway was cabinet ${here}, it is now cabinet ${backup}.`
    : msg`The ids differ: this gateway is cabinet ${here}, the backup is of cabinet ${backup}.`;
}

/**
 * Returns why `--yes` alone does not replace a cabinet by another one, and the options that do. `here`: the id of this gateway's cabinet;
 * `backup`: that in the backup.
 */
export function otherCabinetText({ here, backup }: NonNullable<RestoreReport['replaced']>): Message {
  return msg`this gateway is cabinet ${here}, the backup is of cabinet ${backup}: --yes --other-cabinet replaces ${here}`;
}

/** Returns the lines of a report about a restore, for a person; long ones are not wrapped. Shape: `dir` is the store folder. */
export function restoreLines(
  { restored, sha256, backup, items, readings, formerReadings, replaced }: RestoreReport,
  dir: string,
): readonly Said[] {
  const config = join(dir, 'config');
  const [revisions, others] = [true, false].map((isOne) => items.filter(({ path }) => path.startsWith(`${config}/`) === isOne));
  const change = revisions?.every((item) => item.change === 'new') === true ? 'new' : 'beside';
  const made = new Date(backup.madeMs).toISOString();
  const files = count(backup.files.length, 'file');
  return [
    backup.cabinet === ''
      ? msg`Cabinet without an id, backup of ${made} by luciole ${backup.luciole}: ${files}, complete`
      : msg`Cabinet ${backup.cabinet}, backup of ${made} by luciole ${backup.luciole}: ${files}, complete`,
    `sha256 ${sha256}`,
    ...(replaced === null ? [] : [differentText(replaced, restored)]),
    ...(others ?? []).map(({ path, bytes, change: each }) =>
      bytes === null ? msg`${path}  ${WORDS[each]}` : msg`${path}  ${formatBytes(bytes)}  ${WORDS[each]}`,
    ),
    ...(revisions === undefined || revisions.length === 0
      ? []
      : [msg`${config}  ${count(revisions.length, 'file')} of revisions  ${WORDS[change]}`]),
    ...(backup.leftOut.length === 0 ? [] : [msg`Not in the backup: ${backup.leftOut}`]),
    ...readingsLines(readings, backup),
    ...formerLines(formerReadings),
    ...(restored ? afterLines(made) : [replaced === null ? TO_RESTORE : TO_REPLACE]),
  ];
}

function readingsLines(readings: RestoreReport['readings'], backup: BackupManifest): readonly Said[] {
  if (readings === null) return [];
  const { epoch, undelivered, isKept } = readings;
  const sum = msg`Readings on this gateway: ${count(undelivered, 'reading')} not confirmed by the platform.`;
  if (!isKept)
    return [msg`${sum} They are set aside, and a new epoch begins; --keep-readings keeps them, on the gateway that recorded them.`];
  const stay = msg`${sum} Readings and epoch are kept: do this only on the gateway that recorded them.`;
  if (backup.readings === null || backup.readings.epoch === epoch) return [stay];
  const [here, there] = [epoch, backup.readings.epoch].map((each) => each.slice(0, EPOCH_DIGITS));
  return [stay, msg`Their epoch is ${here ?? ''}, that of the backup is ${there ?? ''}: check that they belong to this cabinet.`];
}

function formerLines(former: RestoreReport['formerReadings']): readonly Said[] {
  if (former === null) return [];
  const sum = count(former.undelivered, 'reading');
  return [
    msg`Readings in ${former.dir}, which the present cabinet file names: ${sum} not confirmed by the platform. They stay there, and no agent sends them.`,
  ];
}

function afterLines(made: string): readonly Said[] {
  return [
    msg`Restored. Switch off the gateway that this one replaces, then: systemctl start luciole`,
    msg`Events after ${made} are not in this backup. For one day, the first platform command that carries its own id is refused. More in docs/backup.md.`,
  ];
}
