/**
 * The platform's requests for rows that were sent before, and the progress of each. A queue of limited length; sends nothing itself.
 */
import { type Message, msg, NO_TEXT } from '../../core/message.ts';
import type { ExportPage, Store } from '../../core/ports.ts';
import type { RowBatch } from './row-batches.ts';
import type { SeqRange } from './seq-ranges.ts';

/**
 * The platform's request to send rows again, either by time (`fromMs`, `toMs`) or by row numbers (`fromSeq`, `toSeq`); the other two are
 * null. `toSeq` is included, `toMs` is not. By time, all rows from the first to the last with a reading in it are sent. `id`: chosen by the
 * platform, may be empty. Units: ms since 1970; row numbers of the current epoch.
 */
export interface ResendRequest {
  readonly id: string;
  readonly fromMs: number | null;
  readonly toMs: number | null;
  readonly fromSeq: number | null;
  readonly toSeq: number | null;
}

/**
 * The progress of a request, sent as `Sync/Resend Result`. State `refused`: also if it ended early. `readings`: how many readings the
 * broker has received for it so far. `reason`: why it was refused or ended early, otherwise empty.
 */
export interface ResendResult {
  readonly id: string;
  readonly state: 'queued' | 'done' | 'refused';
  readonly readings: number;
  readonly reason: Message;
}

/** Largest number of waiting requests. Source: assumed; a platform requests the gaps of one day. Confirmed by: the requests of a platform after an outage. */
const MAX_WAITING = 16;
/** Frames read in one step of the search for the rows of a time range. */
const PAGE_FRAMES = 2_000;
const STORE_UNAVAILABLE = msg`the store does not respond now`;

interface Job {
  readonly request: ResendRequest;
  rows: { next: number; last: number } | null;
  readings: number;
}

/** The queue of the platform's requests to send rows again, in the order of arrival; it sends nothing itself. */
export type ResendQueue = ReturnType<typeof createResendQueue>;

/**
 * Creates an empty queue of requests to send rows again; it sends nothing itself. `onResult`: receives the last result of a request,
 * unless `add` or `sent` returns it.
 */
export function createResendQueue(store: Pick<Store, 'readAfter' | 'exportPage'>, onResult: (result: ResendResult) => void) {
  const jobs: Job[] = [];
  const resultOf = ({ request: { id }, readings }: Job, state: ResendResult['state'], reason: Message = NO_TEXT): ResendResult => ({
    id,
    state,
    readings,
    reason,
  });
  /** A call that waited for the store on an earlier link may find that the request has ended. */
  const end = (job: Job, reason: Message): void => {
    if (jobs[0] !== job) return;
    jobs.shift();
    onResult(resultOf(job, String(reason) === '' ? 'done' : 'refused', reason));
  };

  return {
    get isWaiting(): boolean {
      return jobs.length > 0;
    },
    /** Queues a request, or refuses it if the queue is full. */
    add: (request: ResendRequest): ResendResult => {
      const job: Job = { request, rows: null, readings: 0 };
      if (jobs.length >= MAX_WAITING) return resultOf(job, 'refused', msg`${MAX_WAITING} requests wait already`);
      jobs.push(job);
      return resultOf(job, 'queued');
    },
    /** The next frames to send, with their rows; undefined once no request is left. */
    next: async (maxFrames: number): Promise<RowBatch | undefined> => {
      for (let job = jobs[0]; job !== undefined; job = jobs[0]) {
        job.rows ??= await rowsOf(store, job.request);
        if (job.rows === null) {
          end(job, STORE_UNAVAILABLE);
          continue;
        }
        const { next, last } = job.rows;
        const read = next > last ? [] : await store.readAfter(next - 1, maxFrames);
        const frames = read.filter(({ seq }) => seq <= last);
        const to = frames.at(-1)?.seq;
        if (to !== undefined) return { frames, rows: { from: next, to } };
        end(job, read.length === 0 && next <= last && !(await responds(store)) ? STORE_UNAVAILABLE : NO_TEXT);
      }
      return undefined;
    },
    /** The broker has received what `next` returned. Returns the result to report if the request is done, else undefined. */
    sent: ({ to }: SeqRange, readings: number): ResendResult | undefined => {
      const [job] = jobs;
      if (job?.rows == null) return undefined;
      job.readings += readings;
      job.rows.next = to + 1;
      if (to < job.rows.last) return undefined;
      jobs.shift();
      return resultOf(job, 'done');
    },
  };
}

/** Whether the store responds, so that an empty result means that there are no rows. */
async function responds(store: Pick<Store, 'exportPage'>): Promise<boolean> {
  return (await store.exportPage({ fromMs: 0, toMs: 1, maxFrames: 1, afterSeq: 0 })) !== undefined;
}

/** First and last row with a reading in the requested time. Null if the store does not respond; an empty range if there is none. */
async function rowsOf(
  store: Pick<Store, 'exportPage'>,
  { fromMs, toMs, fromSeq, toSeq }: ResendRequest,
): Promise<{ next: number; last: number } | null> {
  if (fromSeq !== null && toSeq !== null) return { next: fromSeq, last: toSeq };
  const query = { fromMs: fromMs ?? 0, toMs: toMs ?? 0, maxFrames: PAGE_FRAMES };
  const found: { next: number; last: number } = { next: 0, last: 0 };
  for (let afterSeq: number | null = 0; afterSeq !== null; ) {
    const page: ExportPage | undefined = await store.exportPage({ ...query, afterSeq });
    if (page === undefined) return null;
    const [first, last] = [page.frames[0]?.seq, page.frames.at(-1)?.seq];
    if (first !== undefined && last !== undefined) Object.assign(found, { next: found.next === 0 ? first : found.next, last });
    afterSeq = page.nextSeq;
  }
  return found.next === 0 ? { next: 1, last: 0 } : found;
}
