/**
 * The masters that are compared, each opened as its own users would: none is given a help that another lacks.
 *
 * Owns their names. Each is loaded alone, so that memory and CPU time are its own.
 */
import type { OpenMaster } from './master.ts';

const MASTERS = {
  /** As shipped: keeps the standard's silence of 3.5 characters between frames. */
  luciole: async () => (await import('./luciole.ts')).openLuciole,
  /** On the footing of the peers, which keep no silence at all. */
  'luciole-no-gap': async () => (await import('./luciole.ts')).openLucioleWithoutGap,
  'modbus-serial': async () => (await import('./modbus-serial.ts')).openModbusSerial,
  jsmodbus: async () => (await import('./jsmodbus.ts')).openJsmodbus,
} satisfies Record<string, () => Promise<OpenMaster>>;

export type MasterName = keyof typeof MASTERS;

export const MASTER_NAMES = Object.keys(MASTERS) as MasterName[];

/**
 * Loads the library with this name and resolves with the function that opens a line with it. Errors: rejects with TypeError for an unknown
 * name.
 */
export async function masterNamed(word: string | undefined): Promise<{ name: MasterName; open: OpenMaster }> {
  const name = MASTER_NAMES.find((known) => known === word);
  if (name === undefined) throw new TypeError(`bad master "${word}": one of ${MASTER_NAMES.join(', ')}`);
  return { name, open: await MASTERS[name]() };
}
