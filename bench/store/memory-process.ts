/**
 * A process that stores some hours of readings and then says how much memory it holds.
 *
 * Started by the memory figure. Shape: `none` answers every commit itself; `direct` has the database on the main thread.
 */
import { readFileSync } from 'node:fs';
import type { Kind, OpenLink, StoreAnswer, StoreRequest } from '../../agent/store/messages.ts';
import { openWorkerLink } from '../../agent/store/worker-link.ts';
import { answerParent } from '../child.ts';
import { scratchFolder } from '../undo.ts';
import { openFedStore } from './fed-store.ts';

export interface MemoryQuestion {
  readonly database: 'none' | 'direct' | 'thread';
  readonly hours: number;
}
export interface MemoryAnswer {
  readonly rssBytes: number;
}

const COMMIT_SECONDS = 10;

/** Takes everything and keeps nothing. */
const openNothing: OpenLink = () => {
  let lastSeq = 0;
  return {
    close: async () => {},
    ask: async <K extends Kind>(request: StoreRequest<K>): Promise<StoreAnswer<K>> => {
      const { telemetry } = request as StoreRequest<'commit'>;
      const tickets = (telemetry?.frames ?? []).map(({ ticket, readings }) => ({ ticket, seq: ++lastSeq, readings: readings.length }));
      const value = { tickets, lastSeq, cursorSeq: 0 };
      const answer = request.kind === 'commit' ? { telemetry: { ok: true, value }, state: { ok: true, value: null } } : null;
      return { answer, notices: [] } as unknown as StoreAnswer<K>;
    },
  };
};

answerParent<MemoryQuestion, MemoryAnswer>(async ({ database, hours }) => {
  const { dir } = scratchFolder('bench');
  const fed = await openFedStore({ dir, commitSeconds: COMMIT_SECONDS, openLink: await linkFor(database) });
  await fed.run(hours);
  return { rssBytes: residentBytes() };
});

async function linkFor(database: MemoryQuestion['database']): Promise<OpenLink> {
  if (database === 'thread') return openWorkerLink;
  if (database === 'none') return openNothing;
  // Loaded only here: a run without a database must not have one in memory.
  const { openInProcessLink } = await import('../../agent/store/client/in-process-link.ts');
  return openInProcessLink;
}

/** Units: bytes. Source: proc(5): VmRSS, in kB. */
function residentBytes(): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 0) * 1_024;
}
