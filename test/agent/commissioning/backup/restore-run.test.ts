import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import { runBackup } from '../../../../agent/commissioning/backup/backup-run.ts';
import { packBackup, sha256 } from '../../../../agent/commissioning/backup/manifest.ts';
import { runRestore } from '../../../../agent/commissioning/backup/restore-run.ts';
import { beginConfiguration } from '../../../../agent/config/load/start-revision.ts';
import { createConsoleServer } from '../../../../agent/console/protocol/socket-server.ts';
import type { LocalArgs, Terminal } from '../../../../agent/console/terminal/terminal.ts';
import { createManualClock } from '../../../../agent/core/manual-clock.ts';
import { stageRestore } from '../../../../agent/core/pending-restore.ts';
import { lockData } from '../../../../agent/store/data-lock.ts';
import { SMALL_SITE } from '../../../support/small-site.ts';
import { createFakeView } from '../../console/fake-view.ts';
import { openStore } from '../../store/files/open-store.ts';
import { frame, STORE_START_MS, testFolder } from '../../store/fixtures/kit.ts';

/** Not the usual folder of the machine, which another test may have locked. */
const SITE = `${SMALL_SITE}store: { dir: /nonexistent/luciole }\n`;

/** A gateway that has run: site, store with readings, users, a key. No agent runs. */
function openGateway(t: Pick<Test, 'teardown'>, passphrases: string[] = []) {
  const folder = testFolder(t);
  const [configFile, dir] = [join(folder, 'cabinet.yaml'), join(folder, 'data')];
  writeFileSync(configFile, SITE);
  writeFileSync(join(folder, 'cabinet.key'), `the key of ${folder}`);
  const store = openStore(t, dir);
  store.commit(frame(1, 5), frame(2, 5));
  store.save('whose', folder);
  store.close();
  writeFileSync(join(dir, 'users.json'), `users of ${folder}`);
  const shown: string[] = [];
  const errors: string[] = [];
  const terminal: Terminal = {
    ...{
      out: (text) => void shown.push(text),
      err: (text) => void errors.push(text),
      widthCols: 80,
      colour: false,
      user: 'marie',
      version: '',
      status: null,
    },
    socketPath: join(folder, 'no.sock'),
    askSecret: async () => passphrases.shift() ?? '',
    localFiles: async () => Promise.reject(new Error('not here')),
  };
  const world = { terminal, configFile, nowMs: STORE_START_MS + 3_600_000, version: '1.2.3' };
  const resultOf = async (run: Promise<number>) => ({ code: await run, text: shown.splice(0).join('') });
  return {
    ...{ folder, dir, configFile, shown, errors },
    backup: (args: LocalArgs = {}) => resultOf(runBackup({ 'data-dir': dir, to: join(folder, 'b.tar.gz'), ...args }, world)),
    restore: (backup: string, args: LocalArgs = {}) => resultOf(runRestore({ 'data-dir': dir, backup, ...args }, world)),
    file: join(folder, 'b.tar.gz'),
    whose: () => {
      const again = openStore(t, dir);
      const whose = again.load('whose');
      again.close();
      return whose;
    },
    /** All that lies there, by path. */
    picture: () =>
      Object.fromEntries(
        (readdirSync(folder, { recursive: true, withFileTypes: true }) as { isFile(): boolean; parentPath: string; name: string }[])
          .filter((entry) => entry.isFile() && !/-shm$|-wal$/.test(entry.name))
          .map(({ parentPath, name }) => [join(parentPath, name), sha256(readFileSync(join(parentPath, name)))]),
      ),
  };
}

t.test('for a backup without a cabinet file the command asks for its name', async (t) => {
  const gateway = openGateway(t);
  rmSync(gateway.configFile);
  await t.rejects(gateway.backup(), { code: 'failed', message: /cabinet\.yaml: no such file; --file names that of the cabinet$/ });
  t.notOk(existsSync(gateway.file));
});

