/** What may be written at one place of a configuration, for who is about to write it. */
export interface WantedValue {
  /** What it is for; empty where the schema says nothing. */
  readonly purpose: string;
  /** `a whole number from 0 to 100`. */
  readonly allowed: string;
  /** Of a number: `percent`; empty without. */
  readonly unit: string;
  /** The only words that may stand there; empty where others may. */
  readonly choices: readonly string[];
  /** What holds where it is left out, as YAML; null where there is none. */
  readonly usual: string | null;
  readonly mustBeThere: boolean;
  /** One value that may stand there. Shape: YAML on one line. */
  readonly example: string;
}
