/** What a restore would change on this machine, file by file. It only looks. */

import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ConsoleError } from '../../console/console-error.ts';
import { msg } from '../../core/message.ts';
import { type ReadingsFacts, readingsFacts } from '../../store/copy-tools.ts';
import type { ArchiveFile } from './archive.ts';
import type { BackupPlaces } from './backup-places.ts';
import { type Backup, SEALED } from './manifest.ts';

/**
 * `beside`: a former file is replaced and stays as `NAME.before-restore`. `aside`: it becomes that, and none takes its place. `same`: it is so
 * already. `sealed`: it needs the passphrase.
 */
type RestoreChange = 'new' | 'beside' | 'aside' | 'same' | 'sealed' | 'stays';

export interface RestoreItem {
  readonly path: string;
  readonly change: RestoreChange;
  /** Null for a sealed file. */
  readonly bytes: number | null;
}

export interface RestorePlan {
  readonly items: readonly RestoreItem[];
  /** Names in the folder of the store, each with its files by name below it. */
  readonly data: readonly ArchiveFile[];
  /** Files by their absolute path. */
  readonly site: readonly { readonly path: string; readonly content: Buffer }[];
  /** The readings that are in the folder of the store now. */
  readonly readings: ReadingsFacts | null;
}

const DATA = /^data\/(state\.db|users\.json|config\/(book\.json|(r[1-9]\d*|site)\/.+))$/;
const SITE = /^site\/(.+)$/;

/** The place of a file of a backup on this machine. Errors: throws ConsoleError 'failed' for a name that no backup has. */
function placeOfBackedUp(
  name: string,
  { dir, siteDir, configFile }: Pick<BackupPlaces, 'dir' | 'siteDir' | 'configFile'>,
  config: string,
): string {
  if (DATA.test(name)) return join(dir, name.slice('data/'.length));
  const [, below] = SITE.exec(name) ?? [];
  if (below === undefined)
    throw new ConsoleError('failed', msg`this backup cannot be restored: ${name} is not a place for a file of a backup`);
  // The cabinet file may have another name on this machine.
  return name === config ? configFile : join(siteDir, below);
}

/** The name of the cabinet file in a backup: its first file of the site. Errors: throws ConsoleError 'failed' where it has none. */
export function configNameOf({ files }: Backup): string {
  const name = [...files.keys()].find((each) => SITE.test(each));
  if (name === undefined) throw new ConsoleError('failed', msg`this backup cannot be restored: it has no cabinet file`);
  return name;
}

/** `opened`: the sealed files, empty while they are not opened. `keepsReadings`: those that are here stay. */
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

/** A state is never the same: it goes on. */
function changeOf(name: string, path: string, content: Buffer): RestoreChange {
  if (!existsSync(path)) return 'new';
  return name !== 'data/state.db' && statSync(path).isFile() && readFileSync(path).equals(content) ? 'same' : 'beside';
}
