/** `luciole user hash` and `user sign` as a technician and the office use them: real files, the real program. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { createHasher } from '../../../agent/access/password.ts';
import { readUserList, USER_LIST_HEADER } from '../../../agent/access/user-list.ts';
import { verifyUserList } from '../../../agent/config/revisions/user-list-signature.ts';
import { DAY_MS } from '../../../agent/core/durations.ts';

const LUCIOLE = join(import.meta.dirname, '../../../agent/luciole.js');
const PASSWORD = 'quatre mats quai gambetta';

function desk(t: Test) {
  const dir = mkdtempSync(join(tmpdir(), 'luciole-desk-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const run = (words: string, input = '') =>
    spawnSync(process.execPath, [LUCIOLE, ...words.split(' ')], { cwd: dir, encoding: 'utf8', input });
  return { run, write: (name: string, text: string) => writeFileSync(join(dir, name), text), path: (name: string) => join(dir, name) };
}

t.test('a technician makes a line, the office signs the list, and a cabinet that names its key takes it', async (t) => {
  const { run, write, path } = desk(t);
  const hashed = run('user hash marie --until 2027-06-30 --json', `${PASSWORD}\n`);
  t.equal(hashed.status, 0, hashed.stderr);
  const { line } = JSON.parse(hashed.stdout.split('\n').find((each) => each.startsWith('{')) ?? '') as { line: string };
  t.match(line, /^marie technician 2027-06-30 scrypt\$14\$8\$5\$/);
  t.notMatch(hashed.stdout + hashed.stderr, /gambetta/);
  const key = (JSON.parse(run('config keygen office.key --json').stdout) as { key: string }).key;
  write('people.list', `${USER_LIST_HEADER}\n# team north\n${line}`);
  const signed = run('user sign people.list --key office.key --cabinet c1 --valid 7d');
  t.equal(signed.status, 0, signed.stderr);
  for (const out of ['./people.list', './office.key'])
    t.match(run(`user sign people.list --key office.key --cabinet c1 --valid 7d --out ${out}`), {
      status: 64,
      stderr: /is a file to sign/,
    });
  t.match(signed.stdout, /Signed for c1, people: 1; a cabinet takes the list until 20/);
  t.equal(statSync(path('people.list.signed')).mode & 0o777, 0o600, 'hashes are not for everybody');
  const text = readFileSync(path('people.list.signed'), 'utf8');
  const keys = [{ id: 'office', key, role: 'technician' as const }];
  const verified = verifyUserList(text, { keys, cabinetId: 'c1', nowMs: Date.now(), lastSerial: 0 });
  t.match(verified, { signedBy: 'office', role: 'technician' });
  const read = readUserList('list' in verified ? verified.list : '');
  const [marie] = 'users' in read ? read.users : [];
  t.equal(await createHasher().matches(PASSWORD, marie?.password ?? null), true);
  t.match(verifyUserList(text, { keys, cabinetId: 'c1', nowMs: Date.now() + 8 * DAY_MS, lastSerial: 0 }), { refusal: /has expired/ });
});

t.test('what no cabinet would accept is not signed, and an invalid password is not hashed', async (t) => {
  const { run, write } = desk(t);
  run('config keygen office.key');
  write('bad.list', `${USER_LIST_HEADER}\nmarie technician 2027-06-30 plain\n`);
  t.match(run('user sign bad.list --key office.key --cabinet c1'), { status: 1, stderr: /line 2: the password of marie is not a hash/ });
  write('ok.list', `${USER_LIST_HEADER}\n`);
  t.match(run('user sign ok.list --key office.key'), { status: 64, stderr: /--cabinet is missing/ });
  t.match(run('user sign ok.list --key office.key --cabinet c1,c2'), { status: 64, stderr: /bad --cabinet/ });
  write('long.list', `${USER_LIST_HEADER}\n${'# nobody\n'.repeat(3_000)}`);
  t.match(run('user sign long.list --key office.key --cabinet c1'), { status: 1, stderr: /more people than one list takes/ });
  t.match(run('user hash marie', `${PASSWORD}\n`), { status: 64, stderr: /--until is missing/ });
  t.match(run('user hash marie --until tomorrow', `${PASSWORD}\n`), { status: 64, stderr: /not a date/ });
  t.match(run('user hash marie --until 2027-06-30', 'short\n'), { status: 1, stderr: /12 at least/ });
  t.match(run('user hash marie --until 2027-06-30 --role root', `${PASSWORD}\n`), {
    status: 64,
    stderr: /none of viewer, technician, admin/,
  });
});
