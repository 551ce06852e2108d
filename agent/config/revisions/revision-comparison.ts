import { Message, msg, NO_TEXT } from '../../core/message.ts';
import type { ConfigAnswer, ConfigFiles } from '../../core/revisions.ts';
import type { CheckedRevision } from './check-in-child.ts';
import type { CommitContext } from './commit-revision.ts';
import { answer, asProblems, differences, refusedAnswer, wrongness } from './config-answers.ts';
import { type CandidateFiles, revisionHash } from './revision-disk.ts';
import { runningOf } from './revision-history.ts';
import { siteOwnedRefusal } from './site-owned.ts';

type Side = number | CandidateFiles | 'running';

/** The reason of a refusal: there is no candidate, or its files cannot be read. */
export const NO_CANDIDATE_YET = msg`there is no candidate: send or load a file first`;

/** One side of a comparison: its files and the result of their check. */
interface ReadSide {
  readonly files: ConfigFiles;
  readonly checked: CheckedRevision;
}

/**
 * Compares two revisions, or a revision and a candidate: `changes` has the values that differ from `from` to `to`. The state is `refused`,
 * with a reason, if, for example, one of them cannot be read. Errors: rejects, for example with `DiskTimeout` if the disk hangs.
 */
export async function compareRevisions(context: CommitContext, from: number | 'running', to: Side): Promise<ConfigAnswer> {
  const [left, right] = [await readSide(context, from), await readSide(context, to)];
  if (left instanceof Message) return refusedAnswer(left);
  if (right instanceof Message) return refusedAnswer(right);
  const problems = [...left.checked.problems, ...right.checked.problems];
  const [before, after] = [left.checked.site, right.checked.site];
  if (before === null || after === null) return { ...refusedAnswer(wrongness(problems.length)), problems };
  const changes = await differences(before, after, left.files, right.files);
  const { siteOwned, belowFloor } = right.checked;
  const warnings = [...right.checked.warnings, ...asProblems(belowFloor)];
  if (siteOwned.length > 0) return { ...refusedAnswer(siteOwnedRefusal(siteOwned, context.siteFile)), warnings, changes };
  const equal = changes.length === 0 && revisionHash(left.files) === revisionHash(right.files) ? msg`equal` : NO_TEXT;
  return answer({ reason: equal, warnings, changes, touches: context.touches(before, after) });
}

/** Returns the files and their check, or the reason why they cannot be read. */
async function readSide(context: Parameters<typeof compareRevisions>[0], of: Side): Promise<ReadSide | Message> {
  const { disk, histories, active } = context;
  const number = of === 'running' ? runningOf(histories.history).number : of;
  const files = await disk.readFiles(number);
  if (files === undefined) return typeof number === 'number' ? msg`the files of revision ${number} are not kept` : NO_CANDIDATE_YET;
  if (of !== 'running') return { files, checked: await context.check(number) };
  const { unlikeSite } = active;
  return { files, checked: { site: context.site(), problems: [], warnings: [], siteOwned: [], unlikeSite, belowFloor: [] } };
}
