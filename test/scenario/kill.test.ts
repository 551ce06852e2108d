import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { loadSite } from '../../agent/config/load/load-site.ts';
import { sleep } from '../../agent/core/clock.ts';
import { createSystemClock } from '../../agent/core/system-clock.ts';
import type { StatusView } from '../../agent/core/views.ts';
import { openInProcessLink } from '../../agent/store/client/in-process-link.ts';
import { createStore } from '../../agent/store/store.ts';
import { createTestBroker } from '../platform/broker.ts';
import { type AgentProcess, startAgentProcess } from '../street/agent-process.ts';
import { createStreet } from '../street/street.ts';
import { connectStreet } from '../street/street-cables.ts';

const DEMO = readFileSync(join(import.meta.dirname, '../../config/demo.yaml'), 'utf8');

/** The demo's street on pseudo-terminals, and a function that starts an agent for it; all of it ends with the test. */
async function openStreet(t: Test) {
  const clock = createSystemClock({ quality: () => 'synced' });
  // A socket's path must be short.
  const folder = mkdtempSync(join(tmpdir(), 'luciole-'));
  const dataDir = join(folder, 'data');
  mkdirSync(dataDir);
  // Commits come faster than in the field, so that the test need not wait for them.
  const configFile = join(folder, 'cabinet.yaml');
  writeFileSync(configFile, DEMO.replace('commitSeconds: 10', 'commitSeconds: 2'));
  const { cabinet } = loadSite(configFile);
  const street = createStreet({ cabinet, clock, seed: 3 });
  const cables = connectStreet(street, folder);
  const broker = createTestBroker();
  await broker.start();
  const running: AgentProcess[] = [];
  t.teardown(async () => {
    for (const agent of running) agent.child.kill('SIGKILL');
    street.stop();
    cables.close();
    await broker.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const start = async (): Promise<AgentProcess> => {
    const agent = startAgentProcess({
      ...{ configFile, ports: cables.ports, broker: broker.url, dataDir, clock },
      socketPath: join(folder, 'agent.sock'),
      startAtMs: Date.parse('2026-12-15T23:30:00+01:00'),
      logFile: join(folder, 'agent.log'),
    });
    running.push(agent);
    await agent.ready();
    return agent;
  };
  const seen = async (agent: AgentProcess, holds: (status: StatusView) => boolean): Promise<StatusView> => {
    for (;;) {
      const status = await agent.status();
      if (holds(status)) return status;
      await sleep(clock, 100);
    }
  };
  const levels = (): number[] => [...street.world.lamps.values()].map((lamp) => street.world.levelPct(lamp));
  street.start();
  return { clock, storeConfig: { ...cabinet.store, dir: dataDir }, street, start, seen, levels };
}

async function expectCommitted(t: Test, committed: StatusView['store'], parts: Parameters<typeof createStore>[0]): Promise<void> {
  const store = createStore(parts);
  await store.start();
  const frames = await store.readAfter(0, 1_000);
  t.ok(committed.lastSeq > 0 && frames.length >= committed.lastSeq, `all ${committed.lastSeq} committed frames are there`);
  t.strictSame(
    frames.map(({ seq }) => seq),
    frames.map((_, index) => index + 1),
    'in order, none missing',
  );
  t.ok(frames.every(({ readings }) => readings.length > 0));
  t.equal((await store.status()).epoch, committed.epoch, 'in the same store');
  const events = await store.events({ sinceMs: 0, limit: 100 });
  t.ok(
    events.some(({ code }) => code === 'agent-started'),
    'and what happened is written down',
  );
  await store.stop();
}

t.test('kill -9 between two commits: no committed reading is lost, and the street never goes dark', { timeout: 50_000 }, async (t) => {
  const { clock, storeConfig, street, start, seen, levels } = await openStreet(t);
  const first = await start();
  const committed = await seen(first, ({ store }) => store.lastSeq > 5 && store.readingsWaiting > 0 && Math.min(...levels()) >= 30);
  first.child.kill('SIGKILL');
  const levelsAtDeath = levels();
  const log = { event: () => {} };
  await expectCommitted(t, committed.store, { ...storeConfig, clock, log, decimals: new Map(), openLink: openInProcessLink });

  t.ok(Math.min(...levelsAtDeath, ...levels()) >= 30, 'the lamps kept their light');
  let darkestPct = 100;
  street.onLevel = ({ levelPct }) => {
    darkestPct = Math.min(darkestPct, levelPct);
  };
  const second = await start();
  const after = await seen(second, ({ store: s }) => s.lastSeq > committed.store.lastSeq);
  t.equal(after.store.epoch, committed.store.epoch);
  t.ok(darkestPct >= 30 && Math.min(...levels()) >= 30, `nor did the next start darken them: ${darkestPct} %`);
  t.equal(await second.stop(), 0, 'and the next run ends cleanly');
});
