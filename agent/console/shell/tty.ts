/** The terminal as the shell uses it: bytes in, bytes out, its speed. `tty-device.ts` implements it for a real terminal. */
export interface Tty {
  /** Called once, before anything comes. */
  listen(events: TtyEvents): void;
  /** As many bytes as the kernel takes now; 0 where its buffer is full. */
  write(bytes: Uint8Array): number;
  /** No more bytes until `resume`; the kernel buffers them and stops the far end. */
  pause(): void;
  resume(): void;
  /** Units: bit/s. Null where there is no line to choke, as over SSH. */
  readonly speedBaud: number | null;
  /** Errors: rejects with ConsoleError 'failed'. Units: bit/s. */
  setSpeed(speedBaud: number): Promise<void>;
  /**
   * Gives the line to another program until it ends; its exit code, null where there is no such program. Absent where there is no line to
   * give. `dir`: where it works. `report`: gets what it writes to its error output, in the words of the locale C.
   */
  lend?(words: readonly string[], dir?: string, report?: (text: string) => void): Promise<number | null>;
  /** Puts everything back as it was. */
  close(): void;
}

/** What a terminal reports. */
export interface TtyEvents {
  readonly bytes: (bytes: Uint8Array) => void;
  /** The line is gone: carrier lost, window closed. */
  readonly hangUp: () => void;
}
