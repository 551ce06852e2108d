import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { loadSite } from '../../agent/app-load.ts';
import { sleep } from '../../agent/core/clock.ts';
import { createSystemClock } from '../../agent/core/system-clock.ts';
import { openInProcessLink } from '../../agent/store/in-process-link.ts';
import { createStore } from '../../agent/store/store.ts';
import { createTestBroker } from '../platform/broker.ts';
import { type AgentProcess, startAgentProcess } from '../street/agent-process.ts';
import { createPtyCable } from '../street/pty.ts';
import { createStreet } from '../street/street.ts';

const DEMO = readFileSync(join(import.meta.dirname, '../../config/demo.yaml'), 'utf8');

t.test('kill -9 between two commits: no committed reading is lost, and the street never goes dark', { timeout: 50_000 }, async (t) => {
  const clock = createSystemClock({ quality: () => 'synced' });
  // A socket's path must be short.
  const folder = mkdtempSync(join(tmpdir(), 'luciole-'));
  mkdirSync(join(folder, 'data'));
  // Commits come faster than in the field, so that the test need not wait for them.
  const configFile = join(folder, 'cabinet.yaml');
  writeFileSync(configFile, DEMO.replace('commitSeconds: 10', 'commitSeconds: 2'));
  const { cabinet } = loadSite(configFile);
  const street = createStreet({ cabinet, clock, seed: 3 });
  const cables = [...street.lines].map(([id, line]) => {
    const cable = createPtyCable((bytes) => line.receive(bytes), join(folder, `tty-${id}`));
    line.end = cable.end;
    return { id, cable };
  });
  const broker = createTestBroker();
  await broker.start();
  const running: AgentProcess[] = [];
  const start = async (): Promise<AgentProcess> => {
    const agent = startAgentProcess({
      configFile,
      ports: new Map(cables.map(({ id, cable }) => [id, cable.path])),
      broker: broker.url,
      dataDir: join(folder, 'data'),
      socketPath: join(folder, 'agent.sock'),
      startAtMs: Date.parse('2026-12-15T23:30:00+01:00'),
      logFile: join(folder, 'agent.log'),
      clock,
    });
    running.push(agent);
    await agent.ready();
    return agent;
  };
  t.teardown(async () => {
    for (const agent of running) agent.child.kill('SIGKILL');
    street.stop();
    for (const { cable } of cables) cable.close();
    await broker.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const seen = async (agent: AgentProcess, holds: (status: Awaited<ReturnType<AgentProcess['status']>>) => boolean) => {
    for (;;) {
      const status = await agent.status();
      if (holds(status)) return status;
      await sleep(clock, 100);
    }
  };
  const levels = (): number[] => [...street.world.lamps.values()].map((lamp) => street.world.levelPct(lamp));
  street.start();
  const first = await start();
  const committed = await seen(first, ({ store }) => store.lastSeq > 5 && store.readingsWaiting > 0 && Math.min(...levels()) >= 30);
  first.child.kill('SIGKILL');
  const levelsAtDeath = levels();

  const store = createStore({
    ...cabinet.store,
    dir: join(folder, 'data'),
    clock,
    log: { event: () => {} },
    decimals: new Map(),
    openLink: openInProcessLink,
  });
  await store.start();
  const frames = await store.readAfter(0, 1_000);
  t.ok(
    committed.store.lastSeq > 0 && frames.length >= committed.store.lastSeq,
    `all ${committed.store.lastSeq} committed frames are there`,
  );
  t.strictSame(
    frames.map(({ seq }) => seq),
    frames.map((_, index) => index + 1),
    'in order, none missing',
  );
  t.ok(frames.every(({ readings }) => readings.length > 0));
  t.equal((await store.status()).epoch, committed.store.epoch, 'in the same store');
  const events = await store.events({ sinceMs: 0, limit: 100 });
  t.ok(
    events.some(({ code }) => code === 'agent-started'),
    'and what happened is written down',
  );
  await store.stop();

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
