import { msg } from '../../../../agent/core/message.ts';
import type { ConfigAnswer, ConfigManager, ConfigView } from '../../../../agent/core/revisions.ts';
import { createFakeView } from '../fake-view.ts';

const REVISION = { number: 7, atMs: 0, by: 'file', why: '', hash: '', state: 'confirmed', reason: msg`` } as const;
const DONE: ConfigAnswer = {
  state: 'done',
  reason: msg``,
  problems: [],
  warnings: [],
  changes: [],
  touches: [msg`light`],
  revision: 8,
  isOnTrial: true,
};

/**
 * A fake agent whose configuration manager puts each commit on trial, as revision 8.
 *
 * `trial` begins one without a commit; `held` blocks the following commits until it is released; `asked` gets the returns (`returnTrial`).
 */
export function trialManager(by = 'console:tech') {
  const asked: unknown[][] = [];
  let view: ConfigView = { running: REVISION, trial: null, candidate: null, others: [], trouble: msg`` };
  const trial = (mode: 'auto' | 'asked'): void => {
    view = { ...view, running: { ...REVISION, number: 8, by, state: 'trial' }, trial: { number: 8, mode, restS: 300, missing: [] } };
  };
  let queue: Promise<unknown> = Promise.resolve();
  let check: { readonly reached: () => void; readonly over: Promise<void> } | null = null;
  const commit = async (mode: 'auto' | 'asked'): Promise<ConfigAnswer> => {
    check?.reached();
    await check?.over;
    trial(mode);
    return DONE;
  };
  const made = {
    view: () => view,
    settled: async () => void (await queue),
    commit({ mode }: { mode: 'auto' | 'asked' }) {
      const done = queue.then(() => commit(mode));
      queue = done;
      return done;
    },
    returnTrial: async (...args: unknown[]) => {
      asked.push(args);
      return { ...DONE, revision: 7, isOnTrial: false };
    },
  } as unknown as ConfigManager;
  /** From now on the check of a commit goes on until it is released. */
  const held = () => {
    const [reached, over] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    check = { reached: reached.resolve, over: over.promise };
    return { reached: reached.promise, release: over.resolve };
  };
  return { asked, trial, held, view: { ...createFakeView(), config: made } };
}
