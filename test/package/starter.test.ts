import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { programTree } from '../../systemd/package/tree.ts';
import { ODD_KINDS, placeOdd } from '../support/odd-files.ts';

/** The real starter with a fake Node that prints its name. */
function starterAt(t: Test) {
  const folder = mkdtempSync(join(tmpdir(), 'luciole-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const [home, state, keys, unpacked] = ['home', 'state', 'keys', 'unpacked'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
    string,
  ];
  const releases = join(state, 'releases');
  for (const dir of [join(home, 'bin'), join(folder, 'bundle'), releases, keys]) mkdirSync(dir, { recursive: true });
  writeFileSync(join(keys, '0123456789abcdef.pem'), 'a key');
  const places = { LUCIOLE_UPDATE_KEYS: keys, LUCIOLE_RELEASES: unpacked };
  const node = Buffer.from('#!/bin/sh\necho "package LUCIOLE_RELEASE=$LUCIOLE_RELEASE"\n');
  for (const entry of programTree({ bundleDir: join(folder, 'bundle'), node, licences: '', bom: '' }))
    if (entry.kind === 'file' && entry.path.startsWith('bin/')) writeFileSync(join(home, entry.path), entry.bytes, { mode: entry.mode });
  const addRelease = (name: string, dir = unpacked): void => {
    mkdirSync(join(dir, name, 'bin'), { recursive: true });
    writeFileSync(join(dir, name, 'bin/luciole'), `#!/bin/sh\necho "${name} LUCIOLE_RELEASE=$LUCIOLE_RELEASE"\n`, { mode: 0o755 });
  };
  const say = (name: string, text: string): void => writeFileSync(join(releases, name), text);
  const forget = (name: string): void => rmSync(join(releases, name));
  const said = (name: string): string | null =>
    existsSync(join(releases, name)) ? readFileSync(join(releases, name), 'utf8').trim() : null;
  const run = (env: Readonly<Record<string, string>> = { STATE_DIRECTORY: state }, word = 'run'): string =>
    execFileSync(join(home, 'bin/luciole'), [word], { encoding: 'utf8', env: { PATH: '/usr/bin:/bin', ...places, ...env } }).trim();
  return { folder, state, keys, releases, addRelease, say, said, forget, run };
}

/** A program in place of systemd-notify that stores its arguments and blocks until it is released. */
function notifierIn(folder: string) {
  const [bin, words, gate, done] = ['bin', 'words', 'gate', 'done'].map((name) => join(folder, `notifier-${name}`)) as [
    string,
    string,
    string,
    string,
  ];
  mkdirSync(bin);
  execFileSync('mkfifo', [gate]);
  const script = `#!/bin/sh\necho "$@" >>'${words}'\nread -r _ <'${gate}'\necho >'${done}'\n`;
  writeFileSync(join(bin, 'systemd-notify'), script, { mode: 0o755 });
  const appears = async (file: string): Promise<void> => {
    while (!existsSync(file) || readFileSync(file, 'utf8') === '') await setTimeout(10);
  };
  return {
    env: { PATH: `${bin}:/usr/bin:/bin`, NOTIFY_SOCKET: '/nowhere' },
    isDone: () => existsSync(done),
    words: async () => {
      await appears(words);
      return readFileSync(words, 'utf8').trim();
    },
    release: async () => {
      writeFileSync(gate, '\n');
      await appears(done);
    },
  };
}

const own = 'package LUCIOLE_RELEASE=package';
const [a, b] = ['20-0.2.0', '30-0.3.0'];
const of = (name: string): string => `${name} LUCIOLE_RELEASE=${name}`;

t.test('without an update the package runs, for the service and for everybody else', async (t) => {
  const { run, say, addRelease } = starterAt(t);
  t.equal(run(), own);
  addRelease(a);
  say('current', `${a}\n`);
  t.equal(run({}), 'package LUCIOLE_RELEASE=', 'a person runs what is installed');
  t.equal(run(undefined, 'status'), 'package LUCIOLE_RELEASE=', 'so does any other command');
  t.equal(run(), of(a), 'the service runs the release');
});

t.test('a release on trial has three starts, then the one before runs again and the failure is written down', async (t) => {
  const { run, say, said, addRelease } = starterAt(t);
  for (const name of [a, b]) addRelease(name);
  say('current', `${b}\n`);
  say('previous', `${a}\n`);
  say('trial', `${b} 3\n`);
  t.strictSame([run(), run(), run()], [of(b), of(b), of(b)]);
  t.equal(said('trial'), `${b} 0`);
  t.equal(run(), of(a));
  t.match(
    { current: said('current'), previous: said('previous'), trial: said('trial'), failed: said('failed') },
    { current: a, previous: null, trial: null, failed: b },
  );
  t.equal(run(), of(a), 'for good');
});

t.test('the first release that fails gives way to the package', async (t) => {
  const { run, say, said, addRelease } = starterAt(t);
  addRelease(a);
  say('current', `${a}\n`);
  say('previous', 'package\n');
  say('trial', `${a} 0\n`);
  t.equal(run(), own);
  t.strictSame([said('current'), said('failed')], ['package', a]);
});

t.test(
  'a release that once ran and no longer does is replaced after ten failed starts, and the counter of one that starts is reset',
  async (t) => {
    const { run, say, said, addRelease, forget } = starterAt(t);
    for (const name of [a, b]) addRelease(name);
    say('current', `${b}\n`);
    say('previous', `${a}\n`);
    const starts = (count: number): string[] => Array.from({ length: count }, () => run());
    t.strictSame(starts(9), new Array(9).fill(of(b)));
    // As the agent does once it is up.
    forget('starts');
    t.strictSame(starts(10), new Array(10).fill(of(b)));
    t.equal(said('starts'), `${b} 0`);
    t.equal(run(), of(a), 'the one before runs');
    t.match({ current: said('current'), previous: said('previous'), failed: said('failed') }, { current: a, previous: null, failed: b });
    t.strictSame(starts(11), [...new Array(10).fill(of(a)), own], 'then the package, which is never counted');
    t.strictSame(starts(12), new Array(12).fill(own));
  },
);

t.test('a damaged counter, or an unwritable folder, removes no release', async (t) => {
  const { run, say, said, addRelease, releases } = starterAt(t);
  addRelease(a);
  say('current', `${a}\n`);
  for (const damaged of [`${a} many\n`, `${a}\n`, '', `${b} 0\n`]) {
    say('starts', damaged);
    t.equal(run(), of(a));
    t.equal(said('starts'), `${a} 9`);
  }
  mkdirSync(join(releases, 'starts.new'));
  for (let start = 0; start < 12; start++) t.equal(run(), of(a));
});

t.test('without a key of a maker no release runs, and nothing is changed, so that it runs again with the key', async (t) => {
  const { run, say, said, addRelease, keys } = starterAt(t);
  addRelease(a);
  say('current', `${a}\n`);
  say('trial', `${a} 2\n`);
  rmSync(join(keys, '0123456789abcdef.pem'));
  for (const name of ['', 'README', 'folder.pem/x']) {
    if (name !== '') mkdirSync(dirname(join(keys, name)), { recursive: true });
    if (name !== '') writeFileSync(join(keys, name), '');
    t.equal(run(), own, name === '' ? 'an empty folder' : name);
  }
  rmSync(keys, { recursive: true });
  t.equal(run(), own, 'no folder');
  t.strictSame([said('current'), said('trial'), said('starts')], [a, `${a} 2`, null]);
  mkdirSync(keys);
  writeFileSync(join(keys, 'maker.pem'), 'a key');
  t.equal(run(), of(a));
});

t.test('files in the folder of the agent are never executed, whatever its small files contain', async (t) => {
  const { run, say, addRelease, releases, folder } = starterAt(t);
  for (const name of [a, 'evil']) addRelease(name, releases);
  addRelease('40-evil', folder);
  addRelease('evil', join(folder, 'unpacked'));
  for (const name of [
    a,
    'evil',
    '../40-evil',
    `../state/releases/${a}`,
    '.',
    '..',
    '20/../../40-evil',
    '-e',
    '20 x',
    '20-*',
    '20-0.2.0/../evil',
  ]) {
    say('current', `${name}\n`);
    t.equal(run(), own, name);
  }
});

t.test('a release on trial that was never unpacked is replaced immediately, so that another update may be installed', async (t) => {
  const { run, say, said } = starterAt(t);
  say('current', `${a}\n`);
  say('previous', 'package\n');
  say('trial', `${a} 3\n`);
  t.equal(run(), own);
  t.strictSame([said('current'), said('trial'), said('failed')], ['package', null, a]);
});

t.test('compiled code of an older release is removed, that of the package and of this release stays', async (t) => {
  const { run, say, addRelease, folder, state } = starterAt(t);
  addRelease(a);
  say('current', `${a}\n`);
  const cache = join(folder, 'cache');
  for (const name of ['compiled', `compiled-${a}`, `compiled-${b}`]) mkdirSync(join(cache, name), { recursive: true });
  // The release's own starter is this one.
  const starter = join(folder, 'home/bin/luciole');
  writeFileSync(join(folder, 'unpacked', a, 'bin/luciole'), readFileSync(starter), { mode: 0o755 });
  writeFileSync(join(folder, 'unpacked', a, 'bin/node'), '#!/bin/sh\necho "$NODE_COMPILE_CACHE"\n', { mode: 0o755 });
  t.equal(run({ STATE_DIRECTORY: state, CACHE_DIRECTORY: cache }), join(cache, `compiled-${a}`));
  t.strictSame(readdirSync(cache).sort(), ['compiled', `compiled-${a}`]);
});

const damages: [story: string, file: string, text: string, runs: string][] = [
  ['a release whose folder is gone', 'current', '99-gone\n', own],
  ['an empty name', 'current', '', own],
  ['a name out of the folder', 'current', '../../../bin/sh\n', own],
  ['a count that is none', 'trial', `${a} many\n`, own],
  ['an empty trial', 'trial', '', of(a)],
  ['a trial of another release, cut off before it began', 'trial', `${b} 1\n`, of(a)],
];
for (const [story, file, text, runs] of damages)
  t.test(`${story}: something runs`, async (t) => {
    const { run, say, addRelease } = starterAt(t);
    addRelease(a);
    say('current', `${a}\n`);
    say(file, text);
    t.equal(run(), runs);
  });

t.test('the starter extends the start limit before Node runs, and does not wait until that is read', async (t) => {
  const { run, folder, state } = starterAt(t);
  const notifier = notifierIn(folder);
  t.equal(run({ STATE_DIRECTORY: state, LUCIOLE_START_STEP_USEC: '7000000', ...notifier.env }), own);
  t.notOk(notifier.isDone(), 'Node has run, the message is still on its way');
  t.equal(await notifier.words(), 'EXTEND_TIMEOUT_USEC=7000000');
  await notifier.release();
});

t.test('a unit that names no limit gets that of the package, and so does each release', async (t) => {
  const { run, folder, state, addRelease, say } = starterAt(t);
  addRelease(a);
  say('current', `${a}\n`);
  const notifier = notifierIn(folder);
  t.equal(run({ STATE_DIRECTORY: state, ...notifier.env }), of(a));
  t.equal(await notifier.words(), 'EXTEND_TIMEOUT_USEC=60000000');
  await notifier.release();
});

t.test('without systemd-notify, without a service manager and for any other command nothing is sent, and all runs', async (t) => {
  const { run, folder, state } = starterAt(t);
  const bare = join(folder, 'bare');
  mkdirSync(bare);
  for (const program of ['sh', 'readlink']) symlinkSync(join('/usr/bin', program), join(bare, program));
  t.equal(run({ STATE_DIRECTORY: state, NOTIFY_SOCKET: '/nowhere', PATH: bare }), own);
  const notifier = notifierIn(folder);
  t.equal(run({ STATE_DIRECTORY: state, PATH: notifier.env.PATH }), own);
  t.equal(run({ ...notifier.env, STATE_DIRECTORY: state }, 'status'), 'package LUCIOLE_RELEASE=');
  t.notOk(existsSync(join(folder, 'notifier-words')));
});

for (const kind of ODD_KINDS.filter((each) => each !== 'a file of 1 GB'))
  t.test(`${kind} in the place of a file about releases holds up no start`, { timeout: 20_000 }, async (t) => {
    const { run, say, releases, addRelease } = starterAt(t);
    for (const name of ['trial', 'starts', 'previous']) {
      addRelease(a);
      say('current', `${a}\n`);
      placeOdd(kind, join(releases, name));
      t.equal(run(), of(a), name);
    }
    placeOdd(kind, join(releases, 'current'));
    t.equal(run(), own, 'without a name the package runs');
  });
