/**
 * The process that reads the configuration of a run. It answers once, keeps the data locked until the storage thread takes over, and ends.
 */
import { dirname } from 'node:path';
import { sleep } from '../../core/clock.ts';
import { ConfigError, isDataRefusal, type Problem, StoreError } from '../../core/errors.ts';
import { withTexts } from '../../core/message-wire.ts';
import { createSystemClock } from '../../core/system-clock.ts';
import { LOCK_WAIT_MS } from '../../core/within.ts';
import { type DataLock, lockData, lockLines } from '../../store/data-lock.ts';
import type { ChildAnswer, ChildMessage, SentBeginning, SentRefusal } from './read-in-child.ts';
import { beginConfiguration, beginWithoutRevisions, type StartParts } from './start-revision.ts';

/** Wait between two attempts to lock data that a command has. Units: ms. Source: assumed; short compared with what a person waits. Confirmed by: the wait of a start beside a short `backup`, in a bench. */
const TRY_MS = 50;

/** Kept until the end of the process: a lock without a reference is released by the garbage collector. */
let held: DataLock | null = null;
/** Kept even if a command has the data, so that no second agent runs on the same lines. */
let lines: DataLock | null = null;

const send = (message: ChildMessage, sent = (): void => {}): void => void process.send?.(message, sent);
send({ completed: 'configuration-reader-started' });
// Sent when the agent takes over, and when it ends.
process.once('disconnect', () => {
  (held ?? lines)?.release();
  process.exit();
});
const found = await answer(JSON.parse(process.argv[2] ?? '') as StartParts);
send(found, () => {
  if (found.begun?.isLocked !== true) process.disconnect();
});

/** Errors: rejects with errors that are not about the files. */
async function answer(parts: StartParts): Promise<ChildAnswer> {
  const lock = async (dir: string): Promise<void> => {
    held = await lockedSoon(dir);
    if (held !== null) send({ completed: 'data-locked' });
  };
  try {
    const { site, revisions } = await beginConfiguration(parts, (completed) => send({ completed }), lock);
    const { disk, ...rest } = revisions;
    return sent({ site, isLocked: lines !== null, revisions: { ...rest, dir: dirname(disk.dirOf('candidate')) } });
  } catch (error) {
    if (error instanceof StoreError) return refused(parts.configFile, error);
    if (!(error instanceof ConfigError)) throw error;
    return flawed(error);
  }
}

/** A structured clone keeps no classes. */
function sent({ site, revisions, ...rest }: SentBeginning): ChildAnswer {
  const begun = {
    ...rest,
    site: { ...site, warnings: withTexts(site.warnings), profileProblems: withTexts(site.profileProblems) },
    revisions: revisions === null ? null : { ...revisions, notices: withTexts(revisions.notices) },
  };
  return { begun: begun as SentBeginning, problems: [] };
}

function flawed({ problems }: ConfigError): ChildAnswer {
  return { begun: null, problems: withTexts(problems) as readonly Problem[] };
}

/**
 * Resolves with the lock; null for a disk that supports none, which does not disable revisions.
 *
 * Errors: rejects with StoreError `in-use` if another agent has the data, `held` if a command has it for longer than the light may wait.
 */
async function lockedSoon(dir: string): Promise<DataLock | null> {
  const clock = createSystemClock({ quality: () => 'none' });
  const untilMono = clock.monoMs() + LOCK_WAIT_MS;
  for (;;) {
    try {
      if (lines === null) {
        lines = lockLines(dir);
        // Now: the disk may hang before the data is locked as well.
        send({ completed: 'lines-locked' });
      }
      return lockData(dir, 'agent', lines);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      if (!isDataRefusal(error.code)) return null;
      if (error.code === 'in-use' || clock.monoMs() >= untilMono) throw error;
      await sleep(clock, TRY_MS);
    }
  }
}

/** Begins with the file of the site alone: data that another process has is neither read nor written. */
function refused(configFile: string, { code, said }: StoreError): ChildAnswer {
  try {
    const { site } = beginWithoutRevisions(configFile);
    return sent({ site, isLocked: lines !== null, revisions: null, refusal: withTexts({ code, said }) as SentRefusal });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return flawed(error);
  }
}
