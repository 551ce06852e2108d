import { isTrusted } from '../../core/clock.ts';
import { type Message, msg, NO_TEXT, type Said } from '../../core/message.ts';
import type { CommitRequest, ConfigAnswer, ConfigFiles } from '../../core/revisions.ts';
import type { TokenBucket } from '../../core/token-bucket.ts';
import { type FloorPermission, floorPermission } from '../floor/floor-permission.ts';
import type { ActiveRevision, ActiveRevisionParts } from './active-revision.ts';
import type { CheckedRevision } from './check-in-child.ts';
import { answer, asProblems, differences, notStored, refusedAnswer, wrongness } from './config-answers.ts';
import { type CandidateFiles, type RevisionDisk, revisionHash } from './revision-disk.ts';
import { nextNumber, runningOf, storedWhy, usedSerial, withConfirmed, withTrial } from './revision-history.ts';
import type { RevisionHistory } from './revision-history-file.ts';
import type { RevisionHistoryStore } from './revision-history-store.ts';
import { type SignatureVerdict, verifyRevisionSignature } from './revision-signature.ts';
import { siteOwnedRefusal } from './site-owned.ts';
import { type CabinetAndProfiles, touchedRooms } from './touched-parts.ts';

/** The objects that a commit and a comparison work on. */
export interface CommitContext extends Pick<ActiveRevisionParts, 'clock' | 'site' | 'siteFile' | 'health'> {
  readonly disk: RevisionDisk;
  readonly histories: RevisionHistoryStore;
  readonly active: ActiveRevision;
  /** Returns the parts of the agent that a change affects, as text. Empty for none: the revision then has no trial. */
  readonly touches: (before: CabinetAndProfiles, after: CabinetAndProfiles) => readonly Message[];
  /** Checks the files of a revision or a candidate. */
  readonly check: (of: number | CandidateFiles) => Promise<CheckedRevision>;
  /** Limits how often revisions of the platform without a valid signature may reopen lines. */
  readonly reopenings: TokenBucket;
}

/**
 * Files of a revision or of a candidate. `of`: its number, or the name of its folder. `signature`: the one that came with them, not
 * verified; null for none.
 */
export interface FilesToCommit {
  readonly of: number | CandidateFiles;
  readonly files: ConfigFiles;
  readonly signature: string | null;
}

/**
 * How often revisions of the platform without a valid signature may reopen lines: `burst` at once, then `perS` a second. A new run begins
 * with the full burst.
 *
 * Source: assumed; a line that does not answer is without levels and detections for some 35 s: `LINE_GRACE_MS`, then 10 s to reopen it.
 * That is 3.5 min in a row, and a seventeenth of the time in the long run. Confirmed by: reopenings in the revision histories of the
 * cabinets.
 */
export const REOPENINGS = { burst: 6, perS: 1 / 600 };

/** A file of the site without an uplink allows a revision without one. */
const CUT_OFF = msg`it has no uplink: the platform would cut itself off; remove the uplink at the cabinet`;

/**
 * Creates a revision from these files, saves it and runs it, on trial if it affects a part of the agent, even if only at the next start.
 * Resolves when it runs, except for what takes effect only at the next start; also if the agent stops meanwhile. Files equal to those of
 * the running revision create none. The state is `refused`, with a reason, if, for example, the files may not run or could not be saved,
 * also on a hung disk.
 *
 * Errors: rejects, for example with `DiskTimeout` if the disk hangs while files are read. If it rejects because applying fails, the
 * revision is already saved.
 */
export async function commitRevision(context: CommitContext, toCommit: FilesToCommit, request: CommitRequest): Promise<ConfigAnswer> {
  const { histories, active, clock } = context;
  const { of, files } = toCommit;
  const before = histories.history;
  const hash = revisionHash(files);
  const known = answerBeforeCheck(before, hash, request);
  if (known !== null) return known;
  const checked = await context.check(of);
  const { site, problems, warnings, unlikeSite } = checked;
  if (site === null) return { ...refusedAnswer(wrongness(problems.length)), problems };
  const touches = context.touches(context.site(), site);
  const changes = await differences(context.site(), site, await context.disk.readFiles(runningOf(before).number), files);
  const facts = { problems, warnings, changes, touches };
  const refusal = contentRefusal(checked, site, request, context.siteFile);
  if (refusal !== NO_TEXT) return { ...refusedAnswer(refusal), ...facts };
  const belowFloor = checked.belowFloor.filter(({ isAllowedAtCabinet }) => isAllowedAtCabinet !== true || request.author !== 'console');
  const permission = belowFloor.length === 0 ? null : permissionFor(context, toCommit, request);
  if (permission?.isGiven === false)
    return { ...refusedAnswer(permission.reason), ...facts, problems: [...problems, ...asProblems(belowFloor)] };
  const unpaced = reopeningRefusal(context, toCommit, { site, request });
  if (unpaced !== NO_TEXT) return { ...refusedAnswer(unpaced), ...facts };
  const number = nextNumber(before);
  const why = whyWith(request, permission);
  const revision = { atMs: clock.wallMs(), by: request.by, ...storedWhy(why), hash };
  const trouble = await persist(context, { number, files, isTrial: touches.length > 0 }, () => {
    const signed = { ...before, ...serialOf(context, toCommit) };
    return touches.length === 0 ? withConfirmed(signed, revision) : withTrial(signed, revision, trialOf(context, request));
  });
  if (trouble !== NO_TEXT) return { ...notStored(trouble), ...facts };
  await active.activate({ site, unlikeSite }, number, { by: request.by, why, touches });
  return answer({ ...facts, revision: number, isOnTrial: touches.length > 0 });
}

