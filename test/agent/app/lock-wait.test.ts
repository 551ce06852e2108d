/** When the light and the console begin, by what the storage thread answers about the lock on the data, and when. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { createAgent } from '../../../agent/app/agent.ts';
import type { AgentParts } from '../../../agent/app/parts.ts';
import { loadSite } from '../../../agent/config/load/load-site.ts';
import type { BytePort } from '../../../agent/core/driver.ts';
import { StoreError } from '../../../agent/core/errors.ts';
import { createManualClock, type ManualClock } from '../../../agent/core/manual-clock.ts';
import { msg } from '../../../agent/core/message.ts';
import { LOCK_WAIT_MS } from '../../../agent/core/within.ts';
import { openInProcessLink } from '../../../agent/store/client/in-process-link.ts';
import type { OpenLink } from '../../../agent/store/messages.ts';
import { createMqttTransport } from '../../../agent/sync/mqtt/mqttjs-transport.ts';
import { testFolder } from '../store/fixtures/kit.ts';

const DEMO = join(import.meta.dirname, '../../../config/demo.yaml');

/** Wait of the lighting for the requests of the run before. Units: ms. Source: `RESTORE_MS` of the control. */
const RESTORE_MS = 2_000;

/** What each storage thread of the agent finds after `afterMs`; the last one also applies to all later threads. */
interface Finding {
  readonly afterMs: number;
  readonly refusal: 'in-use' | 'held' | null;
}

/** Counts the timers of a clock that have neither fired nor been cancelled. */
function counting(clock: ManualClock): { clock: ManualClock; live: () => number } {
  const live = new Set<symbol>();
  const counted =
    (schedule: ManualClock['after']): ManualClock['after'] =>
    (ms, fire) => {
      const mark = Symbol('timer');
      live.add(mark);
      const timer = schedule(ms, () => {
        live.delete(mark);
        fire();
      });
      return {
        cancel() {
          live.delete(mark);
          timer.cancel();
        },
      };
    };
  return { clock: { ...clock, after: counted(clock.after), precisely: counted(clock.precisely) }, live: () => live.size };
}

/** An agent whose start has begun, on a simulated clock. */
function begin(t: Test, findings: readonly Finding[], parts: Partial<AgentParts> = {}) {
  const manual = createManualClock(Date.parse('2026-12-15T22:00:00Z'));
  const { clock, live } = counting(manual);
  const dir = testFolder(t);
  const socketPath = join(dir, 'agent.sock');
  const site = loadSite(DEMO);
  const steps: string[] = [];
  let opened = 0;
  let threads = 0;
  const openStoreLink: OpenLink = (setup, onLost) => {
    const { afterMs, refusal } = findings[Math.min(threads, findings.length - 1)] as Finding;
    threads += 1;
    const { promise: found, resolve: find } = Promise.withResolvers<void>();
    manual.after(afterMs, () => {
      if (refusal !== null) onLost(new StoreError(refusal, msg`another process uses this data`));
      find();
    });
    const link = openInProcessLink(setup, onLost);
    return { ...link, ask: (request) => found.then(() => link.ask(request)) };
  };
  const noPort = (): BytePort => {
    const open = (): Promise<void> => {
      opened += 1;
      return new Promise(() => {});
    };
    const port = { isOpen: false, write: () => {}, close: async () => {}, discardInput: () => 0, onBytes: () => {}, onLost: () => {} };
    return { ...port, open };
  };
  const agent = createAgent({
    ...{ ...site, cabinet: { ...site.cabinet, uplink: null, store: { ...site.cabinet.store, dir } } },
    ...{ clock, log: { event: () => {} }, version: '0.0.0-test', openPort: noPort, door: createMqttTransport(), random: Math.random },
    ...{ socketPath, openStoreLink, onStartStep: (step: string) => void steps.push(step), ...parts },
  });
  let ended: unknown = null;
  agent.start().then(
    () => (ended = 'started'),
    (error: unknown) => (ended = error),
  );
  /** Real sockets need some real turns of the loop. */
  const advance = async (ms: number): Promise<void> => {
    for (let turn = 0; turn < 20; turn++) await clock.advance(0);
    await clock.advance(ms);
    for (let turn = 0; turn < 20; turn++) await clock.advance(0);
  };
  const stop = async (): Promise<void> => {
    const stopped = agent.stop();
    let isStopped = false;
    void stopped.then(() => (isStopped = true));
    while (!isStopped) await clock.advance(1_000);
  };
  t.teardown(stop);
  return { agent, live, stop, advance, steps, socketPath, ended: () => ended, opened: () => opened };
}

for (const afterMs of [LOCK_WAIT_MS * 10, LOCK_WAIT_MS * 1_000])
  t.test(`a storage thread that answers after ${afterMs / 1_000} s delays lines and console by ${LOCK_WAIT_MS / 1_000} s`, async (t) => {
    const { advance, steps, opened, socketPath } = begin(t, [{ afterMs, refusal: null }]);
    await advance(LOCK_WAIT_MS - 1);
    t.same(steps, [], 'a second agent would not have touched a line or a socket yet');
    t.equal(opened(), 0);
    t.notOk(existsSync(socketPath));
    await advance(1);
    t.ok(opened() > 0, 'the lines are opened');
    t.ok(existsSync(socketPath));
    await advance(RESTORE_MS);
    t.same(
      steps,
      ['data-lock-asked', 'console-opened', 'lighting-started'],
      'the lamps get their levels, though none is known from before',
    );
  });

