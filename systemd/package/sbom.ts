/**
 * The list of what the program is made of, as CycloneDX: every package of the production tree with version, licence and hash, and Node.
 *
 * Made from the lock file; the same commit gives the same bytes.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import manifest from '../../package.json' with { type: 'json' };

const ROOT = join(import.meta.dirname, '../..');
const INTRODUCTION = `# What Luciole brings along, and under which licences

Every package of the production tree and Node, from the lock file: \`npm run -s sbom -- --licences > THIRD-PARTY-LICENSES.md\`. A test
refuses a package whose licence is unknown or asks for the source of what is built with it. The texts of the licences are in the installed
package, \`/usr/lib/luciole/LICENSES\`; the same list for programs is \`sbom.cdx.json\` beside it.
`;

/** Licences that packages state in a file and not in their manifest. Source: LICENSE of suncalc 2.0.2. */
const STATED_ELSEWHERE: Readonly<Record<string, string>> = { suncalc: 'BSD-2-Clause' };
/** The npm packages that carry nothing but Node. */
const NODE_PACKAGE = /^node-linux-/;

interface License {
  readonly license?: { readonly id?: string; readonly name?: string };
  readonly expression?: string;
}

export interface Component {
  readonly 'bom-ref': string;
  readonly name: string;
  readonly version: string;
  readonly type: string;
  readonly purl: string;
  readonly licenses?: readonly License[];
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
  readonly cpe?: string;
}

/** A list of software components. Only the fields that this project uses. Source: CycloneDX 1.5, JSON. */
export interface Bom {
  readonly bomFormat: string;
  readonly specVersion: string;
  readonly serialNumber: string;
  readonly metadata: { readonly timestamp: string; readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

/** Entry of one package in the lock file. Source: docs.npmjs.com, package-lock.json, lockfileVersion 3. */
interface Locked {
  readonly version: string;
  readonly license?: string;
  readonly integrity?: string;
  readonly dev?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

const INSIDE = 'node_modules/';
/** Source: CycloneDX 1.5, JSON schema. */
const FORMAT = { $schema: 'http://cyclonedx.org/schema/bom-1.5.schema.json', bomFormat: 'CycloneDX', specVersion: '1.5' } as const;

/**
 * Returns the list of all packages that the program contains, made from the lock file, which marks packages that only development needs.
 * `mtimeS`: the time in it. Units: s since 1970.
 *
 * `npm sbom --omit=dev` is not used: it leaves out each package that development needs too. Source: measured, npm 11.19 named 69 of 98.
 */
export function productionBom({ version, mtimeS }: { readonly version: string; readonly mtimeS: number }): Bom {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as { packages: Readonly<Record<string, Locked>> };
  const paths = Object.keys(packages).filter((path) => path !== '' && packages[path]?.dev !== true);
  const refs = new Map(paths.map((path) => [path, refOf(path, packages[path] as Locked)]));
  const own = `luciole@${version}`;
  const component = {
    'bom-ref': own,
    type: 'application',
    name: 'luciole',
    version,
    purl: `pkg:generic/luciole@${version}`,
    licenses: [{ license: { id: manifest.license } }],
  };
  const parts = new Map(paths.map((path) => [refs.get(path), componentOf(path, packages[path] as Locked)]));
  const needs = (path: string): string[] => {
    const found = neededBy(path, packages).flatMap((each) => refs.get(each) ?? []);
    return [...new Set(found)].sort();
  };
  const dependencies = new Map([[own, needs('')], ...paths.map((path) => [refs.get(path) ?? '', needs(path)] as const)]);
  const body = {
    ...FORMAT,
    serialNumber: '',
    version: 1,
    metadata: { timestamp: new Date(mtimeS * 1_000).toISOString(), component },
    components: [...parts.values()].toSorted((a, b) => (a['bom-ref'] < b['bom-ref'] ? -1 : 1)),
    dependencies: [...dependencies].map(([ref, dependsOn]) => ({ ref, dependsOn })).toSorted((a, b) => (a.ref < b.ref ? -1 : 1)),
  };
  return { ...body, serialNumber: `urn:uuid:${uuidOf(JSON.stringify(body))}` };
}

function refOf(path: string, { version }: Locked): string {
  const name = nameOf(path);
  return `${NODE_PACKAGE.test(name) ? 'node' : name}@${version}`;
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf(INSIDE) + INSIDE.length);
}

function componentOf(path: string, locked: Locked): Component {
  const { version, integrity } = locked;
  const [name, ref] = [nameOf(path), refOf(path, locked)];
  const license = locked.license ?? STATED_ELSEWHERE[name];
  const licenses =
    license === undefined ? {} : { licenses: [/[ (]/.test(license) ? { expression: license } : { license: { id: license } }] };
  // Scanners know Node by its own name, not by that of the npm package around it.
  if (NODE_PACKAGE.test(name)) {
    const cpe = `cpe:2.3:a:nodejs:node.js:${version}:*:*:*:*:*:*:*`;
    return { 'bom-ref': ref, type: 'platform', name: 'node', version, purl: `pkg:generic/node@${version}`, cpe, ...licenses };
  }
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
  const [, base64] = /^sha512-(.+)$/.exec(integrity ?? '') ?? [];
  const hashes = base64 === undefined ? {} : { hashes: [{ alg: 'SHA-512', content: Buffer.from(base64, 'base64').toString('hex') }] };
  return { 'bom-ref': ref, type: 'library', name, version, purl, ...licenses, ...hashes };
}

/**
 * Returns the paths of the packages that this one loads: from its own node_modules, or one further out. An optional one may be missing.
 * Source: nodejs.org, modules, loading from node_modules.
 */
function neededBy(path: string, packages: Readonly<Record<string, Locked>>): string[] {
  const { dependencies, optionalDependencies, peerDependencies } = packages[path] ?? {};
  return Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies }).flatMap((name) => {
    for (let base = path; ; base = base.slice(0, Math.max(0, base.lastIndexOf(`/${INSIDE}`)))) {
      const found = base === '' ? INSIDE + name : `${base}/${INSIDE}${name}`;
      if (packages[found] !== undefined) return packages[found].dev === true ? [] : [found];
      if (base === '') return [];
    }
  });
}

/** Derived from the content, so that the same list has the same id. Source: RFC 9562 §5.8, version 8. */
function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  const variant = ((Number.parseInt(hex[16] ?? '0', 16) & 0x3) | 0x8).toString(16);
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `${variant}${hex.slice(17, 20)}`, hex.slice(20, 32)].join('-');
}

/** Returns the licence of a component as an SPDX expression; several are joined with AND. Null if none is stated. */
export function licenceOf({ licenses = [] }: Component): string | null {
  const words = licenses.map(({ license, expression }) => expression ?? license?.id ?? license?.name ?? '').filter((word) => word !== '');
  return words.length === 0 ? null : words.join(' AND ');
}

/** Returns the text of THIRD-PARTY-LICENSES.md: a table of packages, versions and licences. It does not contain the licence texts. */
export function licencesPage(bom: Bom): string {
  const rows = bom.components.map((each) => `| ${each.name} | ${each.version} | ${licenceOf(each) ?? 'not stated'} |`);
  return `${INTRODUCTION}\n| package | version | licence |\n| --- | --- | --- |\n${rows.join('\n')}\n`;
}
