/**
 * Proves the package of the other architecture: unpacks it into its Debian, checks its ELF files, and runs it by qemu where that is
 * installed.
 *
 * qemu interprets the program; its libraries are those of the foreign root.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Arch } from '../arch.ts';
import { elfNeeds, isNewer } from '../elf.ts';
import { makeRoot } from './debian-root.ts';
import type { ReportStep } from './step.ts';

interface Foreign {
  readonly deb: string;
  readonly arch: Arch;
  readonly version: string;
  readonly report: ReportStep;
}

/** The version of the C library that the package depends on: no file in it may need a newer one. */
const LIBC = /libc6 \(>= ([0-9.]+)\)/;
const QEMU: Readonly<Record<Arch['debian'], readonly string[]>> = {
  arm64: ['qemu-aarch64-static', 'qemu-aarch64'],
  amd64: ['qemu-x86_64-static', 'qemu-x86_64'],
};

export function proveForeign({ deb, arch, version, report }: Foreign): void {
  const root = makeRoot(arch.debian, true);
  try {
    execFileSync('dpkg-deb', ['-x', deb, root.dir]);
    const depends = execFileSync('dpkg-deb', ['-f', deb, 'Depends'], { encoding: 'utf8' });
    const [, promised = '0'] = LIBC.exec(depends) ?? [];
    const lib = join(root.dir, 'usr/lib/luciole/lib');
    for (const name of readdirSync(lib).filter((each) => each.endsWith('.node'))) {
      const { machine, versions } = elfNeeds(readFileSync(join(lib, name)));
      const glibc = versions.get('GLIBC') ?? '0';
      report(`${arch.debian}: ${name} is for it and asks for no newer libc`, machine === arch.elfMachine && !isNewer(glibc, promised), {
        machine,
        glibc,
        promised,
      });
    }
    const node = join(root.dir, 'usr/lib/luciole/bin/node');
    report(`${arch.debian}: node is for it`, readFileSync(node).readUInt16LE(18) === arch.elfMachine);
    const qemu = QEMU[arch.debian].find((name) => spawnSync(name, ['--version']).status === 0);
    if (qemu === undefined) {
      report(`${arch.debian}: run by qemu`, true, 'skipped: apt-get install qemu-user-static');
      return;
    }
    const under = (...words: string[]) => spawnSync(qemu, ['-L', root.dir, node, ...words], { encoding: 'utf8' });
    const main = join(lib, 'main.mjs');
    const shown = under(main, 'version');
    report(
      `${arch.debian}: run by qemu, luciole version`,
      shown.stdout.startsWith(`luciole ${version} (`),
      `${shown.stdout}${shown.stderr}`.trim(),
    );
    const profiles = under(main, 'profile', 'list', '--json');
    report(
      `${arch.debian}: run by qemu, its profiles are read`,
      profiles.status === 0 && (JSON.parse(profiles.stdout) as unknown[]).length > 20,
    );
    const addons = ['better-sqlite3.node', 'serialport.node'].map(
      (name) => `process.dlopen({ exports: {} }, ${JSON.stringify(join(lib, name))});`,
    );
    const loaded = under('-e', addons.join(''));
    report(`${arch.debian}: run by qemu, both addons load`, loaded.status === 0, loaded.stderr.trim().split('\n')[0]);
  } finally {
    root.remove();
  }
}
