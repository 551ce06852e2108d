/** Reads the cabinet file for a console that has no agent to ask. */
import { statSync } from 'node:fs';
import { loadCabinet } from '../config/load/load.ts';
import type { Cabinet } from '../core/cabinet.ts';
import { ConfigError } from '../core/errors.ts';
import { readRegularFile } from '../core/regular-file.ts';

/** A cabinet, or a sentence that says why there is none and what to type. */
export type SiteFile =
  | { readonly cabinet: Cabinet; readonly problem: ''; readonly isAbsent: false }
  | { readonly cabinet: null; readonly problem: string; readonly isAbsent: boolean };

/** Reads and checks the file. Errors: none; `problem` says whether the file is absent or wrong. */
export function readSiteFile(configFile: string): SiteFile {
  try {
    return { cabinet: loadCabinet(configFile, (file) => readRegularFile(file).toString('utf8')).cabinet, problem: '', isAbsent: false };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    if (!isAbsent(configFile)) return { cabinet: null, problem: `${configFile} cannot be used: run \`luciole check\``, isAbsent: false };
    return { cabinet: null, problem: `there is no cabinet file ${configFile}: \`luciole setup\` writes one`, isAbsent: true };
  }
}

/** A folder that may not be searched hides its files, so only the system's own word counts. Source: stat(2), ENOENT. */
function isAbsent(file: string): boolean {
  try {
    return statSync(file, { throwIfNoEntry: false }) === undefined;
  } catch {
    return false;
  }
}
