import t from 'tap';
import { firstRevisionHistory, KEPT_REVISIONS, withConfirmed } from '../../../../agent/config/revisions/revision-history.ts';

t.test('the newest revisions are kept, as many as promised', async (t) => {
  const revision = { by: 'file', atMs: 0, why: '' } as unknown as Parameters<typeof firstRevisionHistory>[0];
  let history = firstRevisionHistory(revision, 'hash');
  for (let i = 0; i < 2 * KEPT_REVISIONS; i++) history = withConfirmed(history, revision);
  t.equal(history.revisions.length, KEPT_REVISIONS);
  t.equal(history.revisions.at(-1)?.number, history.current);
});
