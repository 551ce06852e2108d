import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';

const SCRIPTS = join(import.meta.dirname, '../../systemd/package/debian');
const UNITS = 'etc/systemd/system';
const AGENT = `${UNITS}/multi-user.target.wants/luciole.service`;
const CONSOLE = `${UNITS}/getty.target.wants/luciole-console@ttyS1.service`;
const OTHER = `${UNITS}/getty.target.wants/getty@tty1.service`;

/** The real scripts on a machine in a folder, whose service manager only records its requests. */
function machineAt(t: Test) {
  const root = mkdtempSync(join(tmpdir(), 'luciole-machine-'));
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  const [bin, asked] = [join(root, 'bin'), join(root, 'asked')];
  for (const dir of ['bin', 'run/systemd/system', 'etc/luciole', 'var/lib/luciole', 'var/cache/luciole'])
    mkdirSync(join(root, dir), { recursive: true });
  for (const link of [AGENT, CONSOLE, OTHER]) {
    mkdirSync(join(root, link, '..'), { recursive: true });
    symlinkSync('/usr/lib/systemd/system/gone', join(root, link));
  }
  writeFileSync(join(root, 'etc/luciole/cabinet.yaml'), 'cabinet: {}\n');
  const isEnabled = `[ "$1" != is-enabled ] || [ -L "${join(root, AGENT)}" ]`;
  writeFileSync(join(bin, 'systemctl'), `#!/bin/sh\necho "$@" >>"${asked}"\n${isEnabled}\n`, { mode: 0o755 });
  for (const name of ['systemd-sysusers', 'systemd-tmpfiles']) writeFileSync(join(bin, name), '#!/bin/sh\n', { mode: 0o755 });
  return {
    has: (path: string): boolean => existsSync(join(root, path, '..')) && isLink(join(root, path)),
    forget: (path: string): void => rmSync(join(root, path)),
    run(script: string, ...words: readonly string[]) {
      rmSync(asked, { force: true });
      const text = readFileSync(join(SCRIPTS, script), 'utf8').replaceAll(/(?<![\w$}])\/(etc|run|var)\//g, `${root}/$1/`);
      writeFileSync(join(root, script), text);
      const said = execFileSync('sh', [join(root, script), ...words], { encoding: 'utf8', env: { PATH: `${bin}:/usr/bin:/bin` } });
      return { said, asked: existsSync(asked) ? readFileSync(asked, 'utf8').trim().split('\n') : [] };
    },
  };
}

function isLink(path: string): boolean {
  try {
    return execFileSync('readlink', [path]).length > 0;
  } catch {
    return false;
  }
}

t.test('a package that is removed and installed again lights the street and answers at its consoles again', async (t) => {
  const machine = machineAt(t);
  t.match(machine.run('prerm', 'remove').asked, ['stop luciole.service', /^stop luciole-console@/]);
  machine.run('postrm', 'remove');
  const { asked } = machine.run('postinst', 'configure', '0.1.0');
  for (const wanted of ['restart --no-block luciole.service', 'start --no-block luciole-console@ttyS1.service'])
    t.ok(asked.includes(wanted), wanted);
  t.notOk(asked.some((words) => words.includes('getty@tty1')));
});

t.test('an upgrade starts no agent that its operator has disabled, and leaves none of the old program running', async (t) => {
  const machine = machineAt(t);
  machine.forget(AGENT);
  t.strictSame(machine.run('prerm', 'upgrade', '0.2.0').asked, []);
  const { asked } = machine.run('postinst', 'configure', '0.1.0');
  t.ok(asked.includes('try-restart --no-block luciole.service'));
  t.notOk(asked.includes('restart --no-block luciole.service'));
});

t.test('purge forgets that units were enabled and keeps the files of the operator', async (t) => {
  const machine = machineAt(t);
  machine.run('prerm', 'remove');
  const { said } = machine.run('postrm', 'purge');
  t.strictSame([AGENT, CONSOLE, OTHER].map(machine.has), [false, false, true]);
  t.match(said, /kept \S+\/etc\/luciole /);
});
