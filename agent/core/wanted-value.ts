/** The values allowed at one place of a configuration, as help for its author. */
export interface WantedValue {
  /** Its purpose; empty where the schema has no description. */
  readonly purpose: string;
  /** `a whole number from 0 to 100`. */
  readonly allowed: string;
  /** Of a number: `percent`; empty without. */
  readonly unit: string;
  /** The only allowed words; empty where others are allowed too. */
  readonly choices: readonly string[];
  /** Its default, as YAML; null where there is none. */
  readonly usual: string | null;
  readonly mustBeThere: boolean;
  /** An example value. Shape: YAML on one line. */
  readonly example: string;
}
