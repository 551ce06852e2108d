import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import t from 'tap';
import { packArchive, unpackArchive } from '../../../../agent/commissioning/backup/archive.ts';
import { packBackup, readBackup } from '../../../../agent/commissioning/backup/manifest.ts';
import { openSealed, sealFiles } from '../../../../agent/commissioning/backup/sealed-files.ts';
import { testFolder } from '../../store/fixtures/kit.ts';

const FILES = [
  { name: 'data/state.db', content: Buffer.from('a state') },
  { name: 'data/config/r1/cabinet.yaml', content: Buffer.alloc(1_024, 'x') },
  { name: 'site/cabinet.yaml', content: Buffer.from('') },
];
const ABOUT = { luciole: '1.2.3', cabinet: 'c1', madeMs: 1_700_000_000_000, readings: null, sealed: [], leftOut: [] };
const backup = () => packBackup(ABOUT, FILES).bytes;
/** The archive with other bytes in it, its sums put right. */
const changed = (act: (tar: Buffer) => Buffer | undefined): Buffer => {
  const tar = gunzipSync(backup());
  return gzipSync(act(tar) ?? tar);
};

t.test('any tar unpacks a backup', async (t) => {
  const dir = testFolder(t);
  const path = join(dir, 'b.tar.gz');
  writeFileSync(path, backup());
  const listed = execFileSync('tar', ['-tzf', path], { encoding: 'utf8' }).trim().split('\n');
  t.strictSame(listed, ['manifest.json', ...FILES.map(({ name }) => name)]);
  t.equal(execFileSync('tar', ['-xzOf', path, 'data/state.db'], { encoding: 'utf8' }), 'a state');
});

t.test('files are restored byte for byte, at any length', async () => {
  const files = fc.uniqueArray(fc.record({ name: fc.stringMatching(/^[a-z]{1,20}$/), content: fc.uint8Array({ maxLength: 1_100 }) }), {
    selector: ({ name }) => name,
    maxLength: 6,
  });
  fc.assert(
    fc.property(files, (some) => {
      const given = some.map(({ name, content }) => ({ name, content: Buffer.from(content) }));
      const found = unpackArchive(packArchive(given));
      return (
        found.length === given.length && found.every(({ name, content }, i) => name === given[i]?.name && content.equals(given[i].content))
      );
    }),
    { numRuns: 100 },
  );
});

t.test('files that are too large for a restore are refused before they are packed', async (t) => {
  const state = { name: 'data/state.db', content: Buffer.alloc(256 * 2 ** 20) };
  t.throws(() => packArchive([...FILES.slice(1), state]), { code: 'failed', message: /257 MB could not be restored.*data\/state\.db/ });
});

t.test('a damaged or shortened backup is refused, or is as it was', async (t) => {
  const whole = backup();
  const isHarmless = (bytes: Buffer): boolean => {
    try {
      const { files } = readBackup(bytes);
      return FILES.every(({ name, content }) => files.get(name)?.equals(content) === true);
    } catch (error) {
      return (error as { code?: string }).code === 'failed';
    }
  };
  for (let at = 0; at < whole.length; at++) {
    const bytes = Buffer.from(whole);
    bytes[at] = (bytes[at] ?? 0) ^ 0x10;
    if (!isHarmless(bytes)) t.fail(`byte ${at}`);
  }
  for (let length = 0; length < whole.length; length++) if (!isHarmless(whole.subarray(0, length))) t.fail(`${length} bytes`);
  t.pass(`${whole.length} bytes, each flipped and each cut`);
});

t.test('a backup that was changed and packed again fails its checksums', async (t) => {
  const ways: [story: string, bytes: Buffer, message: RegExp][] = [
    ['other bytes', changed((tar) => void tar.write('b state', tar.indexOf('a state'))), /data\/state\.db was changed/],
    ['a later version', changed((tar) => void tar.write('2', tar.indexOf('"version": 1') + 11)), /version 2, this program supports 1/],
    ['another format', changed((tar) => void tar.write('x', tar.indexOf('luciole-backup'))), /not a backup of luciole/],
    ['a file left out', packArchive(unpackArchive(backup()).slice(0, 2)), /is missing/],
    ['a file more', packArchive([...unpackArchive(backup()), { name: 'site/more', content: Buffer.from('') }]), /not in its list/],
    ['a file twice', packArchive([...unpackArchive(backup()), ...FILES.slice(0, 1)]), /a file is in it twice/],
    ['no list', packArchive(FILES), /not a backup of luciole/],
    ['nothing', packArchive([]), /not a backup of luciole/],
    ['text', Buffer.from('no archive'), /not a complete backup/],
    ['a link', changed((tar) => void tar.write('2', tar.indexOf('data/state.db\0') + 156)), /a wrong checksum/],
  ];
  for (const [story, bytes, message] of ways) t.throws(() => readBackup(bytes), { code: 'failed', message }, story);
});

t.test('a name that leads out of a folder is never packed and never unpacked', async (t) => {
  for (const name of [
    '../x',
    'a/../../x',
    '/etc/passwd',
    'a//b',
    '',
    '.',
    'a/.',
    'a/./b',
    '.hidden',
    `${'x'.repeat(101)}`,
    'a\nb',
    'a\\b',
    'é',
  ])
    t.throws(() => packArchive([{ name, content: Buffer.from('') }]), { code: 'failed' }, JSON.stringify(name));
  const tar = gunzipSync(packArchive([{ name: 'aa/aa', content: Buffer.from('') }]));
  tar.write('../aa', 0);
  const sum = tar.subarray(0, 512).reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 0x20 : byte), 0);
  tar.write(sum.toString(8).padStart(6, '0'), 148);
  t.throws(() => unpackArchive(gzipSync(tar)), { message: /which is not a part of a backup/ });
});

t.test('sealed files open with their passphrase, for their cabinet, unchanged, and not otherwise', async (t) => {
  const sealed = sealFiles(FILES, 'fireflies in june', 'c1');
  t.strictSame(
    openSealed(sealed, 'fireflies in june', 'c1').map(({ name }) => name),
    FILES.map(({ name }) => name),
  );
  t.notOk(sealed.includes('a state'));
  t.notSame(sealFiles(FILES, 'fireflies in june', 'c1'), sealed, 'never the same bytes twice');
  t.throws(() => openSealed(sealed, 'fireflies in july', 'c1'), { code: 'failed', message: /does not open/ });
  t.throws(() => openSealed(sealed, 'fireflies in june', 'c2'), { code: 'failed' });
  for (const at of [0, 16, 28, 44, sealed.length - 1]) {
    const bytes = Buffer.from(sealed);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    t.throws(() => openSealed(bytes, 'fireflies in june', 'c1'), { code: 'failed' }, `byte ${at}`);
  }
  for (const length of [0, 15, 16, 28, 43, 44])
    t.throws(() => openSealed(sealed.subarray(0, length), 'fireflies in june', 'c1'), { code: 'failed' }, `${length} bytes`);
});
