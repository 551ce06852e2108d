/**
 * Carries questions to the storage thread, gives up a thread that hangs, and starts it again after it was lost.
 *
 * Owns the link. Decides nothing: when to try again is the committer's.
 *
 * There is never more than one thread: one that was given up may sit in a call to a dying disk, and has to end before the next starts.
 */
import type { Clock, MonoMs, Timer } from '../../core/clock.ts';
import { StoreError } from '../../core/errors.ts';
import type { StorePulse } from '../../core/pulse.ts';
import { within } from '../../core/within.ts';
import type { Kind, Notice, OpenLink, Setup, StoreLink, StoreMessages, StoreRequest } from '../messages.ts';
import { PATIENCE_MS } from './time-limits.ts';

export interface StorageClient {
  /** Opens the link where there is none. Shape: null when there is no thread, or it was lost before it answered. */
  ask<K extends Kind>(kind: K, question: StoreMessages[K]['ask']): Promise<StoreMessages[K]['answer'] | null>;
  /** Closes the files, then the thread. */
  close(isAllCommitted: boolean): Promise<void>;
  pulse(): StorePulse;
  /** Set by the owner before the first question. */
  onNotice: (notice: Notice) => void;
  onLost: (cause: StoreError) => void;
}

/** A question on its way. */
interface Question {
  readonly kind: Kind;
  /** The thread is gone: no answer will come. */
  readonly giveUp: () => void;
}

/** A courier without a link; the first question opens one. */
export function createStorageClient({
  openLink,
  setup,
  clock,
}: {
  readonly openLink: OpenLink;
  /** Asked at each start of the thread. */
  readonly setup: () => Setup;
  readonly clock: Pick<Clock, 'wallMs' | 'monoMs' | 'after'>;
}): StorageClient {
  let link: StoreLink | null = null;
  /** In the order asked, which is that of the answers: the thread works on the first. */
  let unanswered: Question[] = [];
  let watch: Timer | null = null;
  let leaving: StoreLink | null = null;
  let unansweredMono: MonoMs | null = null;

  function opened(): StoreLink | null {
    if (link !== null) return link;
    if (leaving !== null) return refuse('it hung and has not ended yet; check the storage card (dmesg)');
    try {
      const opening = openLink(setup(), (cause) => {
        if (link === opening) lose(toLost(cause.message, cause));
      });
      link = opening;
      return link;
    } catch (cause) {
      return refuse(`it cannot be started: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
    }
  }

  function refuse(why: string, cause?: unknown): null {
    courier.onLost(toLost(`no storage thread: ${why}; it is tried again by itself`, cause));
    return null;
  }

  function forget(): void {
    const gone = unanswered;
    link = null;
    unanswered = [];
    watchFirst();
    for (const question of gone) question.giveUp();
  }

  function lose(cause: StoreError): void {
    forget();
    courier.onLost(cause);
  }

  async function end(ending: StoreLink): Promise<void> {
    leaving = ending;
    await ending.close();
    leaving = null;
  }

  /** Only the first question is being worked on: its patience begins when it becomes the first. */
  function watchFirst(): void {
    watch?.cancel();
    const [first] = unanswered;
    if (first === undefined) return;
    const patienceMs = patienceFor(first.kind);
    watch = clock.after(patienceMs, () => abandon(first.kind, patienceMs));
  }

  function abandon(kind: Kind, patienceMs: number): void {
    if (link !== null) void end(link);
    lose(toLost(`the storage thread hangs: no answer to ${kind} within ${patienceMs / 1_000} s; it is ended and started again by itself`));
  }

  function settle(question: Question): void {
    const wasFirst = unanswered[0] === question;
    unanswered = unanswered.filter((other) => other !== question);
    if (wasFirst) watchFirst();
  }

  const courier: StorageClient = {
    onNotice: () => {},
    onLost: () => {},
    pulse: () => ({ unansweredMono, isStuck: leaving !== null }),
    ask: async <K extends Kind>(kind: K, question: StoreMessages[K]['ask']) => {
      unansweredMono ??= clock.monoMs();
      const to = opened();
      if (to === null) return null;
      const asked = Promise.withResolvers<null>();
      const entry: Question = { kind, giveUp: () => asked.resolve(null) };
      unanswered.push(entry);
      if (unanswered[0] === entry) watchFirst();
      const request = { ...question, kind, atMs: clock.wallMs() } as unknown as StoreRequest<K>;
      try {
        const reply = await Promise.race([to.ask<K>(request), asked.promise]);
        if (reply === null) return null;
        unansweredMono = null;
        for (const notice of reply.notices) courier.onNotice(notice);
        return reply.answer;
      } catch (error) {
        if (error instanceof StoreError && error.code === 'worker-lost') return null;
        throw error;
      } finally {
        settle(entry);
      }
    },
    close: async (isAllCommitted) => {
      const closing = link;
      if (closing === null) return;
      await within(clock, PATIENCE_MS.close, courier.ask('close', { isAllCommitted }));
      if (link !== closing) return;
      forget();
      await end(closing);
    },
  };
  return courier;
}

function patienceFor(kind: Kind): number {
  if (kind === 'check') return PATIENCE_MS.check;
  // These write as well.
  return kind === 'commit' || kind === 'compact' || kind === 'retain' || kind === 'makeRoom' || kind === 'backup'
    ? PATIENCE_MS.commit
    : PATIENCE_MS.read;
}

function toLost(message: string, cause?: unknown): StoreError {
  return cause instanceof StoreError ? cause : new StoreError('worker-lost', message, { cause });
}
