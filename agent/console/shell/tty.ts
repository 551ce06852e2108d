/** The terminal as the shell uses it: bytes in, bytes out, its speed. `tty-device.ts` implements it for a real terminal. */
export interface Tty {
  /** Called once, before any event. */
  listen(events: TtyEvents): void;
  /** Writes as many bytes as the kernel accepts now and returns their number; 0 if its buffer is full. */
  write(bytes: Uint8Array): number;
  /** Stops reading until `resume`; the kernel buffers input and stops the far end. */
  pause(): void;
  resume(): void;
  /** Units: bit/s. Null if there is no speed limit, for example over SSH. */
  readonly speedBaud: number | null;
  /** Errors: rejects with ConsoleError 'failed'. Units: bit/s. */
  setSpeed(speedBaud: number): Promise<void>;
  /**
   * Gives the line to another program until it ends. Resolves with its exit code, above 127 if a signal ended it; null if it cannot be
   * started. Absent if the line cannot be given away. `dir`: its working folder. `report`: receives its error output, in the locale C.
   */
  lend?(words: readonly string[], dir?: string, report?: (text: string) => void): Promise<number | null>;
  /** Restores the terminal. */
  close(): void;
}

/** What a terminal reports. */
export interface TtyEvents {
  readonly bytes: (bytes: Uint8Array) => void;
  /** The line is disconnected: carrier lost, window closed. */
  readonly hangUp: () => void;
}
