/**
 * The package under a real systemd: installed, started, watched, confined, asked over a serial line, updated, upgraded, rebooted and purged.
 *
 * The street is outside, on pseudo-terminals that the root sees as /dev/ttyS1 and /dev/ttyS2; the technician's terminal is /dev/ttyS0.
 */
import { mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startChild } from '../../../bench/child.ts';
import type { FootprintStreetAnswer, FootprintStreetQuestion } from '../../../bench/footprint/street-process.ts';
import { proveConsole, proveNames } from './booted-console.ts';
import { bootRoot } from './booted-root.ts';
import { proveSandbox, sandboxGapLines } from './booted-sandbox.ts';
import {
  AGENT_UNIT,
  activeState,
  type BootedLife,
  type BootedScene,
  CONSOLE_UNIT,
  installDeb,
  mainPid,
  pauseMs,
  waitUntil,
} from './booted-scene.ts';
import { proveCredentials, proveSlowStart, proveStarted, proveWatchdog } from './booted-service.ts';
import { proveReleases, proveUpgrade } from './booted-updates.ts';
import { makeRoot } from './debian-root.ts';
import { openTerminal } from './terminal.ts';

/** What a gateway's Debian has and the smallest set has not. */
const PACKAGES = ['systemd,systemd-sysv,udev,dbus,login,kmod'];
/** Source: Linux capability.h: CAP_DAC_OVERRIDE is bit 1. */
const DAC_OVERRIDE = '0000000000000002';

export async function proveBooted(life: BootedLife): Promise<void> {
  const root = makeRoot(life.arch.debian, false, PACKAGES);
  const scratch = mkdtempSync(join(tmpdir(), 'luciole-street-'));
  const street = startChild<FootprintStreetQuestion, FootprintStreetAnswer>('footprint/street-process.ts');
  const terminal = openTerminal();
  let end = async (): Promise<void> => {};
  try {
    const lines = ttysOf((await street.ask({ ask: 'build', dir: scratch })).ports);
    // The root has no console; its own login there would fail and be counted.
    symlinkSync('/dev/null', join(root.dir, 'etc/systemd/system/console-getty.service'));
    const at = await bootRoot(root.dir, { ttyS0: terminal.path, ...lines });
    end = at.stop;
    await proveLife({ ...life, root, at, terminal, ttys: Object.keys(lines) });
  } finally {
    await end();
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

async function proveLife(scene: BootedScene): Promise<void> {
  const { at, report } = scene;
  const gaps = kernelGaps(scene);
  report('systemd is process 1 and has booted', at.run('cat', '/proc/1/comm').out.trim() === 'systemd', {
    state: at.state,
    failed: at.run('systemctl', '--failed', '--no-legend', '--plain').out.trim(),
    kernel: at.run('uname', '-r').out.trim(),
    systemd: at.run('systemctl', '--version').out.split('\n')[0],
  });
  proveInstalled(scene);
  await proveStarted(scene);
  await proveCredentials(scene);
  await proveWatchdog(scene);
  await proveSlowStart(scene);
  proveNames(scene);
  await proveConsole(scene);
  const sandboxes = [
    { unit: AGENT_UNIT },
    { unit: CONSOLE_UNIT },
    { unit: 'luciole-reboot.service', capabilities: DAC_OVERRIDE },
    { unit: 'luciole-release.service', capabilities: DAC_OVERRIDE },
  ];
  gaps.push(...sandboxGapLines(sandboxes.flatMap((each) => proveSandbox(scene, each))));
  await proveReleases(scene);
  await proveUpgrade(scene);
  provePurge(scene);
  await proveReboot(scene);
  report('what this kernel cannot show', true, gaps);
}

function proveInstalled(scene: BootedScene): void {
  const { at, report, debs } = scene;
  const { code, out } = installDeb(scene, debs.first);
  report('installed while systemd runs', code === 0, out.trim().split('\n').at(-1));
  const groups = at.run('id', '-nG', 'luciole').out.trim().split(' ');
  report(
    'sysusers: the agent may use serial ports, the console is a user of its own',
    groups.includes('dialout') && at.run('id', 'luciole-console').code === 0,
    groups,
  );
  const wanted = [
    '/etc/luciole 750 root:luciole',
    '/var/lib/luciole 700 luciole:luciole',
    '/var/lib/luciole-releases 755 root:root',
    '/run/luciole-console 2750 luciole:luciole-console',
  ];
  const folders = wanted.map((line) => line.split(' ')[0] ?? '');
  const modes = at
    .run('stat', '-c', '%n %a %U:%G', ...folders)
    .out.trim()
    .split('\n');
  report('tmpfiles: the folders are there, for the right users', modes.join() === wanted.join(), modes);
  report(
    'the agent is enabled and, without a cabinet, not started',
    at.run('systemctl', 'is-enabled', AGENT_UNIT).out.trim() === 'enabled' && activeState(scene, AGENT_UNIT) === 'inactive',
  );
}

function provePurge(scene: BootedScene): void {
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
async function proveReboot(scene: BootedScene): Promise<void> {
  const { at, report, debs } = scene;
  installDeb(scene, debs.first);
  at.run('systemctl', 'start', 'luciole-reboot.path');
  at.run('sh', '-c', 'echo "60.00 100.00" > /run/uptime && mount --bind /run/uptime /proc/uptime && mkdir -p /run/luciole');
  const request = (): void => void at.run('sh', '-c', 'touch /run/luciole/reboot-wish');
  request();
  const isTaken = await waitUntil(() => at.run('test', '-e', '/run/luciole/reboot-wish').code !== 0);
  await pauseMs(2_000);
  report('within the first hour a request for a reboot is taken away and not carried out', isTaken && at.isUp());
  at.run('umount', '/proc/uptime');
  at.run('sh', '-c', 'echo "7200.00 100.00" > /run/uptime && mount --bind /run/uptime /proc/uptime');
  request();
  const isGone = await waitUntil(() => !at.isUp());
  report('later it reboots the machine', isGone);
}

/** Settings of the units by the controller of cgroups that carries them out. Source: systemd.resource-control(5). */
const BY_CONTROLLER: Readonly<Record<string, string>> = {
  memory: 'MemoryHigh=, MemoryMax= and OOMPolicy=: no memory is counted, so no limit can be reached',
  pids: 'TasksMax=: no tasks are counted',
};

/** What no run on this kernel can show, each with the reason. */
function kernelGaps({ at }: BootedScene): string[] {
  const controllers = at.run('cat', '/sys/fs/cgroup/cgroup.controllers').out.trim().split(' ');
  const grantsOomRank = at.run('sh', '-c', 'echo -1 > /proc/self/oom_score_adj').code === 0;
  return [
    ...(grantsOomRank ? [] : ['OOMScoreAdjust= below 0: this machine grants no CAP_SYS_RESOURCE']),
    ...Object.entries(BY_CONTROLLER).flatMap(([controller, what]) =>
      controllers.includes(controller) ? [] : [`${what} (this kernel grants no ${controller} controller)`],
    ),
    'names of USB adapters: there is no USB here; the rules are read and a rule for another port is carried out',
    'a serial port that appears or goes while systemd runs: events of devices do not reach a namespace, so units of devices are reloaded by hand',
    'a real UART: speed, BREAK, parity and modem lines; a pseudo-terminal has none',
    'credentials bound to a TPM: there is none; a plain one and one with the key of the machine were handed over',
    'a hardware watchdog: there is none',
  ];
}