t.test('a backup leaves out and names what is not a file in a folder of profiles', async (t) => {
  const gateway = openGateway(t);
  writeFileSync(gateway.configFile, `${SITE}profileDirs: [mine]\n`);
  const mine = join(gateway.folder, 'mine');
  mkdirSync(join(mine, 'folder.yaml'), { recursive: true });
  writeFileSync(join(mine, 'good.yaml'), 'id: good');
  execFileSync('mkfifo', [join(mine, 'pipe.yaml')]);
  symlinkSync('/dev/zero', join(mine, 'zero.yaml'));
  symlinkSync('loop.yaml', join(mine, 'loop.yaml'));
  const { code, text } = await gateway.backup({ json: true });
  t.equal(code, 0);
  const made = JSON.parse(text) as { files: readonly { name: string }[]; leftOut: readonly string[] };
  t.match(JSON.stringify(made.files), /site\/mine\/good\.yaml/);
  for (const name of ['folder', 'pipe', 'zero', 'loop']) {
    t.ok(made.leftOut.includes(join(mine, `${name}.yaml`)), name);
    t.notOk(JSON.stringify(made.files).includes(`mine/${name}.yaml`), name);
  }
});

t.test('both pages fit 80 columns and list what a backup contains, what it lacks and what a restore would replace', async (t) => {
  const gateway = openGateway(t);
  const made = await gateway.backup();
  t.equal(made.code, 0);
  t.match(made.text, /sha256 [0-9a-f]{64}/);
  t.match(made.text, /Not in it: data\/users\.json, site\/cabinet\.key/);
  t.match(made.text.replace(/\n/g, ' '), /10 readings of them are not confirmed by the platform/);
  const planned = await gateway.restore(gateway.file);
  t.equal(planned.code, 1, 'nothing done');
  for (const pattern of [
    /state\.db.*replaced/s,
    /cabinet\.yaml.*the same already/s,
    /telemetry\.db.*set aside/s,
    /10 readings not confirmed/,
    /--yes restores it/,
  ])
    t.match(planned.text, pattern);
  for (const line of `${made.text}${planned.text}`.split('\n')) t.ok(line.length <= 80, line);
});

t.test('a plan changes nothing, and neither does any refusal', async (t) => {
  const gateway = openGateway(t, ['a street of fireflies', 'another phrase']);
  await gateway.backup({ keys: true });
  const before = gateway.picture();
  await gateway.restore(gateway.file);
  await t.rejects(gateway.restore(gateway.file, { yes: true }), { code: 'failed', message: /passphrase/ });
  await t.rejects(gateway.restore(join(gateway.folder, 'none')), { code: 'failed', message: /check that it exists/ });
  await t.rejects(gateway.restore(gateway.configFile, { yes: true }), { code: 'failed', message: /not a complete backup/ });
  await t.rejects(gateway.backup(), { code: 'failed', message: /there is a file of this name already/ });
  t.strictSame(gateway.picture(), before);
});

t.test('a cabinet of another id is replaced only with --other-cabinet, and both ids are shown', async (t) => {
  const other = openGateway(t);
  writeFileSync(other.configFile, SITE.replace('id: demo', 'id: ANG-0999'));
  t.match(readFileSync(other.configFile, 'utf8'), 'ANG-0999');
  await other.backup();
  const gateway = openGateway(t);
  const before = gateway.picture();
  const planned = await gateway.restore(other.file);
  t.equal(planned.code, 1);
  t.match(planned.text.replace(/\n */g, ' '), /The ids differ: this gateway is cabinet demo, the backup is of cabinet ANG-0999/);
  t.match(planned.text, /Nothing was changed: --yes --other-cabinet restores it/);
  t.match(JSON.parse((await gateway.restore(other.file, { json: true })).text), { replaced: { here: 'demo', backup: 'ANG-0999' } });
  await t.rejects(gateway.restore(other.file, { yes: true }), {
    code: 'usage',
    message: /cabinet demo, the backup is of cabinet ANG-0999: --yes --other-cabinet replaces demo$/,
  });
  t.strictSame(gateway.picture(), before);
  t.equal((await gateway.restore(other.file, { 'other-cabinet': true })).code, 1, 'without --yes it is only shown');
  t.strictSame(gateway.picture(), before);
  const done = await gateway.restore(other.file, { yes: true, 'other-cabinet': true });
  t.equal(done.code, 0);
  t.match(done.text.replace(/\n */g, ' '), /this gateway was cabinet demo, it is now cabinet ANG-0999/);
  t.match(readFileSync(gateway.configFile, 'utf8'), 'ANG-0999');
});

