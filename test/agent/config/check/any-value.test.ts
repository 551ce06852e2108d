import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import t from 'tap';
import { isMap, isSeq, parseDocument } from 'yaml';
import { checkConfig } from '../../../../agent/config/load/load-site.ts';

const FILE = new URL('../../../../config/example-street.yaml', import.meta.url).pathname;
const TEXT = readFileSync(FILE, 'utf8');
const ODD = [null, 'pm2_5', 7, [], {}, [null], ['x'], [{}], undefined] as const;

/** The place of every value in the file. */
function placesIn(node: unknown, path: readonly (string | number)[] = []): (readonly (string | number)[])[] {
  const below = isMap(node)
    ? node.items.flatMap(({ key, value }) => placesIn(value, [...path, String(key)]))
    : isSeq(node)
      ? node.items.flatMap((item, i) => placesIn(item, [...path, i]))
      : [];
  return path.length === 0 ? below : [path, ...below];
}

const PLACES = placesIn(parseDocument(TEXT).contents);

async function findingsWith(path: readonly (string | number)[], odd: (typeof ODD)[number]): Promise<number> {
  const document = parseDocument(TEXT);
  if (odd === undefined) document.deleteIn(path);
  else document.setIn(path, document.createNode(odd));
  const { problems, warnings } = await checkConfig({ configFile: FILE, text: String(document), hasPorts: false, withLaw: true });
  return problems.length + warnings.length;
}

t.test('whatever stands at any place of the file: findings, never an exception', async (t) => {
  t.ok(PLACES.length > 300, `${PLACES.length} places`);
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...PLACES), fc.constantFrom(...ODD), async (path, odd) => (await findingsWith(path, odd)) >= 0),
    { numRuns: 120 },
  );
});

t.test('a rule whose point names no device is reported, and the check goes on', async (t) => {
  t.ok((await findingsWith(['rules', 0, 'point'], 'pm2_5')) > 0);
});
