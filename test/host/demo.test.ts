/** The demo as a person runs it: as a program in a terminal of its own, with kills, stops and Ctrl-C at any moment. */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { hostSkip } from './host-scene.ts';

const skip = await hostSkip();
const RUN = join(import.meta.dirname, '../../platform/run.mjs');

interface RunningDemo {
  readonly folder: string;
  /** What it has printed so far. */
  text(): string;
  says(pattern: RegExp, limitMs?: number): Promise<boolean>;
  /** Ctrl-C: SIGINT to the whole process group. Resolves with the exit code. */
  interrupt(): Promise<number | null>;
}

function startDemo(t: Test): RunningDemo {
  const folder = mkdtempSync(join(tmpdir(), 'demo-test-'));
  // Root runs PostgreSQL as another user.
  chmodSync(folder, 0o755);
  const child: ChildProcess = spawn(process.execPath, [RUN, 'demo'], {
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, TMPDIR: folder },
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  let text = '';
  child.stderr?.setEncoding('utf8').on('data', (more: string) => {
    text += more;
  });
  const interrupt = async (): Promise<number | null> => {
    if (child.exitCode === null && child.signalCode === null) process.kill(-(child.pid as number), 'SIGINT');
    return exited;
  };
  t.teardown(async () => {
    await interrupt();
    rmSync(folder, { recursive: true, force: true });
  });
  const says = async (pattern: RegExp, limitMs = 60_000): Promise<boolean> => {
    for (let waitedMs = 0; waitedMs < limitMs && !pattern.test(text); waitedMs += 100) await pause(100);
    return pattern.test(text);
  };
  return { folder, text: () => text, says, interrupt };
}

/** Processes whose command line names this folder. */
function processesOf(folder: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        return readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(folder) ? [Number(name)] : [];
      } catch {
        // It has ended meanwhile.
        return [];
      }
    });
}

const leftIn = (folder: string): string[] => readdirSync(folder).filter((name) => name.startsWith('luciole-'));

t.test('Ctrl-C at any moment of the start: nothing is left, and no trace is printed', { skip }, async (t) => {
  for (const afterMs of [200, 700, 1_200, 1_800, 2_600, 4_000, 6_000]) {
    const demo = startDemo(t);
    await pause(afterMs);
    const code = await demo.interrupt();
    // Before it has read its options, the program ends as any other.
    t.ok(code === 0 || demo.text() === '', `after ${afterMs} ms: ${code}`);
    t.strictSame(leftIn(demo.folder), [], `after ${afterMs} ms`);
    t.strictSame(processesOf(demo.folder), []);
    t.notMatch(demo.text(), /\n\s+at |Error/, demo.text());
  }
});

t.test('parts that are killed or stopped are named, and the demo goes on', { skip }, async (t) => {
  const demo = startDemo(t);
  t.ok(await demo.says(/Ctrl-C ends everything/), demo.text());
  const pidOf = (name: string): number => Number(new RegExp(`\\b${name}:? (\\d+)`).exec(demo.text())?.[1]);
  const agent = processesOf(demo.folder).find((pid) => {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    return words.includes('luciole.js') && words.includes('demo-2');
  });
  process.kill(agent as number, 'SIGKILL');
  t.ok(await demo.says(/demo-2: its agent has ended \(SIGKILL\); it is started again with its data/), 'an agent');
  process.kill(pidOf('demo-3'), 'SIGKILL');
  t.ok(await demo.says(/demo-3 has ended \(SIGKILL\); it is started again/), 'a whole cabinet');
  process.kill(pidOf('worker 1'), 'SIGKILL');
  t.ok(await demo.says(/worker 1 has ended \(SIGKILL\)/), 'a worker');
  t.ok(await demo.says(/demo-3 is online again/));
  process.kill(pidOf('Mosquitto'), 'SIGSTOP');
  t.ok(await demo.says(/the broker does not answer/), 'a broker that stands still');
  process.kill(pidOf('Mosquitto'), 'SIGCONT');
  t.ok(await demo.says(/the broker answers, after/));
  process.kill(pidOf('PostgreSQL'), 'SIGKILL');
  t.ok(await demo.says(/PostgreSQL has ended \(SIGKILL\); it is started again/), 'the database');
  t.ok(await demo.says(/the database answers, after/));
  process.kill(pidOf('Mosquitto'), 'SIGKILL');
  t.ok(await demo.says(/Mosquitto has ended \(SIGKILL\); it is started again/), 'the broker');
  t.ok(await demo.says(/the broker answers, after[\s\S]*the broker answers, after/));
  t.equal(await demo.interrupt(), 0, demo.text());
  t.strictSame([leftIn(demo.folder), processesOf(demo.folder)], [[], []], 'and nothing is left');
});
