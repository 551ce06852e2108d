/**
 * Answers to requests about the configuration, and the lists in them. Pure.
 */

import type { Problem } from '../../core/errors.ts';
import { type Message, msg, NO_TEXT } from '../../core/message.ts';
import type { ConfigAnswer, ConfigChange, ConfigFiles } from '../../core/revisions.ts';
import { asWritten } from '../edit/as-written.ts';
import { changesBetween } from '../edit/changes.ts';
import type { CheckedRevision } from './check-in-child.ts';
import { revisionHash } from './revision-disk.ts';
import type { CabinetAndProfiles } from './touched-parts.ts';

const PLAIN: ConfigAnswer = {
  state: 'done',
  reason: NO_TEXT,
  problems: [],
  warnings: [],
  changes: [],
  touches: [],
  revision: null,
  isOnTrial: false,
};

/** Returns an answer with the state `done` and the fields in `facts`; its other fields are empty. */
export function answer(facts: Partial<ConfigAnswer>): ConfigAnswer {
  return { ...PLAIN, ...facts };
}

/** Returns an answer with the state `refused` and this reason; its other fields are empty. */
export function refusedAnswer(reason: Message): ConfigAnswer {
  return { ...PLAIN, state: 'refused', reason };
}

/** As `refusedAnswer`, with the code `not-stored`, for a disk that failed or did not answer in time. */
export function notStored(reason: Message): ConfigAnswer {
  return { ...refusedAnswer(reason), code: 'not-stored' };
}

/**
 * Returns the values of the cabinets that differ, except `profileDirs`, then the profiles in the files whose text differs, each as a short
 * hash; empty if there are none. `filesBefore`: undefined if they are not kept; then all profiles count as new.
 */
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

/** Converts the results of `floorFlaws` into problems of `cabinet.yaml` with the same path. Their line and column are always 1. */
export function asProblems(flaws: CheckedRevision['belowFloor']): Problem[] {
  return flaws.map(({ path, message }) => ({ file: 'cabinet.yaml', line: 1, column: 1, path, message }));
}

/** The number of problems as a sentence: `3 things in it are wrong`. */
export function wrongness(problems: number): Message {
  return problems === 1 ? msg`one thing in it is wrong` : msg`${problems} things in it are wrong`;
}
