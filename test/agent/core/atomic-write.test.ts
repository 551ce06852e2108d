/**
 * Root writes to a folder that a compromised service can write too: a victim file elsewhere stays unchanged in every case.
 *
 * Run as root; the service is a user without a name.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { createUsersFile } from '../../../agent/access/users-file.ts';
import { erase, planErasure } from '../../../agent/commissioning/erasure.ts';
import { firstAdmin } from '../../../agent/commissioning/first-user.ts';
import { keyFilesIn, makeKeyRequest } from '../../../agent/commissioning/key-files.ts';
import { openExportFile } from '../../../agent/console/commands/store/export-file.ts';
import { asOwnerOf, createFile, replaceWhole } from '../../../agent/core/atomic-write.ts';
import { replaceFile } from '../../../agent/core/replace-file.ts';

/** A user id that no other process uses. */
const SERVICE = 64_123;
const SECRET = 'root:$6$secret';
const root = { skip: process.getuid?.() === 0 ? false : 'only root can give files to another user' };

/** A folder of the service with its state, and what an attack would try to reach: a file and a folder of root. */
function cabinet(t: Test) {
  const dir = mkdtempSync(join(tmpdir(), 'luciole-owned-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  chmodSync(dir, 0o755);
  const [service, victims] = [join(dir, 'service'), join(dir, 'victims')];
  const state = join(service, 'state');
  mkdirSync(state, { recursive: true });
  mkdirSync(victims);
  const [victim, folder] = [join(victims, 'shadow'), join(victims, 'etc')];
  mkdirSync(folder);
  writeFileSync(victim, SECRET, { mode: 0o600 });
  writeFileSync(join(folder, 'passwd'), SECRET, { mode: 0o644 });
  for (const path of [service, state]) chownSync(path, SERVICE, SERVICE);
  const isUntouched = (t: Test): void => {
    const { uid, mode } = statSync(victim);
    t.strictSame([readFileSync(victim, 'utf8'), uid, mode & 0o777], [SECRET, 0, 0o600], 'the victim file is as it was');
    t.strictSame(readdirSync(folder), ['passwd'], 'the victim folder holds what it held');
    t.strictSame(
      [readFileSync(join(folder, 'passwd'), 'utf8'), statSync(join(folder, 'passwd')).uid, statSync(folder).uid],
      [SECRET, 0, 0],
    );
    t.equal(process.geteuid?.(), 0, 'and this process is root again');
  };
  return { dir, service, state, victim, folder, isUntouched };
}

const WAYS = {
  'a link': (victim: string, path: string) => symlinkSync(victim, path),
  'a hard link': (victim: string, path: string) => linkSync(victim, path),
};
for (const [what, plant] of Object.entries(WAYS)) {
  t.test(`${what} in the place of users.json.new: the first admin is made, the victim stays as it is`, root, async (t) => {
    const { state, victim, isUntouched } = cabinet(t);
    plant(victim, join(state, 'users.json.new'));
    t.match(await firstAdmin('ada', { dir: state, cabinetId: 'c1' }), { user: 'ada' });
    isUntouched(t);
    const { uid, mode } = lstatSync(join(state, 'users.json'));
    t.strictSame([uid, mode & 0o777], [SERVICE, 0o600], "the file is the service's alone");
    t.match(await createUsersFile(state).read(), [{ name: 'ada', role: 'admin' }]);
  });

  t.test(`${what} in the place of a new file or a backup: replaced, never written through`, root, async (t) => {
    const { state, victim, isUntouched } = cabinet(t);
    const file = join(state, 'cabinet.yaml');
    writeFileSync(file, 'former');
    chownSync(file, SERVICE, SERVICE);
    for (const name of ['cabinet.yaml.new', 'cabinet.yaml.bak', 'cabinet.yaml.bak.new']) plant(victim, join(state, name));
    replaceFile(file, 'next', { mode: 0o640, backup: `${file}.bak` });
    isUntouched(t);
    t.strictSame([readFileSync(file, 'utf8'), readFileSync(`${file}.bak`, 'utf8')], ['next', 'former']);
    t.strictSame([lstatSync(file).uid, lstatSync(`${file}.bak`).uid], [SERVICE, SERVICE]);
  });

  t.test(`${what} in the place of an export: never written through`, root, async (t) => {
    const { state, victim, isUntouched } = cabinet(t);
    for (const name of ['x.csv.part', 'x.csv.part.json.new']) plant(what === 'a link' ? `${victim}-none` : victim, join(state, name));
    if (what === 'a hard link') writeFileSync(join(state, 'x.csv.part.json'), '{}');
    const opened = openExportFile(join(state, 'x.csv'), { since: '1h', until: null, format: 'csv' });
    const done = await opened.then(
      async (file) => {
        await file.append('a,b\n', {
          since: '1h',
          until: null,
          format: 'csv',
          epoch: 'e',
          fromMs: 0,
          toMs: 1,
          beganMs: 0,
          afterSeq: 1,
          frames: 1,
          readings: 1,
        });
        await file.finish();
      },
      () => {},
    );
    t.equal(done, undefined);
    isUntouched(t);
    t.notOk(existsSync(`${victim}-none`), 'and nothing is made where a link leads');
  });
}

t.test('a state folder that is a link to a folder of root: nothing is written there', root, async (t) => {
  const { state, folder, isUntouched } = cabinet(t);
  rmSync(state, { recursive: true });
  symlinkSync(folder, state);
  t.match(await firstAdmin('ada', { dir: state, cabinetId: 'c1' }), { failed: /EACCES/ });
  t.throws(() => replaceFile(join(state, 'passwd'), 'eve', { mode: 0o644, backup: join(state, 'passwd.bak') }), { code: 'EACCES' });
  t.throws(() => createFile(join(state, 'new'), 'eve', 0o600), { code: 'EACCES' });
  isUntouched(t);
});

t.test('a link that root made is followed, and the folder behind it judged', root, async (t) => {
  const { dir, state, isUntouched } = cabinet(t);
  symlinkSync(state, join(dir, 'data'));
  t.match(await firstAdmin('ada', { dir: join(dir, 'data'), cabinetId: 'c1' }), { user: 'ada' });
  t.equal(lstatSync(join(state, 'users.json')).uid, SERVICE);
  isUntouched(t);
});

t.test("in a folder of root a file that is replaced stays its owner's, and a link does not", root, async (t) => {
  const { dir, victim, isUntouched } = cabinet(t);
  const file = join(dir, 'cabinet.yaml');
  writeFileSync(file, 'former');
  chownSync(file, SERVICE, SERVICE);
  replaceWhole(file, 'next', 0o640);
  t.strictSame([readFileSync(file, 'utf8'), lstatSync(file).uid, lstatSync(file).mode & 0o777], ['next', SERVICE, 0o640]);
  symlinkSync(victim, join(dir, 'linked'));
  replaceWhole(join(dir, 'linked'), 'next', 0o644);
  t.notOk(lstatSync(join(dir, 'linked')).isSymbolicLink());
  isUntouched(t);
});

t.test('a key is made once, exclusively, and belongs to the owner of a folder of another user', root, async (t) => {
  const { state, victim, isUntouched } = cabinet(t);
  const files = keyFilesIn(state);
  symlinkSync(`${victim}-none`, files.keyFile);
  t.throws(() => makeKeyRequest(files, 'c1'), { code: 'EEXIST' }, 'a link that leads nowhere is in the way');
  t.notOk(existsSync(`${victim}-none`));
  rmSync(files.keyFile);
  symlinkSync(victim, `${files.requestFile}.new`);
  t.equal(makeKeyRequest(files, 'c1'), true);
  t.strictSame([lstatSync(files.keyFile).uid, lstatSync(files.keyFile).mode & 0o777], [SERVICE, 0o400]);
  isUntouched(t);
});

t.test('all threads lose the rights for as long as the job takes, and get them back in every case', root, async (t) => {
  const { state, victim } = cabinet(t);
  await t.rejects(
    asOwnerOf(state, () => readFile(victim, 'utf8')),
    { code: 'EACCES' },
  );
  t.equal(await readFile(victim, 'utf8'), SECRET);
  t.throws(() => asOwnerOf(state, () => readFileSync(victim)), { code: 'EACCES' });
  const groups = process.getgroups?.();
  t.throws(() =>
    asOwnerOf(state, () => {
      t.strictSame([process.geteuid?.(), process.getegid?.(), process.getgroups?.()], [SERVICE, SERVICE, [SERVICE]]);
      asOwnerOf(join(state, 'deeper'), () => {});
      t.equal(process.geteuid?.(), SERVICE, 'one inside another does not end the outer one');
      throw new RangeError('broken off');
    }),
  );
  t.strictSame([process.geteuid?.(), process.getegid?.(), process.getgroups?.()], [0, 0, groups]);
});

t.test('erasing follows no link and removes none, as it is not ours', root, async (t) => {
  const { state, folder, victim, isUntouched } = cabinet(t);
  writeFileSync(join(state, 'state.db'), 'x');
  symlinkSync(folder, join(state, 'config'));
  symlinkSync(victim, join(state, 'users.json'));
  const { goes, stays } = planErasure(state);
  erase(goes);
  t.strictSame(readdirSync(state).sort(), ['config', 'state.db', 'users.json']);
  t.strictSame(
    stays.toSorted(),
    ['config', 'state.db', 'users.json'].map((name) => join(state, name)),
    'each is listed',
  );
  isUntouched(t);
});

async function racer(t: Test, { service, victim, folder }: ReturnType<typeof cabinet>, name: string): Promise<ChildProcess> {
  const script = join(import.meta.dirname, '../../support/link-racer.mjs');
  const child = spawn(process.execPath, [script, String(SERVICE), service, name, victim, folder], { stdio: ['pipe', 'pipe', 'inherit'] });
  t.teardown(() => child.kill('SIGKILL'));
  await once(child.stdout as NodeJS.ReadableStream, 'data');
  return child;
}

t.test('a service that exchanges names all the while wins no race against root', { ...root, timeout: 60_000 }, async (t) => {
  const made = cabinet(t);
  const { state, isUntouched } = made;
  const child = await racer(t, made, 'users.json');
  const file = createUsersFile(state);
  const tally = { written: 0, refused: 0 };
  const round = async (work: () => unknown): Promise<void> => {
    try {
      await work();
      tally.written += 1;
    } catch {
      tally.refused += 1;
    }
  };
  for (let i = 0; i < 150; i += 1) {
    await round(() => asOwnerOf(state, () => file.write([])));
    await round(() => replaceFile(join(state, 'users.json'), 'next', { mode: 0o644, backup: join(state, 'users.json.bak') }));
    await round(() => createFile(join(state, `fresh-${i}`), 'x', 0o600, { uid: SERVICE, gid: SERVICE }));
    await round(() => erase([{ path: join(state, 'config') }, { path: join(state, 'passwd') }]));
  }
  child.stdin?.end();
  await once(child, 'exit');
  t.ok(tally.written > 0 && tally.refused > 0, `the race was on: ${JSON.stringify(tally)}`);
  isUntouched(t);
});
