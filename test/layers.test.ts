import { createRequire } from 'node:module';
import { join } from 'node:path';
import { cruise, type IConfiguration, type ICruiseResult } from 'dependency-cruiser';
import t from 'tap';

const ROOT = join(import.meta.dirname, '..');
const rules = createRequire(import.meta.url)('../.dependency-cruiser.cjs') as IConfiguration;

t.test('rooms meet only in core, and each outside library has one door', async (t) => {
  const { output } = await cruise(['agent', 'drivers', 'test', 'bench', 'systemd'], {
    ...rules.options,
    baseDir: ROOT,
    ruleSet: { forbidden: rules.forbidden ?? [] },
    validate: true,
  });
  const { summary } = output as ICruiseResult;
  t.ok(
    summary.totalCruised > 200 && summary.totalDependenciesCruised !== undefined && summary.totalDependenciesCruised > 800,
    'the whole tree was seen',
  );
  t.strictSame(
    summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`),
    [],
  );
});
