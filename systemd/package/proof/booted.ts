/**
 * The package under a real systemd: installed, started, watched, confined, asked over a serial line, upgraded, rebooted and purged.
 *
 * The street is outside, on pseudo-terminals that the root sees as /dev/ttyS1 and /dev/ttyS2; the technician's terminal is /dev/ttyS0.
 */
import { copyFileSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { startChild } from '../../../bench/child.ts';
import { footprintCabinet } from '../../../bench/footprint/footprint-street.ts';
import type { FootprintStreetAnswer, FootprintStreetQuestion } from '../../../bench/footprint/street-process.ts';
import type { Arch } from '../arch.ts';
import { type BootedRoot, bootRoot } from './booted-root.ts';
import { type DebianRoot, makeRoot } from './debian-root.ts';
import { PROBE, readProbe } from './sandbox-probe.ts';
import type { ReportStep } from './step.ts';
import { openTerminal, type ProofTerminal } from './terminal.ts';

/** What a gateway's Debian has and the smallest set has not. */
const PACKAGES = ['systemd,systemd-sysv,udev,dbus,login,kmod'];
const UNIT = 'luciole.service';
const CONSOLE = 'luciole-console@ttyS0.service';
const SECRET = 'hidden-2b7e151628';
/** Source: the unit's WatchdogSec=, TimeoutAbortSec= and RestartSec=, and a start. Units: ms. */
const WATCHDOG_MS = 90_000;
/** Until something that should happen has. Units: ms. Source: assumed; far more than any step took on a busy machine. */
const WITHIN_MS = 90_000;
const LOOK_MS = 250;
const ENTER_AGAIN_MS = 2_000;

export interface BootedLife {
  readonly debs: { readonly first: string; readonly newer: string };
  readonly version: string;
  readonly newer: string;
  readonly arch: Arch;
  readonly report: ReportStep;
}

interface Scene extends BootedLife {
  readonly root: DebianRoot;
  readonly at: BootedRoot;
  readonly terminal: ProofTerminal;
}

export async function proveBooted(life: BootedLife): Promise<void> {
  const root = makeRoot(life.arch.debian, false, PACKAGES);
  const scratch = mkdtempSync(join(tmpdir(), 'luciole-street-'));
  const street = startChild<FootprintStreetQuestion, FootprintStreetAnswer>('footprint/street-process.ts');
  const terminal = openTerminal();
  let at: BootedRoot | null = null;
  try {
    const { ports } = await street.ask({ ask: 'build', dir: scratch });
    // The root has no console; its own login there would fail and be counted.
    symlinkSync('/dev/null', join(root.dir, 'etc/systemd/system/console-getty.service'));
    at = await bootRoot(root.dir, { ttyS0: terminal.path, ...ttysOf(ports) });
    const scene: Scene = { ...life, root, at, terminal };
    const controllers = at.run('cat', '/sys/fs/cgroup/cgroup.controllers').out.trim().split(' ');
    const grantsOomRank = at.run('sh', '-c', 'echo -1 > /proc/self/oom_score_adj').code === 0;
    life.report('systemd is process 1 and has booted', at.run('cat', '/proc/1/comm').out.trim() === 'systemd', {
      state: at.state,
      failed: at.run('systemctl', '--failed', '--no-legend', '--plain').out.trim(),
      kernel: at.run('uname', '-r').out.trim(),
      systemd: at.run('systemctl', '--version').out.split('\n')[0],
    });
    proveInstalled(scene);
    await proveStarted(scene, Object.keys(ttysOf(ports)));
    await proveCredentials(scene);
    await proveWatchdog(scene);
    await proveSlowStart(scene);
    proveSandbox(scene, UNIT);
    await proveNames(scene);
    await proveConsole(scene);
    proveSandbox(scene, CONSOLE);
    await proveUpgrade(scene);
    provePurge(scene);
    await proveReboot(scene);
    life.report('what this kernel cannot show', true, kernelGaps(controllers, grantsOomRank));
  } finally {
    await at?.stop();
    terminal.close();
    await street.stop();
    root.remove();
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** The street's lines as serial ports of the root: /dev/ttyS1, /dev/ttyS2. */
function ttysOf(ports: FootprintStreetAnswer['ports']): Record<string, string> {
  return Object.fromEntries(Object.values(ports).map((path, at) => [`ttyS${at + 1}`, realpathSync(path)]));
}

function install({ root, at }: Scene, deb: string) {
  copyFileSync(deb, join(root.dir, 'var/tmp', basename(deb)));
  return at.run('dpkg', '-i', `/var/tmp/${basename(deb)}`);
}

function proveInstalled(scene: Scene): void {
  const { at, report, debs } = scene;
  const { code, out } = install(scene, debs.first);
  report('installed while systemd runs', code === 0, out.trim().split('\n').at(-1));
  const groups = at.run('id', '-nG', 'luciole').out.trim().split(' ');
  report(
    'sysusers: the agent may use serial ports, the console is a user of its own',
    groups.includes('dialout') && at.run('id', 'luciole-console').code === 0,
    groups,
  );
  const modes = at.run('stat', '-c', '%n %a %U:%G', '/etc/luciole', '/var/lib/luciole', '/run/luciole-console').out.trim().split('\n');
  const wanted = [
    '/etc/luciole 750 root:luciole',
    '/var/lib/luciole 700 luciole:luciole',
    '/run/luciole-console 2750 luciole:luciole-console',
  ];
  report('tmpfiles: the folders are there, for the right users', modes.join() === wanted.join(), modes);
  report(
    'the agent is enabled and, without a cabinet, not started',
    at.run('systemctl', 'is-enabled', UNIT).out.trim() === 'enabled' && stateOf(scene, UNIT) === 'inactive',
  );
}

/** As an integrator writes it. */
function writeCabinet({ root, at }: Scene, ttys: readonly string[]): void {
  const [north = '', south = north] = ttys;
  const text = footprintCabinet({
    ports: { north: `/dev/${north}`, south: `/dev/${south}` },
    broker: 'mqtts://platform.invalid:8883',
    dataDir: '/var/lib/luciole',
  });
  writeFileSync(
    join(root.dir, 'etc/luciole/cabinet.yaml'),
    text.replace('uplink:\n', 'uplink:\n  username: cabinet\n  passwordFile: uplink-password\n'),
  );
  writeFileSync(join(root.dir, 'etc/luciole/uplink-password'), `${SECRET}\n`, { mode: 0o400 });
  at.run('chgrp', 'luciole', '/etc/luciole/cabinet.yaml');
  for (const tty of ttys) at.run('sh', '-c', `chgrp dialout /dev/${tty} && chmod 660 /dev/${tty}`);
}

function dropIn({ at }: Pick<Scene, 'at'>, unit: string, name: string, ...lines: readonly string[]): void {
  const dir = `/etc/systemd/system/${unit}.d`;
  at.runWith(`[Service]\n${lines.join('\n')}\n`, 'sh', '-c', `mkdir -p ${dir} && cat > ${dir}/${name}.conf && systemctl daemon-reload`);
}

async function proveStarted(scene: Scene, ttys: readonly string[]): Promise<void> {
  const { at, report } = scene;
  writeCabinet(scene, ttys);
  const checked = at.run('luciole', 'check');
  report('luciole check', checked.code === 0, checked.out.trim().split('\n').slice(0, 3));
  const started = at.run('systemctl', 'start', UNIT);
  report(
    'systemctl start returns once the agent is ready',
    started.code === 0 && stateOf(scene, UNIT) === 'active',
    show(scene, UNIT, 'StatusText'),
  );
  const rows = await readings(scene, 10);
  report('it reads the street and keeps what it reads', rows >= 10, { rows });
  report('it runs as its own user', uidOf(scene) === at.run('id', '-u', 'luciole').out.trim());
  report('the path unit waits for its request', stateOf(scene, 'luciole-reboot.path') === 'active');
}

/** The password has no folder: it is a credential of the service, which the agent's user cannot read otherwise. */
async function proveCredentials(scene: Scene): Promise<void> {
  const { at, report } = scene;
  const before = await uplinkReason(scene, (reason) => reason !== '');
  report('a credential that was not handed over is named', /LoadCredential=/.test(before), before);
  dropIn(scene, UNIT, 'proof-credential', 'LoadCredential=uplink-password:/etc/luciole/uplink-password');
  at.run('systemctl', 'restart', UNIT);
  const after = await uplinkReason(scene, (reason) => reason !== '' && !reason.includes('LoadCredential='));
  report('handed over, it is read', after !== '' && !after.includes('LoadCredential='), after);
  report(
    'the agent itself cannot read the file',
    at.run('setpriv', '--reuid=luciole', '--regid=luciole', '--init-groups', 'cat', '/etc/luciole/uplink-password').code !== 0,
  );
  const said = at.run('sh', '-c', 'journalctl -u luciole --no-pager; luciole status --json; luciole config export').out;
  report('it stands in no journal, status or export', !said.includes(SECRET));
}

async function proveWatchdog(scene: Scene): Promise<void> {
  const { at, report } = scene;
  const before = Number(show(scene, UNIT, 'NRestarts'));
  const fromMs = Date.now();
  at.run('sh', '-c', `kill -STOP ${mainPid(scene)}`);
  const restarted = await until(() => Number(show(scene, UNIT, 'NRestarts')) > before && stateOf(scene, UNIT) === 'active', WATCHDOG_MS);
  const journal = at.run('journalctl', '-u', 'luciole', '--no-pager', '-n', '80').out;
  report('a frozen agent is ended by the watchdog and started again', restarted && /watchdog/i.test(journal), {
    seconds: Math.round((Date.now() - fromMs) / 1_000),
  });
}

/** The agent gets a tenth of the time, as on a machine ten times as slow: it is stopped for 0.9 s of each second until it is ready. */
async function proveSlowStart(scene: Scene): Promise<void> {
  const { at, report } = scene;
  dropIn(scene, UNIT, 'proof-limit', 'TimeoutStartSec=4', 'Environment=LUCIOLE_START_STEP_USEC=4000000');
  const fromMs = Date.now();
  at.run('systemctl', 'restart', '--no-block', UNIT);
  const isOver = (): boolean =>
    stateOf(scene, UNIT) === 'active' && show(scene, UNIT, 'SubState') === 'running' && Date.now() - fromMs > 2_000;
  const ready = await until(async () => {
    at.run('systemctl', 'kill', '--kill-whom=all', '--signal=SIGSTOP', UNIT);
    await pauseMs(600);
    at.run('systemctl', 'kill', '--kill-whom=all', '--signal=SIGCONT', UNIT);
    await pauseMs(200);
    return isOver();
  }, WITHIN_MS);
  const tookMs = Date.now() - fromMs;
  // A restart by hand begins the count anew.
  const restarts = Number(show(scene, UNIT, 'NRestarts'));
  report('a start that is slow and goes on is not ended', ready && restarts === 0, { limitMs: 4_000, tookMs, restarts });
  at.run('systemctl', 'stop', UNIT);
  at.run('systemctl', 'start', '--no-block', UNIT);
  await until(() => mainPid(scene) !== '0', WITHIN_MS);
  at.run('sh', '-c', `kill -STOP ${mainPid(scene)}`);
  const ended = await until(() => /timeout/.test(at.run('journalctl', '-u', 'luciole', '--no-pager', '-n', '40').out), WITHIN_MS);
  const back = await until(() => stateOf(scene, UNIT) === 'active', WITHIN_MS);
  report('a start that hangs is ended, and the next one comes up', ended && back);
  at.run('rm', `/etc/systemd/system/${UNIT}.d/proof-limit.conf`);
  at.run('systemctl', 'daemon-reload');
}

/** A process with the unit's settings and another program. */
function proveSandbox({ at, report }: Scene, unit: string): void {
  at.runWith(
    PROBE,
    'sh',
    '-c',
    'cat > /usr/local/lib/luciole-probe.pl; touch /tmp/luciole-of-others; test -e /dev/fuse || mknod -m 666 /dev/fuse c 10 229',
  );
  const file = unit.replace(/@.*\./, '@.');
  const template = at.run('sh', '-c', `cat /usr/lib/systemd/system/${file} /lib/systemd/system/${file} 2>/dev/null`).out;
  const settings = template
    .split('\n')
    .filter(
      (line) =>
        !/^(Type|ExecStart|Restart|RestartSec|RestartSteps|RestartMaxDelaySec|WatchdogSec|Notify|RuntimeDirectory|Standard|TTY|Send|Ignore|UtmpId|Condition|BindsTo|After|Conflicts|Before|Wants)/.test(
          line,
        ),
    );
  const probe = settings
    .join('\n')
    .replaceAll('%I', 'ttyS0')
    .replace(
      '[Service]',
      '[Service]\nType=oneshot\nExecStart=/usr/bin/perl /usr/local/lib/luciole-probe.pl\nStandardOutput=truncate:/var/tmp/luciole-probe.txt',
    );
  at.runWith(probe, 'sh', '-c', 'cat > /run/systemd/system/luciole-probe.service; systemctl daemon-reload; systemctl start luciole-probe');
  const { done, refused, facts } = readProbe(at.run('cat', '/var/tmp/luciole-probe.txt').out);
  const isConfined = facts['status NoNewPrivs'] === '1' && facts['status Seccomp'] === '2' && /^0+$/.test(facts['status CapEff'] ?? '');
  report(`the sandbox of ${file} refuses what the agent never does`, refused.length > 10 && done.length === 0 && isConfined, {
    done,
    refused: refused.length,
    facts,
  });
}

/** What an integrator writes for a port that the kernel has, as docs/install.md says. */
async function proveNames({ at, report }: Scene): Promise<void> {
  const rule = 'SUBSYSTEM=="tty", KERNEL=="ttyS0", SYMLINK+="luciole/terminal"';
  at.runWith(
    `${rule}\n`,
    'sh',
    '-c',
    'cat > /etc/udev/rules.d/62-cabinet.rules; udevadm control --reload; udevadm trigger --action=add --settle --subsystem-match=tty',
  );
  const link = at.run('readlink', '-f', '/dev/luciole/terminal').out.trim();
  report("udev gives a port the integrator's name", link === '/dev/ttyS0', link);
  const verified = at.run('udevadm', 'verify', '/usr/lib/udev/rules.d/61-luciole-serial.rules');
  report("udev accepts each line of the package's rules", verified.code === 0, verified.out.trim().split('\n').at(-1));
}

async function proveConsole(scene: Scene): Promise<void> {
  const { at, report, terminal } = scene;
  const invited = at.run('luciole', 'user', 'add', 'ada', '--role', 'admin').out;
  const oneTime = /\b[a-z0-9]{4}(?:-[a-z0-9]{4})+\b/i.exec(invited)?.[0] ?? '';
  at.run('chown', 'luciole-console:tty', '/dev/ttyS0');
  // Device units are found when systemd reads its units, as uevents do not reach a namespace.
  at.run('systemctl', 'daemon-reload');
  const enabled = at.run('systemctl', 'enable', '--now', CONSOLE);
  report('the console unit takes the port', await until(() => stateOf(scene, CONSOLE) === 'active', WITHIN_MS), enabled.out.trim());
  const type = async (text: string, wanted: RegExp): Promise<boolean> => {
    const from = terminal.received().length;
    terminal.type(text);
    return until(async () => {
      if (wanted.test(terminal.received().slice(from))) return true;
      // A person presses Enter again where nothing answers yet.
      if (text === '\r') {
        await pauseMs(ENTER_AGAIN_MS);
        terminal.type(text);
      }
      return false;
    }, WITHIN_MS);
  };
  const steps: [typed: string, wanted: RegExp][] = [
    ['\r', /user|login|name/i],
    ['ada\r', /password/i],
    [`${oneTime}\r`, /new password|choose/i],
    ['correct horse 4711 battery\r', /again|once more|repeat/i],
    ['correct horse 4711 battery\r', /> ?$|footprint/],
    ['status\r', /footprint|lamps/i],
  ];
  let passed = 0;
  for (const [typed, wanted] of steps) {
    if (!(await type(typed, wanted))) break;
    passed++;
  }
  report(
    'a technician logs in over the serial line and reads the status',
    passed === steps.length,
    passed === steps.length ? undefined : { passed, screen: terminal.received().slice(-600) },
  );
  const before = mainPid(scene, CONSOLE);
  terminal.type('exit\r');
  report(
    'after it the port waits for the next one',
    await until(() => stateOf(scene, CONSOLE) === 'active' && !['0', before].includes(mainPid(scene, CONSOLE)), WITHIN_MS),
  );
}

async function proveUpgrade(scene: Scene): Promise<void> {
  const { at, report, debs, newer } = scene;
  const before = await readings(scene, 1);
  const oldPid = mainPid(scene);
  // As a service that was taken over would do before the next upgrade.
  at.run(
    'sh',
    '-c',
    'mkdir /etc/of-others && touch /etc/of-others/current && rm -rf /var/lib/luciole/releases && ln -s /etc/of-others /var/lib/luciole/releases',
  );
  const { code } = install(scene, debs.newer);
  report('an upgrade removes nothing through a link in the folder of the agent', at.run('test', '-e', '/etc/of-others/current').code === 0);
  at.run('rm', '/var/lib/luciole/releases');
  const isNew = await until(() => stateOf(scene, UNIT) === 'active' && mainPid(scene) !== oldPid, WITHIN_MS);
  const after = await readings(scene, before + 1);
  report('upgraded while it runs: one restart, the readings stay', code === 0 && isNew && after > before, { before, after });
  report('the newer release answers', at.run('luciole', 'version').out.startsWith(`luciole ${newer} `));
  report('the console came back too', await until(() => stateOf(scene, CONSOLE) === 'active', WITHIN_MS));
}

function provePurge(scene: Scene): void {
  const { at, report } = scene;
  const { code, out } = at.run('dpkg', '--purge', 'luciole');
  report(
    'purged while it runs: stopped, the data stays and its places are named',
    code === 0 && out.includes('kept /var/lib/luciole') && mainPid(scene) === '0',
    out.trim().split('\n').slice(-2),
  );
  const links = at.run('find', '/etc/systemd/system', '-name', '*luciole*', '-type', 'l').out.trim();
  report('no unit is left enabled', links === '', links);
}

/** Last, as it ends the machine: the request of the agent for a reboot, once too early and once in time. */
async function proveReboot(scene: Scene): Promise<void> {
  const { at, report, debs } = scene;
  install(scene, debs.first);
  at.run('systemctl', 'start', 'luciole-reboot.path');
  at.run('sh', '-c', 'echo "60.00 100.00" > /run/uptime && mount --bind /run/uptime /proc/uptime && mkdir -p /run/luciole');
  const request = (): void => void at.run('sh', '-c', 'touch /run/luciole/reboot-wish');
  request();
  const isTaken = await until(() => at.run('test', '-e', '/run/luciole/reboot-wish').code !== 0, WITHIN_MS);
  await pauseMs(2_000);
  report('within the first hour a request for a reboot is taken away and not carried out', isTaken && at.isUp());
  at.run('umount', '/proc/uptime');
  at.run('sh', '-c', 'echo "7200.00 100.00" > /run/uptime && mount --bind /run/uptime /proc/uptime');
  request();
  const isGone = await until(() => !at.isUp(), WITHIN_MS);
  report('later it reboots the machine', isGone);
}

/** Settings of the units by the controller of cgroups that carries them out. Source: systemd.resource-control(5). */
const BY_CONTROLLER: Readonly<Record<string, string>> = {
  memory: 'MemoryHigh=, MemoryMax= and OOMPolicy=: no memory is counted, so no limit can be reached',
  pids: 'TasksMax=: no tasks are counted',
};

/** What no run on this kernel can show, each with the reason. */
function kernelGaps(controllers: readonly string[], grantsOomRank: boolean): readonly string[] {
  return [
    ...(grantsOomRank ? [] : ['OOMScoreAdjust= below 0: this machine grants no CAP_SYS_RESOURCE']),
    ...Object.entries(BY_CONTROLLER).flatMap(([controller, what]) =>
      controllers.includes(controller) ? [] : [`${what} (this kernel grants no ${controller} controller)`],
    ),
    'names of USB adapters: there is no USB here; the rules are read and a rule for another port is carried out',
    'a serial port that appears or goes while systemd runs: events of devices do not reach a namespace, so units of devices are read anew by hand',
    'a real UART: speed, BREAK, parity and modem lines; a pseudo-terminal has none',
    'encrypted credentials bound to a TPM: there is none; a plain credential was handed over',
  ];
}

function show({ at }: Scene, unit: string, property: string): string {
  return at.run('systemctl', 'show', '--value', '--property', property, unit).out.trim();
}

const stateOf = (scene: Scene, unit: string): string => show(scene, unit, 'ActiveState');
const mainPid = (scene: Scene, unit = UNIT): string => show(scene, unit, 'MainPID');
const uidOf = (scene: Scene): string => /^Uid:\s*(\d+)/m.exec(scene.at.run('cat', `/proc/${mainPid(scene)}/status`).out)?.[1] ?? '';

async function readings({ at }: Scene, atLeast: number): Promise<number> {
  let rows = 0;
  await until(() => {
    const { code, out } = at.run('luciole', 'status', '--json');
    rows = code === 0 ? ((JSON.parse(out) as { store?: { lastSeq?: number } }).store?.lastSeq ?? 0) : 0;
    return rows >= atLeast;
  }, WITHIN_MS);
  return rows;
}

async function uplinkReason({ at }: Scene, holds: (reason: string) => boolean): Promise<string> {
  let reason = '';
  await until(() => {
    const { code, out } = at.run('luciole', 'status', '--json');
    reason = code === 0 ? ((JSON.parse(out) as { uplink?: { reason?: string } }).uplink?.reason ?? '') : '';
    return holds(reason);
  }, WITHIN_MS);
  return reason;
}

async function until(holds: () => boolean | Promise<boolean>, withinMs: number): Promise<boolean> {
  for (const endMs = Date.now() + withinMs; Date.now() < endMs; await pauseMs(LOOK_MS)) if (await holds()) return true;
  return false;
}

const pauseMs = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
