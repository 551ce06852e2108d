/**
 * Carries questions to the storage thread and starts it again after it was lost.
 *
 * Owns the link. Decides nothing: when to try again is the committer's. Called by committer and store.
 */
import type { WallMs } from '../core/clock.ts';
import { StoreError } from '../core/errors.ts';
import type { Kind, Link, Notice, OpenLink, Request, Setup, Talk } from './messages.ts';

export interface CourierParts {
  readonly openLink: OpenLink;
  /** Asked at each start of the thread. */
  readonly setup: () => Setup;
  readonly wallMs: () => WallMs;
}

export interface Courier {
  /** Opens the link where there is none. Shape: null when the thread was lost before it answered. */
  ask<K extends Kind>(kind: K, question: Talk[K]['ask']): Promise<Talk[K]['answer'] | null>;
  /** Closes the files, then the thread. */
  close(): Promise<void>;
  /** Set by the owner before the first question. */
  onNotice: (notice: Notice) => void;
  onLost: (cause: Error) => void;
}

/** A courier without a link; the first question opens one. */
export function createCourier({ openLink, setup, wallMs }: CourierParts): Courier {
  let link: Link | null = null;
  const courier: Courier = {
    onNotice: () => {},
    onLost: () => {},
    ask: async <K extends Kind>(kind: K, question: Talk[K]['ask']) => {
      link ??= openLink(setup(), (cause) => {
        link = null;
        courier.onLost(cause);
      });
      try {
        const request = { ...question, kind, atMs: wallMs() } as unknown as Request<K>;
        const { answer, notices } = await link.ask<K>(request);
        for (const notice of notices) courier.onNotice(notice);
        return answer;
      } catch (error) {
        if (error instanceof StoreError && error.code === 'worker-lost') return null;
        throw error;
      }
    },
    close: async () => {
      const closing = link;
      if (closing === null) return;
      await courier.ask('close', {});
      link = null;
      await closing.close();
    },
  };
  return courier;
}
