import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import t from 'tap';
import { ARCHS, type Arch } from '../../systemd/package/arch.ts';
import { arOf, type TarEntry, tarOf } from '../../systemd/package/archive.ts';
import { COMPRESSION, debOf, zstdAt } from '../../systemd/package/deb.ts';
import { elfNeeds, isNewer, withoutDebugging } from '../../systemd/package/elf.ts';
import { debianTree } from '../../systemd/package/tree.ts';
import { findProgram } from '../platform/mosquitto.ts';

const AT_S = 1_795_710_782;
const LONG = `usr/${'a'.repeat(60)}/${'b'.repeat(60)}/c`;
const ENTRIES: readonly TarEntry[] = [
  { kind: 'file', path: 'usr/bin/prog', mode: 0o755, bytes: Buffer.from('#!/bin/sh\n') },
  { kind: 'file', path: LONG, mode: 0o644, bytes: Buffer.alloc(1_025, 7) },
  { kind: 'folder', path: 'usr', mode: 0o755 },
  { kind: 'link', path: 'usr/bin/other', target: 'prog' },
];

/** Source: ar(5): a header of 60 letters, the size from the 48th on. */
function memberOf(archive: Buffer, name: string): Buffer {
  for (let at = 8; at < archive.length; ) {
    const size = Number(archive.toString('latin1', at + 48, at + 58));
    if (archive.toString('latin1', at, at + 16).trim() === name) return archive.subarray(at + 60, at + 60 + size);
    at += 60 + size + (size % 2);
  }
  throw new Error(`no member ${name}`);
}

/** The Node that runs this test. */
function runtimeFile(): Buffer {
  return readFileSync(process.execPath);
}