t.test('the option for another cabinet is not needed on a new gateway, nor for the same cabinet', async (t) => {
  const first = openGateway(t);
  await first.backup();
  const [again, empty] = [openGateway(t), openGateway(t)];
  rmSync(empty.configFile);
  for (const gateway of [again, empty]) {
    t.notMatch((await gateway.restore(first.file)).text, /other-cabinet/);
    t.equal((await gateway.restore(first.file, { yes: true })).code, 0);
  }
});

t.test('while the agent runs the plan is shown; only the restore itself is refused', async (t) => {
  const gateway = openGateway(t);
  await gateway.backup();
  const server = createConsoleServer({
    ...{ view: createFakeView(), socketPath: join(gateway.folder, 'no.sock'), log: { event: () => {} }, timezone: 'UTC' },
    clock: createManualClock(STORE_START_MS),
  });
  await server.start();
  t.teardown(() => server.stop());
  const before = gateway.picture();
  const planned = await gateway.restore(gateway.file);
  t.match(planned, { code: 1, text: /--yes restores it/ });
  await t.rejects(gateway.restore(gateway.file, { yes: true }), {
    code: 'busy',
    message: /an agent is running on this data: stop it first/,
  });
  t.strictSame(gateway.picture(), before);
});

t.test(
  'a restore that does not use the folder of the present cabinet file is refused while its agent runs, and names the readings there',
  async (t) => {
    const first = openGateway(t);
    await first.backup();
    const gateway = openGateway(t);
    const former = join(gateway.folder, 'former');
    const store = openStore(t, former);
    store.commit(frame(1, 5), frame(2, 7));
    store.close();
    writeFileSync(gateway.configFile, `${SMALL_SITE}store: { dir: ${former} }\n`);
    const agent = lockData(former, 'agent');
    const before = gateway.picture();
    await t.rejects(gateway.restore(first.file, { yes: true }), {
      code: 'busy',
      message: /former: another process uses this data: stop the agent/,
    });
    t.strictSame(gateway.picture(), before);
    agent.release();
    const pattern =
      /Readings in \S+former, which the present cabinet file names: 12 readings not confirmed by the platform\. They stay there/;
    for (const args of [{}, { yes: true }]) t.match((await gateway.restore(first.file, args)).text.replace(/\s*\n\s*/g, ' '), pattern);
    t.ok(existsSync(join(former, 'telemetry.db')), 'they do stay');
    t.notMatch((await gateway.restore(first.file)).text, /Readings in/, 'the restored file names one folder');
  },
);

t.test('a folder that two paths lead to is locked once', async (t) => {
  const first = openGateway(t);
  await first.backup();
  const gateway = openGateway(t);
  symlinkSync(gateway.dir, join(gateway.folder, 'link'));
  lockData(gateway.dir, 'agent').release();
  writeFileSync(gateway.configFile, `${SMALL_SITE}store: { dir: ${join(gateway.folder, 'link')} }\n`);
  t.match(await gateway.restore(first.file, { yes: true }), { code: 0, text: /Restored/ });
});

t.test('a backup whose state is damaged or missing is refused before anything is replaced', async (t) => {
  const gateway = openGateway(t);
  const about = { luciole: '1', cabinet: 'demo', madeMs: 1, readings: null, sealed: [], leftOut: [] };
  const site = { name: 'site/cabinet.yaml', content: Buffer.from(SITE) };
  for (const content of [Buffer.from('not a database'), Buffer.alloc(0), readFileSync(join(gateway.dir, 'telemetry.db'))]) {
    const file = join(gateway.folder, 'bad.tar.gz');
    writeFileSync(file, packBackup(about, [{ name: 'data/state.db', content }, site]).bytes);
    await t.rejects(gateway.restore(file, { yes: true }), { code: 'failed', message: /nothing was changed/ });
    t.equal(gateway.whose(), gateway.folder);
    t.notOk(existsSync(join(gateway.dir, 'state.db.before-restore')));
  }
});

