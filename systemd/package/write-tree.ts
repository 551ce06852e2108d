/**
 * Writes a tree as files into a folder: the result of unpacking its archive.
 */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TarEntry } from './archive.ts';

export function writeTree(entries: readonly TarEntry[], dir: string): void {
  for (const entry of entries) {
    const path = join(dir, entry.path);
    mkdirSync(entry.kind === 'folder' ? path : dirname(path), { recursive: true });
    if (entry.kind === 'file') writeFileSync(path, entry.bytes, { mode: entry.mode });
    if (entry.kind === 'link') symlinkSync(entry.target, path);
  }
}
