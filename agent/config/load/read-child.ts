/**
 * The process that reads the configuration of a run. It answers once, keeps the data locked until the storage thread takes over, and ends.
 */
import { dirname } from 'node:path';
import { sleep } from '../../core/clock.ts';
import { ConfigError, type Problem, StoreError } from '../../core/errors.ts';
import { withTexts } from '../../core/message-wire.ts';
import { createSystemClock } from '../../core/system-clock.ts';
import { LOCK_WAIT_MS } from '../../core/within.ts';
import { type DataLock, lockData, lockLines } from '../../store/data-lock.ts';
import type { ChildAnswer, ChildMessage, SentBeginning } from './read-in-child.ts';
import { beginConfiguration, beginWithoutRevisions, type StartParts } from './start-revision.ts';

/**
 * Period of the retries while a command has the data locked. Units: ms. Source: assumed; short compared with the wait that a person notices.
 * Confirmed by: start times while commands run on the gateway.
 */
const TRY_MS = 50;

/** Kept until the end of the process: a lock without a reference is released by the garbage collector. */
let held: DataLock | null = null;
/** Kept even if a command has the data, so that no second agent runs on the same lines. */
let lines: DataLock | null = null;

const send = (message: ChildMessage, sent = (): void => {}): void => void process.send?.(message, sent);
send({ completed: 'configuration-reader-started' });
// The agent took over the lock, or ended.
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
    return sent({ site, isLocked: held !== null, revisions: { ...rest, dir: dirname(disk.dirOf('candidate')) } });
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
      lines ??= lockLines(dir);
      return lockData(dir, 'agent', lines);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      if (error.code !== 'in-use' && error.code !== 'held') return null;
      if (error.code === 'in-use' || clock.monoMs() >= untilMono) throw error;
      await sleep(clock, TRY_MS);
    }
  }
}

/** Data that another process has locked is neither read nor written. */
function refused(configFile: string, { code, said }: StoreError): ChildAnswer {
  try {
    const { site } = beginWithoutRevisions(configFile);
    const refusal = withTexts({ code, said }) as NonNullable<SentBeginning['refusal']>;
    return sent({ site, isLocked: lines !== null, revisions: null, refusal });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return flawed(error);
  }
}
