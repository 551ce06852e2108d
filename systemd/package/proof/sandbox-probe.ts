/**
 * What the sandbox of a unit refuses, tried from inside by a process that has the unit's settings and another program.
 *
 * The program is Perl, which each Debian has: the agent's own would have to be taught to misbehave. It also runs without any sandbox, for
 * comparison, so no try harms the machine: the clock is only read, the host gets the name that it has.
 */

/**
 * A Perl program that tries what a sandbox should refuse. It prints one line for each attempt, `setting|attempt|refused` or
 * `setting|attempt|DONE`. Source: syscall numbers of x86-64 and arm64, Linux uapi/asm-generic/unistd.h.
 */
export const SANDBOX_PROBE = `use strict; use Socket;
$| = 1;
my %n = \`uname -m\` =~ /x86_64/
  ? (mmap=>9, mount=>165, unshare=>272, reboot=>169, adjtime=>159, umount=>166, sethostname=>170, personality=>135, scheduler=>144, module=>176, affinity=>203)
  : (mmap=>222, mount=>40, unshare=>97, reboot=>142, adjtime=>171, umount=>39, sethostname=>161, personality=>92, scheduler=>119, module=>106, affinity=>122);
my ($c, $l);
sub report { my ($setting, $name, $done) = @_; print "$setting|$name|", ($done ? "DONE" : "refused"), "\\n" }
sub file { my ($path) = @_; open(my $f, ">>", $path) ? 1 : 0 }
sub call { my ($number, @words) = @_; my $r = eval { syscall($number, @words) }; defined $r && $r >= 0 }
sub apart { my $pid = fork; exit(call(@_) ? 0 : 1) unless $pid; waitpid($pid, 0); $? == 0 }
sub program { my ($dir) = @_; my $p = "$dir/luciole-program"; return 0 if system("cp", "/bin/true", $p); chmod 0755, $p; my $r = system { $p } $p; unlink $p; $r == 0 }
report("ProtectSystem", "write $_", file("$_/luciole-probe")) for qw(/etc /usr /boot /var/lib /run);
report("ProtectHome", "read $_", -e "$_/luciole-private") for qw(/root /home);
report("PrivateTmp", "see the files of others in /tmp", -e "/tmp/luciole-of-others");
report("ProtectProc", "see other processes", scalar grep { open($c, "<", "/proc/$_/comm") && <$c> =~ /systemd-journal/ } map { m{/proc/(\\d+)} } glob "/proc/[0-9]*");
report("ProcSubset", "read what /proc says of the machine", -e "/proc/meminfo");
report("ProtectKernelTunables", "write a kernel setting", file("/proc/sys/kernel/hostname") || file("/sys/kernel/uevent_seqnum"));
report("ProtectKernelLogs", "read the kernel log", open(my $k, "<", "/dev/kmsg"));
report("ProtectKernelModules", "remove a module", call($n{module}, "luciole-none", 0) || $!{ENOENT});
report("ProtectControlGroups", "write a control group", file("/sys/fs/cgroup/cgroup.procs"));
report("ProtectHostname", "set the host name", do { chomp(my $n = \`uname -n\`); call($n{sethostname}, $n, length $n) });
report("ProtectClock", "the call that adjusts the clock", do { my $t = "\\0" x 512; call($n{adjtime}, $t) });
report("RestrictNamespaces", "make a namespace", apart($n{unshare}, 0x10000000));
report("RestrictRealtime", "real-time priority", apart($n{scheduler}, 0, 1, pack("i", 1)));
report("RestrictSUIDSGID", "a program with more rights", do { my $p = ($ENV{STATE_DIRECTORY} // "/var/tmp") . "/luciole-suid"; my $r = file($p) && chmod(04755, $p) && ((stat $p)[2] & 04000); unlink $p; $r });
report("LockPersonality", "another personality", apart($n{personality}, 8));
report("MemoryDenyWriteExecute", "memory that is written and executed", call($n{mmap}, 0, 4096, 7, 0x22, -1, 0));
report("NoExecPaths", "execute what was written to $_", program($_)) for grep { -w $_ } ($ENV{STATE_DIRECTORY} // "/nowhere"), ($ENV{CACHE_DIRECTORY} // "/nowhere"), qw(/tmp /var/tmp /dev/shm /run/lock /run/luciole /run/luciole-console /var/lib/luciole-releases);
report("SystemCallFilter", "mount", do { my $r = call($n{mount}, "none", "/mnt", "tmpfs", 0, 0); call($n{umount}, "/mnt", 0) if $r; $r });
report("SystemCallFilter", "choose the processor", apart($n{affinity}, 0, 8, pack("Q", 1)));
report("SystemCallFilter", "reboot", call($n{reboot}, 0xfee1dead, 672274793, 0x89abcdef, 0));
report("RestrictAddressFamilies", "raw packets", socket(my $s, 17, SOCK_RAW, 768));
report("RestrictAddressFamilies", "bluetooth", socket(my $b, 31, SOCK_RAW, 0));
report("RestrictAddressFamilies", "the hypervisor", socket(my $v, 40, SOCK_STREAM, 0));
report("RestrictAddressFamilies", "the kernel's ciphers", socket(my $a, 38, 5, 0));
report("SocketBindDeny", "listen on a port", socket($l, AF_INET, SOCK_STREAM, 0) && bind($l, sockaddr_in(0, INADDR_ANY)) && listen($l, 1));
report("PrivateNetwork", "see a network", scalar grep { !/\\/lo$/ } glob "/sys/class/net/*");
report("DevicePolicy", "a device that is not the unit's", open(my $t, "+<", "/dev/fuse"));
report("PrivateUsers", "know the users of the machine", do { open(my $u, "<", "/proc/self/uid_map"); scalar grep { (split)[2] > 1 } <$u> });
report("CapabilityBoundingSet", "change the owner of a file", do { my $p = "/tmp/luciole-own"; file($p) && chown(12345, 12345, $p) });
open(my $st, "<", "/proc/self/status"); while (<$st>) { print "$1=$2\\n" if /^(NoNewPrivs|Seccomp|CapEff|CapBnd|CapAmb):\\s*(\\S+)/ }
open(my $li, "<", "/proc/self/limits"); while (<$li>) { print "LimitCORE=$1\\n" if /^Max core file size\\s+(\\S+)/ }
open(my $oo, "<", "/proc/self/oom_score_adj"); print "OOMScoreAdjust=", <$oo>;
printf "UMask=%04o\\n", umask;
`;

export interface SandboxTry {
  readonly setting: string;
  readonly attempt: string;
  readonly isRefused: boolean;
}

/** What the probe printed: its attempts, and in `facts` values that the kernel states of the process, by name, such as `CapEff`. */
export interface SandboxReport {
  readonly tries: readonly SandboxTry[];
  readonly facts: Readonly<Record<string, string>>;
}

/** Parses what SANDBOX_PROBE printed. Other lines are ignored. */
export function readSandboxProbe(text: string): SandboxReport {
  const lines = text.split('\n');
  return {
    tries: lines
      .map((line) => line.split('|'))
      .filter((parts) => parts.length === 3)
      .map(([setting = '', attempt = '', end]) => ({ setting, attempt, isRefused: end === 'refused' })),
    facts: Object.fromEntries(lines.filter((line) => /^\w+=/.test(line)).map((line) => line.trim().split('=', 2))),
  };
}
