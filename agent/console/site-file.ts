/** Reads the cabinet file for a console when no agent answers. */

import { statSync } from 'node:fs';
import { loadCabinet } from '../config/load/load.ts';
import type { Cabinet } from '../core/cabinet.ts';
import { ConfigError } from '../core/errors.ts';
import { type Message, msg, NO_TEXT } from '../core/message.ts';
import { readRegularFile } from '../core/regular-file.ts';

/**
 * A cabinet, or null and a message that states the problem and what to type. `isAbsent`: the file does not exist; false also if that cannot
 * be determined.
 */
export type SiteFile =
  | { readonly cabinet: Cabinet; readonly problem: Message; readonly isAbsent: false }
  | { readonly cabinet: null; readonly problem: Message; readonly isAbsent: boolean };

/**
 * Reads and checks the cabinet file, without device profiles and ports. `problem` states that it is missing or cannot be used; empty if it
 * is usable.
 */
export function readSiteFile(configFile: string): SiteFile {
  try {
    const read = (file: string): string => readRegularFile(file).toString('utf8');
    return { cabinet: loadCabinet(configFile, read).cabinet, problem: NO_TEXT, isAbsent: false };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    if (!isAbsent(configFile)) return { cabinet: null, problem: msg`${configFile} cannot be used: run \`luciole check\``, isAbsent: false };
    return { cabinet: null, problem: msg`there is no cabinet file ${configFile}: \`luciole setup\` writes one`, isAbsent: true };
  }
}

/** Only ENOENT proves that a file is missing: a folder without search permission hides its files. Source: stat(2). */
function isAbsent(file: string): boolean {
  try {
    return statSync(file, { throwIfNoEntry: false }) === undefined;
  } catch {
    return false;
  }
}
