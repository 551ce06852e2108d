/**
 * Each setting of a unit's sandbox, tried by a process that has them all; and what this kernel cannot show of them.
 */
import type { BootedScene } from './booted-scene.ts';
import { readSandboxProbe, SANDBOX_PROBE, type SandboxReport, type SandboxTry } from './sandbox-probe.ts';

/** Not part of the sandbox: what the unit runs, when, and where its words go. */
const OTHER_SETTINGS =
  /^(Type|Exec(Start|Condition)|Restart|RestartSec|RestartSteps|RestartMaxDelaySec|Timeout\w+|WatchdogSec|Notify\w+|RuntimeDirectory\w*|Standard\w+|TTY\w+|Send\w+|Ignore\w+|UtmpId\w+|Condition\w+|BindsTo|After|Conflicts|Before|Wants|WantedBy|Documentation|Description|StartLimit\w+|Nice|IOSchedulingClass)=/;
/** Settings that the probe tries. */
const TRIED = [...new Set([...SANDBOX_PROBE.matchAll(/report\("(\w+)"/g)].map(([, setting = '']) => setting))];
/** Settings that a process cannot try by itself, with the reason. */
const UNTRIED: Readonly<Record<string, string>> = {
  SystemCallArchitectures: 'a program of another architecture would be needed',
  KeyringMode: 'no other service has keys here',
  RemoveIPC: 'nothing of the agent uses System V IPC',
  IPAddressDeny: 'the unit has no network in the first place',
};
/** Settings that the kernel carries out by BPF programs, or by controllers of cgroups. Source: systemd.resource-control(5). */
const BY_KERNEL: Readonly<Record<string, string>> = {
  SocketBindDeny: 'BPF programs of cgroups',
  IPAddressDeny: 'BPF programs of cgroups',
  DevicePolicy: 'BPF programs of cgroups',
  DeviceAllow: 'BPF programs of cgroups',
};

const PREPARE =
  'cat > /usr/local/lib/luciole-probe.pl; rm -f /var/tmp/luciole-probe.txt; touch /tmp/luciole-of-others /root/luciole-private /home/luciole-private; test -e /dev/fuse || mknod -m 666 /dev/fuse c 10 229';

/** Why a setting refused nothing that is possible without it, where the kernel is as this project's machines are. */
const VACUOUS: Readonly<Record<string, string>> = {
  ProtectKernelLogs: 'the root has no /dev/kmsg',
  ProtectKernelModules: 'this kernel does not expose its modules',
  PrivateNetwork: 'the root has no network in the first place',
  ProtectProc: 'processes of its own user are seen, and this unit is root',
};

/** A setting of a unit that was not seen to refuse anything, and the reason. */
export interface SandboxGap {
  readonly setting: string;
  readonly file: string;
  readonly why: string;
}

export interface UnitSandbox {
  readonly unit: string;
  /** Capabilities that the unit keeps in its sandbox. Shape: hexadecimal, as CapEff in /proc/PID/status. */
  readonly capabilities?: string;
}

/** How the attempts run. With `every right` the setting itself refuses, not a missing right; `free` has no sandbox. */
type SandboxVariant = 'as its user' | 'as root with every right' | 'free';
/** Settings that remove rights; they are left out to show the effect of the others. Folders of the unit would be given to root. */
const RIGHTS = /^(User|Group|SupplementaryGroups|CapabilityBoundingSet|AmbientCapabilities|PrivateUsers|\w+Directory|\w+DirectoryMode)=/;
const RIGHTS_SHOWN = ['CapabilityBoundingSet', 'PrivateUsers'];

/** Reports the attempts. Returns the settings that this kernel ignores or cannot show, and those that no process can test itself, each with the reason. */
export function proveSandbox(scene: BootedScene, { unit, capabilities = '0000000000000000' }: UnitSandbox): readonly SandboxGap[] {
  const file = unit.replace(/@.*\./, '@.');
  const text = scene.at.run('cat', `/usr/lib/systemd/system/${file}`).out;
  const named = new Set([...text.matchAll(/^([A-Z]\w+)=/gm)].map(([, name = '']) => name));
  // An attempt that also fails without a sandbox shows nothing.
  const free = probed(scene, text, 'free').tries.filter(({ isRefused }) => !isRefused);
  const isTelling = ({ attempt }: SandboxTry): boolean => free.some((each) => each.attempt === attempt);
  const [undone, shown]: [Set<string>, Set<string>] = [new Set(), new Set()];
  for (const variant of ['as its user', 'as root with every right'] as const) {
    const isRoot = variant !== 'as its user';
    const { tries, facts } = probed(scene, text, variant);
    const unseen = [...(isRoot ? RIGHTS_SHOWN : []), ...(isRoot || !named.has('User') ? ['ProtectProc'] : [])];
    const ours = tries.filter(({ setting }) => named.has(setting) && !unseen.includes(setting));
    const done = ours.filter(({ isRefused }) => !isRefused);
    const unexpected = done.filter(({ setting }) => BY_KERNEL[setting] === undefined);
    const isConfined = facts['NoNewPrivs'] === '1' && facts['Seccomp'] === '2' && (isRoot || facts['CapEff'] === capabilities);
    for (const { setting } of done) undone.add(setting);
    for (const each of ours) if (each.isRefused && isTelling(each)) shown.add(each.setting);
    const isWell = ours.filter(isTelling).length > 5 && unexpected.length === 0 && isConfined;
    scene.report(`the sandbox of ${file} refuses what the unit never does, tried ${variant}`, isWell, { unexpected, facts });
  }
  scene.report(`settings of ${file} that refused what is possible without them`, shown.size > 5, [...shown]);
  return gapsOf(file, named, { undone, shown });
}

function gapsOf(
  file: string,
  named: ReadonlySet<string>,
  { undone, shown }: { readonly undone: ReadonlySet<string>; readonly shown: ReadonlySet<string> },
): SandboxGap[] {
  const gap = (setting: string, why: string): SandboxGap => ({ setting, file, why });
  const vacuous = TRIED.filter((setting) => named.has(setting) && !shown.has(setting) && !undone.has(setting));
  return [
    ...[...undone].map((setting) => gap(setting, `this kernel carries out no ${BY_KERNEL[setting] ?? 'such setting'}`)),
    ...vacuous.map((setting) => gap(setting, VACUOUS[setting] ?? 'what it refuses is refused here without it too')),
    ...Object.entries(UNTRIED).flatMap(([setting, why]) => (named.has(setting) ? [gap(setting, why)] : [])),
  ];
}

/** Returns one line per setting and reason, with the files of the units that it applies to. */
export function sandboxGapLines(gaps: readonly SandboxGap[]): string[] {
  const byWords = Map.groupBy(gaps, ({ setting, why }) => `${setting}=: ${why}`);
  return [...byWords].map(([words, each]) => `${words} (${each.map(({ file }) => file).join(', ')})`);
}

/** What the probe prints in the sandbox of a unit. */
function probed({ at }: BootedScene, unit: string, variant: SandboxVariant): SandboxReport {
  const settings = unit
    .split('\n')
    .filter((line) => !OTHER_SETTINGS.test(line) && (variant === 'as its user' || !RIGHTS.test(line)))
    .filter((line) => variant !== 'free' || line === '[Service]');
  const [, state] = /^StateDirectory=(\S+)$/m.exec(unit) ?? [];
  const isOwn = variant === 'as its user' || state === undefined;
  const own = isOwn ? '' : `\nReadWritePaths=/var/lib/${state}\nEnvironment=STATE_DIRECTORY=/var/lib/${state}`;
  const run = 'Type=oneshot\nExecStart=/usr/bin/perl /usr/local/lib/luciole-probe.pl\nStandardOutput=truncate:/var/tmp/luciole-probe.txt';
  const probe = settings.join('\n').replaceAll('%I', 'ttyS0').replace('[Service]', `[Service]\n${run}${own}`);
  at.runWith(SANDBOX_PROBE, 'sh', '-c', PREPARE);
  at.runWith(
    `${probe}\n`,
    'sh',
    '-c',
    'cat > /run/systemd/system/luciole-probe.service; systemctl daemon-reload; systemctl reset-failed luciole-probe; systemctl start luciole-probe',
  );
  return readSandboxProbe(at.run('cat', '/var/tmp/luciole-probe.txt').out);
}
