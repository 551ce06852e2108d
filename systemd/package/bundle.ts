/**
 * Bundles the program into a few files of plain JavaScript, with its profiles, its languages and the native addons of one architecture.
 */
import { chmodSync, copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';
import { readPlacedYaml } from '../../agent/config/load/places.ts';
import { CHECKED_FILE, checkedText, profileFiles, SHIPPED_PROFILES_DIR } from '../../drivers/profile-folders.ts';
import { loadProfile } from '../../drivers/profile-loader.ts';
import type { Arch } from './arch.ts';

const ROOT = join(import.meta.dirname, '../..');
const THREAD = /new URL\('\.\/(?<name>[a-z-]+)\.ts'/;
const THREADS = new RegExp(THREAD, 'g');
/** Where each addon lies in its npm package, by Node's name of the architecture. */
const ADDONS: Readonly<Record<string, (arch: Arch['node']) => string>> = {
  'better-sqlite3.node': (arch) => `better-sqlite3/prebuilds/linux-${arch}.node`,
  'serialport.node': (arch) =>
    `@serialport/bindings-cpp/prebuilds/linux-${arch}/@serialport+bindings-cpp.${arch === 'arm64' ? 'armv8.' : ''}glibc.node`,
};
/** Names that CommonJS libraries expect around them, in every file of the bundle. */
const COMMONJS = [
  "import { createRequire as makeRequire } from 'node:module';",
  'const require = makeRequire(import.meta.url);',
  'const __filename = import.meta.filename;',
  'const __dirname = import.meta.dirname;',
].join('');

/** What `writeBundle` has put into the folder. */
export interface ProgramBundle {
  /** Folders of the npm packages that parts were taken from, as `node_modules/zod`. */
  readonly packages: readonly string[];
  /** Each file that was written, with what is in it and what it loads. */
  readonly outputs: Metafile['outputs'];
}

export interface BundleOptions {
  readonly arch: Arch;
  readonly version: string;
  readonly commit: string;
  /** Serial of the release; 0 for a release that accepts any update. */
  readonly serial?: number;
  /** An existing folder; the bundle is written directly into it. */
  readonly dir: string;
  /** Another program than the agent, built the same way, to be measured. Shape: path from the top of the repository. */
  readonly main?: string;
}

/**
 * Writes `main.mjs`, its threads (`worker.mjs`, …), their parts, the addons, `profiles/` and `languages/` into `dir`. Resolves with what
 * was put there.
 *
 * Parts that only one command needs are separate files, so that the agent does not load them into memory. Errors: rejects with the
 * messages of esbuild.
 */
export async function writeBundle({
  arch,
  version,
  commit,
  serial = 0,
  dir,
  main = 'agent/main.ts',
}: BundleOptions): Promise<ProgramBundle> {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: { main, ...threads() },
    outdir: dir,
    outExtension: { '.js': '.mjs' },
    chunkNames: 'part-[hash]',
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    legalComments: 'none',
    logLevel: 'silent',
    metafile: true,
    banner: { js: COMMONJS },
    define: { 'process.env.LUCIOLE_COMMIT': JSON.stringify(commit), 'process.env.LUCIOLE_SERIAL': JSON.stringify(String(serial)) },
    alias: { 'better-sqlite3': `better-sqlite3/linux-${arch.node}` },
    plugins: [manifestOf(version), addonsBeside(), threadsBeside(), builtInStreams(), withoutUnused()],
  });
  const addons = Object.entries(ADDONS).map(([name, pathIn]) => ({ name, path: join('node_modules', pathIn(arch.node)) }));
  mkdirSync(dir, { recursive: true });
  for (const { name, path } of addons) {
    copyFileSync(join(ROOT, path), join(dir, name));
    chmodSync(join(dir, name), 0o644);
  }
  cpSync(join(ROOT, 'drivers/profiles'), join(dir, 'profiles'), { recursive: true });
  writeFileSync(join(dir, 'profiles', CHECKED_FILE), checkedShippedProfiles());
  cpSync(join(ROOT, 'agent/console/languages'), join(dir, 'languages'), { recursive: true });
  const parts = Object.values(metafile.outputs).flatMap(({ inputs }) => Object.entries(inputs));
  const taken = parts.flatMap(([path, { bytesInOutput }]) => (bytesInOutput === 0 ? [] : [path]));
  return {
    packages: [...new Set([...taken, ...addons.map(({ path }) => path)].flatMap(packageOf))].sort(),
    outputs: metafile.outputs,
  };
}

