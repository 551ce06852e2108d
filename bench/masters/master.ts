import type { SerialSettings } from '../../agent/core/cabinet.ts';

/** A Modbus library on an open line, with the two requests that the benches need. */
export interface Master {
  /** One read of holding registers from address 0. Errors: rejects when the unit does not answer in time. */
  read(unit: number, count: number): Promise<readonly number[]>;
  /** One level written. */
  write(unit: number, value: number): Promise<void>;
  close(): Promise<void>;
}

export interface MasterPlace {
  readonly path: string;
  readonly serial: SerialSettings;
  readonly timeoutMs: number;
}

export type OpenMaster = (place: MasterPlace) => Promise<Master>;
