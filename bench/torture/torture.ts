/** What a torture run gets from its caller, and what it prints: one JSON object a line. */
export interface TortureOptions {
  readonly rounds: number;
  /** The same seed makes the same choices; the moments are the machine's own. */
  readonly seed: number;
  readonly quick: boolean;
  readonly emit: (summary: Summary) => void;
  /** Prints a progress line. */
  readonly progress: (text: string) => void;
}

export interface Summary {
  readonly torture: string;
  readonly ok: boolean;
  readonly [what: string]: string | number | boolean | Readonly<Record<string, number>>;
}

/** The run is not possible on this machine, for example without root, loop device or mosquitto. The message states what is missing. */
export class Unavailable extends Error {}
