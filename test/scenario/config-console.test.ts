import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { loadSite } from '../../agent/config/load/load-site.ts';
import { sleep } from '../../agent/core/clock.ts';
import type { ConfigView } from '../../agent/core/revisions.ts';
import { createSystemClock } from '../../agent/core/system-clock.ts';
import { createTestBroker } from '../platform/broker.ts';
import { type AgentProcess, startAgentProcess } from '../street/agent-process.ts';
import { createPtyCable } from '../street/pty.ts';
import { createStreet } from '../street/street.ts';
import { SMALL_SITE } from '../support/small-site.ts';

const LAUNCHER = join(import.meta.dirname, '../../agent/luciole.js');

type Luciole = (words: readonly string[], input?: string) => Promise<{ code: number | null; text: string }>;

/** The command line as a technician types it. */
function lucioleOn(socketPath: string): Luciole {
  return (words, input = '') =>
    new Promise((resolve) => {
      const child = spawn(process.execPath, [LAUNCHER, ...words, '--socket', socketPath], { stdio: ['pipe', 'pipe', 'pipe'] });
      let text = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (bytes) => {
          text += String(bytes);
        });
      child.stdin.end(input);
      child.on('close', (code) => resolve({ code, text }));
    });
}

/** A small street with its cables and broker, and a way to start agent processes on it. */
async function openStreet(t: Test, folder: string) {
  const clock = createSystemClock({ quality: () => 'synced' });
  mkdirSync(join(folder, 'data'));
  const configFile = join(folder, 'cabinet.yaml');
  writeFileSync(configFile, SMALL_SITE);
  const socketPath = join(folder, 'agent.sock');
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
  t.teardown(async () => {
    for (const agent of running) agent.child.kill('SIGKILL');
    street.stop();
    for (const { cable } of cables) cable.close();
    await broker.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const start = async (): Promise<AgentProcess> => {
    const agent = startAgentProcess({
      configFile,
      ports: new Map(cables.map(({ id, cable }) => [id, cable.path])),
      broker: broker.url,
      dataDir: join(folder, 'data'),
      socketPath,
      startAtMs: Date.parse('2026-12-15T23:30:00+01:00'),
      logFile: join(folder, 'agent.log'),
      clock,
    });
    running.push(agent);
    await agent.ready();
    return agent;
  };
  const until = async (holds: () => boolean | Promise<boolean>): Promise<void> => {
    while (!(await holds())) await sleep(clock, 100);
  };
  const levels = (): string => [...street.world.lamps.values()].map((lamp) => Math.round(street.world.levelPct(lamp))).join();
  return { street, configFile, start, until, levels, luciole: lucioleOn(socketPath) };
}

/** What `config export` prints is the cabinet file, and can be loaded and pasted back. */
async function checkExport(t: Test, luciole: Luciole): Promise<void> {
  const exported = await luciole(['config', 'export']);
  t.equal(exported.text, SMALL_SITE.replace('levelPct: 30', 'levelPct: 45'), 'only that value is another one, comments and all');
  t.strictSame(JSON.parse((await luciole(['config', 'export', '--json'])).text), { file: 'cabinet.yaml', text: exported.text });
  const pasted = (await luciole(['config', 'export', '--paste'])).text;
  t.match(await luciole(['config', 'load', '-', '--framed'], pasted.split('\n').slice(1).join('\n')), {
    code: 0,
    text: /in the candidate/,
  });
  t.match(await luciole(['config', 'commit']), { code: 0, text: /equal to revision 2/ }, 'and pastes back');
}

async function checkRefusals(t: Test, luciole: Luciole, folder: string): Promise<void> {
  writeFileSync(join(folder, 'wrong.yaml'), SMALL_SITE.replace('programme: residential', 'programme: residentiel'));
  t.match(await luciole(['config', 'load', join(folder, 'wrong.yaml')]), { code: 0 });
  t.match(await luciole(['config', 'commit']), { code: 1, text: /cabinet\.yaml:22:16: .*residentiel/ });
  t.match(await luciole(['config', 'discard']), { code: 0 });
  t.match(await luciole(['config', 'load', join(folder, 'none.yaml')]), { code: 64, text: /ENOENT/ });
}

t.test(
  'at the cabinet: a change with a net, an agent killed in the middle of its trial, and the way back',
  { timeout: 240_000 },
  async (t) => {
    // A socket's path must be short.
    const folder = mkdtempSync(join(tmpdir(), 'luciole-'));
    const { street, configFile, start, until, levels, luciole } = await openStreet(t, folder);
    let darkestPct = 100;
    street.start();
    const first = await start();
    await until(() => levels() === '30,30,30,30');
    await until(async () => (await first.status()).units.ok === 5);
    street.onLevel = ({ levelPct }) => {
      darkestPct = Math.min(darkestPct, levelPct);
    };

    t.match(await luciole(['config', 'set', 'programmes[residential].steps[1].levelPct', '45']), { code: 0 });
    t.match(await luciole(['config', 'compare']), {
      code: 0,
      text: /programmes\[residential\]\.steps\[1\]\.levelPct\n {2}- 30\n {2}\+ 45\n.*1 change; it changes the lighting/s,
    });
    t.match(await luciole(['config', 'check']), { code: 0, text: /^ok; it changes the lighting/ });
    const committed = await luciole(['config', 'commit', '--confirm', '5', '--comment', 'brighter']);
    t.match(committed, { code: 0, text: /revision 2 runs on trial/ });
    await until(() => levels() === '45,45,45,45');
    first.child.kill('SIGKILL');
    await until(() => first.child.signalCode !== null);

    const second = await start();
    t.match(
      (await second.ask('config')) as ConfigView,
      { running: { number: 2, state: 'trial', why: 'brighter' }, trial: { mode: 'asked' } },
      'on trial after kill -9',
    );
    await until(async () => (await second.status()).units.ok === 5);
    t.equal(levels(), '45,45,45,45');
    t.match(await luciole(['config', 'confirm']), { code: 0, text: /revision 2 is kept/ });
    t.match(await luciole(['config', 'confirm']), { code: 1, text: /no revision is on trial/ });

    await checkExport(t, luciole);
    await checkRefusals(t, luciole, folder);

    t.match(await luciole(['config', 'rollback', '1', '--confirm', '5']), { code: 0, text: /revision 3 runs on trial/ });
    await until(() => levels() === '30,30,30,30');
    t.match(await luciole(['config', 'return', '--revision', '2']), { code: 1, text: /revision 3 is on trial/ });
    t.match(await luciole(['config', 'return', '--revision', '3', '--comment', 'carrier lost']), {
      code: 0,
      text: /revision 2 runs again/,
    });
    await until(() => levels() === '45,45,45,45');
    t.match((await luciole(['config', 'history'])).text, /3 .*returned.*\n(.*\n)*.*2 .*confirmed/);
    t.equal(readFileSync(configFile, 'utf8'), SMALL_SITE, 'the file of the site is as it was');
    t.ok(darkestPct >= 30, `never darker than the programme: ${darkestPct} %`);
    t.equal(await second.stop(), 0);
  },
);
