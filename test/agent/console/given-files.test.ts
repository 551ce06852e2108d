/** Whatever a person names in the place of a file, a command ends with one sentence and an exit code. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { runBackup } from '../../../agent/commissioning/backup/backup-run.ts';
import { runRestore } from '../../../agent/commissioning/backup/restore-run.ts';
import { runErase } from '../../../agent/commissioning/erase.ts';
import { runSetup } from '../../../agent/commissioning/first-start.ts';
import { runCommission } from '../../../agent/commissioning/guide/commission-run.ts';
import { runImport, runInventoryImport } from '../../../agent/commissioning/import-table.ts';
import { runRenewKey } from '../../../agent/commissioning/renew-key.ts';
import { runCommandLine } from '../../../agent/console/cli.ts';
import { runUserHash, runUserSign } from '../../../agent/console/commands/access/user-list-run.ts';
import { runKeygen, runSign, runVerify } from '../../../agent/console/commands/config/sign-run.ts';
import { createLocalActions } from '../../../agent/console/local-actions.ts';
import { configFileOf, type Terminal } from '../../../agent/console/terminal/terminal.ts';
import { SMALL_SITE } from '../../support/small-site.ts';
import { programFolder } from './program.ts';

const folder = programFolder(t);
const at = (name: string): string => join(folder, name);

/** Runs a command line as the program does, with no agent. */
async function luciole(...words: string[]) {
  let text = '';
  const add = (more: string): void => {
    text += more;
  };
  const screen: Terminal = {
    ...{ out: add, err: add, widthCols: 10_000, colour: false, user: 'ada', version: '', status: null, socketPath: at('none.sock') },
    localFiles: () => Promise.reject(new Error('not asked')),
  };
  const world = { terminal: screen, configFile: configFileOf({}), nowMs: 0, version: '1' };
  const code = await runCommandLine(
    words,
    screen,
    createLocalActions({
      ...{ screen, isTerminal: false, commit: undefined, readInput: null, signal: () => new AbortController().signal },
      write: async () => {},
      own: {
        run: async () => 0,
        console: async () => 0,
        setup: (args) => runSetup(args, { ...world, ask: null, signal: new AbortController().signal }),
        commission: (args) => runCommission(args, { terminal: screen, first: null }),
        erase: (args) => runErase(args, configFileOf(args), screen),
        backup: (args) => runBackup(args, world),
        restore: (args) => runRestore(args, world),
        'config import': (args) => runImport(args, configFileOf({ file: args['into'] ?? '' }), screen),
        'inventory import': (args) => runInventoryImport(args, configFileOf({ file: args['into'] ?? '' }), screen),
        'config keygen': (args) => runKeygen(args, screen),
        'config sign': (args) => runSign(args, screen),
        'config verify': (args) => runVerify(args, screen),
        'uplink renew': (args) => runRenewKey(args, configFileOf(args), screen),
        'user hash': (args) => runUserHash(args, screen),
        'user sign': (args) => runUserSign(args, screen),
      },
    }),
  );
  return { code, text };
}

const GOOD = { config: at('cabinet.yaml'), table: at('table.csv'), key: at('office.key'), people: at('people.list') };
writeFileSync(GOOD.config, SMALL_SITE);
writeFileSync(GOOD.table, 'pole;lamp\n');
writeFileSync(GOOD.people, '');
await luciole('config', 'keygen', GOOD.key);

/** What a person may name by mistake. The words are in the message; the path always is. */
const MISTAKES: [kind: string, path: string, says: RegExp][] = [
  ['a folder', at('folder.yaml'), /EISDIR|folder/],
  ['a link to a folder', at('folder-link.yaml'), /EISDIR|folder/],
  ['a FIFO', at('fifo.yaml'), /not a regular file|a pipe or a device/],
  ['a device without an end', '/dev/zero', /not a regular file|a pipe or a device/],
  ['a missing file', at('missing.yaml'), /ENOENT|no such file|there is no cabinet file/],
  ['a file in a missing folder', at('missing/file.yaml'), /ENOENT|no such file|there is no cabinet file/],
  ['a file below a file', at('table.csv/file'), /ENOTDIR|no such file|there is no cabinet file|cannot be used/],
  ['a link to nothing', at('link.yaml'), /ENOENT|no such file|there is no cabinet file/],
  ['a link to itself', at('loop.yaml'), /ELOOP|cannot be used/],
  ['a file of 4 GiB', at('huge.yaml'), /EFBIG|larger than|too large|ends after/],
  ['an empty file', at('empty.yaml'), /./],
];
mkdirSync(at('folder.yaml'));
symlinkSync(at('folder.yaml'), at('folder-link.yaml'));
execFileSync('mkfifo', [at('fifo.yaml')]);
symlinkSync(at('nothing'), at('link.yaml'));
symlinkSync(at('loop.yaml'), at('loop.yaml'));
writeFileSync(at('empty.yaml'), '');
writeFileSync(at('huge.yaml'), '');
truncateSync(at('huge.yaml'), 4 * 2 ** 30);