/** The answer that does not depend on the content; null if the content decides. */
function answerBeforeCheck(history: RevisionHistory, hash: string, { base }: CommitRequest): ConfigAnswer | null {
  const running = runningOf(history);
  if (history.trial !== null) return refusedAnswer(msg`revision ${running.number} is on trial: confirm it or take it back first`);
  if (base !== null && base !== running.hash)
    return refusedAnswer(msg`revision ${running.number} runs, not the one that this is based on: compare, then send it again`);
  return hash === running.hash ? answer({ reason: msg`equal to revision ${running.number}, which runs`, revision: running.number }) : null;
}

/** Why valid files may not run for this author; empty if they may. */
function contentRefusal(
  { siteOwned }: CheckedRevision,
  { cabinet }: CabinetAndProfiles,
  { author }: CommitRequest,
  siteFile: string,
): Message {
  if (siteOwned.length > 0) return siteOwnedRefusal(siteOwned, siteFile);
  return author === 'platform' && cabinet.uplink === null ? CUT_OFF : NO_TEXT;
}

/** Returns why this revision may not open lines again yet; empty if it may. Repeated failed trials would leave the street without its agent. */
function reopeningRefusal(
  context: CommitContext,
  toCommit: FilesToCommit,
  { site, request }: { readonly site: CabinetAndProfiles; readonly request: CommitRequest },
): Message {
  const { lines } = touchedRooms(context.site(), site);
  if (request.author !== 'platform' || lines.length === 0 || verdictOn(context, toCommit)?.ok === true) return NO_TEXT;
  return context.reopenings.take()
    ? NO_TEXT
    : msg`it would open line ${lines} again, too soon after others: ${REOPENINGS.burst} at once and one every ${1 / REOPENINGS.perS / 60} min; send it later, or sign it`;
}

/** Whether these files may lower the floor. */
function permissionFor(context: CommitContext, toCommit: FilesToCommit, { by, lowersFloor }: CommitRequest): FloorPermission {
  return floorPermission({ by, lowersFloor, verdict: verdictOn(context, toCommit) });
}

/** The verdict by the present clock and keys; null without a signature. */
function verdictOn({ clock, site, histories }: CommitContext, { files, signature }: FilesToCommit): SignatureVerdict | null {
  if (signature === null) return null;
  const { id: cabinetId, trust } = site().cabinet;
  const nowMs = isTrusted(clock.quality()) ? clock.wallMs() : null;
  const lastSerial = usedSerial(histories.history);
  return verifyRevisionSignature({ files, signature, keys: trust.revisionKeys, cabinetId, nowMs, lastSerial });
}

/** A valid signature is used up even if its files needed none: it must not be usable again later. */
function serialOf(context: CommitContext, toCommit: FilesToCommit): Partial<Pick<RevisionHistory, 'signedSerial' | 'isSerialUsed'>> {
  const verdict = verdictOn(context, toCommit);
  return verdict?.ok === true ? { signedSerial: verdict.serial, isSerialUsed: false } : {};
}

function trialOf({ health }: CommitContext, { mode, minutes, commandId }: CommitRequest): Parameters<typeof withTrial>[2] {
  const { answering, silent, isOnline } = health();
  return { mode, trialMs: minutes * 60_000, commandId, baseline: { units: [...answering], silent: [...silent.keys()], isOnline } };
}

/** The history records who allowed less light. */
function whyWith({ why }: CommitRequest, permission: FloorPermission | null): Said {
  if (permission?.isGiven !== true) return why;
  const allowed = msg`below the floor, allowed by ${permission.by}`;
  return String(why) === '' ? allowed : msg`${why}; ${allowed}`;
}

/** Writes the files, then the history. Returns why this failed; empty if both are on disk. */
async function persist(
  { disk, histories }: CommitContext,
  { number, files, isTrial }: { readonly number: number; readonly files: ConfigFiles; readonly isTrial: boolean },
  next: () => RevisionHistory,
): Promise<Message> {
  try {
    await disk.writeFiles(number, files, {});
    if (isTrial) await disk.markTrial(number);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    return msg`it cannot be kept (${String(error.code)}): check the disk of store.dir`;
  }
  const trouble = await histories.saveOrWithdraw(next());
  return trouble === NO_TEXT ? NO_TEXT : msg`it cannot be kept: ${trouble}`;
}
