/**
 * What the sandbox of a unit refuses, tried from inside by a process that has the unit's settings and another program.
 *
 * The program is Perl, which each Debian has: the agent's own would have to be taught to misbehave.
 */

/** One line a try: `name=refused` or `name=DONE`. Source: syscall numbers of x86-64 and arm64, Linux uapi/asm-generic/unistd.h. */
export const PROBE = `use strict; use Socket;
my %n = \`uname -m\` =~ /x86_64/ ? (mount=>165, unshare=>272, reboot=>169, settime=>227, keyctl=>250, sethostname=>170, chmod=>90)
                                : (mount=>40, unshare=>97, reboot=>142, settime=>112, keyctl=>219, sethostname=>161, chmod=>0);
my ($d, $h, $c);
sub told { my ($name, $done) = @_; print "$name=", ($done ? "DONE" : "refused"), "\\n" }
sub file { my ($path) = @_; open(my $f, ">>", $path) ? 1 : 0 }
sub call { my $r = eval { syscall(@_) }; defined $r && $r >= 0 }
told("write /etc", file("/etc/luciole-probe"));
told("write /usr", file("/usr/luciole-probe"));
told("write /boot", file("/boot/luciole-probe"));
told("read /root", opendir($d, "/root") ? 1 : 0);
told("read /home", opendir($h, "/home") && grep({ !/^\\./ } readdir $h) ? 1 : 0);
told("see the files of others in /tmp", -e "/tmp/luciole-of-others" ? 1 : 0);
told("see other processes", grep({ open($c, "<", "/proc/$_/comm") && <$c> =~ /systemd-journal/ } map { m{/proc/(\\d+)} } glob "/proc/[0-9]*") ? 1 : 0);
told("write a kernel setting", file("/proc/sys/kernel/hostname"));
told("read the kernel log", open(my $k, "<", "/dev/kmsg") ? 1 : 0);
told("write a control group", file("/sys/fs/cgroup/cgroup.procs"));
told("a device that is not the unit's", open(my $t, "+<", "/dev/fuse") ? 1 : 0);
told("mount", call($n{mount}, "none", "/mnt", "tmpfs", 0, 0));
told("new namespace", call($n{unshare}, 0x10000000));
told("set the clock", call($n{settime}, 0, pack("qq", 0, 0)));
told("set the host name", call($n{sethostname}, "probe", 5));
told("reboot", call($n{reboot}, 0xfee1dead, 672274793, 0x89abcdef, 0));
told("raw packets", socket(my $s, 17, SOCK_RAW, 768) ? 1 : 0);
told("a unix socket pair across families", socket(my $b, 31, SOCK_RAW, 0) ? 1 : 0);
told("a program with more rights", do { my $p = "/var/tmp/luciole-suid"; file($p) && chmod(04755, $p) && ((stat $p)[2] & 04000) } ? 1 : 0);
told("become root", do { $< = 0; $< == 0 });
open(my $st, "<", "/proc/self/status"); while (<$st>) { print "status $1=$2\\n" if /^(NoNewPrivs|Seccomp|CapEff|CapBnd|CapAmb):\\s*(\\S+)/ }
open(my $li, "<", "/proc/self/limits"); while (<$li>) { print "limit core=$1\\n" if /^Max core file size\\s+(\\S+)/ }
open(my $oo, "<", "/proc/self/oom_score_adj"); print "oom=", <$oo>;
printf "umask=%04o\\n", umask;
`;

export interface SandboxReport {
  /** Tries that were carried out though the unit forbids them. */
  readonly done: readonly string[];
  readonly refused: readonly string[];
  /** The kernel's own account of the process. */
  readonly facts: Readonly<Record<string, string>>;
}

/** Reads what the probe printed. */
export function readProbe(text: string): SandboxReport {
  const lines = text.split('\n').filter((line) => line.includes('='));
  const pairs = lines.map((line) => [line.slice(0, line.lastIndexOf('=')), line.slice(line.lastIndexOf('=') + 1).trim()] as const);
  const named = (end: string): string[] => pairs.filter(([, value]) => value === end).map(([name]) => name);
  return {
    done: named('DONE'),
    refused: named('refused'),
    facts: Object.fromEntries(pairs.filter(([, value]) => value !== 'DONE' && value !== 'refused')),
  };
}
