/** Finds a cabinet's own files on this machine: store folder, site folder, keys. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { loadCabinet } from '../../config/load/load.ts';
import { ConsoleError } from '../../console/console-error.ts';
import { type LocalArgs, textOf } from '../../console/terminal/terminal.ts';
import { ConfigError } from '../../core/errors.ts';
import { msg } from '../../core/message.ts';
import { isCredential } from '../../core/secrets.ts';
import { keyFilesIn } from '../key-files.ts';
import { renewalFilesFor } from '../renew-key.ts';

/** A cabinet's own files on this machine. Shape: absolute paths; `elsewhere` may also contain names of credentials. */
export interface BackupPlaces {
  /** The cabinet's id; empty if the cabinet file cannot be used. */
  readonly cabinet: string;
  readonly configFile: string;
  /** Folder of the cabinet file. */
  readonly siteDir: string;
  /** Folder of the store. */
  readonly dir: string;
  /** Files in the site folder that are not secret, such as the cabinet file and profiles. */
  readonly plain: readonly string[];
  /**
   * Existing files in the site folder with the uplink's key, certificate and password, those that `keyFilesIn` names, and the files of a
   * renewal of the key (`.new`).
   */
  readonly secrets: readonly string[];
  /** Files outside the site folder, which may not exist, and profiles that are not regular files. */
  readonly elsewhere: readonly string[];
}

/**
 * Returns the files of the cabinet whose cabinet file has this text; the text need not be the one on disk. If the text cannot be used, the
 * id is empty, and profiles and files that it names are missing. `--data-dir` replaces the store folder. Shape: `configFile` is absolute.
 * Errors: throws, for example ConsoleError 'failed' if the text cannot be used and `--data-dir` is missing.
 */
export function backupPlaces(args: LocalArgs, configFile: string, text: string): BackupPlaces {
  const named = textOf(args['data-dir']);
  const siteDir = dirname(configFile);
  try {
    const { cabinet } = loadCabinet(configFile, () => text);
    const { uplink, profileDirs } = cabinet;
    const at = (path: string | null | undefined): string[] => (path == null ? [] : [isCredential(path) ? path : resolve(siteDir, path)]);
    const profiles = profileDirs.map((dir) => resolve(siteDir, dir)).flatMap(yamlFilesIn);
    const plain = [configFile, ...profiles.filter(isFile), ...at(uplink?.caFile)];
    const inUse = [uplink?.keyFile, uplink?.certFile, uplink?.passwordFile].flatMap(at).concat(Object.values(keyFilesIn(siteDir)));
    const secrets = [...inUse, ...renewedFiles(at(uplink?.keyFile)[0], at(uplink?.certFile)[0])];
    const isOurs = (path: string): boolean => isAbsolute(path) && !relative(siteDir, path).startsWith('..');
    const present = (paths: readonly string[]): string[] => [...new Set(paths)].filter((path) => isOurs(path) && existsSync(path));
    return {
      ...{ cabinet: cabinet.id, configFile, siteDir, dir: resolve(named ?? cabinet.store.dir) },
      ...{ plain: present(plain), secrets: present(secrets) },
      elsewhere: [...new Set([...[...plain, ...secrets].filter((path) => !isOurs(path)), ...profiles.filter((path) => !isFile(path))])],
    };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    if (named === null)
      throw new ConsoleError('failed', msg`${configFile} cannot be used (luciole check): name the folder of the data with --data-dir`);
    const { keyFile, certFile } = keyFilesIn(siteDir);
    const made = Object.values(keyFilesIn(siteDir)).filter((path) => existsSync(path));
    const secrets = [...made, ...renewedFiles(keyFile, certFile)];
    return { cabinet: '', configFile, siteDir, dir: resolve(named), plain: [configFile], secrets, elsewhere: [] };
  }
}

/** The existing files of a renewal that is prepared or in use; a credential of the service has none here. */
function renewedFiles(keyFile: string | undefined, certFile: string | undefined): readonly string[] {
  if (keyFile === undefined || certFile === undefined) return [];
  return Object.values(renewalFilesFor(keyFile, certFile)).filter((path) => isAbsolute(path) && existsSync(path));
}

function yamlFilesIn(dir: string): readonly string[] {
  if (!existsSync(dir)) return [];
  return readdirSync(dir)
    .filter((name) => /^[^.].*\.ya?ml$/.test(name))
    .map((name) => join(dir, name));
}

/** Returns false for a folder, pipe, device or broken link: none can be a profile. */
function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch (error) {
    if (error instanceof Error && 'code' in error) return false;
    throw error;
  }
}
