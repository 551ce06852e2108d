/**
 * The database on the calling thread, for simulations on a manual clock and for tests; an agent in a cabinet uses the storage thread.
 */
import { StoreError } from '../../core/errors.ts';
import { StoreDatabase } from '../database.ts';
import type { Kind, OpenLink, StoreAnswer, StoreRequest } from '../messages.ts';

/** Answers each request on a later turn of promises. Errors: a request after `close` rejects with StoreError `worker-lost`. */
export const openInProcessLink: OpenLink = (setup) => {
  const database = new StoreDatabase(setup);
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
