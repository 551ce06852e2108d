import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';

const ROOT = join(import.meta.dirname, '..');
const text = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const PAGE = text('docs/security.md');

t.test('every test that the page names exists under that title', async (t) => {
  const named = [...PAGE.matchAll(/`(test\/[^`]+)` "([^"]+)"/g)].map(([, path = '', title = '']) => ({ path, title }));
  t.ok(named.length >= 50);
  for (const { path, title } of named) {
    if (!existsSync(join(ROOT, path))) t.fail(`${path} is not there`);
    else if (!text(path).includes(title)) t.fail(`${path} has no test "${title}"`);
  }
  const rows = PAGE.slice(PAGE.indexOf('## Point by point'), PAGE.indexOf('## Bounds'))
    .split('\n')
    .filter((line) => line.startsWith('| ') && !/^\| (what is asked|---)/.test(line));
  t.strictSame(
    rows.filter((row) => !/`test\/[^`]+` "/.test(row)),
    [],
    'and every line names one',
  );
});

t.test('every bound that the page names is in the file it names', async (t) => {
  const named = [...PAGE.matchAll(/\| `(\w+)` in `([^`]+)` \|/g)].map(([, constant = '', path = '']) => ({ constant, path }));
  t.ok(named.length >= 20);
  for (const { constant, path } of named) {
    const isThere = existsSync(join(ROOT, path)) && new RegExp(`\\b${constant}\\b`).test(text(path));
    if (!isThere) t.fail(`${path} has no ${constant}`);
  }
});

/** The program's own sources. */
function sources(): string[] {
  return ['agent', 'drivers'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.(ts|js)$/.test(entry.name))
      .map(({ parentPath, name }) => join(parentPath, name).slice(ROOT.length + 1)),
  );
}

t.test('programs are started in few places, never through a shell, and no text becomes code', async (t) => {
  const all = sources().map((path) => ({ path, code: text(path) }));
  t.ok(all.length > 300);
  const starters = all.filter(({ code }) => code.includes("from 'node:child_process'"));
  t.strictSame(
    starters.map(({ path }) => path).sort(),
    [
      'agent/config/load/read-in-child.ts',
      'agent/config/revisions/check-in-child.ts',
      'agent/console/commands/service/tech-support-run.ts',
      'agent/console/local-machine.ts',
      'agent/console/report/render-in-child.ts',
      'agent/console/shell/tty-device.ts',
      'agent/luciole.js',
      'agent/service/run/notify.ts',
      'drivers/kept-settings.ts',
      'drivers/rs485.ts',
    ],
    'a new file that starts a program must use fixed arguments, and is added here',
  );
  const shells = starters.filter(({ code }) => /import \{[^}]*\bexec(Sync)?\b[^}]*\} from 'node:child_process'|\bshell:/.test(code));
  t.strictSame(
    shells.map(({ path }) => path),
    [],
  );
  const evals = all.filter(({ code }) => /\beval\(|new Function\(|from 'node:vm'/.test(code));
  t.strictSame(
    evals.map(({ path }) => path),
    [],
  );
});

/** What the unit must say for the agent to be no more than a user with serial ports and a network. */
const LEAST = [
  'User=luciole',
  'NoNewPrivileges=yes',
  'CapabilityBoundingSet=',
  'AmbientCapabilities=',
  'ProtectSystem=strict',
  'ProtectHome=yes',
  'PrivateTmp=yes',
  'RestrictNamespaces=yes',
  'RestrictSUIDSGID=yes',
  'DevicePolicy=closed',
  'SystemCallFilter=@system-service',
  'LimitCORE=0',
];
t.test('the service has no right that it does not need', async (t) => {
  const lines = text('systemd/luciole.service').split('\n');
  t.strictSame(
    LEAST.filter((line) => !lines.includes(line)),
    [],
  );
});

t.test('the page says where to report a flaw, and promises nothing that is not known', async (t) => {
  const policy = text('SECURITY.md');
  t.match(policy, /Tell the maintainer named in the contract/);
  t.notMatch(policy, /@|https?:\/\//, 'no invented address');
  t.match(PAGE, /This is no certificate and no claim of conformity/);
});
