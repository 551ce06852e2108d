/**
 * The architectures a package can be made for, in the words of Debian, of Node and of ELF.
 *
 * Pure. Source of the numbers: ELF specification, e_machine: EM_X86_64 62, EM_AARCH64 183.
 */
/** One architecture: its name for Debian, its name for Node, and the machine number in its ELF files. */
export interface Arch {
  readonly debian: 'amd64' | 'arm64';
  readonly node: 'x64' | 'arm64';
  readonly elfMachine: number;
}

export const ARCHS: readonly Arch[] = [
  { debian: 'amd64', node: 'x64', elfMachine: 62 },
  { debian: 'arm64', node: 'arm64', elfMachine: 183 },
];
