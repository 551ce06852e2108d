/**
 * The contents of the program's folder on the cabinet, and the places of all files in a Debian root.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { manualPage } from '../../agent/console/commands/service/manual-page.ts';
import lean from '../../agent/lean-start.json' with { type: 'json' };
import type { TarEntry } from './archive.ts';

const ROOT = join(import.meta.dirname, '../..');
const FILE_MODE = 0o644;
const PROGRAM_MODE = 0o755;
/** Folder of the program in a Debian root. Its files find each other by relative paths. */
const HOME = 'usr/lib/luciole';
const SYSTEM = 'usr/lib/systemd/system';
const SHARE = 'usr/share/doc/luciole';

export interface Program {
  /** The folder of the bundle. */
  readonly bundleDir: string;
  readonly node: Buffer;
  readonly licences: string;
  /** What it is made of, CycloneDX. */
  readonly bom: string;
}

/** Profiles to copy, for device types that differ from maker to maker. */
const SAMPLES = 'config/sample-profiles';

/** Returns the files of the program's folder, with all folders. It may be put anywhere: `bin/luciole` in it starts the program. */
export function programTree({ bundleDir, node, licences, bom }: Program): TarEntry[] {
  return withFolders([
    file('bin/luciole', starter(), PROGRAM_MODE),
    file('bin/node', node, PROGRAM_MODE),
    ...filesIn(bundleDir, 'lib'),
    file('share/cabinet.schema.json', projectFile('config/cabinet.schema.json')),
    file('share/example-street.yaml', projectFile('config/example-street.yaml')),
    file('share/square.yaml', projectFile('config/square.yaml')),
    ...readdirSync(join(ROOT, SAMPLES)).map((name) => file(`share/sample-profiles/${name}`, projectFile(`${SAMPLES}/${name}`))),
    file('LICENSES', Buffer.from(licences)),
    file('sbom.cdx.json', Buffer.from(bom)),
  ]);
}

/**
 * Returns the program and all other files of the Debian package, with their places in the root: command, units, users, rules, manual,
 * documents.
 */
export function debianTree(program: Program, version: string): TarEntry[] {
  const own = programTree(program).map((entry) => ({ ...entry, path: `${HOME}/${entry.path}` }));
  const docs = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md'));
  return withFolders([
    ...own,
    { kind: 'link', path: 'usr/bin/luciole', target: '../lib/luciole/bin/luciole' },
    ...systemEntries(),
    ...docs.map((name) => file(`${SHARE}/${name}`, projectFile(`docs/${name}`))),
    ...['README.md', 'SECURITY.md'].map((name) => file(`${SHARE}/${name}`, besideThePages(name))),
    file(`${SHARE}/changelog.gz`, gzipSync(projectFile('CHANGELOG.md'), { level: 9 })),
    file(`${SHARE}/copyright`, copyright()),
    file('usr/share/man/man1/luciole.1.gz', gzipSync(manualPage(version), { level: 9 })),
  ]);
}

/** Returns the systemd units, users, folders and rules as a folder `systemd/`, under the names that they have in the project. */
export function systemTree(): TarEntry[] {
  return withFolders(systemNames().map((name) => file(`systemd/${name}`, projectFile(`systemd/${name}`))));
}

/** By the end of a file's name in `systemd/`. Source: systemd.unit(5), sysusers.d(5), tmpfiles.d(5), systemd.preset(5), udev(7). */
const SYSTEM_FOLDERS: Readonly<Record<string, string>> = {
  service: SYSTEM,
  socket: SYSTEM,
  path: SYSTEM,
  timer: SYSTEM,
  preset: 'usr/lib/systemd/system-preset',
  sysusers: 'usr/lib/sysusers.d',
  tmpfiles: 'usr/lib/tmpfiles.d',
  rules: 'usr/lib/udev/rules.d',
};

/** Files alone: the packager has a folder there. */
function systemNames(): string[] {
  const entries = readdirSync(join(ROOT, 'systemd'), { withFileTypes: true });
  return entries.flatMap((entry) => (entry.isFile() ? [entry.name] : []));
}

function systemEntries(): TarEntry[] {
  return systemNames().map((name) => {
    const ending = name.slice(name.lastIndexOf('.') + 1);
    const folder = SYSTEM_FOLDERS[ending];
    if (folder === undefined) throw new TypeError(`no place is known for systemd/${name}: add its ending to systemd/package/tree.ts`);
    return file(`${folder}/${name.replace(/\.(sysusers|tmpfiles)$/, '.conf')}`, projectFile(`systemd/${name}`));
  });
}

/** The first words of the program: `sh`, because a first Node only to choose the flags of the second would take longer than the rest. */
function starter(): Buffer {
  const text = projectFile('systemd/package/files/luciole.sh')
    .toString('utf8')
    .replace('@COMMANDS@', lean.commands.join('|'))
    .replace('@FLAGS@', lean.flags.join(' '))
    .replace(
      '@ENV@',
      Object.entries(lean.env)
        .map(([name, value]) => `export ${name}="\${${name}:-${value}}"`)
        .join('\n    '),
    );
  return Buffer.from(text);
}

/** Source: Debian Policy §12.5. */
function copyright(): Buffer {
  const licence = projectFile('LICENSE').toString('utf8');
  const note = 'Luciole is licensed under the Apache License 2.0, below.\nWhat it brings along: /usr/lib/luciole/LICENSES.\n\n';
  return Buffer.from(note + licence);
}

function filesIn(dir: string, under: string): TarEntry[] {
  const found = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return found.map(({ parentPath, name }) => {
    const path = join(parentPath, name);
    return file(`${under}/${path.slice(dir.length + 1)}`, readFileSync(path));
  });
}

/** Returns the entries with an entry for each folder in their paths, before them. */
function withFolders(entries: readonly TarEntry[]): TarEntry[] {
  const known = new Set(entries.filter(({ kind }) => kind === 'folder').map(({ path }) => path));
  const through = entries.flatMap(({ path }) => {
    const parts = path.split('/');
    return parts.slice(1).map((_, i) => parts.slice(0, i + 1).join('/'));
  });
  const missing = [...new Set(through)].filter((path) => !known.has(path));
  return [...missing.map((path): TarEntry => ({ kind: 'folder', path, mode: PROGRAM_MODE })), ...entries];
}

/** Returns a page of the project with its links changed: in the package the pages of `docs/` are in the same folder. */
function besideThePages(name: string): Buffer {
  return Buffer.from(projectFile(name).toString('utf8').replaceAll('](docs/', ']('));
}

function projectFile(path: string): Buffer {
  return readFileSync(join(ROOT, path));
}

function file(path: string, bytes: Buffer, mode = FILE_MODE): TarEntry {
  return { kind: 'file', path, mode, bytes };
}
