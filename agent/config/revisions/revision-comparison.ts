/**
 * Two configurations side by side: what is different, what is wrong, and which rooms a change would touch.
 *
 * Owns the words for what cannot be compared.
 */
import type { Problem } from '../../core/errors.ts';
import type { ConfigAnswer, ConfigFiles, SiteOwnedDifference } from '../../core/revisions.ts';
import type { CheckedRevision } from './check-in-child.ts';
import { answer, differences, refusedAnswer } from './config-answers.ts';
import { type RevisionDisk, revisionHash } from './revision-disk.ts';
import { siteOwnedRefusal } from './site-owned.ts';
import type { CabinetAndProfiles } from './touched-parts.ts';

/** Compares revisions by number, the one that runs and the candidate. Errors: none; what cannot be compared is refused with a reason. */
export function createComparison({
  disk,
  running,
  runningNumber,
  hasCandidate,
  unlikeSite,
  touches,
  siteFile,
  checked,
}: {
  readonly disk: Pick<RevisionDisk, 'readFiles'>;
  /** What runs, and its number. */
  readonly running: () => CabinetAndProfiles;
  readonly runningNumber: () => number;
  readonly hasCandidate: () => boolean;
  /** What runs and is not as the file of the site says. */
  readonly unlikeSite: () => readonly SiteOwnedDifference[];
  readonly touches: (before: CabinetAndProfiles, after: CabinetAndProfiles) => readonly string[];
  readonly siteFile: string;
  readonly checked: (of: number | 'candidate') => Promise<CheckedRevision>;
}): (from: number | 'running', to: number | 'candidate' | 'running') => Promise<ConfigAnswer> {
  async function compare(from: number | 'running', to: number | 'candidate' | 'running'): Promise<ConfigAnswer> {
    const [left, right] = [await side(from), await side(to)];
    if (typeof left === 'string' || typeof right === 'string') return refusedAnswer(typeof left === 'string' ? left : String(right));
    const problems = [...left.checked.problems, ...right.checked.problems];
    const [before, after] = [left.checked.site, right.checked.site];
    if (before === null || after === null) return { ...refusedAnswer(wrongness(problems.length)), problems };
    const changes = await differences(before, after, left.files, right.files);
    const { siteOwned, belowFloor } = right.checked;
    const warnings = [...right.checked.warnings, ...asProblems(belowFloor)];
    if (siteOwned.length > 0) return { ...refusedAnswer(siteOwnedRefusal(siteOwned, siteFile)), warnings, changes };
    const equal = changes.length === 0 && revisionHash(left.files) === revisionHash(right.files) ? 'equal' : '';
    return answer({ reason: equal, warnings, changes, touches: touches(before, after) });
  }

  async function side(of: number | 'candidate' | 'running'): Promise<{ files: ConfigFiles; checked: CheckedRevision } | string> {
    const number = of === 'running' ? runningNumber() : of;
    const files = await disk.readFiles(number);
    if (files === undefined || (number === 'candidate' && !hasCandidate()))
      return number === 'candidate' ? 'there is no candidate: send or load a file first' : `the files of revision ${number} are not kept`;
    if (of === 'running')
      return { files, checked: { site: running(), problems: [], warnings: [], siteOwned: [], unlikeSite: unlikeSite(), belowFloor: [] } };
    return { files, checked: await checked(number) };
  }

  return compare;
}

/** Places of a configuration are named; the lines of its file matter less where a person asks for the lamp. */
export function asProblems(flaws: CheckedRevision['belowFloor']): Problem[] {
  return flaws.map((flaw) => ({ file: 'cabinet.yaml', line: 1, column: 1, ...flaw }));
}

/** How many things are wrong, in words. */
export function wrongness(problems: number): string {
  return problems === 1 ? 'one thing in it is wrong' : `${problems} things in it are wrong`;
}