/** `also`: what a command may say instead. `isConfig`: the path is that of the cabinet file. */
const READERS: [command: string, words: (path: string) => string[], more?: { also?: RegExp; isConfig?: true }][] = [
  ['check', (path) => ['check', path]],
  ['profile check', (path) => ['profile', 'check', path]],
  ['profile test', (path) => ['profile', 'test', path, '--line', 'north', '--unit', '1']],
  ['config load', (path) => ['config', 'load', path]],
  ['config load --signature', (path) => ['config', 'load', GOOD.config, '--signature', path]],
  ['config import', (path) => ['config', 'import', path, '--into', GOOD.config]],
  ['inventory import', (path) => ['inventory', 'import', path, '--into', GOOD.config]],
  ['config import --into', (path) => ['config', 'import', GOOD.table, '--into', path]],
  ['config sign', (path) => ['config', 'sign', path, '--key', GOOD.key, '--cabinet', 'c1', '--out', at('signature')]],
  ['config sign --key', (path) => ['config', 'sign', GOOD.config, '--key', path, '--cabinet', 'c1', '--out', at('signature')]],
  [
    'config sign --profile',
    (path) => ['config', 'sign', GOOD.config, '--key', GOOD.key, '--cabinet', 'c1', '--profile', path, '--out', at('signature')],
    { also: /bad name/ },
  ],
  ['user sign', (path) => ['user', 'sign', path, '--key', GOOD.key, '--cabinet', 'c1', '--out', at('signature')]],
  ['restore', (path) => ['restore', path]],
  ['setup --answers', (path) => ['setup', at('new.yaml'), '--answers', path, '--dry-run']],
  ['update install', (path) => ['update', 'install', path], { also: /no agent answers/ }],
  ['backup of a cabinet', () => ['backup', '--to', at('backup')], { isConfig: true }],
  ['uplink renew', () => ['uplink', 'renew'], { isConfig: true, also: /cannot be used: run `luciole check`/ }],
  ['erase', () => ['erase'], { isConfig: true, also: /cannot be used: name the folder/ }],
];

for (const [command, words, { also = /^$/, isConfig = false } = {}] of READERS)
  t.test(`${command} refuses what is no file in one sentence`, async (t) => {
    const { LUCIOLE_CONFIG: before } = process.env;
    t.teardown(() => {
      if (before === undefined) delete process.env['LUCIOLE_CONFIG'];
      else process.env['LUCIOLE_CONFIG'] = before;
    });
    for (const [kind, path, says] of MISTAKES) {
      if (isConfig) process.env['LUCIOLE_CONFIG'] = path;
      const { code, text } = await luciole(...words(path));
      t.ok([1, 64, 69, 78].includes(code), `${kind}: exit code ${code}`);
      t.notMatch(text, /\n\s+at /, kind);
      t.ok(text.trim().split('\n').length <= 2, `${kind}: ${text}`);
      t.ok(says.test(text) || also.test(text), `${kind}: ${text}`);
    }
    t.notOk(existsSync(at('signature')) || existsSync(at('backup')), 'nothing was written');
  });

const WRITERS: [command: string, words: (path: string) => string[]][] = [
  ['config sign --out', (path) => ['config', 'sign', GOOD.config, '--key', GOOD.key, '--cabinet', 'c1', '--out', path]],
  ['user sign --out', (path) => ['user', 'sign', GOOD.people, '--key', GOOD.key, '--cabinet', 'c1', '--out', path]],
  ['config keygen', (path) => ['config', 'keygen', path]],
  ['export --to', (path) => ['export', '--since', '1h', '--to', path, '--format', 'csv']],
];
for (const [command, words] of WRITERS)
  t.test(`${command} replaces no folder, pipe or device`, async (t) => {
    for (const [kind, path] of MISTAKES.slice(0, 4)) {
      const { code, text } = await luciole(...words(path));
      t.ok([1, 64, 78].includes(code), `${kind}: exit code ${code}`);
      t.notMatch(text, /\n\s+at /, kind);
      t.ok(text.trim().split('\n').length <= 2, `${kind}: ${text}`);
    }
    t.throws(() => readFileSync(at('folder.yaml')), { code: 'EISDIR' });
    t.same(execFileSync('stat', ['-c', '%F', at('fifo.yaml'), '/dev/zero'], { encoding: 'utf8' }), 'fifo\ncharacter special file\n');
  });

t.test('config load refuses a file in another encoding, and says what to do', async (t) => {
  writeFileSync(at('latin1.yaml'), Buffer.from('name: Rue de la Forêt', 'latin1'));
  for (const words of [[at('latin1.yaml')], [GOOD.config, '--signature', at('latin1.yaml')]]) {
    const { code, text } = await luciole('config', 'load', ...words);
    t.equal(code, 64);
    t.match(text, /latin1\.yaml is not UTF-8 text: save it as UTF-8/);
  }
});

t.test('a link to a file is that file', async (t) => {
  symlinkSync(GOOD.config, at('good-link'));
  t.match(await luciole('check', at('good-link'), '--no-ports'), { code: 0 });
});
