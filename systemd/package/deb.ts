/**
 * Writes a Debian package from a tree and its metadata. Reads only the maintainer scripts in `systemd/package/debian/`.
 *
 * Our own few lines instead of dpkg-deb: the same bytes on every machine, with or without dpkg.
 * Source: deb(5), deb-control(5); dpkg reads zstd members since 1.21.18 (Debian 12), as old as the required C library.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { constants, zstdCompressSync } from 'node:zlib';
import type { Arch } from './arch.ts';
import { arOf, type TarEntry, tarOf } from './archive.ts';
import { type ElfNeeds, isNewer } from './elf.ts';

const SCRIPTS_DIR = join(import.meta.dirname, 'debian');
const SCRIPT_MODE = 0o755;
/** Source: Debian Policy §5.6.13. */
const DESCRIPTION = [
  'Reads LED drivers and sensors over Modbus and serial lines, keeps every reading',
  'through mains cuts and months without network, lights the street on demand,',
  "syncs with the city's platform over MQTT Sparkplug B, and answers the",
  'technician at the cabinet. Brings its own Node; needs no network to install.',
];

export interface DebOptions {
  readonly arch: Arch;
  readonly version: string;
  readonly tree: readonly TarEntry[];
  /** Of every ELF file in the tree. */
  readonly needs: readonly ElfNeeds[];
  readonly mtimeS: number;
  readonly compress: (bytes: Buffer) => Buffer;
}

/** Levels of zstd: `strong` is slow, for a release; `fast` is for a trial. Source: zstd(1): 19 is the strongest that unpacks with 8 MB. */
export const COMPRESSION = { strong: 19, fast: 6 } as const;

export function zstdAt(level: number): (bytes: Buffer) => Buffer {
  return (bytes) => zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 } });
}

export function debOf({ arch, version, tree, needs, mtimeS, compress }: DebOptions): Buffer {
  const control: TarEntry[] = [
    { kind: 'file', path: 'control', mode: 0o644, bytes: Buffer.from(controlText({ arch, version, tree, needs })) },
    { kind: 'file', path: 'md5sums', mode: 0o644, bytes: Buffer.from(md5sums(tree)) },
    ...readdirSync(SCRIPTS_DIR).map(
      (name): TarEntry => ({
        kind: 'file',
        path: name,
        mode: SCRIPT_MODE,
        bytes: readFileSync(join(SCRIPTS_DIR, name)),
      }),
    ),
  ];
  const dotted = (entries: readonly TarEntry[]): TarEntry[] => [
    { kind: 'folder', path: '.', mode: 0o755 },
    ...entries.map((entry) => ({ ...entry, path: `./${entry.path}` })),
  ];
  return arOf(
    [
      ['debian-binary', Buffer.from('2.0\n')],
      ['control.tar.zst', compress(tarOf(dotted(control), mtimeS))],
      ['data.tar.zst', compress(tarOf(dotted(tree), mtimeS))],
    ],
    mtimeS,
  );
}

/** Source: deb-control(5): Installed-Size in KiB. */
function controlText({ arch, version, tree, needs }: Pick<DebOptions, 'arch' | 'version' | 'tree' | 'needs'>): string {
  const bytes = tree.reduce((sum, entry) => sum + (entry.kind === 'file' ? entry.bytes.length : 0), 0);
  return [
    'Package: luciole',
    `Version: ${version}`,
    `Architecture: ${arch.debian}`,
    'Maintainer: The Luciole maintainers <maintainers@luciole.invalid>',
    `Installed-Size: ${Math.ceil(bytes / 1_024)}`,
    `Depends: ${dependencies(needs)}`,
    'Recommends: systemd, udev',
    'Section: embedded',
    'Priority: optional',
    'Description: agent of a street-lighting cabinet',
    ...DESCRIPTION.map((line) => ` ${line}`),
    '',
  ].join('\n');
}

/**
 * The C and C++ runtimes, in the versions that the files of the package really ask for.
 * Source: GLIBCXX_3.4.29 came with GCC 11 (libstdc++ manual, "ABI Policy and Guidelines"); libgcc-s1 is needed by libstdc++6 itself.
 */
function dependencies(needs: readonly ElfNeeds[]): string {
  const newest = (family: string): string =>
    needs.map(({ versions }) => versions.get(family) ?? '0').reduce((a, b) => (isNewer(b, a) ? b : a), '0');
  const gcc = isNewer(newest('GLIBCXX'), '3.4.28') ? '11' : '10';
  return `libc6 (>= ${newest('GLIBC')}), libgcc-s1, libstdc++6 (>= ${gcc})`;
}

/** Source: deb-md5sums(5): for `dpkg --verify`, no protection against anybody. */
function md5sums(tree: readonly TarEntry[]): string {
  const files = tree.flatMap((entry) => (entry.kind === 'file' ? [entry] : []));
  const lines = files.map(({ path, bytes }) => `${createHash('md5').update(bytes).digest('hex')}  ${path}\n`);
  return lines.toSorted((a, b) => (a.slice(34) < b.slice(34) ? -1 : 1)).join('');
}
