/** Plans what a restore would change on this machine, file by file. It changes nothing. */

import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ConsoleError } from '../../console/console-error.ts';
import { msg } from '../../core/message.ts';
import { type ReadingsFacts, readingsFacts } from '../../store/copy-tools.ts';
import type { ArchiveFile } from './archive.ts';
import type { BackupPlaces } from './backup-places.ts';
import { type Backup, SEALED } from './manifest.ts';

/**
 * `new`: there is no such file here. `beside`: the former file is replaced and kept as `NAME.before-restore`, one of a revision below
 * `config.before-restore`. `aside`: it is renamed to that and not replaced. `same`: the file here has this content already. `sealed`: the
 * passphrase is needed. `stays`: present readings are kept.
 */
type RestoreChange = 'new' | 'beside' | 'aside' | 'same' | 'sealed' | 'stays';

/** What a restore does with one file. Units: bytes. */
export interface RestoreItem {
  /** Absolute path on this machine. */
  readonly path: string;
  /** Whether the file is new, replaced, set aside, the same already, still encrypted, or kept. */
  readonly change: RestoreChange;
  /** Size of the file to restore, or of the present readings. Null for a file that is still encrypted. */
  readonly bytes: number | null;
}

/** What a restore would do with each file, and the files to write. */
export interface RestorePlan {
  /**
   * Each file of the backup (for `keys.sealed`, the files in it), and the present readings if there are any. Other files on this machine
   * are not listed. If the backup has revisions, other revisions here are set aside with their folder `config`.
   */
  readonly items: readonly RestoreItem[];
  /** Files for the store folder, including unchanged ones, but not files that are still encrypted. `name` is relative to the folder. */
  readonly data: readonly ArchiveFile[];
  /** Files for the site folder that are new or different, by absolute path. */
  readonly site: readonly { readonly path: string; readonly content: Buffer }[];
  /** Readings in the store folder now; null if there are none that can be read. */
  readonly readings: ReadingsFacts | null;
}

const DATA = /^data\/(state\.db|users\.json|config\/(book\.json|(r[1-9]\d*|site)\/.+))$/;
const SITE = /^site\/(.+)$/;

/** Returns the place of a backed-up file on this machine. Errors: throws ConsoleError 'failed' for a name that no backup contains. */
function placeOfBackedUp(
  name: string,
  { dir, siteDir, configFile }: Pick<BackupPlaces, 'dir' | 'siteDir' | 'configFile'>,
  config: string,
): string {
  if (DATA.test(name)) return join(dir, name.slice('data/'.length));
  const [, below] = SITE.exec(name) ?? [];
  if (below === undefined)
    throw new ConsoleError('failed', msg`this backup cannot be restored: ${name} is not a place for a file of a backup`);
  // The cabinet file may have a different name on this machine.
  return name === config ? configFile : join(siteDir, below);
}

/** Returns the cabinet file's name in the backup: the first that begins with `site/`. Errors: throws ConsoleError 'failed' if there is none. */
export function configNameOf({ files }: Backup): string {
  const name = [...files.keys()].find((each) => SITE.test(each));
  if (name === undefined) throw new ConsoleError('failed', msg`this backup cannot be restored: it has no cabinet file`);
  return name;
}

/**
 * Compares the backup with the files on this machine and returns what a restore would do; changes nothing. `opened`: the decrypted files;
 * empty if none were decrypted. `keepsReadings`: present readings are kept. Errors: throws, for example ConsoleError 'failed' for a backup
 * without a cabinet file.
 */
export function planRestore(
  backup: Backup,
  places: BackupPlaces,
  { opened, keepsReadings }: { readonly opened: readonly ArchiveFile[]; readonly keepsReadings: boolean },
): RestorePlan {
  const config = configNameOf(backup);
  const plain = [...backup.files].filter(([name]) => name !== SEALED).map(([name, content]) => ({ name, content }));
  const all = [...plain, ...opened];
  const placed = all.map(({ name, content }) => ({ name, content, path: placeOfBackedUp(name, places, config) }));
  const sealed = backup.manifest.sealed.filter((name) => !opened.some((file) => file.name === name));
  const readings = readingsFacts(places.dir);
  const hasReadings = existsSync(join(places.dir, 'telemetry.db'));
  return {
    items: [
      ...placed.map(({ name, path, content }) => ({ path, change: changeOf(name, path, content), bytes: content.length })),
      ...sealed.map((name) => ({ path: placeOfBackedUp(name, places, config), change: 'sealed' as const, bytes: null })),
      ...(hasReadings
        ? [
            {
              path: join(places.dir, 'telemetry.db'),
              change: keepsReadings ? ('stays' as const) : ('aside' as const),
              bytes: statSync(join(places.dir, 'telemetry.db')).size,
            },
          ]
        : []),
    ],
    data: placed.filter(({ name }) => DATA.test(name)).map(({ name, content }) => ({ name: name.slice('data/'.length), content })),
    site: placed.filter(({ name, path, content }) => SITE.test(name) && changeOf(name, path, content) !== 'same'),
    readings,
  };
}

/** A state file is never `same`: it changes while the agent runs. */
function changeOf(name: string, path: string, content: Buffer): RestoreChange {
  if (!existsSync(path)) return 'new';
  return name !== 'data/state.db' && statSync(path).isFile() && readFileSync(path).equals(content) ? 'same' : 'beside';
}
