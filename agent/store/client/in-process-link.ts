/**
 * The database without a thread of its own: same questions, same answers, each on a later turn of promises.
 *
 * Owns nothing. For simulations on a manual clock and for tests; an agent on a cabinet uses the thread.
 */
import { StoreError } from '../../core/errors.ts';
import { createDatabase } from '../database.ts';
import type { Kind, OpenLink, StoreAnswer, StoreRequest } from '../messages.ts';

/** Opens the database on this thread. Errors: asking after `close` rejects with StoreError `worker-lost`. */
export const openInProcessLink: OpenLink = (setup) => {
  const database = createDatabase(setup);
  let closed = false;
  return {
    ask: async <K extends Kind>(request: StoreRequest<K>): Promise<StoreAnswer<K>> => {
      if (closed) throw new StoreError('worker-lost', 'the database is closed');
      return database.handle(request);
    },
    close: async () => {
      closed = true;
    },
  };
};
