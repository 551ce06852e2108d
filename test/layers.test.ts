import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { cruise, type IConfiguration, type ICruiseResult } from 'dependency-cruiser';
import t from 'tap';
import layers from '../docs/layers.json' with { type: 'json' };
import { layersPicture } from '../docs/pictures/layers.ts';

const ROOT = join(import.meta.dirname, '..');
const rules = createRequire(import.meta.url)('../.dependency-cruiser.cjs') as IConfiguration;
// The host's own packages are only there once something has installed them (platform/install.mjs).
const host = existsSync(join(ROOT, 'platform/node_modules')) ? ['platform'] : [];
const seen = cruise(['agent', 'drivers', ...host, 'test', 'bench', 'systemd', 'docs'], {
  ...rules.options,
  ...(host.length > 0 ? {} : { exclude: { path: '^(platform|test/host)/' } }),
  baseDir: ROOT,
  ruleSet: { forbidden: rules.forbidden ?? [] },
  validate: true,
}).then(({ output }) => output as ICruiseResult);

t.test('a room imports the layers below it only, in no circle, and each outside library is imported in one file', async (t) => {
  const { summary } = await seen;
  t.ok(
    summary.totalCruised > 200 && summary.totalDependenciesCruised !== undefined && summary.totalDependenciesCruised > 800,
    'the whole tree was seen',
  );
  t.strictSame(
    summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`),
    [],
  );
});

t.test('the rules cover types too, and each folder of the agent has a layer', async (t) => {
  const names = (rules.forbidden ?? []).map(({ name }) => name);
  t.strictSame(
    readdirSync(join(ROOT, 'agent'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .filter((name) => !names.includes(`layer-of-${name}`)),
    [],
  );
  t.equal(rules.options?.tsPreCompilationDeps, true);
});

t.test('the root of the agent holds the entry, the starter and its settings', async (t) => {
  const files = readdirSync(join(ROOT, 'agent'), { withFileTypes: true }).filter((entry) => entry.isFile());
  t.ok(files.length <= 4, files.map(({ name }) => name).join(', '));
});

t.test('the modules that build and join the agent stay small and decide nothing', async (t) => {
  const files = readdirSync(join(ROOT, 'agent/app')).map((name) => ({ name, text: readFileSync(join(ROOT, 'agent/app', name), 'utf8') }));
  t.ok(files.length <= 20, `${files.length} files`);
  for (const { name, text } of files) {
    t.ok(text.split('\n').length <= 201, `${name} has at most 200 lines`);
    const code = text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$|'[^'\n]*'|`[^`]*`/gm, '');
    // A threshold, a unit conversion or a rule needs a number; an index, nothing and the exit code of a stop do not.
    t.strictSame(
      code.match(/(?<![\w.])\d[\d_.e]*(?![\w])/g)?.filter((number) => number !== '0' && number !== '1') ?? [],
      [],
      `${name} has no number`,
    );
  }
});

t.test('the picture of the layers matches the imports', async (t) => {
  const drawn = layersPicture(await seen, layers);
  t.equal(readFileSync(join(ROOT, 'docs/layers.svg'), 'utf8'), drawn, 'npm run -s pictures draws it');
});
