import { StoreError } from '../../core/errors.ts';
import { msg } from '../../core/message.ts';
import { StoreDatabase } from '../database.ts';
import type { Kind, OpenLink, StoreAnswer, StoreRequest } from '../messages.ts';

/**
 * Runs the database on the calling thread, for simulations and tests. Does not lock the data. `close` leaves the files open: send the
 * request `close` before it. Errors: after `close`, requests reject with StoreError `worker-lost`.
 */
export const openInProcessLink: OpenLink = (setup) => {
  const database = new StoreDatabase(setup);
  let closed = false;
  return {
    ask: async <K extends Kind>(request: StoreRequest<K>): Promise<StoreAnswer<K>> => {
      if (closed) throw new StoreError('worker-lost', msg`the database is closed`);
      return database.handle(request);
    },
    close: async () => {
      closed = true;
    },
  };
};
