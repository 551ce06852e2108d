/**
 * What an ELF file requires of its machine, and the file without its debugging sections.
 *
 * Pure. Reads 64-bit little-endian files, the only ones that a package has.
 * Source: System V ABI, "Object Files"; Linux Standard Base, "Symbol Versioning".
 */
const MAGIC = 0x464c457f;
const SEGMENT_LOAD = 1;
const SECTION_VERNEED = 0x6ffffffe;
const SECTION_DYNAMIC = 6;
const TAG_NEEDED = 1n;

export interface ElfNeeds {
  /** e_machine. Source: 62 x86-64, 183 aarch64. */
  readonly machine: number;
  /** Shared libraries by their file names, as `libc.so.6`. */
  readonly libraries: readonly string[];
  /** Newest version that the file requires of each family of symbols, as `GLIBC` → `2.34`. */
  readonly versions: ReadonlyMap<string, string>;
}

interface Section {
  readonly type: number;
  readonly offset: number;
  readonly size: number;
  /** Index of the section that holds its strings. */
  readonly link: number;
}

/**
 * Returns what an ELF file requires: machine, shared libraries, and the newest version of each family of symbols. Errors: throws TypeError
 * for a file that is no 64-bit little-endian ELF file with section headers.
 */
export function elfNeeds(file: Buffer): ElfNeeds {
  checkElf(file);
  const sections = sectionsOf(file);
  const libraries = sections.filter(({ type }) => type === SECTION_DYNAMIC).flatMap((dynamic) => neededBy(file, dynamic, sections));
  const versions = new Map<string, string>();
  for (const name of sections.filter(({ type }) => type === SECTION_VERNEED).flatMap((part) => versionsIn(file, part, sections))) {
    const [, family = '', version = ''] = /^([A-Z]+)_([0-9.]+)$/.exec(name) ?? [];
    if (family !== '' && isNewer(version, versions.get(family) ?? '0')) versions.set(family, version);
  }
  return { machine: file.readUInt16LE(18), libraries, versions };
}

/**
 * Returns a copy of the file up to the end of its loaded segments. Symbols, debugging tables and section headers are left out: the program
 * runs as before, but can no longer be linked against or debugged.
 *
 * Errors: throws TypeError for a file that is no 64-bit little-endian ELF file.
 */
export function withoutDebugging(file: Buffer): Buffer {
  checkElf(file);
  const [offset, size, count] = [Number(file.readBigUInt64LE(32)), file.readUInt16LE(54), file.readUInt16LE(56)];
  const ends = Array.from({ length: count }, (_, i) => offset + i * size).map((at) =>
    file.readUInt32LE(at) === SEGMENT_LOAD ? Number(file.readBigUInt64LE(at + 8) + file.readBigUInt64LE(at + 32)) : 0,
  );
  const lean = Buffer.from(file.subarray(0, Math.max(offset + size * count, ...ends)));
  // No section headers: their offset, number and the index of their names.
  lean.writeBigUInt64LE(0n, 40);
  lean.writeUInt16LE(0, 60);
  lean.writeUInt16LE(0, 62);
  return lean;
}

/** Returns true if the first dotted number is larger, part by part, as 2.34 is larger than 2.9. False if they are equal. */
export function isNewer(version: string, than: string): boolean {
  const [ours, theirs] = [version, than].map((text) => text.split('.').map(Number)) as [number[], number[]];
  const at = ours.findIndex((part, i) => part !== (theirs[i] ?? 0));
  return at !== -1 && (ours[at] ?? 0) > (theirs[at] ?? 0);
}

function checkElf(file: Buffer): void {
  const isElf = file.length > 64 && file.readUInt32LE(0) === MAGIC && file[4] === 2 && file[5] === 1;
  if (!isElf) throw new TypeError('this is no 64-bit little-endian ELF file');
}

function sectionsOf(file: Buffer): Section[] {
  const [offset, size, count] = [Number(file.readBigUInt64LE(40)), file.readUInt16LE(58), file.readUInt16LE(60)];
  if (count === 0) throw new TypeError('this ELF file has no section headers: take it as it was published');
  return Array.from({ length: count }, (_, i) => offset + i * size).map((at) => ({
    type: file.readUInt32LE(at + 4),
    offset: Number(file.readBigUInt64LE(at + 24)),
    size: Number(file.readBigUInt64LE(at + 32)),
    link: file.readUInt32LE(at + 40),
  }));
}

function neededBy(file: Buffer, { offset, size, link }: Section, sections: readonly Section[]): string[] {
  const entries = Array.from({ length: size / 16 }, (_, i) => offset + 16 * i);
  return entries
    .filter((at) => file.readBigInt64LE(at) === TAG_NEEDED)
    .map((at) => textAt(file, sections[link], Number(file.readBigUInt64LE(at + 8))));
}

/** Each file that is needed has a chain of versions behind it. */
function versionsIn(file: Buffer, { offset, link }: Section, sections: readonly Section[]): string[] {
  const names: string[] = [];
  for (let at = offset, isLast = false; !isLast; ) {
    let version = at + file.readUInt32LE(at + 8);
    for (let left = file.readUInt16LE(at + 2); left > 0; left -= 1) {
      names.push(textAt(file, sections[link], file.readUInt32LE(version + 8)));
      version += file.readUInt32LE(version + 12);
    }
    const next = file.readUInt32LE(at + 12);
    isLast = next === 0;
    at += next;
  }
  return names;
}

function textAt(file: Buffer, strings: Section | undefined, index: number): string {
  if (strings === undefined) throw new TypeError('this ELF file names strings that it does not have');
  const start = strings.offset + index;
  return file.toString('latin1', start, file.indexOf(0, start));
}
