/**
 * Writes tar and ar archives from entries, with the same bytes each time.
 *
 * Pure: order, owner, mode and time are given or fixed; nothing is read from the machine.
 * Source: POSIX.1-2017, pax, "ustar Interchange Format"; ar(5).
 */
/** An entry of a tar archive. `path` is relative, without a slash at the end; `target` is where a symbolic link points to. */
export type TarEntry =
  | { readonly kind: 'file'; readonly path: string; readonly mode: number; readonly bytes: Buffer }
  | { readonly kind: 'folder'; readonly path: string; readonly mode: number }
  | { readonly kind: 'link'; readonly path: string; readonly target: string };

const BLOCK_BYTES = 512;
/** Longest name and prefix of a ustar header. Units: bytes. */
const NAME_BYTES = 100;
const PREFIX_BYTES = 155;
/** Source: ustar: '0' file, '2' symbolic link, '5' directory. */
const TYPE = { file: '0', link: '2', folder: '5' } as const;
const LINK_MODE = 0o777;

/**
 * Returns a tar archive, its entries sorted by path, everything owned by root. The same arguments give the same bytes.
 *
 * Units: `mtimeS` in seconds since 1970, for every entry. Errors: throws TypeError for a path that a ustar header cannot hold.
 */
export function tarOf(entries: readonly TarEntry[], mtimeS: number): Buffer {
  const sorted = entries.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const blocks = sorted.flatMap((entry) => {
    const bytes = entry.kind === 'file' ? entry.bytes : Buffer.alloc(0);
    return [headerOf(entry, bytes.length, mtimeS), bytes, Buffer.alloc(padding(bytes.length, BLOCK_BYTES))];
  });
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK_BYTES)]);
}

/**
 * Returns an ar archive as Debian packages are, with the members in the given order. Names may have 16 characters; this is not checked.
 * `mtimeS`: as `tarOf`.
 */
export function arOf(members: readonly (readonly [name: string, bytes: Buffer])[], mtimeS: number): Buffer {
  const parts = members.flatMap(([name, bytes]) => {
    const header = `${name.padEnd(16)}${String(mtimeS).padEnd(12)}${'0'.padEnd(6)}${'0'.padEnd(6)}${'100644'.padEnd(8)}${String(bytes.length).padEnd(10)}\`\n`;
    return [Buffer.from(header, 'latin1'), bytes, Buffer.from('\n'.repeat(padding(bytes.length, 2)))];
  });
  return Buffer.concat([Buffer.from('!<arch>\n'), ...parts]);
}

function headerOf(entry: TarEntry, size: number, mtimeS: number): Buffer {
  const header = Buffer.alloc(BLOCK_BYTES);
  const [prefix, name] = splitPath(entry.kind === 'folder' ? `${entry.path}/` : entry.path);
  header.write(name, 0, 'utf8');
  header.write(octal(entry.kind === 'link' ? LINK_MODE : entry.mode, 8), 100, 'latin1');
  header.write(octal(0, 8), 108, 'latin1');
  header.write(octal(0, 8), 116, 'latin1');
  header.write(octal(size, 12), 124, 'latin1');
  header.write(octal(mtimeS, 12), 136, 'latin1');
  header.write(' '.repeat(8), 148, 'latin1');
  header.write(TYPE[entry.kind], 156, 'latin1');
  if (entry.kind === 'link') header.write(entry.target, 157, 'utf8');
  header.write('ustar\u000000root', 257, 'latin1');
  header.write('root', 297, 'latin1');
  header.write(prefix, 345, 'utf8');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}

/** A long path is cut at a slash. */
function splitPath(path: string): readonly [prefix: string, name: string] {
  if (Buffer.byteLength(path) <= NAME_BYTES) return ['', path];
  const cuts = [...path].flatMap((letter, at) => (letter === '/' ? [at] : []));
  const at = cuts.find((cut) => cut <= PREFIX_BYTES && Buffer.byteLength(path) - cut - 1 <= NAME_BYTES);
  if (at === undefined) throw new TypeError(`the path is too long for a tar archive: ${path}`);
  return [path.slice(0, at), path.slice(at + 1)];
}

function octal(value: number, width: number): string {
  return `${value.toString(8).padStart(width - 1, '0')}\0`;
}

function padding(size: number, unit: number): number {
  return (unit - (size % unit)) % unit;
}
