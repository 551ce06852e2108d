/** A Modbus library as the bench asks it. */
export interface Master {
  /** One read of all registers; resolves with what they hold. */
  read(): Promise<readonly number[]>;
  close(): Promise<void>;
}

export type OpenMaster = (path: string, baud: number) => Promise<Master>;

/** Units: ms. Far above any reply of the bench. */
export const TIMEOUT_MS = 1_000;
