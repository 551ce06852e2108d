/**
 * `npm run -s package:proof`: the package on a fresh Debian without network and compiler, from installation to purge.
 *
 * Prints one JSON line a step. Not part of the tests: it needs root, a mirror of Debian and minutes.
 */
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import manifest from '../../../package.json' with { type: 'json' };
import { ARCHS, type Arch } from '../arch.ts';
import { commitTimeS } from '../commit.ts';
import { type Made, makePackage } from '../make-package.ts';
import { proveBooted } from './booted.ts';
import { namespaceRefusal } from './booted-root.ts';
import { NoDebianError } from './debian-root.ts';
import { proveForeign } from './foreign.ts';
import { proveHere } from './installed.ts';
import type { ProofStep, ReportStep } from './step.ts';

const HELP = `The package in a fresh Debian without network and compiler: made twice alike, installed, run, upgraded, purged; the other
architecture unpacked, its files read, and run by qemu where that is installed. Takes some minutes.

Usage: npm run -s package:proof [-- --systemd]

  --systemd   under a systemd that has booted, in namespaces: start, watchdog, credentials, console, sandbox, updates, reboot
  --help      this text

One JSON line a step. Needs root, debootstrap and a mirror of Debian.
Exit code: 0 all steps passed, 1 a step failed, 64 bad command line, 69 not possible on this machine.
`;

/** Source: sysexits.h, EX_USAGE and EX_UNAVAILABLE. */
const EXIT = { usage: 64, unavailable: 69 };
const NEEDED = ['debootstrap', 'unshare', 'nsenter', 'mount', 'dpkg-deb'];
const HERE = ARCHS.find(({ node }) => node === process.arch) as Arch;
const FAST = { tar: false, node: null, isFast: true, progress: () => {} } as const;
/** The release that the upgrade goes to. */
const NEWER = `${manifest.version}+proof`;

process.exitCode = await run(process.argv.slice(2));

async function run(words: readonly string[]): Promise<number> {
  const isBooted = words.length === 1 && words[0] === '--systemd';
  if (words.length === 0 || isBooted) return prove(isBooted);
  const isHelp = words.length === 1 && words[0] === '--help';
  (isHelp ? process.stdout : process.stderr).write(
    isHelp ? HELP : 'package:proof takes --systemd and nothing else; see npm run -s package:proof -- --help\n',
  );
  return isHelp ? 0 : EXIT.usage;
}

async function prove(isBooted: boolean): Promise<number> {
  const lack = lackOf(isBooted);
  if (lack !== '') {
    process.stderr.write(`package:proof: not possible here: ${lack}\n`);
    return EXIT.unavailable;
  }
  const out = mkdtempSync(join(tmpdir(), 'luciole-proof-'));
  let failed = 0;
  const report: ReportStep = (step, ok, detail) => {
    if (!ok) failed += 1;
    const line: ProofStep = { step, ok, ...(detail === undefined ? {} : { detail }) };
    process.stdout.write(`${JSON.stringify(line)}\n`);
  };
  try {
    await (isBooted ? proveUnderSystemd(out, report) : proveInFolder(out, report));
  } catch (error) {
    if (!(error instanceof NoDebianError)) throw error;
    process.stderr.write(`package:proof: not possible here: ${error.message}\n`);
    return EXIT.unavailable;
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
  return failed === 0 ? 0 : 1;
}

async function proveInFolder(out: string, report: ReportStep): Promise<void> {
  const other = ARCHS.find(({ node }) => node !== process.arch) as Arch;
  const first = await made(HERE, join(out, 'first'), manifest.version);
  const again = await made(HERE, join(out, 'again'), manifest.version);
  report('two packages of the same sources are identical', first.sha256 === again.sha256, { sha256: first.sha256, bytes: first.bytes });
  const newer = await made(HERE, join(out, 'newer'), NEWER);
  await proveHere({ debs: { first: first.file, newer: newer.file }, version: manifest.version, newer: NEWER, arch: HERE, report });
  const foreign = await made(other, join(out, 'other'), manifest.version);
  proveForeign({ deb: foreign.file, arch: other, version: manifest.version, report });
}

async function proveUnderSystemd(out: string, report: ReportStep): Promise<void> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const first = await made(HERE, join(out, 'first'), manifest.version);
  // A later commit is a later release.
  process.env['SOURCE_DATE_EPOCH'] = String(commitTimeS() + 1);
  const [newer, update] = await makePackage({ ...FAST, arch: HERE, out: join(out, 'newer'), version: NEWER, signingKey: privateKey });
  if (newer === undefined || update === undefined) throw new TypeError('the packager made no update');
  const key = String(publicKey.export({ type: 'spki', format: 'pem' }));
  const debs = { first: first.file, newer: newer.file, update: update.file, key };
  await proveBooted({ debs, version: manifest.version, newer: NEWER, arch: HERE, report });
}

async function made(arch: Arch, out: string, version: string): Promise<Made> {
  const [deb] = await makePackage({ ...FAST, arch, out, version, signingKey: null });
  if (deb === undefined) throw new TypeError('the packager made nothing');
  return deb;
}

/** What this machine lacks for the proof; empty for nothing. */
function lackOf(isBooted: boolean): string {
  if (process.getuid?.() !== 0) return 'it needs root';
  const missing = NEEDED.filter((name) => !isInstalled(name));
  if (missing.length > 0) return `${missing.join(', ')} missing (Debian: apt-get install debootstrap util-linux mount dpkg)`;
  const refusal = isBooted ? namespaceRefusal() : '';
  return refusal === '' ? '' : `the kernel grants no namespaces for systemd (${refusal})`;
}

function isInstalled(name: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${name}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
