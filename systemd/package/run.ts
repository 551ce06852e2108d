/**
 * The entry of the packager: command line and exit code.
 *
 * Reports made files on standard output as JSON lines, progress on standard error.
 */
import { parseArgs } from 'node:util';
import { ARCHS } from './arch.ts';
import { commitTimeS } from './commit.ts';
import { makePackage } from './make-package.ts';
import { PackageError } from './package-error.ts';
import { readSigningKey, writeKeyPair } from './update.ts';

const HELP = `Luciole as a package for a gateway: one bundle with its own Node, nothing to compile or download there.

Usage: npm run -s package -- --arch amd64|arm64 [options]

  --arch ARCH     amd64 (also x64) or arm64 (also aarch64); may be given more than once
  --out DIR       output folder (default: dist)
  --tar           beside the .deb, the program as a folder in a .tar.zst for images (RAUC, SWUpdate, Mender)
  --node FILE     another Node 24 of that architecture in place of the pinned one
  --version V     another version in place of the one in package.json
  --sign FILE     beside the .deb an update file for cabinets in service, signed with this private key
  --least-serial N  with --sign: a weakness is closed, so no cabinet goes back below this serial once the update is confirmed
  --new-key DIR   only make a pair of keys for --sign; copy the .pem to /etc/luciole/update-keys of each cabinet
  --fast          compress less: 15 % larger, ten times faster
  --help          this text

The time in the files is that of the last commit, or SOURCE_DATE_EPOCH: the same commit gives the same bytes.
Exit code: 0 made, 64 bad command line, 69 something is missing here.
`;

const ARMHF = `package: there is no package for armhf (32-bit ARM).
Missing: neither Node 24 nor better-sqlite3 13 is published for it; the serial bindings are.
Bring your own: on a gateway with armhf, or in a root of it,
  1. install Node 22.18 or newer for armv7 (build it, or take the last Node 22; Debian 13's own is too old),
  2. in a clone: npm ci --omit=dev, then npm rebuild better-sqlite3 --ignore-scripts=false (needs g++, make, python3),
  3. run it as docs/install.md says under "From a clone".
Not tried on hardware.
`;

/** Source: sysexits.h, EX_USAGE and EX_UNAVAILABLE. */
const EXIT = { usage: 64, unavailable: 69 } as const;
const ARMHF_NAMES = ['armhf', 'armv7', 'armv7l', 'arm'];

process.exitCode = await run(process.argv.slice(2));

async function run(words: string[]): Promise<number> {
  try {
    const { values } = parse(words);
    if (values.help) return say(process.stdout, HELP, 0);
    if (values.arch?.some((name) => ARMHF_NAMES.includes(name))) return say(process.stderr, ARMHF, EXIT.unavailable);
    if (values['new-key'] !== undefined) {
      process.stdout.write(`${JSON.stringify(writeKeyPair(values['new-key']))}\n`);
      return 0;
    }
    const signingKey = values.sign === undefined ? null : readSigningKey(values.sign);
    const leastSerial = serialNamed(values['least-serial']);
    const archs = (values.arch ?? []).map(archNamed);
    if (archs.length === 0) throw new PackageError('usage', 'say for which architecture: --arch amd64 or --arch arm64');
    if (values.node !== undefined && archs.length > 1) throw new PackageError('usage', '--node fits one --arch only');
    for (const arch of archs) {
      const { tar, fast: isFast, out, node = null, version = null } = values;
      for (const made of await makePackage({ arch, out, tar, node, version, isFast, signingKey, leastSerial, progress })) {
        process.stdout.write(`${JSON.stringify(made)}\n`);
      }
    }
    return 0;
  } catch (error) {
    if (error instanceof PackageError) return say(process.stderr, `package: ${error.message}\n`, EXIT[error.code]);
    throw error;
  }
}

function parse(words: string[]) {
  try {
    return parseArgs({
      args: words,
      options: {
        arch: { type: 'string', multiple: true },
        out: { type: 'string', default: 'dist' },
        tar: { type: 'boolean', default: false },
        node: { type: 'string' },
        version: { type: 'string' },
        sign: { type: 'string' },
        'least-serial': { type: 'string', default: '0' },
        'new-key': { type: 'string' },
        fast: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new PackageError('usage', `${error instanceof Error ? error.message : String(error)}\nSee npm run -s package -- --help`);
  }
}

function archNamed(name: string) {
  const other: Readonly<Record<string, string>> = { x64: 'amd64', x86_64: 'amd64', aarch64: 'arm64' };
  const found = ARCHS.find(({ debian }) => debian === (other[name] ?? name));
  if (found === undefined) throw new PackageError('usage', `bad --arch "${name}": one of ${ARCHS.map(({ debian }) => debian).join(', ')}`);
  return found;
}

function serialNamed(text: string): number {
  const serial = Number(text);
  // A bound above its own serial would be refused by each cabinet.
  if (/^\d{1,15}$/.test(text) && serial <= commitTimeS()) return serial;
  throw new PackageError('usage', `bad --least-serial "${text}": a serial of a release, at most that of this one (${commitTimeS()})`);
}

function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}

function say(stream: NodeJS.WriteStream, text: string, exitCode: number): number {
  stream.write(text);
  return exitCode;
}
