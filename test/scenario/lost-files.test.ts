/** The files of the store are removed or damaged under a real agent, and between two runs of it. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { loadSite } from '../../agent/config/load/load-site.ts';
import type { AuditPage } from '../../agent/core/audit-tools.ts';
import { sleep } from '../../agent/core/clock.ts';
import type { Message } from '../../agent/core/message.ts';
import { createSystemClock } from '../../agent/core/system-clock.ts';
import type { StatusView } from '../../agent/core/views.ts';
import { type AgentProcess, startAgentProcess } from '../street/agent-process.ts';
import { createStreet } from '../street/street.ts';
import { connectStreet } from '../street/street-cables.ts';
import { texts } from '../support/texts.ts';

const DEMO = readFileSync(join(import.meta.dirname, '../../config/demo.yaml'), 'utf8');
/** Nothing listens there: what is read waits. Source: RFC 863, the port of the discard service. */
const NO_BROKER = 'mqtt://127.0.0.1:9';

/** The demo's street without a platform, and a function that starts an agent for it; all of it ends with the test. */
function openCabinet(t: Test) {
  const clock = createSystemClock({ quality: () => 'synced' });
  const folder = mkdtempSync(join(tmpdir(), 'luciole-'));
  const dataDir = join(folder, 'data');
  mkdirSync(dataDir);
  const configFile = join(folder, 'cabinet.yaml');
  writeFileSync(configFile, DEMO.replace('commitSeconds: 10', 'commitSeconds: 1'));
  const street = createStreet({ cabinet: loadSite(configFile).cabinet, clock, seed: 3 });
  const cables = connectStreet(street, folder);
  const running: AgentProcess[] = [];
  t.teardown(() => {
    for (const agent of running) agent.child.kill('SIGKILL');
    street.stop();
    cables.close();
    rmSync(folder, { recursive: true, force: true });
  });
  street.start();
  const start = async (): Promise<AgentProcess> => {
    const options = { configFile, ports: cables.ports, broker: NO_BROKER, dataDir, clock, socketPath: join(folder, 'agent.sock') };
    const agent = startAgentProcess({ ...options, startAtMs: Date.parse('2026-12-15T23:30:00+01:00'), logFile: join(folder, 'agent.log') });
    running.push(agent);
    await agent.ready();
    return agent;
  };
  const seen = async (agent: AgentProcess, holds: (store: StatusView['store']) => boolean): Promise<StatusView['store']> => {
    for (;;) {
      const { store } = await agent.status();
      if (holds(store)) return store;
      await sleep(clock, 100);
    }
  };
  const remove = (name: string): void => {
    for (const suffix of ['', '-wal', '-shm']) rmSync(join(dataDir, name + suffix), { force: true });
  };
  const hasCameUp = async (): Promise<void> => {
    while (!readFileSync(join(dataDir, 'starts.json'), 'utf8').includes('"cameUp":true')) await sleep(clock, 100);
  };
  return { dataDir, start, seen, remove, hasCameUp };
}

async function verdictOf(agent: AgentProcess): Promise<readonly Message[] | undefined> {
  return ((await agent.ask('audit', { verify: true })) as AuditPage).verdict?.problems;
}

t.test(
  'lost files of the store are reported, with a number or as unknown, and a first start reports nothing',
  { timeout: 60_000 },
  async (t) => {
    const { dataDir, start, seen, remove, hasCameUp } = openCabinet(t);
    const first = await start();
    const before = await seen(first, ({ lastSeq, account }) => lastSeq > 5 && account.backlog > 0);
    t.match(before, { gaps: 0, readingsLost: 0, lossesEstimated: 0 });
    t.strictSame(await verdictOf(first), [], 'a first start has lost nothing');

    remove('telemetry.db');
    const removed = await seen(first, ({ epoch, lastSeq }) => epoch !== before.epoch && lastSeq > before.lastSeq);
    t.ok(removed.readingsLost >= before.account.backlog, `${removed.readingsLost} lost, ${before.account.backlog} had waited`);
    t.match(removed, { gaps: 1, lossesEstimated: 0, account: { gaps: removed.readingsLost, isBalanced: true } });

    remove('state.db');
    await first.ask('user list').catch(() => {});
    await seen(first, ({ state, lastSeq }) => state === 'ok' && lastSeq > removed.lastSeq);
    await hasCameUp();
    await first.stop();

    remove('state.db');
    for (const suffix of ['-wal', '-shm']) rmSync(`${join(dataDir, 'telemetry.db')}${suffix}`, { force: true });
    writeFileSync(join(dataDir, 'telemetry.db'), 'no database\n'.repeat(2_000));
    const second = await start();
    const unknown = await seen(second, ({ lossesEstimated }) => lossesEstimated > 0);
    t.match(unknown, { gaps: 1, readingsLost: 0, account: { estimates: 1, isBalanced: true } });
    t.match(await verdictOf(second), [
      /^entry 1 says that the log before it is lost: state\.db was missing at a start.*starts\.json \(1\)/,
    ]);
    t.match(JSON.stringify(texts(await second.ask('events', { since: '1h' }))), /an unknown number of readings lost \(set-aside\)/);
  },
);

t.test('an audit log that is removed in use is reported by the next verification', { timeout: 40_000 }, async (t) => {
  const { start, seen, remove } = openCabinet(t);
  const agent = await start();
  await seen(agent, ({ lastSeq }) => lastSeq > 0);
  t.strictSame(await verdictOf(agent), []);
  remove('state.db');
  // The request itself detects the loss, and its own entry is the first in the new log.
  await agent.ask('audit', { verify: true }).catch(() => {});
  await seen(agent, ({ state }) => state === 'ok');
  let problems: readonly Message[] | undefined;
  for (let tries = 0; tries < 20 && problems === undefined; tries++) {
    problems = await verdictOf(agent).catch(() => undefined);
  }
  t.match(problems, [/^entry 1 says that the log before it is lost: .*state\.db: it was removed while in use/]);
});