t.test('another configuration that is applied while the light begins is lit too', async (t) => {
  const { agent, advance, steps } = begin(t, [{ afterMs: LOCK_WAIT_MS * 1_000, refusal: null }]);
  await advance(LOCK_WAIT_MS);
  t.same(steps, ['data-lock-asked', 'console-opened']);
  const site = agent.site();
  const programmes = site.cabinet.programmes.map((each) => ({ ...each, id: `${each.id}-2` }));
  const zones = site.cabinet.zones.map((zone) => ({ ...zone, programme: `${zone.programme}-2` }));
  const applied = agent.apply({ ...site, cabinet: { ...site.cabinet, programmes, zones, calendars: [], rules: [] } });
  await advance(2 * RESTORE_MS);
  await applied;
  await advance(RESTORE_MS);
  t.equal(steps[2], 'lighting-started');
  t.type(agent.pulse().tickedMono, 'number');
});

t.test('modules of a configuration that is replaced while the light begins are not started after their end', async (t) => {
  const { agent, advance, steps, live, stop } = begin(t, [{ afterMs: LOCK_WAIT_MS * 10, refusal: null }]);
  await advance(LOCK_WAIT_MS);
  const site = agent.site();
  const store = { ...site.cabinet.store, maxDays: 9 };
  const zones = site.cabinet.zones.map((zone) => ({ ...zone, onOffsetMin: zone.onOffsetMin + 1 }));
  let isApplied = false;
  void agent.apply({ ...site, cabinet: { ...site.cabinet, store, zones } }).then(() => (isApplied = true));
  while (!isApplied || steps.length < 6) await advance(RESTORE_MS);
  await stop();
  t.equal(live(), 0, 'nothing goes on after the stop');
});

t.test('an agent that is stopped while its start waits for the store starts nothing afterwards', async (t) => {
  const { advance, steps, live, stop } = begin(t, [{ afterMs: LOCK_WAIT_MS * 1_000, refusal: null }]);
  await advance(LOCK_WAIT_MS);
  await advance(RESTORE_MS);
  t.equal(steps.at(-1), 'lighting-started');
  await stop();
  await advance(LOCK_WAIT_MS * 1_000);
  t.equal(live(), 0, 'the store answers, and nothing goes on');
});

t.test('light and console do not wait once the storage thread has the data', async (t) => {
  const { advance, steps } = begin(t, [{ afterMs: LOCK_WAIT_MS / 10, refusal: null }]);
  await advance(LOCK_WAIT_MS / 10 - 1);
  t.same(steps, []);
  await advance(1);
  t.same(steps.slice(0, 4), ['data-lock-asked', 'console-opened', 'lighting-started', 'store-opened']);
});

t.test('a second agent on the same data folder ends without a line or a socket', async (t) => {
  const { advance, steps, ended, opened, socketPath } = begin(t, [{ afterMs: 10, refusal: 'in-use' }]);
  while (ended() === null) await advance(10);
  t.match(ended(), { name: 'ConsoleError', code: 'data-in-use', message: /another process uses this data/ });
  t.same(steps, []);
  t.equal(opened(), 0);
  t.notOk(existsSync(socketPath));
});

t.test('an agent that is refused the data only after the wait closes its console and ends', async (t) => {
  const { advance, steps, ended, socketPath } = begin(t, [{ afterMs: LOCK_WAIT_MS + 1_000, refusal: 'in-use' }]);
  await advance(LOCK_WAIT_MS);
  t.ok(existsSync(socketPath));
  while (ended() === null) await advance(500);
  t.match(ended(), { code: 'data-in-use' });
  t.same(steps, ['data-lock-asked', 'console-opened', 'lighting-started']);
  t.notOk(existsSync(socketPath));
});

t.test('an agent lights the street while a command has the data, and ends once the command has ended', async (t) => {
  let frees = 0;
  const onDataFree = (): void => {
    frees += 1;
  };
  const held = { afterMs: 10, refusal: 'held' } as const;
  const { advance, steps, ended } = begin(t, [held, held, { afterMs: 10, refusal: null }], { onDataFree });
  await advance(10);
  t.same(steps.slice(0, 3), ['data-lock-asked', 'console-opened', 'lighting-started']);
  t.equal(frees, 0);
  while (frees === 0) await advance(1_000);
  t.equal(ended(), 'started');
  t.equal(frees, 1);
});

t.test(
  'a run whose configuration was chosen beside a command starts again, though the command ended before its store was opened',
  async (t) => {
    let frees = 0;
    const onDataFree = (): void => {
      frees += 1;
    };
    const { advance, ended } = begin(t, [{ afterMs: 10, refusal: null }], { hasBegunHeld: true, onDataFree });
    for (let look = 0; look < 10; look++) await advance(1_000);
    t.equal(ended(), 'started');
    t.equal(frees, 1);
  },
);

t.test('a process of this run that hangs with the data locked does not count as another agent', async (t) => {
  const { advance, steps, ended } = begin(t, [{ afterMs: 10, refusal: 'in-use' }], { isLockOurs: () => true });
  await advance(10);
  t.same(steps.slice(0, 3), ['data-lock-asked', 'console-opened', 'lighting-started']);
  while (ended() === null) await advance(1_000);
  t.equal(ended(), 'started');
});
