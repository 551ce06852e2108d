import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import t, { type Test } from 'tap';
import { createManualClock } from '../../../../agent/core/manual-clock.ts';
import type { Message } from '../../../../agent/core/message.ts';
import { unpackRelease } from '../../../../agent/service/updates/release-unpacker.ts';
import { answerUnpackRequest, requestUnpacking } from '../../../../agent/service/updates/unpack-request.ts';
import { tarOf } from '../../../../systemd/package/archive.ts';
import { updateOf } from '../../../../systemd/package/update.ts';
import { texts } from '../../../support/texts.ts';
import { createMaker, programOf, thisArch, updateBy } from '../../../support/update-files.ts';

const INSTALLED = 10;

/** The folders of agent and service, and an update that the agent has received. */
function foldersAt(t: Test) {
  const folder = mkdtempSync(join(tmpdir(), 'luciole-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const [stateDir, unpackedDir, runtimeDir, keysDir] = ['state', 'unpacked', 'run', 'keys'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
    string,
  ];
  const releases = join(stateDir, 'releases');
  for (const dir of [releases, unpackedDir, runtimeDir]) mkdirSync(dir, { recursive: true });
  const maker = createMaker(keysDir);
  const incoming = join(releases, 'incoming');
  const receive = (file: Buffer): void => writeFileSync(incoming, file);
  const say = (name: string, text: string): void => writeFileSync(join(releases, name), `${text}\n`);
  const parts = { stateDir, unpackedDir, runtimeDir, keysDir, arch: thisArch, installedSerial: INSTALLED };
  const unpacked = (): string[] =>
    readdirSync(unpackedDir, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .sort();
  return { folder, incoming, maker, receive, say, parts, unpacked, unpack: () => unpackRelease(parts) };
}

t.test('a valid update is unpacked where only its owner may write', async (t) => {
  const { maker, receive, parts, unpack, unpacked, incoming } = foldersAt(t);
  receive(updateBy(maker));
  t.equal(await unpack(), '20-0.2.0');
  t.strictSame(unpacked(), ['20-0.2.0']);
  const modes = ['', 'bin', 'bin/luciole', 'share/large'].map((path) => statSync(join(parts.unpackedDir, '20-0.2.0', path)).mode & 0o777);
  t.strictSame(modes, [0o755, 0o755, 0o755, 0o644]);
  t.ok(existsSync(incoming), "the agent's folder is only read");
});

const lies: [story: string, lie: (folders: ReturnType<typeof foldersAt>) => void, code: string][] = [
  [
    'a link in place of the file',
    ({ incoming, folder }) => {
      renameSync(incoming, join(folder, 'elsewhere'));
      symlinkSync(join(folder, 'elsewhere'), incoming);
    },
    'ELOOP',
  ],
  [
    'a pipe, which would never end',
    ({ incoming }) => {
      rmSync(incoming);
      execFileSync('mkfifo', [incoming]);
    },
    'unsafe',
  ],
  [
    'a folder',
    ({ incoming }) => {
      rmSync(incoming);
      mkdirSync(incoming);
    },
    'unsafe',
  ],
  ['no file', ({ incoming }) => rmSync(incoming), 'ENOENT'],
  ['an update of an unknown maker', ({ receive }) => receive(updateBy(createMaker(null))), 'no-key'],
  ['no key any more', ({ parts }) => rmSync(parts.keysDir, { recursive: true }), 'no-key'],
  [
    'a program that was changed after it was signed',
    ({ receive, maker }) => {
      const file = updateBy(maker);
      file[file.length - 20] = (file[file.length - 20] ?? 0) ^ 1;
      receive(file);
    },
    'damaged',
  ],
  [
    'a signed one without the program',
    ({ receive, maker }) => receive(updateBy(maker, { entries: programOf('').filter(({ path }) => path !== 'luciole/bin/luciole') })),
    'damaged',
  ],
  [
    'a signed one whose program cannot be run',
    ({ receive, maker }) =>
      receive(updateBy(maker, { entries: programOf('').map((entry) => (entry.kind === 'file' ? { ...entry, mode: 0o644 } : entry)) })),
    'damaged',
  ],
  ['one that is older than the package', ({ receive, maker }) => receive(updateBy(maker, { serial: INSTALLED })), 'older'],
];
for (const [story, lie, code] of lies)
  t.test(`refused, and the release unpacked before stays: ${story}`, async (t) => {
    const folders = foldersAt(t);
    const { maker, receive, say, unpack, unpacked } = folders;
    receive(updateBy(maker));
    await unpack();
    say('current', '20-0.2.0');
    receive(updateBy(maker, { serial: 30, version: '0.3.0' }));
    lie(folders);
    await t.rejects(unpack(), { code });
    t.strictSame(unpacked(), ['20-0.2.0']);
  });

t.test('a file that is exchanged or written to while it is unpacked is not what runs', async (t) => {
  const { maker, receive, parts, unpack, unpacked, incoming } = foldersAt(t);
  receive(updateBy(maker));
  // The free space is checked between the check of the file and its unpacking.
  const during = (work: () => void) =>
    unpackRelease({
      ...parts,
      freeBytes: async () => {
        work();
        return 2 ** 40;
      },
    });
  t.equal(await during(() => renameSync(incoming, `${incoming}.old`)), '20-0.2.0', 'the file that was checked, whatever its name is now');
  renameSync(`${incoming}.old`, incoming);
  rmSync(join(parts.unpackedDir, '20-0.2.0'), { recursive: true });
  const other = updateBy(createMaker(null), { entries: [] });
  await t.rejects(
    during(() => writeFileSync(incoming, other)),
    { name: 'Error' },
  );
  t.strictSame(unpacked(), [], 'nothing of it is left');
  receive(updateBy(maker));
  t.equal(await unpack(), '20-0.2.0');
});

t.test('no release below the least serial of an unpacked one is unpacked again, however it is signed', async (t) => {
  const { maker, receive, unpack, parts } = foldersAt(t);
  receive(updateBy(maker, { serial: 30, leastSerial: 25 }));
  await unpack();
  t.strictSame(JSON.parse(readFileSync(join(parts.unpackedDir, 'serials.json'), 'utf8')), { least: 25, installed: INSTALLED });
  receive(updateBy(maker, { serial: 24 }));
  await t.rejects(unpack(), { code: 'older' });
  receive(updateBy(maker, { serial: 25, version: '0.2.5' }));
  t.equal(await unpack(), '25-0.2.5', 'the bound itself is strong enough');
  receive(updateBy(maker, { serial: 40, leastSerial: 12 }));
  await unpack();
  receive(updateBy(maker, { serial: 24 }));
  await t.rejects(unpack(), { code: 'older' }, 'a later release lowers no bound');
  for (const leastSerial of [31, -1, 1.5, Number.NaN]) {
    receive(updateBy(maker, { serial: 30, leastSerial }));
    await t.rejects(unpack(), { code: 'not-an-update' }, `a bound of ${leastSerial} beside serial 30`);
  }
});

t.test('a release that has lost a part on flash is replaced as a whole', async (t) => {
  const { maker, receive, say, unpack, parts } = foldersAt(t);
  receive(updateBy(maker));
  await unpack();
  const program = join(parts.unpackedDir, '20-0.2.0/bin/luciole');
  writeFileSync(program, 'lost');
  chmodSync(program, 0o600);
  mkdirSync(join(parts.unpackedDir, 'unpacking'));
  writeFileSync(join(parts.unpackedDir, 'unpacking/half'), 'cut off by the mains');
  say('current', 'package');
  t.equal(await unpack(), '20-0.2.0');
  t.match(readFileSync(program, 'utf8'), /^#!/);
  t.equal(statSync(program).mode & 0o777, 0o755);
  t.notOk(existsSync(join(parts.unpackedDir, '20-0.2.0/half')));
});

t.test('agent and service find each other by two files: the request is taken once, the answer is to that request', async (t) => {
  const { maker, receive, parts } = foldersAt(t);
  const clock = createManualClock(0);
  receive(updateBy(maker));
  writeFileSync(join(parts.unpackedDir, 'answer.json'), '{"id":"of an earlier request","release":"1-0.0.1","text":""}');
  const file = join(parts.runtimeDir, 'release-request');
  const asked = requestUnpacking({ ...parts, clock });
  while (!existsSync(file)) await new Promise(setImmediate);
  t.match(await answerUnpackRequest(parts), { release: '20-0.2.0' });
  t.notOk(existsSync(file), 'or the path unit would come back at once');
  const answered = asked.then((answer) => answer);
  for (let look = 0; look < 3; look++) await clock.advance(200);
  t.strictSame(texts(await answered), { release: '20-0.2.0', text: '' });
  await t.rejects(answerUnpackRequest(parts), { code: 'ENOENT' }, 'without a request nothing is done');
});

t.test('a refusal reaches the person as a text, and a request that is not a regular file is only removed', async (t) => {
  const { receive, parts, folder } = foldersAt(t);
  receive(updateBy(createMaker(null)));
  const file = join(parts.runtimeDir, 'release-request');
  writeFileSync(file, `${'x'.repeat(10_000)}\n`);
  t.match(await answerUnpackRequest(parts), { release: null, text: /signed by key [0-9a-f]{16}, known here/ });
  t.equal(JSON.parse(readFileSync(join(parts.unpackedDir, 'answer.json'), 'utf8')).id.length, 64);
  writeFileSync(join(folder, 'secret'), 'secret');
  symlinkSync(join(folder, 'secret'), file);
  await t.rejects(answerUnpackRequest(parts), { code: 'ELOOP' });
  t.notOk(existsSync(file));
  t.ok(existsSync(join(folder, 'secret')));
});

t.test('a truncated archive, a missing update file and a missing folder are different texts for the person', async (t) => {
  const { maker, receive, parts, incoming } = foldersAt(t);
  const ask = async () => {
    writeFileSync(join(parts.runtimeDir, 'release-request'), 'id\n');
    return texts(await answerUnpackRequest(parts));
  };
  const header = { version: '0.2.0', serial: 20, leastSerial: 0, arch: thisArch, unpackedBytes: 1_000_000 } as const;
  receive(updateOf(zstdCompressSync(tarOf(programOf(''), 0)).subarray(0, -100), header, maker.privateKey));
  t.strictSame(await ask(), { release: null, text: 'the archive in it is damaged' });
  const lost = { ...parts, freeBytes: () => readdir(join(incoming, '../lost')).then(({ length }) => length) };
  writeFileSync(join(parts.runtimeDir, 'release-request'), 'id\n');
  t.strictSame(texts(await answerUnpackRequest(lost)), { release: null, text: 'the disk does not accept it (ENOENT)' });
  rmSync(incoming);
  t.strictSame(await ask(), { release: null, text: 'no update file was received: send the file first' });
});

t.test('a service that does not take the request, or takes it and never ends, is named to the person', async (t) => {
  for (const isTaken of [false, true]) {
    const { parts } = foldersAt(t);
    const clock = createManualClock(0);
    const file = join(parts.runtimeDir, 'release-request');
    let answer: { text: Message } | null = null;
    const asked = requestUnpacking({ ...parts, clock }).then((each) => {
      answer = each;
    });
    while (!existsSync(file)) await new Promise(setImmediate);
    if (isTaken) rmSync(file);
    const fromMono = clock.monoMs();
    // Reads of the real disk take real time.
    while (answer === null) {
      await clock.advance(200);
      await new Promise(setImmediate);
    }
    await asked;
    t.match(texts(answer), { release: null, text: /does not answer: systemctl status luciole-release\.path luciole-release/ });
    t.equal(clock.monoMs() - fromMono >= (isTaken ? 540_000 : 60_000), true, isTaken ? 'nine minutes' : 'a minute');
    t.notOk(existsSync(file), 'the request is removed, so nothing is unpacked later');
  }
});
