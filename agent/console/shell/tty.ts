/** The terminal as the shell uses it: bytes in, bytes out, its speed. */
export interface Tty {
  /** Reports what arrives to these functions. Call it once. */
  listen(events: TtyEvents): void;
  /**
   * Writes as many bytes as the kernel accepts now and returns their number, which may be 0. On a closed or disconnected line all count as
   * written.
   */
  write(bytes: Uint8Array): number;
  /** Stops reading until `resume`. */
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
   * Gives the line to another program until it ends. Resolves with its exit code, 128 if a signal ended it; null if it cannot be started.
   * Absent if the line cannot be given away. `report` receives its error output.
   */
  lend?(words: readonly string[], dir?: string, report?: (text: string) => void): Promise<number | null>;
  /** Restores mode and speed of the terminal; no effect the second time. */
  close(): void;
}

/** The functions that receive what a terminal reports. */
export interface TtyEvents {
  /** Input arrived. */
  readonly bytes: (bytes: Uint8Array) => void;
  /** The line is disconnected: carrier lost, window closed. May be called several times. */
  readonly hangUp: () => void;
}
