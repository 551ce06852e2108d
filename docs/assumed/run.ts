/**
 * `npm run -s assumed`: writes docs/assumed.md.
 *
 * Owns the file. `--check` writes nothing and fails where the page is not as it would be written now.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { assumedConstantsIn, assumedPage } from './constants.ts';

const ROOT = join(import.meta.dirname, '../..');
const FILE = join(ROOT, 'docs/assumed.md');
const FOLDERS = ['agent', 'drivers', 'systemd', 'bench', 'test', 'platform'];

const constants = FOLDERS.flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.includes('node_modules/'))
    .sort()
    .flatMap((name) => assumedConstantsIn(`${folder}/${name}`, readFileSync(join(ROOT, folder, name), 'utf8'))),
);
const page = assumedPage(constants);
if (!process.argv.includes('--check')) {
  writeFileSync(FILE, page);
  const without = constants.filter(({ confirmedBy }) => confirmedBy === '').length;
  console.log(`docs/assumed.md: ${constants.length} constants, ${without} without a way to confirm them`);
} else if (!existsSync(FILE) || readFileSync(FILE, 'utf8') !== page) {
  process.stderr.write('docs/assumed.md is not as the docstrings are now: npm run -s assumed\n');
  process.exitCode = 1;
}
