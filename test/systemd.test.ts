import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { USUAL_STEP_LIMIT_MS } from '../agent/service/run/start-progress.ts';
import { findProgram } from './platform/mosquitto.ts';

const UNITS = join(import.meta.dirname, '../systemd');
const PLATFORM = join(import.meta.dirname, '../platform');
const HOST_NODE = '/opt/luciole/node_modules/.bin/node';
const run = promisify(execFile);
const analyze = findProgram('systemd-analyze');
const skip = analyze === undefined ? 'systemd-analyze is missing: apt-get install systemd' : false;
/** Source: what `systemd-analyze security` gives, 0 (safe) to 10; the goals of the design. */
const EXPOSURE = {
  'luciole.service': 1.6,
  'luciole-console@.service': 1.0,
  'luciole-reboot.service': 1.2,
  'luciole-release.service': 1.0,
};

/** Source: as `EXPOSURE`; the host connects to addresses that its unit cannot know. */
const HOST_EXPOSURE = 1.5;

/** The units with programs that this machine has in place of ours. */
function unitsHere(t: { teardown(fn: () => void): void }): string {
  const dir = mkdtempSync(join(tmpdir(), 'luciole-units-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  mkdirSync(dir, { recursive: true });
  for (const name of readdirSync(UNITS).filter((each) => /\.(service|path|timer|socket)$/.test(each))) {
    const text = readFileSync(join(UNITS, name), 'utf8');
    writeFileSync(join(dir, name), text.replaceAll('/usr/bin/luciole', '/bin/true').replaceAll('/sbin/agetty', '/bin/true'));
  }
  return dir;
}

t.test('systemd understands every line of the units', { skip, timeout: 60_000 }, async (t) => {
  const dir = unitsHere(t);
  const files = readdirSync(dir).map((name) => join(dir, name.replace('@.', '@ttyS1.')));
  const { stdout, stderr } = await run(analyze ?? '', ['verify', '--man=no', '--recursive-errors=no', ...files]);
  t.equal(stdout + stderr, '');
});

t.test('the exposure of agent and console stays within its bounds', { skip, timeout: 60_000 }, async (t) => {
  const dir = unitsHere(t);
  for (const [unit, most] of Object.entries(EXPOSURE)) {
    const { stdout } = await run(analyze ?? '', ['security', '--offline=true', '--no-pager', join(dir, unit)]);
    const exposure = Number(/Overall exposure level for \S+: ([0-9.]+)/.exec(stdout)?.[1]);
    t.ok(exposure <= most, `${unit}: ${exposure}, at most ${most}`);
  }
});

t.test('the units of the host: understood, confined, and with words that the host has', { skip, timeout: 60_000 }, async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'luciole-units-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  cpSync(join(PLATFORM, 'systemd'), dir, { recursive: true });
  const help = readFileSync(join(PLATFORM, 'cli/options.ts'), 'utf8');
  const units = readdirSync(dir).filter((name) => name.endsWith('.service'));
  t.equal(units.length, 3);
  for (const name of units) {
    const text = readFileSync(join(dir, name), 'utf8');
    const [, words = ''] = /^ExecStart=\S+ (.*)$/m.exec(text) ?? [];
    const [entry = '', command = '', ...options] = words.split(' ').filter((word) => !word.startsWith('--max-'));
    t.ok(existsSync(entry.replace('/opt/luciole/platform', PLATFORM)), entry);
    t.match(help, new RegExp(`^  ${command} `, 'm'));
    for (const option of options.filter((word) => word.startsWith('--'))) t.match(help, `  ${option} `);
    writeFileSync(join(dir, name), text.replace(HOST_NODE, '/bin/true'));
  }
  const names = units.map((name) => join(dir, name.replace('@.', '@9464.')));
  const { stdout, stderr } = await run(analyze ?? '', ['verify', '--man=no', '--recursive-errors=no', ...names]);
  t.equal(stdout + stderr, '');
  for (const name of names) {
    const { stdout } = await run(analyze ?? '', ['security', '--offline=true', '--no-pager', name]);
    t.ok(Number(/Overall exposure level for \S+: ([0-9.]+)/.exec(stdout)?.[1]) <= HOST_EXPOSURE, stdout.slice(-200));
  }
});

t.test('the agent waits for no network and no time server, and is never given up', async (t) => {
  const unit = readFileSync(join(UNITS, 'luciole.service'), 'utf8');
  t.notMatch(unit, /^(After|Wants|Requires|BindsTo)=.*(network|time-sync)/m);
  t.match(unit, /^StartLimitIntervalSec=0$/m);
  t.match(unit, /^Restart=always$/m);
  t.match(unit, /^WatchdogSec=/m);
  t.match(unit, /^OOMPolicy=continue$/m, 'not ended by the service manager because a check of a configuration took too much memory');
});

t.test('a step of a start may take as long as a whole start, and its messages are accepted from the starter', async (t) => {
  const unit = readFileSync(join(UNITS, 'luciole.service'), 'utf8');
  const [, limitS] = /^TimeoutStartSec=(\d+)$/m.exec(unit) ?? [];
  t.match(unit, new RegExp(`^Environment=LUCIOLE_START_STEP_USEC=${limitS}000000$`, 'm'));
  t.equal(USUAL_STEP_LIMIT_MS, Number(limitS) * 1_000, 'for a unit that is older than its program');
  t.match(readFileSync(join(UNITS, 'package/files/luciole.sh'), 'utf8'), `\${LUCIOLE_START_STEP_USEC:-${limitS}000000}`);
  t.match(unit, /^NotifyAccess=all$/m, 'systemd-notify is no child of the main process when the starter runs it');
});

t.test('ports whose driver is loaded only when an adapter is found are allowed by number, as a name would be too late', async (t) => {
  const unit = readFileSync(join(UNITS, 'luciole.service'), 'utf8');
  // Source: Linux, Documentation/admin-guide/devices.txt.
  for (const [kind, major] of Object.entries({ ttyACM: 166, ttyUSB: 188 }))
    t.match(unit, new RegExp(`^DeviceAllow=char-${major} rw$`, 'm'), kind);
});

t.test(
  'every user of a unit is made by the list of users, and every folder of a unit that systemd does not make by the other',
  async (t) => {
    const users = readFileSync(join(UNITS, 'luciole.sysusers'), 'utf8');
    const folders = readFileSync(join(UNITS, 'luciole.tmpfiles'), 'utf8');
    const names = readdirSync(UNITS).filter((each) => each.endsWith('.service'));
    // Made by systemd while the unit that names them runs.
    const runtimeFolders = names.flatMap((name) =>
      [...readFileSync(join(UNITS, name), 'utf8').matchAll(/^RuntimeDirectory=(\S+)$/gm)].map(([, folder]) => `/run/${folder}`),
    );
    for (const name of names) {
      const unit = readFileSync(join(UNITS, name), 'utf8');
      for (const [, user = ''] of unit.matchAll(/^(?:User|Group)=(\S+)$/gm))
        t.match(users, new RegExp(`^u ${user} `, 'm'), `${name}: ${user}`);
      for (const [, folder = ''] of unit.matchAll(/^ReadWritePaths=-?(\S+)$/gm))
        if (!runtimeFolders.includes(folder)) t.match(folders, new RegExp(`^d ${folder} `, 'm'), `${name}: ${folder}`);
    }
  },
);

t.test('what a unit can write, it cannot execute', async (t) => {
  const units = readdirSync(UNITS).filter((each) => each.endsWith('.service'));
  t.ok(units.length >= 4);
  for (const name of units) {
    const unit = readFileSync(join(UNITS, name), 'utf8');
    const words = (key: string): string[] =>
      [...unit.matchAll(new RegExp(`^${key}=(.+)$`, 'gm'))].flatMap(([, text = '']) =>
        text.split(' ').map((path) => path.replace(/^-/, '')),
      );
    const made = { State: '/var/lib', Cache: '/var/cache', Runtime: '/run' };
    const writable = [
      ...words('ReadWritePaths'),
      ...Object.entries(made).flatMap(([kind, parent]) => words(`${kind}Directory`).map((folder) => `${parent}/${folder}`)),
      ...['/tmp', '/var/tmp', '/dev/shm'],
    ];
    const barred = words('NoExecPaths');
    for (const folder of writable) t.ok(barred.includes(folder), `${name}: ${folder}`);
    t.match(unit, /^ProtectSystem=strict$/m, 'and the rest it cannot write');
    t.match(unit, /^ReadOnlyPaths=\/run$/m, 'with the one folder that strict leaves out');
  }
});

t.test('no path of the package leads root through a folder of the agent: the maintainer scripts act as the agent there', async (t) => {
  for (const script of ['postinst', 'prerm', 'postrm']) {
    const text = readFileSync(join(UNITS, 'package/debian', script), 'utf8');
    const purge = text.indexOf('= purge');
    for (const line of text.slice(0, purge < 0 ? undefined : purge).split('\n'))
      if (/\b(rm|mv|cp|chown|chmod)\b/.test(line) && /\/var\/(lib|cache)\/luciole\//.test(line))
        t.match(line, /runuser -u luciole -- /, line);
  }
});

t.test(
  'udev understands the rules',
  { skip: findProgram('udevadm') === undefined && 'udevadm is missing: apt-get install udev' },
  async (t) => {
    const rules = readdirSync(UNITS).filter((name) => name.endsWith('.rules'));
    for (const name of rules) {
      const { stdout } = await run('udevadm', ['verify', join(UNITS, name)]);
      t.match(stdout, /Fail: +0/, name);
    }
  },
);
