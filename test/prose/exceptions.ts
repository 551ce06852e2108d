/** Places where a reported word is right. */

/** Shape: `text` is a part of the line with the hit. */
export interface ProseException {
  readonly file: string;
  readonly rule: string;
  readonly text: string;
  readonly reason: string;
}

/** More exceptions mean that a rule is wrong. */
export const MOST_EXCEPTIONS = 40;

export const PROSE_EXCEPTIONS: readonly ProseException[] = [
  {
    file: 'drivers/modbus/modbus-link.ts',
    rule: 'called by',
    text: 'Called by the library with a whole RTU frame.',
    reason: 'the caller is modbus-serial: no import shows that',
  },
  {
    file: 'agent/console/languages/fr.po',
    rule: 'anew',
    text: '--anew receives another in its place',
    reason: 'an option of `receive` that technicians already type',
  },
];
