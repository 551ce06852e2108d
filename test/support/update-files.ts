/**
 * Update files as a maker and as an attacker would write them. The archive is the packager's own, so that both ends of the format are
 * tested.
 */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { keyName } from '../../agent/core/update-header.ts';
import { type TarEntry, tarOf } from '../../systemd/package/archive.ts';
import { programTree } from '../../systemd/package/tree.ts';
import { updateOf } from '../../systemd/package/update.ts';

const ROOT = join(import.meta.dirname, '../..');

export interface Maker {
  readonly privateKey: KeyObject;
  readonly name: string;
}

/** A maker with a new key. Its public key is written to `<name>.pem` in `keysDir`; null: it is not installed. */
export function createMaker(keysDir: string | null): Maker {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const name = keyName(publicKey);
  if (keysDir !== null) {
    mkdirSync(keysDir, { recursive: true });
    writeFileSync(join(keysDir, `${name}.pem`), publicKey.export({ type: 'spki', format: 'pem' }));
  }
  return { privateKey, name };
}

export interface UpdateChanges {
  readonly version?: string;
  readonly serial?: number;
  readonly leastSerial?: number;
  readonly arch?: 'x64' | 'arm64';
  readonly entries?: readonly TarEntry[];
  readonly unpackedBytes?: number;
  /** The archive, in place of one made of `entries`. */
  readonly archive?: Buffer;
}

export const thisArch = process.arch === 'arm64' ? 'arm64' : 'x64';

/** The archive entries of a program whose `luciole/bin/luciole` is this script, with an empty file and one of 300,000 bytes. */
export function programOf(script: string): TarEntry[] {
  return [
    { kind: 'folder', path: 'luciole', mode: 0o755 },
    { kind: 'folder', path: 'luciole/bin', mode: 0o755 },
    { kind: 'file', path: 'luciole/bin/luciole', mode: 0o755, bytes: Buffer.from(script) },
    { kind: 'folder', path: 'luciole/share', mode: 0o755 },
    { kind: 'file', path: 'luciole/share/empty', mode: 0o644, bytes: Buffer.alloc(0) },
    { kind: 'file', path: 'luciole/share/large', mode: 0o644, bytes: Buffer.alloc(300_000, 'luciole ') },
  ];
}

/** An update file signed by this maker. Default: version 0.2.0, serial 20, for this machine, with a program that only exits with 0. */
export function updateBy({ privateKey }: Maker, changes: UpdateChanges = {}): Buffer {
  const {
    version = '0.2.0',
    serial = 20,
    leastSerial = 0,
    arch = thisArch,
    entries = programOf('#!/bin/sh\nexit 0\n'),
    unpackedBytes = 1_000_000,
    archive = tarOf(entries, 0),
  } = changes;
  return updateOf(zstdCompressSync(archive), { version, serial, leastSerial, arch, unpackedBytes }, privateKey);
}

/**
 * The archive entries of this clone's program, with the packager's paths and the real starter `bin/luciole`.
 *
 * Its bundle and its Node are files of one or two lines, which run the sources of this clone with the present Node.
 */
export function cloneTree(): TarEntry[] {
  const bundleDir = mkdtempSync(join(tmpdir(), 'luciole-bundle-'));
  try {
    writeFileSync(join(bundleDir, 'main.mjs'), `import ${JSON.stringify(join(ROOT, 'agent/main.ts'))};\n`);
    return programTree({ bundleDir, node: Buffer.from(`#!/bin/sh\nexec '${process.execPath}' "$@"\n`), licences: '', bom: '' });
  } finally {
    rmSync(bundleDir, { recursive: true });
  }
}

/** Writes the folders and files of `cloneTree` below `home`. */
export function writeProgram(home: string): void {
  for (const entry of cloneTree()) {
    if (entry.kind === 'folder') mkdirSync(join(home, entry.path), { recursive: true });
    else if (entry.kind === 'file') {
      mkdirSync(dirname(join(home, entry.path)), { recursive: true });
      writeFileSync(join(home, entry.path), entry.bytes, { mode: entry.mode });
    }
  }
}