function scratch(t: { teardown(fn: () => void): void }): string {
  const dir = mkdtempSync(join(tmpdir(), 'luciole-archive-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

t.test('the same entries make the same bytes in any order', async (t) => {
  const bytes = tarOf(ENTRIES, AT_S);
  fc.assert(
    fc.property(fc.shuffledSubarray([...ENTRIES], { minLength: ENTRIES.length }), (entries) => tarOf(entries, AT_S).equals(bytes)),
    { numRuns: 50 },
  );
  t.notOk(tarOf(ENTRIES, AT_S + 1).equals(bytes), 'their time is part of them');
});

t.test('the tar program reads our archives: owner, mode, time, long paths, links', async (t) => {
  const file = join(scratch(t), 'x.tar');
  writeFileSync(file, tarOf(ENTRIES, AT_S));
  const listed = execFileSync('tar', ['--utc', '--full-time', '-tvf', file], { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } });
  t.strictSame(
    listed
      .trim()
      .split('\n')
      .map((line) => line.replace(/ +/g, ' ')),
    [
      'drwxr-xr-x root/root 0 2026-11-26 16:33:02 usr/',
      `-rw-r--r-- root/root 1025 2026-11-26 16:33:02 ${LONG}`,
      'lrwxrwxrwx root/root 0 2026-11-26 16:33:02 usr/bin/other -> prog',
      '-rwxr-xr-x root/root 10 2026-11-26 16:33:02 usr/bin/prog',
    ],
  );
  t.equal(execFileSync('tar', ['-xOf', file, 'usr/bin/prog'], { encoding: 'utf8' }), '#!/bin/sh\n');
});

t.test('a path that no tar header can hold is refused by name', async (t) => {
  const path = `usr/${'x'.repeat(120)}`;
  t.throws(() => tarOf([{ kind: 'file', path, mode: 0o644, bytes: Buffer.alloc(0) }], AT_S), {
    message: `the path is too long for a tar archive: ${path}`,
  });
});

t.test('members of an ar archive begin at even places', async (t) => {
  const bytes = arOf(
    [
      ['a', Buffer.from('odd')],
      ['b', Buffer.from('even')],
    ],
    AT_S,
  );
  const header = (name: string, size: number): string => `${name.padEnd(16)}${AT_S}  0     0     100644  ${String(size).padEnd(10)}\`\n`;
  t.equal(bytes.toString('latin1'), `!<arch>\n${header('a', 3)}odd\n${header('b', 4)}even`);
});

t.test('a package declares the C and C++ runtimes that its files need, and contains its tree', async (t) => {
  const [amd64] = ARCHS as readonly [Arch];
  const needs = [
    {
      machine: 62,
      libraries: [],
      versions: new Map([
        ['GLIBC', '2.28'],
        ['GLIBCXX', '3.4.21'],
      ]),
    },
    {
      machine: 62,
      libraries: [],
      versions: new Map([
        ['GLIBC', '2.34'],
        ['GLIBCXX', '3.4.29'],
      ]),
    },
  ];
  const deb = debOf({ arch: amd64, version: '1.2.3', tree: ENTRIES, needs, mtimeS: AT_S, compress: zstdAt(COMPRESSION.fast) });
  const control = zstdDecompressSync(memberOf(deb, 'control.tar.zst')).toString('latin1');
  t.match(control, /Package: luciole\nVersion: 1\.2\.3\nArchitecture: amd64$/m);
  t.match(control, /^Depends: libc6 \(>= 2\.34\), libgcc-s1, libstdc\+\+6 \(>= 11\)$/m);
  t.match(control, /^[0-9a-f]{32} {2}usr\/bin\/prog$/m);
  t.match(control, /\.\/postinst\0[\s\S]*\.\/postrm\0[\s\S]*\.\/prerm\0/);
  if (findProgram('dpkg-deb') === undefined) return t.comment('dpkg-deb is missing: the package was not read with it');
  const file = join(scratch(t), 'x.deb');
  writeFileSync(file, deb);
  t.match(execFileSync('dpkg-deb', ['-c', file], { encoding: 'utf8' }), /-> prog\n/, 'dpkg-deb reads it');
});

t.test('pages lead to pages in the installed package as in the project', async (t) => {
  const tree = debianTree({ bundleDir: scratch(t), node: Buffer.from(''), licences: '', bom: '' }, '1.2.3');
  const pages = new Map(
    tree.flatMap((entry) => (entry.kind === 'file' && entry.path.endsWith('.md') ? [[entry.path, entry.bytes.toString('utf8')]] : [])),
  );
  t.ok(pages.size > 30);
  // Developers have a clone of the repository.
  for (const [path, text] of pages)
    for (const [, target = ''] of text.matchAll(/\]\(([^)#:]+\.md)[^)]*\)/g))
      if (target !== 'CONTRIBUTING.md') t.ok(pages.has(posix.join(posix.dirname(path), target)), `${path}: ${target}`);
});

t.test('the newest version wins as numbers do, not as letters', async (t) => {
  t.strictSame(
    [isNewer('2.34', '2.4'), isNewer('2.4', '2.34'), isNewer('2.4', '2.4'), isNewer('2.4.1', '2.4')],
    [true, false, false, true],
  );
});

t.test('the requirements of a program on its machine are read from it', async (t) => {
  const { machine, libraries, versions } = elfNeeds(runtimeFile());
  t.ok(ARCHS.some(({ elfMachine }) => elfMachine === machine));
  t.ok(libraries.includes('libc.so.6') && libraries.includes('libstdc++.so.6'), libraries.join());
  t.match(versions.get('GLIBC'), /^2\.\d+$/);
  t.throws(() => elfNeeds(Buffer.from('#!/bin/sh\n'.repeat(20))), { message: 'this is no 64-bit little-endian ELF file' });
});

t.test('a Node without its debugging tables runs and is smaller', async (t) => {
  const whole = runtimeFile();
  const lean = withoutDebugging(whole);
  t.ok(lean.length < whole.length, `${lean.length} of ${whole.length} bytes`);
  const file = join(scratch(t), 'node');
  writeFileSync(file, lean, { mode: 0o755 });
  t.equal(execFileSync(file, ['-p', 'process.version'], { encoding: 'utf8' }).trim(), process.version);
  t.throws(() => elfNeeds(lean), { message: /no section headers/ }, 'it has nothing left to read the needs from');
});
