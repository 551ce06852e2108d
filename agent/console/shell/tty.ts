/** The terminal as the shell uses it: bytes in, bytes out, its speed. `tty-device.ts` implements it for a real terminal. */
export interface Tty {
  /** Reports what arrives to these functions from now on. Call it once. */
  listen(events: TtyEvents): void;
  /**
   * Writes as many bytes as the kernel accepts now and returns their number; 0 if its buffer is full. On a lost line all count as written.
   */
  write(bytes: Uint8Array): number;
  /** Stops reading until `resume`; the kernel buffers input and stops the far end. */
  pause(): void;
  resume(): void;
  /** Units: bit/s. Null if there is no speed limit, for example over SSH. */
  readonly speedBaud: number | null;
  /**
   * Changes the speed of the port. Errors: rejects with ConsoleError 'failed' if it is no serial port or does not accept the speed. Units:
   * bit/s.
   */
  setSpeed(speedBaud: number): Promise<void>;
  /**
   * Gives the line to another program until it ends; meanwhile no bytes are reported. Resolves with its exit code, above 127 if a signal
   * ended it; null if it cannot be started. Absent if the line cannot be given away. `dir`: its working folder; default: that of this
   * process. `report`: receives its error output, in the locale C; without it that is discarded.
   */
  lend?(words: readonly string[], dir?: string, report?: (text: string) => void): Promise<number | null>;
  /** Restores the mode and the speed of the terminal; no effect the second time. */
  close(): void;
}

/** The functions that receive what a terminal reports. */
export interface TtyEvents {
  /** Input arrived. */
  readonly bytes: (bytes: Uint8Array) => void;
  /** The line is disconnected: carrier lost, window closed. */
  readonly hangUp: () => void;
}
