import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import ts from 'typescript';
import limits from '../.oxlintrc.json' with { type: 'json' };

const ROOT = join(import.meta.dirname, '..');
const FOLDERS = ['agent', 'drivers', 'test', 'bench', 'systemd', 'docs', 'platform'];
/** Words that stand for no mechanism of the field. Source: docs/adr/0034-standard-names.md. */
const RIDDLES = 'desk|keeper|book|shelf|post|voice|door|courier|ballast|nap|wish|wishes|aside|beside|senses|obedience|patience';

const sources = FOLDERS.flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((path) => `${folder}/${path}`),
).filter((path) => path.endsWith('.ts') && !path.includes('/node_modules/'));

/** Names that a file declares and exports; names that it only passes on are those of another file. */
function exportedNames(path: string): string[] {
  const { statements } = ts.createSourceFile(path, readFileSync(join(ROOT, path), 'utf8'), ts.ScriptTarget.Latest);
  return statements.flatMap((statement) => {
    const isExported =
      ts.canHaveModifiers(statement) && ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
    if (isExported !== true) return [];
    if (ts.isVariableStatement(statement)) {
      return statement.declarationList.declarations.flatMap(({ name }) => (ts.isIdentifier(name) ? [name.text] : []));
    }
    return 'name' in statement && statement.name !== undefined ? [(statement.name as ts.Identifier).text] : [];
  });
}

t.test('an exported name exists once', async (t) => {
  const declaredIn = new Map<string, string[]>();
  for (const path of sources) for (const name of exportedNames(path)) declaredIn.set(name, [...(declaredIn.get(name) ?? []), path]);
  t.ok(declaredIn.size > 1_000, `${declaredIn.size} names were seen`);
  t.strictSame(
    [...declaredIn].filter(([, paths]) => new Set(paths).size > 1).map(([name, paths]) => `${name}: ${paths.join(', ')}`),
    [],
  );
  const words = new RegExp(`^(${RIDDLES})s?$`, 'i');
  const isRiddle = (name: string): boolean => (name.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+/g) ?? []).some((word) => words.test(word));
  t.strictSame(
    [...declaredIn].filter(([name]) => isRiddle(name)).map(([name, paths]) => `${name}: ${paths.join(', ')}`),
    [],
    'and says what it is in the words of the field',
  );
});

t.test('a file is named for its content', async (t) => {
  const riddle = new RegExp(`(^|[/-])(${RIDDLES})([-.]|$)`);
  t.strictSame(
    sources.filter((path) => riddle.test(path)),
    [],
  );
});

t.test('a function has at most 60 lines, with at most five exceptions', async (t) => {
  t.equal(limits.rules['eslint/max-lines-per-function'][0], 'error');
  t.match(limits.rules['eslint/max-lines-per-function'][1], { max: 60 });
  const exempt = 'overrides' in limits ? (limits.overrides as { files: string[] }[]).flatMap(({ files }) => files) : [];
  t.ok(exempt.length <= 5, exempt.join(', '));
  t.strictSame(
    exempt.filter((path) => path.includes('*') || !existsSync(join(ROOT, path))),
    [],
    'each is one file',
  );
  t.strictSame(
    sources.filter((path) => /(oxlint|eslint)-disable/.test(readFileSync(join(ROOT, path), 'utf8')) && path !== 'test/names.test.ts'),
    [],
    'and none is written in the code',
  );
});
