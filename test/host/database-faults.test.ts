import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { isLong, longSkip } from '../support/long-tests.ts';
import { mountSmallDisk } from '../support/small-disk.ts';
import { openBusyScene, pause } from './busy-scene.ts';
import { type HostScene, hostSkip } from './host-scene.ts';

const skip = longSkip(await hostSkip());

t.test('PostgreSQL killed and started again', { skip, timeout: 240_000 }, async (t) => {
  const scene = await openBusyScene(t);
  for (let kills = 0; kills < (isLong ? 5 : 1); kills += 1) {
    const sending = scene.send(4_000);
    await pause(500 + 1_000 * Math.random());
    await scene.postgres.kill();
    await pause(1_000);
    await startAgain(scene);
    await sending;
  }
  await scene.send(500);
  await scene.expectAll();
  t.equal(scene.laterBirths(), 0);
  t.strictSame(
    scene.workers.map(({ exitCode, signalCode }) => [exitCode, signalCode]),
    scene.workers.map(() => [null, null]),
  );
});

/** Its processes of before may still hold the shared memory for a moment. */
async function startAgain({ postgres }: HostScene): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await postgres.start();
      return;
    } catch (error) {
      if (tries === 20) throw error;
      await pause(500);
    }
  }
}

t.test('PostgreSQL frozen: nothing is lost, and commands wait', { skip, timeout: 240_000 }, async (t) => {
  const scene = await openBusyScene(t);
  const pids = postgresProcesses(scene);
  signal(pids, 'SIGSTOP');
  await scene.send(isLong ? 30_000 : 4_000);
  signal(pids, 'SIGCONT');
  await scene.send(500);
  await scene.expectAll();
  t.equal(scene.laterBirths(), 0);
});

t.test('the disk of the readings full for a while', { skip, timeout: 240_000 }, async (t) => {
  const disk = mountSmallDisk(32_768);
  // Before the database, so that it ends after it.
  t.teardown(() => disk.remove());
  if (disk.skip !== false) {
    t.pass(`not tried: ${disk.skip}`);
    return;
  }
  const scene = await openBusyScene(t, {
    prepare: async ({ database, postgres }) => {
      execFileSync('chown', ['postgres', disk.dir]);
      const { openDatabase } = await import('../../platform/database/postgres.ts');
      const admin = openDatabase({ url: postgres.url.replace('//city@', '//postgres@'), connections: 1 });
      await admin.query(`create tablespace small location '${disk.dir}'`);
      await admin.query('grant create on tablespace small to city');
      await admin.end();
      await database.query('alter database city set default_tablespace = small');
      await database.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = 'city' and usename = 'city' and pid <> pg_backend_pid()`,
      );
    },
  });
  const ballast = join(disk.dir, 'ballast');
  fillDisk(ballast);
  await scene.send(8_000);
  const isRetried = await scene.holds(() => scene.failures().some((reason) => /No space left/.test(reason)), 20_000);
  t.ok(isRetried, 'the workers repeat their transactions');
  const before = scene.nodes.map(({ node }) => node.store.cursor);
  rmSync(ballast);
  await scene.send(500);
  await scene.expectAll();
  t.ok(scene.nodes.every(({ node }, i) => node.store.cursor > (before[i] as number)));
  t.equal(scene.laterBirths(), 0);
});

/** Writes until no byte is left. */
function fillDisk(path: string): void {
  const file = openSync(path, 'w');
  try {
    for (let size = 2 ** 20; size >= 1; size = size / 2) {
      try {
        for (;;) writeSync(file, Buffer.alloc(size));
      } catch {
        // No space for this many bytes: fewer may fit.
      }
    }
  } finally {
    closeSync(file);
  }
}
/** The processes of a PostgreSQL server: its children are processes of their own. */
function postgresProcesses({ postgres }: HostScene): number[] {
  const root = postgres.pid as number;
  const children = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && parentOf(name) === root);
  return [root, ...children.map(Number)];
}

function parentOf(pid: string): number | undefined {
  try {
    return Number(/ \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\)/s, ''))?.[1]);
  } catch {
    // It has ended meanwhile.
    return undefined;
  }
}

function signal(pids: readonly number[], name: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch {
      // It has ended meanwhile.
    }
  }
}
