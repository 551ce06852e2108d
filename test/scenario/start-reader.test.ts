import t from 'tap';
import { managerMissing } from '../support/fake-service-manager.ts';
import { beginStart } from '../support/managed-start.ts';

const options = { timeout: 200_000, skip: managerMissing };
/** Longer than a disk may take. Units: ms. */
const LONG_MS = 18_000;
const UNIT_LIMIT_MS = 60_000;

t.test('a configuration that takes long to check on a slow machine keeps its revisions', options, async (t) => {
  const { manager, until, logText } = await beginStart(t, UNIT_LIMIT_MS, { stepMs: LONG_MS, slowAt: 'check' });
  await until('ready', ([run]) => run?.isReady === true, UNIT_LIMIT_MS);
  t.equal(manager.runs.length, 1);
  t.notMatch(logText(), /without revisions/);
});

t.test('a configuration process that hangs is given up, and the same start succeeds', options, async (t) => {
  const { manager, until, logText } = await beginStart(t, UNIT_LIMIT_MS, { hangAt: 'check' });
  await until('ready', ([run]) => run?.isReady === true, UNIT_LIMIT_MS);
  t.equal(manager.runs.length, 1);
  await until('said', () => /without revisions/.test(logText()), UNIT_LIMIT_MS);
});
