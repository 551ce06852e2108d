/** `luciole config keygen`, `sign` and `verify` as a person on a desk uses them: real files, the real program. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { loadCabinet } from '../../../../agent/config/load/load.ts';
import { revisionHash } from '../../../../agent/config/revisions/revision-disk.ts';
import { smallStreet } from '../small-street.ts';

const LUCIOLE = join(import.meta.dirname, '../../../../agent/luciole.js');

function workplace(t: Test) {
  const dir = mkdtempSync(join(tmpdir(), 'luciole-desk-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const run = (words: string, input = '') => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [LUCIOLE, ...words.split(' ')], { cwd: dir, encoding: 'utf8', input });
    return { status, stdout, stderr };
  };
  const write = (name: string, text: string): void => writeFileSync(join(dir, name), text);
  write('cabinet.yaml', smallStreet());
  return { dir, run, write, path: (name: string) => join(dir, name) };
}

t.test('a key is made, a file is signed and verified; a changed file is not', async (t) => {
  const { run, write, path } = workplace(t);
  const made = run('config keygen office.key');
  t.equal(made.status, 0, made.stderr);
  t.equal(statSync(path('office.key')).mode & 0o777, 0o600);
  const [line = ''] = made.stdout.split('\n').filter((each) => each.startsWith('trust:'));
  const { trust } = loadCabinet('cabinet.yaml', () => `${smallStreet()}\n${line}\n`).cabinet;
  t.equal(trust.revisionKeys[0]?.id, 'office', 'the printed line belongs into the cabinet file as it is');
  const signed = run('config sign cabinet.yaml --key office.key --cabinet c1 --cabinet c2 --valid 7d');
  t.equal(signed.status, 0, signed.stderr);
  t.match(readFileSync(path('cabinet.yaml.sig'), 'utf8'), /^luciole-sig1\.[\w-]+\.[\w-]{86}\n$/);
  const key = trust.revisionKeys[0]?.key ?? '';
  t.match(run(`config verify cabinet.yaml --key ${key} --cabinet c2`), { status: 0 });
  t.match(run('config verify cabinet.yaml --key office.key'), { status: 0 }, 'by the key file');
  t.match(run(`config verify cabinet.yaml --key ${key} --cabinet c3`), { status: 1, stderr: /other cabinets/ });
  write('cabinet.yaml', `${smallStreet()} `);
  t.match(run(`config verify cabinet.yaml --key ${key} --json`), { status: 1, stdout: /"ok":false,"code":"other-text"/ });
});

t.test('the signature of a file with a byte order mark fits the candidate, which has none', async (t) => {
  const { run, write } = workplace(t);
  run('config keygen office.key');
  write('cabinet.yaml', `\ufeff${smallStreet()}`);
  t.match(run('config sign cabinet.yaml --key office.key --cabinet c1 --json'), {
    status: 0,
    stdout: new RegExp(revisionHash({ cabinet: smallStreet(), profiles: {} })),
  });
  t.match(run('config verify cabinet.yaml --key office.key'), { status: 0 });
});

t.test('an encrypted key requires its passphrase; a wrong one signs nothing', async (t) => {
  const { run, path } = workplace(t);
  t.match(run('config keygen office.key --passphrase', 'too short\n'), { status: 64, stderr: /it has 9 characters; 12 at least/ });
  const longest = 'é'.repeat(512);
  t.match(run('config keygen office.key --passphrase', `${longest}x\n`), { status: 64, stderr: /it has 1025 bytes; 1024 at most/ });
  t.notOk(existsSync(path('office.key')));
  t.match(run('config keygen office.key --passphrase', 'blaue Laternen im Regen\n'), { status: 0 });
  t.match(readFileSync(path('office.key'), 'utf8'), /BEGIN ENCRYPTED PRIVATE KEY/);
  const sign = 'config sign cabinet.yaml --key office.key --cabinet c1';
  t.match(run(sign, 'wrong\n'), { status: 1, stderr: /passphrase is wrong/ });
  t.notOk(existsSync(path('cabinet.yaml.sig')));
  t.match(run(sign, 'blaue Laternen im Regen\n'), { status: 0 });
  t.match(run('config keygen long.key --passphrase', `${longest}\n`), { status: 0 });
  t.match(run('config sign cabinet.yaml --key long.key --cabinet c1', `${longest}\n`), { status: 0 });
});

t.test('profiles that go with the file are signed with it', async (t) => {
  const { run, write } = workplace(t);
  write('acme.yaml', 'id: acme\n');
  run('config keygen office.key');
  run('config sign cabinet.yaml --key office.key --cabinet * --profile acme.yaml --out both.sig');
  t.match(run('config verify cabinet.yaml --key office.key --signature both.sig --profile acme.yaml'), {
    status: 0,
    stdout: /every cabinet/,
  });
  t.match(run('config verify cabinet.yaml --key office.key --signature both.sig'), { status: 1, stderr: /other files/ });
});

t.test('two profiles of one name are refused, and a signature never replaces a file that it signs', async (t) => {
  const { run, write, path, dir } = workplace(t);
  write('acme.yaml', 'id: acme\n');
  mkdirSync(join(dir, 'other'));
  write('other/acme.yaml', 'id: acme\nlabel: other\n');
  run('config keygen office.key');
  const sign = 'config sign cabinet.yaml --key office.key --cabinet * --profile acme.yaml';
  t.match(run(`${sign} --profile other/acme.yaml`), { status: 64, stderr: /two files of --profile are named acme\.yaml/ });
  const before = readFileSync(path('office.key'), 'utf8');
  for (const out of ['cabinet.yaml', './acme.yaml', './office.key'])
    t.match(run(`${sign} --out ${out}`), { status: 64, stderr: /is a file to sign/ }, out);
  t.equal(readFileSync(path('cabinet.yaml'), 'utf8'), smallStreet());
  t.equal(readFileSync(path('acme.yaml'), 'utf8'), 'id: acme\n');
  t.equal(readFileSync(path('office.key'), 'utf8'), before);
});

t.test('a key is never replaced, and never written through a link', async (t) => {
  const { run, write, path } = workplace(t);
  write('victim', 'mine');
  symlinkSync('victim', path('office.key'));
  symlinkSync('nowhere', path('dangling.key'));
  t.match(run('config keygen office.key'), { status: 1, stderr: /exists already/ });
  t.match(run('config keygen dangling.key'), { status: 1, stderr: /EEXIST/ });
  t.equal(readFileSync(path('victim'), 'utf8'), 'mine');
  t.notOk(existsSync(path('nowhere')));
  t.ok(lstatSync(path('office.key')).isSymbolicLink());
});

t.test('missing and invalid arguments are named', async (t) => {
  const { run, write, path } = workplace(t);
  run('config keygen office.key');
  for (const [words, status, message] of [
    ['config sign cabinet.yaml --key office.key', 64, /--cabinet is missing/],
    ['config sign cabinet.yaml --cabinet c1', 64, /--key is missing/],
    ['config sign cabinet.yaml --key office.key --cabinet c1 --valid 30', 64, /a number needs its unit/],
    ['config sign cabinet.yaml --key office.key --cabinet c1 --valid 367d', 64, /between 1h and 366d/],
    ['config sign cabinet.yaml --key office.key --cabinet c1 --cabinet *', 64, /'\*' alone/],
    ['config sign cabinet.yaml --key cabinet.yaml --cabinet c1', 1, /not a private key that can sign/],
    ['config sign nothing.yaml --key office.key --cabinet c1', 1, /ENOENT/],
    ['config verify cabinet.yaml --key office.key', 1, /ENOENT/],
    ['config verify cabinet.yaml --key AAAA', 64, /not an Ed25519 public key/],
    ['config verify cabinet.yaml', 64, /--key is missing/],
  ] as const)
    t.match(run(words), { status, stderr: message }, words);
  write('cabinet.yaml', '\0'.repeat(600_000));
  t.match(run('config sign cabinet.yaml --key office.key --cabinet c1'), { status: 1, stderr: /larger than/ });
  writeFileSync(path('cabinet.yaml'), Buffer.from([0xff, 0xfe]));
  t.match(run('config sign cabinet.yaml --key office.key --cabinet c1'), { status: 1, stderr: /not UTF-8/ });
  chmodSync(path('office.key'), 0o400);
});
