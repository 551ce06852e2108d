/**
 * The entry of `npm run sbom`: prints the list of what the program is made of.
 *
 * Exit code: 0 printed, 64 bad command line.
 */
import { parseArgs } from 'node:util';
import manifest from '../../package.json' with { type: 'json' };
import { commitTimeS } from './commit.ts';
import { licencesPage, productionBom } from './sbom.ts';

const HELP = `What Luciole is made of: every package of the production tree, and Node.

Usage: npm run -s sbom [-- --licences]

  --licences   as a page for people, THIRD-PARTY-LICENSES.md
  --help       this text

Without an option: CycloneDX 1.5 as JSON, the same bytes from the same commit.
`;
/** Source: sysexits.h, EX_USAGE. */
const EXIT_USAGE = 64;

try {
  const { values } = parseArgs({ options: { licences: { type: 'boolean' }, help: { type: 'boolean' } } });
  if (values.help === true) process.stdout.write(HELP);
  else {
    const bom = productionBom({ version: manifest.version, mtimeS: commitTimeS() });
    process.stdout.write(values.licences === true ? licencesPage(bom) : `${JSON.stringify(bom, null, 2)}\n`);
  }
} catch (error) {
  if (!(error instanceof TypeError && 'code' in error)) throw error;
  process.stderr.write(`sbom: ${error.message}\n`);
  process.exitCode = EXIT_USAGE;
}
