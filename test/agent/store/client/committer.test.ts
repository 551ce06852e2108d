/** One file that fails does not delay the other. */

import t from 'tap';
import { msg } from '../../../../agent/core/message.ts';
import { openInProcessLink } from '../../../../agent/store/client/in-process-link.ts';
import type { Kind, OpenLink, StoreAnswer, StoreRequest } from '../../../../agent/store/messages.ts';
import { createStoreRig, frame, STORE_START_MS, testFolder } from '../fixtures/kit.ts';

type Refusing = 'none' | 'state' | 'telemetry';

/** A link on which one of the files refuses its commits; notes when each file was tried. */
function refusingLink(now: { refusing: Refusing }, clock: () => number) {
  const tries: Record<'state' | 'telemetry', number[]> = { state: [], telemetry: [] };
  const openLink: OpenLink = (setup, onLost) => {
    const link = openInProcessLink(setup, onLost);
    return {
      close: link.close,
      ask: async <K extends Kind>(request: StoreRequest<K>): Promise<StoreAnswer<K>> => {
        if (request.kind !== 'commit') return link.ask<K>(request);
        const { telemetry, state, ...rest } = request as StoreRequest<'commit'>;
        if (state !== null) tries.state.push(clock());
        if (telemetry !== null) tries.telemetry.push(clock());
        const refused = { ok: false, code: 'io', message: msg`the file refuses` } as const;
        const sound = { telemetry: now.refusing === 'telemetry' ? null : telemetry, state: now.refusing === 'state' ? null : state };
        const { answer, notices } = (await link.ask({ ...rest, ...sound } as StoreRequest<'commit'>)) as StoreAnswer<'commit'>;
        const all = {
          telemetry: now.refusing === 'telemetry' && telemetry !== null ? refused : answer.telemetry,
          state: now.refusing === 'state' && state !== null ? refused : answer.state,
        };
        return { answer: all, notices } as unknown as StoreAnswer<K>;
      },
    };
  };
  return { tries, openLink };
}

function rig(dir: string, commitSeconds: number) {
  const now: { refusing: Refusing } = { refusing: 'none' };
  let monoMs = (): number => 0;
  const { tries, openLink } = refusingLink(now, () => monoMs());
  const made = createStoreRig({ dir, openLink, commitSeconds });
  monoMs = made.clock.monoMs;
  return { ...made, now, tries };
}

for (const commitSeconds of [1, 10, 60])
  t.test(`readings are committed each ${commitSeconds} s while the file of facts refuses`, async (t) => {
    const { clock, store, committed, now, tries } = rig(testFolder(t), commitSeconds);
    await store.start();
    now.refusing = 'state';
    const startMono = clock.monoMs();
    store.appendEvent({ id: 'a:1', code: 'door-open', source: 'K1', severity: 'warning', text: msg``, startMs: 1, endMs: 1 });
    let ticket = 0;
    for (let n = 0; n < 30; n++) {
      store.append(frame(++ticket));
      await clock.advance(commitSeconds * 1_000);
    }
    t.equal(committed.length, 30);
    const tried = tries.state.filter((atMono) => atMono > startMono).length;
    t.ok(tried <= 6 + (30 * commitSeconds) / 30, `${tried} tries of the file that refuses`);
    t.match(await store.status(), { state: 'trouble', readingsWaiting: 0 });
    now.refusing = 'none';
    await clock.advance(31_000);
    t.match(await store.status(), { state: 'ok' });
    await store.stop();
  });

t.test('facts are on disk immediately while the file of readings refuses, and each recovery is an event of its own', async (t) => {
  const { clock, store, events, committed, now } = rig(testFolder(t), 10);
  await store.start();
  now.refusing = 'telemetry';
  store.append(frame(1));
  await clock.advance(120_000);
  for (let n = 0; n < 5; n++) {
    const startMs = STORE_START_MS + n;
    store.appendEvent({ id: `a:${n}`, code: 'door-open', source: 'K1', severity: 'warning', text: msg``, startMs, endMs: startMs });
    await clock.advance(0);
    t.equal((await store.events({ sinceMs: 0, limit: 99 })).filter(({ code }) => code === 'door-open').length, n + 1);
  }
  t.equal(committed.length, 0);
  now.refusing = 'none';
  await clock.advance(31_000);
  t.equal(committed.length, 1);
  t.match(
    events.map(({ source, endMs }) => [source, endMs === null]),
    [
      ['telemetry.db', true],
      ['telemetry.db', false],
    ],
  );
  await store.stop();
});
