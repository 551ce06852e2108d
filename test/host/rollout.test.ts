import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { fileRefusal, UPLOAD_LIMIT } from '../../agent/config/revisions/upload.ts';
import { NO_TEXT } from '../../agent/core/message.ts';
import { isConfigFile, mostBytesOf, uploadCommands } from '../../platform/core/config-upload.ts';
import type { Database } from '../../platform/database/postgres.ts';
import { hostSkip } from './host-scene.ts';

const skip = await hostSkip();
const MAIN = join(import.meta.dirname, '../../platform/main.ts');
const CABINETS = 20;
const nameOf = (n: number): string => `c${String(n).padStart(2, '0')}`;

t.test('a file becomes parts that make it up again', async (t) => {
  const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, i) => i % 251));
  const commands = uploadCommands('cabinet.yaml', bytes);
  t.strictSame(
    commands.map((metrics) => metrics['Config/Part']),
    ['1/3', '2/3', '3/3'],
  );
  const parts = commands.map((metrics) => Buffer.from((metrics['Config/Data'] as { base64: string }).base64, 'base64'));
  t.ok(Buffer.concat(parts).equals(bytes));
  t.equal(new Set(commands.map((metrics) => metrics['Config/SHA-256'])).size, 1);
  t.equal(uploadCommands('cabinet.yaml', Buffer.alloc(0)).length, 1, 'an empty file is one part');
  t.strictSame(
    ['cabinet.yaml', 'profiles/a-b.yaml', 'revision.sig', 'profiles/../x.yaml', '/etc/passwd', 'profiles/a/b.yaml', ''].map(isConfigFile),
    [true, true, true, false, false, false, false],
  );
  for (const name of ['profiles/PIR-X.yaml', 'profiles/-a.yaml', `profiles/${'a'.repeat(65)}.yaml`, `profiles/${'a'.repeat(64)}.yaml`])
    t.equal(isConfigFile(name), fileRefusal(name) === NO_TEXT, `${name}: as the cabinet`);
  t.strictSame(['cabinet.yaml', 'profiles/a.yaml'].map(mostBytesOf), [UPLOAD_LIMIT.cabinetBytes, UPLOAD_LIMIT.profileBytes]);
});

/** How a cabinet answers a command; undefined: not at all. */
type Answer = (cabinet: string, action: string) => readonly [state: string, reason: string] | undefined;

/** A database with twenty cabinets that answer by changing the table, as outcomes do. The last one is offline. */
async function openFleet(t: Test, answer: Answer) {
  const { startTemporaryPostgres } = await import('../../platform/servers/temporary-postgres.ts');
  const { openDatabase } = await import('../../platform/database/postgres.ts');
  const { migrateDatabase } = await import('../../platform/database/migrate.ts');
  const postgres = await startTemporaryPostgres(['fsync = off']);
  const database = openDatabase({ url: postgres.url, connections: 2 });
  const folder = mkdtempSync(join(tmpdir(), 'luciole-rollout-test-'));
  await migrateDatabase(database);
  await database.query(
    `insert into node (group_name, node, epoch, is_online) select 'g', 'c' || lpad(n::text, 2, '0'), 'e', n < $1 from generate_series(1, $1::int) n`,
    [CABINETS],
  );
  writeFileSync(join(folder, 'cabinet.yaml'), '# a cabinet\n');
  let isOver = false;
  const answering = answerAll(database, answer, () => isOver);
  t.teardown(async () => {
    isOver = true;
    await answering;
    await database.end();
    await postgres.stop();
    rmSync(folder, { recursive: true });
  });
  return { database, url: postgres.url, folder };
}

