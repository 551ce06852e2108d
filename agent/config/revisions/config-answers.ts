/**
 * Answers of the desk of the configuration.
 *
 * Owns their shape. Pure.
 */
import type { ConfigAnswer, ConfigChange, ConfigFiles } from '../../core/revisions.ts';
import { asWritten } from '../edit/as-written.ts';
import { changesBetween } from '../edit/changes.ts';
import { revisionHash } from './revision-disk.ts';
import type { CabinetAndProfiles } from './touched-parts.ts';

const PLAIN: ConfigAnswer = {
  state: 'done',
  reason: '',
  problems: [],
  warnings: [],
  changes: [],
  touches: [],
  revision: null,
  isOnTrial: false,
};

export function answer(facts: Partial<ConfigAnswer>): ConfigAnswer {
  return { ...PLAIN, ...facts };
}

export function refusedAnswer(reason: string): ConfigAnswer {
  return { ...PLAIN, state: 'refused', reason };
}

/** Values of the cabinet as its file names them, then profiles by their hash. */
export function differences(
  before: CabinetAndProfiles,
  after: CabinetAndProfiles,
  filesBefore: ConfigFiles | undefined,
  filesAfter: ConfigFiles,
): ConfigChange[] {
  return [
    ...changesBetween(asWritten(before.cabinet), asWritten(after.cabinet)),
    ...changesBetween({ profiles: hashes(filesBefore) }, { profiles: hashes(filesAfter) }),
  ];
}

function hashes(files: ConfigFiles | undefined): Readonly<Record<string, string>> {
  const texts = Object.entries(files?.profiles ?? {});
  return Object.fromEntries(texts.map(([name, cabinet]) => [name, revisionHash({ cabinet, profiles: {} }).slice(0, 12)]));
}