t.test('names at unknown places in a backup are refused', async (t) => {
  const gateway = openGateway(t);
  const about = { luciole: '1', cabinet: 'demo', madeMs: 1, readings: null, sealed: [], leftOut: [] };
  const site = { name: 'site/cabinet.yaml', content: Buffer.from(SITE) };
  for (const name of [
    'data/telemetry.db',
    'data/starts.json',
    'data/config/x',
    'data/releases/current',
    'etc/passwd',
    'data/state.db-wal',
  ]) {
    const file = join(gateway.folder, 'odd.tar.gz');
    writeFileSync(file, packBackup(about, [{ name, content: Buffer.from('x') }, site]).bytes);
    await t.rejects(gateway.restore(file, { yes: true }), { code: 'failed', message: /is not a place for a file of a backup/ }, name);
  }
});

t.test('the files of another gateway are kept as they are; its keys and users are replaced only with a passphrase', async (t) => {
  const first = openGateway(t, ['a street of fireflies']);
  await first.backup({ keys: true });
  const other = openGateway(t, ['a street of fireflies']);
  writeFileSync(other.configFile, `${SITE}# another\n`);
  const { code } = await other.restore(first.file, { yes: true, 'no-keys': true });
  t.equal(code, 0);
  t.equal(other.whose(), first.folder);
  t.equal(readFileSync(other.configFile, 'utf8'), SITE);
  t.equal(readFileSync(`${other.configFile}.before-restore`, 'utf8'), `${SITE}# another\n`);
  t.equal(readFileSync(join(other.folder, 'cabinet.key'), 'utf8'), `the key of ${other.folder}`);
  t.notOk(existsSync(join(other.dir, 'telemetry.db')), 'a new epoch begins');
  t.ok(existsSync(join(other.dir, 'telemetry.db.before-restore')));
  await other.restore(first.file, { yes: true });
  t.equal(readFileSync(join(other.folder, 'cabinet.key'), 'utf8'), `the key of ${first.folder}`);
  t.equal(readFileSync(join(other.dir, 'users.json'), 'utf8'), `users of ${first.folder}`);
  t.equal(readFileSync(join(other.dir, 'users.json.before-restore'), 'utf8'), `users of ${other.folder}`);
});

t.test('a weak passphrase is refused', async (t) => {
  for (const passphrase of ['', 'short', '123456789012', 'motdepasse2026']) {
    const gateway = openGateway(t, [passphrase]);
    await t.rejects(gateway.backup({ keys: true }), { code: 'usage', message: /refused/ });
    t.notOk(existsSync(gateway.file));
  }
});

t.test('a folder of the store without a state, or a store of a later release, gives no backup', async (t) => {
  const gateway = openGateway(t);
  const empty = join(gateway.folder, 'empty');
  mkdirSync(empty);
  await t.rejects(gateway.backup({ 'data-dir': empty }), { code: 'failed', message: /no agent has run/ });
  t.strictSame(readdirSync(empty), []);
});

t.test(
  'without an agent a damaged state gives no backup, stays as it is, and the command says what is damaged and what to do',
  async (t) => {
    const gateway = openGateway(t);
    const state = join(gateway.dir, 'state.db');
    const sound = readFileSync(state);
    for (const bytes of [Buffer.alloc(sound.length, 0x5a), Buffer.alloc(0)]) {
      writeFileSync(state, bytes);
      for (const time of ['first', 'second'])
        await t.rejects(
          gateway.backup(),
          { code: 'failed', message: /state\.db: .*(storage card|this folder).*No backup was made\. Start the agent/ },
          time,
        );
      t.notOk(existsSync(gateway.file));
      t.ok(readFileSync(state).equals(bytes));
      t.notOk(existsSync(join(gateway.dir, 'quarantine')));
    }
    writeFileSync(state, sound);
    t.equal((await gateway.backup()).code, 0);
  },
);

t.test('a backup without a readable file of readings does not report that the platform has confirmed all', async (t) => {
  for (const leave of [(path: string) => rmSync(path), (path: string) => writeFileSync(path, Buffer.alloc(8_192, 0x5a))]) {
    const gateway = openGateway(t);
    leave(join(gateway.dir, 'telemetry.db'));
    const { code, text } = await gateway.backup();
    t.equal(code, 0);
    t.match(text.replace(/\s+/g, ' '), /telemetry\.db is missing or cannot be read: it is unknown how many the platform has not confirmed/);
    t.notMatch(text, /confirmed all/);
  }
});