async function answerAll({ query }: Database, answer: Answer, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    const open = await query<{ id: string; cabinet: string; action: string }>(
      `select id, cabinet, metrics ->> 'Config/Action' as action from command where state = 'new'`,
    );
    for (const { id, cabinet, action } of open) {
      const given = answer(cabinet, action);
      if (given === undefined) continue;
      await query(`update command set state = $2, reason = $3, ended_at = now() where id = $1 and state = 'new'`, [id, ...given]);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function runProgram(url: string, words: readonly string[]) {
  const child = spawn(process.execPath, [MAIN, 'rollout', ...words, '--json', '--database', url], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  const [code] = await once(child, 'close');
  return {
    code,
    err,
    steps: out
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line)),
  };
}

t.test('a rollout reaches every cabinet that is online, wave by wave, and its own file each', { skip }, async (t) => {
  const { database, url, folder } = await openFleet(t, () => ['verified', '']);
  for (let n = 1; n < CABINETS; n += 1) writeFileSync(join(folder, `${nameOf(n)}.yaml`), `# ${nameOf(n)}\n`);
  const { code, err, steps } = await runProgram(url, [
    `cabinet.yaml=${folder}/{cabinet}.yaml`,
    `profiles/x.yaml=${folder}/cabinet.yaml`,
    '--waves',
    '10,30',
  ]);
  t.equal(code, 0, err);
  t.match(err, /1 cabinets are offline and left out/);
  t.match(steps.at(-1), { kind: 'end', isComplete: true, confirmed: 19, reverted: 0, refused: 0, silent: 0, untouched: 0 });
  t.strictSame(
    steps.filter(({ kind }) => kind === 'wave-began').map(({ cabinets }) => cabinets),
    [2, 6, 11],
  );
  const wrong = await database.query(
    `select cabinet from command where metrics ->> 'Config/File' = 'cabinet.yaml'
       and convert_from(decode(metrics #>> '{Config/Data,base64}', 'base64'), 'UTF8') <> '# ' || cabinet || E'\\n'`,
  );
  t.strictSame(wrong, []);
  const [early] = await database.query<{ n: number }>(
    `select count(*)::int as n from command a join command p using (cabinet)
     where a.metrics ->> 'Config/Action' = 'apply' and p.metrics ->> 'Config/Action' = 'put' and p.ended_at > a.created_at`,
  );
  t.equal(early?.n, 0, 'no cabinet applies before it has all files');
});

t.test('trouble stops it: nothing more is sent, and what was not answered is withdrawn', { skip }, async (t) => {
  // Every third cabinet reverts it; c07 does not answer at all.
  const { database, url, folder } = await openFleet(t, (cabinet, action) => {
    if (cabinet === 'c07') return undefined;
    return action === 'apply' && Number(cabinet.slice(1)) % 3 === 0 ? ['failed', 'no unit answers'] : ['verified', ''];
  });
  const { code, steps } = await runProgram(url, [`cabinet.yaml=${folder}/cabinet.yaml`, '--waves', '60']);
  t.equal(code, 1);
  const end = steps.at(-1);
  t.match(end, { kind: 'end', isComplete: false, untouched: 8 });
  t.equal(end.confirmed + end.reverted + end.silent, 11);
  t.ok(end.reverted > 0);
  t.ok(
    steps.filter(({ kind, end }) => kind === 'cabinet' && end === 'reverted').every(({ reason }) => reason === 'no unit answers'),
    'with its reason',
  );
  const silent = steps.filter(({ kind, end }) => kind === 'cabinet' && end === 'silent');
  t.match(silent.find(({ cabinet }) => cabinet === 'c07')?.reason ?? 'the rollout was stopped', 'the rollout was stopped');
  t.equal(steps.filter(({ kind }) => kind === 'wave-began').length, 1);
  t.strictSame(await database.query(`select id from command where state = 'new'`), [], 'nothing is left to be sent');
});

t.test('a cabinet that refuses the file gets no apply', { skip }, async (t) => {
  const { database, url, folder } = await openFleet(t, (cabinet, action) =>
    cabinet === 'c03' && action === 'put' ? ['refused', 'too large'] : ['verified', ''],
  );
  const words = [`cabinet.yaml=${folder}/cabinet.yaml`, '--cabinet', 'c03', '--cabinet', 'c04', '--waves', '50', '--trouble', '100'];
  const { code, steps } = await runProgram(url, words);
  t.equal(code, 0, 'all trouble is tolerated');
  t.match(steps.at(-1), { confirmed: 1, refused: 1 });
  t.strictSame(await database.query(`select cabinet from command where metrics ->> 'Config/Action' = 'apply'`), [{ cabinet: 'c04' }]);
});

t.test('wrong words are refused before anything is sent', { skip }, async (t) => {
  const { database, url, folder } = await openFleet(t, () => undefined);
  const { runRollout } = await import('../../platform/cli/rollout.ts');
  const { readPlatformOptions } = await import('../../platform/cli/options.ts');
  const file = `cabinet.yaml=${folder}/cabinet.yaml`;
  writeFileSync(`${folder}/large.yaml`, '#'.repeat(200_000));
  for (const [words, reason] of [
    [[], /write: rollout NAME=FILE/],
    [['cabinet.yml=x'], /"cabinet.yml=x": write NAME=FILE/],
    [['cabinet.yaml=/nowhere/{cabinet}.yaml'], /\/nowhere\/c01.yaml: ENOENT/],
    [[`profiles/a.yaml=${folder}/large.yaml`], /large.yaml: larger than the 128 KB that a cabinet accepts for profiles\/a.yaml/],
    [[file, '--cabinet', 'c99'], /there is no cabinet "c99"/],
    [[file, '--waves', '1,x'], /--waves "x"/],
    [[file, '--trouble', '101'], /--trouble "101"/],
    [[file, '--minutes', '1.5'], /--minutes: write a whole number/],
    [[file, '--minutes', '169'], /from 1 to 168/],
    [[file, '--comment', 'x'.repeat(201)], /--comment: write up to 200 characters/],
    [[file, '--comment', 'two\nlines'], /--comment: write up to 200 characters, in one line/],
    [[file, '--group', 'none'], /no cabinet is online/],
  ] as const) {
    const options = readPlatformOptions(['rollout', ...words, '--database', url]);
    await t.rejects(runRollout(options), { code: 'usage', message: reason }, words.join(' '));
  }
  t.strictSame(await database.query('select 1 from command'), []);
});
