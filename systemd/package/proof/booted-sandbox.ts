/**
 * Each setting of a unit's sandbox, tried by a process that has them all; and what this kernel cannot show of them.
 */
import type { BootedScene } from './booted-scene.ts';
import { readSandboxProbe, SANDBOX_PROBE } from './sandbox-probe.ts';

/** Not part of the sandbox: what the unit runs, when, and where its words go. */
const OTHER_SETTINGS =
  /^(Type|Exec(Start|Condition)|Restart|RestartSec|RestartSteps|RestartMaxDelaySec|Timeout\w+|WatchdogSec|Notify\w+|RuntimeDirectory\w*|Standard\w+|TTY\w+|Send\w+|Ignore\w+|UtmpId\w+|Condition\w+|BindsTo|After|Conflicts|Before|Wants|WantedBy|Documentation|Description|StartLimit\w+|Nice|IOSchedulingClass)=/;
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

export interface UnitSandbox {
  readonly unit: string;
  /** Rights that the unit has all the same. Shape: as /proc/PID/status says, CapEff. */
  readonly capabilities?: string;
}

/** Reports the tries. Returns the settings that were granted to this kernel's credit only, each with the reason. */
export function proveSandbox({ at, report }: BootedScene, { unit, capabilities = '0000000000000000' }: UnitSandbox): readonly string[] {
  const file = unit.replace(/@.*\./, '@.');
  const text = at.run('cat', `/usr/lib/systemd/system/${file}`).out;
  const settings = text.split('\n').filter((line) => !OTHER_SETTINGS.test(line));
  const probe = settings
    .join('\n')
    .replaceAll('%I', 'ttyS0')
    .replace(
      '[Service]',
      '[Service]\nType=oneshot\nExecStart=/usr/bin/perl /usr/local/lib/luciole-probe.pl\nStandardOutput=truncate:/var/tmp/luciole-probe.txt',
    );
  at.runWith(SANDBOX_PROBE, 'sh', '-c', PREPARE);
  at.runWith(probe, 'sh', '-c', 'cat > /run/systemd/system/luciole-probe.service; systemctl daemon-reload; systemctl start luciole-probe');
  const { tries, facts } = readSandboxProbe(at.run('cat', '/var/tmp/luciole-probe.txt').out);
  const named = new Set([...text.matchAll(/^([A-Z]\w+)=/gm)].map(([, name = '']) => name));
  const ours = tries.filter(({ setting }) => named.has(setting));
  const done = ours.filter(({ isRefused }) => !isRefused);
  const unexpected = done.filter(({ setting }) => BY_KERNEL[setting] === undefined);
  const isConfined = facts['NoNewPrivs'] === '1' && facts['Seccomp'] === '2' && facts['CapEff'] === capabilities;
  report(`the sandbox of ${file} refuses what the unit never does`, ours.length > 15 && unexpected.length === 0 && isConfined, {
    unexpected,
    refused: [...new Set(ours.filter(({ isRefused }) => isRefused).map(({ setting }) => setting))],
    facts,
  });
  return [
    ...done.map(({ setting }) => `${setting}= in ${file}: this kernel carries out no ${BY_KERNEL[setting] ?? 'such setting'}`),
    ...Object.entries(UNTRIED).flatMap(([setting, why]) => (named.has(setting) ? [`${setting}= in ${file}: ${why}`] : [])),
  ];
}

const PREPARE =
  'cat > /usr/local/lib/luciole-probe.pl; rm -f /var/tmp/luciole-probe.txt; touch /tmp/luciole-of-others; test -e /dev/fuse || mknod -m 666 /dev/fuse c 10 229';
