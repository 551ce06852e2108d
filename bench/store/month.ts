/**
 * Thirty days of a cabinet's readings on disk, twice: as frames, and compacted each hour.
 *
 * Owns both folders until the run ends. Made once for all figures of one run, since it takes minutes.
 */
import { openInProcessLink } from '../../agent/store/client/in-process-link.ts';
import { scratchFolder } from '../undo.ts';
import { closeMeasured, openFedStore, type Sizes } from './fed-store.ts';

export interface StoreMonth {
  readonly days: number;
  /** Wall time behind the last reading. */
  readonly untilMs: number;
  readonly frames: { readonly dir: string; readonly sizes: Sizes };
  readonly compacted: { readonly dir: string; readonly sizes: Sizes };
}

const DAYS = { full: 30, quick: 1 };
/** Each commit waits for the disk; with one a minute the month is there in minutes. Units: s. */
const COMMIT_SECONDS = 60;

let stored: Promise<StoreMonth> | undefined;

export function storedMonth(quick: boolean, progress: (text: string) => void): Promise<StoreMonth> {
  stored ??= store(quick ? DAYS.quick : DAYS.full, progress);
  return stored;
}

async function store(days: number, progress: (text: string) => void): Promise<StoreMonth> {
  const make = async (isCompacted: boolean) => {
    const { dir } = scratchFolder('bench');
    const fed = await openFedStore({ dir, commitSeconds: COMMIT_SECONDS, openLink: openInProcessLink, isCompacted });
    for (let day = 1; day <= days; day++) {
      await fed.run(24);
      if (day % 5 === 0) progress(`store: day ${day} ${isCompacted ? 'compacted' : 'as frames'}`);
    }
    return { dir, sizes: await closeMeasured(fed), untilMs: fed.feed.clock.wallMs() };
  };
  const [frames, compacted] = [await make(false), await make(true)];
  return { days, untilMs: compacted.untilMs, frames, compacted };
}
