/**
 * Makes a package from the project: bundle, Node, licences, tree, archive, file. Everything is checked before a file is written.
 */
import { createHash, type KeyObject } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { replaceWhole } from '../../agent/core/atomic-write.ts';
import manifest from '../../package.json' with { type: 'json' };
import type { Arch } from './arch.ts';
import { type TarEntry, tarOf } from './archive.ts';
import { writeBundle } from './bundle.ts';
import { commitName, commitTimeS } from './commit.ts';
import { COMPRESSION, debOf, zstdAt } from './deb.ts';
import { type ElfNeeds, elfNeeds, withoutDebugging } from './elf.ts';
import { licencesText } from './licences.ts';
import { PackageError } from './package-error.ts';
import { NODE_VERSION, pinnedRuntime } from './runtime.ts';
import { productionBom } from './sbom.ts';
import { debianTree, programTree, systemTree } from './tree.ts';
import { updateOf } from './update.ts';

export interface PackageOptions {
  readonly arch: Arch;
  readonly out: string;
  readonly tar: boolean;
  /** A file in place of the pinned Node. */
  readonly node: string | null;
  /** In place of the project's own. */
  readonly version: string | null;
  readonly isFast: boolean;
  /** Signs an update file next to the package; null: no update file. */
  readonly signingKey: KeyObject | null;
  /** Once the update is confirmed, no release below this serial can be installed. Default: no limit. */
  readonly leastSerial?: number;
  readonly progress: (text: string) => void;
}

/** A package file that was written. `installedBytes`: size of all files in it, unpacked. Units: bytes. */
export interface Made {
  readonly file: string;
  readonly bytes: number;
  readonly installedBytes: number;
  readonly sha256: string;
}

/**
 * Makes the package of one architecture in the folder `out`, and resolves with the written files: the `.deb`, then the `.tar.zst` and the
 * `.update` if requested. An existing file of the same name is replaced.
 *
 * Errors: rejects with PackageError for a Node that is not available or is of another architecture.
 */
export async function makePackage({
  arch,
  out,
  tar,
  node,
  version,
  isFast,
  signingKey,
  leastSerial = 0,
  progress,
}: PackageOptions): Promise<readonly Made[]> {
  const commit = commitName();
  const mtimeS = commitTimeS();
  const name = `luciole_${version ?? manifest.version}_${arch.debian}`;
  progress(`${name}: bundle`);
  const runtime = pinnedOrOwn(arch, node);
  const needs = [needsOf(runtime.node, arch, node ?? 'the pinned Node')];
  const bundleDir = mkdtempSync(join(tmpdir(), 'luciole-bundle-'));
  try {
    const { packages } = await writeBundle({ arch, version: version ?? manifest.version, commit, serial: mtimeS, dir: bundleDir });
    for (const addon of ['better-sqlite3.node', 'serialport.node']) needs.push(needsOf(readFileSync(join(bundleDir, addon)), arch, addon));
    const licences = licencesText(packages, { version: NODE_VERSION, licence: runtime.licence });
    const bom = productionBom({ version: version ?? manifest.version, mtimeS });
    const program = { bundleDir, node: withoutDebugging(runtime.node), licences, bom: `${JSON.stringify(bom, null, 2)}\n` };
    const compress = zstdAt(isFast ? COMPRESSION.fast : COMPRESSION.strong);
    progress(`${name}: compress`);
    const tree = debianTree(program, version ?? manifest.version);
    const deb = debOf({ arch, version: version ?? manifest.version, tree, needs, mtimeS, compress });
    const made = [written(join(out, `${name}.deb`), deb, tree)];
    if (!tar && signingKey === null) return made;
    const folder = [...programTree(program), ...systemTree()];
    const inFolder = folder.map((entry) => ({ ...entry, path: `luciole/${entry.path}` }));
    const whole: TarEntry[] = [{ kind: 'folder', path: 'luciole', mode: 0o755 }, ...inFolder];
    const archive = compress(tarOf(whole, mtimeS));
    if (tar) made.push(written(join(out, `${name}.tar.zst`), archive, whole));
    if (signingKey !== null) {
      const facts = { version: version ?? manifest.version, serial: mtimeS, leastSerial, arch: arch.node, unpackedBytes: bytesOf(whole) };
      made.push(written(join(out, `${name}.update`), updateOf(archive, facts, signingKey), whole));
    }
    return made;
  } finally {
    rmSync(bundleDir, { recursive: true, force: true });
  }
}

function pinnedOrOwn(arch: Arch, file: string | null) {
  const pinned = pinnedRuntime(arch);
  if (file === null) return pinned;
  if (!existsSync(file)) throw new PackageError('usage', `no such file: --node ${file}`);
  return { ...pinned, node: readFileSync(file) };
}

/** Errors: throws PackageError for a file of another architecture: it would fail on the cabinet, not here. */
function needsOf(file: Buffer, arch: Arch, name: string): ElfNeeds {
  let needs: ElfNeeds;
  try {
    needs = elfNeeds(file);
  } catch (error) {
    throw new PackageError('usage', `${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (needs.machine === arch.elfMachine) return needs;
  throw new PackageError('usage', `${name} is not for ${arch.debian}: its ELF machine is ${needs.machine}, not ${arch.elfMachine}`);
}

/** Writes a file, which has its name only once it is complete. */
function written(file: string, bytes: Buffer, tree: readonly TarEntry[]): Made {
  mkdirSync(join(file, '..'), { recursive: true });
  replaceWhole(file, bytes, 0o644);
  return { file, bytes: bytes.length, installedBytes: bytesOf(tree), sha256: createHash('sha256').update(bytes).digest('hex') };
}

function bytesOf(tree: readonly TarEntry[]): number {
  return tree.reduce((sum, entry) => sum + (entry.kind === 'file' ? entry.bytes.length : 0), 0);
}
