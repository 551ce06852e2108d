/**
 * The licences of everything that a package contains, as one text.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

/** The fields of a package.json that are used here. */
interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
}

/**
 * Returns the licence texts of these packages and of Node as one text. `packages`: folders as `node_modules/zod`. Errors: throws TypeError
 * for a package that has neither a licence field nor a licence file.
 */
export function licencesText(packages: readonly string[], node: { readonly version: string; readonly licence: string }): string {
  const parts = packages.map((dir) => {
    const { name, version, license } = JSON.parse(readFileSync(join(ROOT, dir, 'package.json'), 'utf8')) as Manifest;
    const file = readdirSync(join(ROOT, dir)).find((each) => /^(licen[cs]e|copying)(\.(md|txt))?$/i.test(each));
    if (license === undefined && file === undefined) throw new TypeError(`${name} names no licence: look for another package`);
    const text = file === undefined ? 'The package brings no text of it.' : readFileSync(join(ROOT, dir, file), 'utf8');
    return part(`${name} ${version}${license === undefined ? '' : ` (${license})`}`, text);
  });
  return [...parts, part(`Node.js ${node.version} and what it contains`, node.licence)].join('\n');
}

function part(title: string, text: string): string {
  return `${'='.repeat(78)}\n${title}\n${'='.repeat(78)}\n\n${text.trim()}\n`;
}