/** Errors: throws ConfigError for a profile that is not sound. */
function checkedShippedProfiles(): string {
  return checkedText(
    profileFiles(SHIPPED_PROFILES_DIR, []).map((file) => ({ text: file.text, profile: loadProfile(file, readPlacedYaml) })),
  );
}

function packageOf(path: string): string[] {
  return /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.slice(0, 1) ?? [];
}

/** The program uses only the version of the manifest. */
function manifestOf(version: string): Plugin {
  return {
    name: 'manifest',
    setup(on) {
      on.onLoad({ filter: new RegExp(`^${ROOT}/package\\.json$`) }, () => ({ contents: JSON.stringify({ version }), loader: 'json' }));
    },
  };
}

/** Each addon lies in the bundle's own folder; nothing is searched for. */
function addonsBeside(): Plugin {
  return {
    name: 'addons-beside',
    setup(on) {
      on.onResolve({ filter: /prebuilds\/linux-[a-z0-9]+\.node$/ }, () => ({ path: './better-sqlite3.node', external: true }));
      on.onResolve({ filter: /^serialport-addon$/ }, () => ({ path: './serialport.node', external: true }));
      on.onResolve({ filter: /^node-gyp-build$/ }, () => ({ path: 'serialport', namespace: 'addon' }));
      on.onLoad({ filter: /.*/, namespace: 'addon' }, () => ({
        contents: "module.exports = () => require('serialport-addon');",
        loader: 'js',
        resolveDir: ROOT,
      }));
    },
  };
}

/** A thread starts from a file of its own, which has another ending in the bundle. */
function threadsBeside(): Plugin {
  return {
    name: 'threads-beside',
    setup(on) {
      on.onLoad({ filter: /\/agent\/.*\.ts$/ }, ({ path }) => {
        const text = readFileSync(path, 'utf8');
        return THREAD.test(text) ? { contents: text.replaceAll(THREADS, "new URL('./$<name>.mjs'"), loader: 'ts' } : undefined;
      });
    },
  };
}

/** Returns the files from which the program starts threads and processes, as entry points of esbuild: name → file. */
function threads(): Record<string, string> {
  const sources = readdirSync(join(ROOT, 'agent'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  const found = sources.flatMap((name) =>
    [...readFileSync(join(ROOT, 'agent', name), 'utf8').matchAll(THREADS)].map(({ groups }) => [
      groups?.['name'] ?? '',
      join('agent', dirname(name), `${groups?.['name']}.ts`),
    ]),
  );
  return Object.fromEntries(found) as Record<string, string>;
}

/** A copy of Node's own streams and events that libraries bring for browsers. Source: README of readable-stream: it mirrors Node's. */
function builtInStreams(): Plugin {
  return {
    name: 'built-in-streams',
    setup(on) {
      on.onResolve({ filter: /^readable-stream$/ }, () => ({ path: 'node:stream', external: true }));
    },
  };
}

/** What mqtt.js would need for web sockets and proxies, which the door of the uplink never opens: it hands in its own socket. */
const UNUSED = /^(ws|socks|worker-timers|help-me|bufferutil|utf-8-validate)$/;

function withoutUnused(): Plugin {
  return {
    name: 'without-unused',
    setup(on) {
      on.onResolve({ filter: UNUSED }, ({ path }) => ({ path, namespace: 'unused' }));
      on.onLoad({ filter: /.*/, namespace: 'unused' }, () => ({ contents: 'module.exports = {};', loader: 'js' }));
    },
  };
}