t.test('without an agent a damaged row of the state is left out with a warning and an exit code', async (t) => {
  const gateway = openGateway(t);
  const db = new Database(join(gateway.dir, 'state.db'));
  db.prepare("UPDATE kv SET value = '1' WHERE key = 'whose'").run();
  db.close();
  t.equal((await gateway.backup()).code, 1);
  t.match(gateway.errors.join('').replace(/\s+/g, ' '), /warning: not in the backup: \S+state\.db: kv key "whose": its bytes were damaged/);
  t.ok(existsSync(gateway.file));
});

t.test('without an agent a file that was set aside earlier is nothing that the backup lacks', async (t) => {
  const gateway = openGateway(t);
  copyFileSync(join(gateway.dir, 'state.db'), join(gateway.dir, 'state.db.aside'));
  t.equal((await gateway.backup()).code, 0);
  t.notMatch(gateway.errors.join(''), /not in the backup/);
});

t.test('a link in the place of the folder of a restore leads nowhere', async (t) => {
  const gateway = openGateway(t);
  await gateway.backup();
  const elsewhere = testFolder(t);
  for (const name of ['restore.new', 'restore']) symlinkSync(elsewhere, join(gateway.dir, name));
  await gateway.restore(gateway.file, { yes: true });
  t.strictSame(readdirSync(elsewhere), []);
  t.equal(gateway.whose(), gateway.folder);
});

t.test('a restore that lost its mains is completed by the next start, before revisions are read', async (t) => {
  const gateway = openGateway(t);
  stageRestore(gateway.dir, true, (folder) => writeFileSync(join(folder, 'users.json'), 'restored users'));
  await beginConfiguration({ configFile: gateway.configFile, dataDir: gateway.dir, nowMs: STORE_START_MS });
  t.equal(readFileSync(join(gateway.dir, 'users.json'), 'utf8'), 'restored users');
  t.notOk(existsSync(join(gateway.dir, 'telemetry.db')));
  t.notOk(existsSync(join(gateway.dir, 'restore')));
});

t.test('a restore keeps the higher serial of the signatures that this gateway has used up', async (t) => {
  for (const [here, inBackup, expected] of [
    [5, 3, 5],
    [3, 5, 5],
    [4, 4, 4],
  ] as const) {
    const gateway = openGateway(t);
    const { revisions } = await beginConfiguration({ configFile: gateway.configFile, dataDir: gateway.dir, nowMs: 1 });
    const asOf = (signedSerial: number, isSerialUsed: boolean) =>
      revisions.disk.writeHistory({ ...revisions.history, signedSerial, isSerialUsed });
    await asOf(inBackup, false);
    await gateway.backup();
    await asOf(here, true);
    t.equal((await gateway.restore(gateway.file, { yes: true })).code, 0);
    const again = await beginConfiguration({ configFile: gateway.configFile, dataDir: gateway.dir, nowMs: 1 });
    t.match(again.revisions.history, { signedSerial: expected, isSerialUsed: here >= inBackup });
    // A history that cannot be read has no serial to keep, and stops no restore.
    writeFileSync(join(gateway.dir, 'config', 'book.json'), '{"half');
    t.equal((await gateway.restore(gateway.file, { yes: true })).code, 0);
  }
});

t.test('a renewed key and its certificate are among the keys, also where the cabinet file cannot be used', async (t) => {
  const at = openGateway(t);
  const renewed = ['cabinet.key.new', 'cabinet.key.new.csr', 'cabinet.pem.new'];
  for (const name of renewed) writeFileSync(join(at.folder, name), name);
  const files = { keyFile: join(at.folder, 'cabinet.key'), certFile: join(at.folder, 'cabinet.pem') };
  writeFileSync(at.configFile, SITE.replace(/^uplink:\n/m, `uplink:\n  keyFile: ${files.keyFile}\n  certFile: ${files.certFile}\n`));
  for (const text of [readFileSync(at.configFile, 'utf8'), 'lines: 3\n']) {
    writeFileSync(at.configFile, text);
    const { leftOut } = JSON.parse((await at.backup({ json: true, to: join(at.folder, `${text.length}.gz`) })).text) as {
      leftOut: string[];
    };
    t.strictSame(leftOut.toSorted(), ['data/users.json', 'site/cabinet.key', ...renewed.map((name) => `site/${name}`)]);
  }
});
