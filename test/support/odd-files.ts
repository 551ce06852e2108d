/** Irregular objects in the place of a file: pipes, folders, devices, sockets, huge files. */
import { execFileSync } from 'node:child_process';
import { closeSync, ftruncateSync, mkdirSync, openSync, rmSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** Units: bytes. Source: the tests' own; larger than any file that is read, and than the free memory of a gateway. */
const HUGE_BYTES = 2 ** 30;

/** Leaves a socket without a listener. In the folder, as a path to a socket may have 108 bytes (unix(7)). */
function makeSocket(path: string): void {
  const make = `require('node:net').createServer().listen(${JSON.stringify(basename(path))}, () => process.kill(process.pid, 'SIGKILL'))`;
  try {
    execFileSync(process.execPath, ['-e', make], { cwd: dirname(path), stdio: 'ignore' });
  } catch {
    // Killed, so that it cannot remove the socket.
  }
}

/** By kind: puts one at this path. */
const MAKERS = {
  'a pipe': (path: string) => void execFileSync('mkfifo', [path]),
  'a device without an end': (path: string) => symlinkSync('/dev/zero', path),
  'a folder': (path: string) => void mkdirSync(join(path, 'inner'), { recursive: true }),
  'a link in a circle': (path: string) => symlinkSync(basename(path), path),
  'a socket': makeSocket,
  'a file of 1 GB': (path: string) => {
    const file = openSync(path, 'w');
    ftruncateSync(file, HUGE_BYTES);
    closeSync(file);
  },
} satisfies Record<string, (path: string) => void>;

/** What an object is, in words for the title of a test. */
export type OddKind = keyof typeof MAKERS;
export const ODD_KINDS = Object.keys(MAKERS) as readonly OddKind[];

/** Creates an object of this kind at `path`, in place of what exists there; creates its parent folders. */
export function placeOdd(kind: OddKind, path: string): void {
  rmSync(path, { recursive: true, force: true });
  mkdirSync(dirname(path), { recursive: true });
  MAKERS[kind](path);
}
