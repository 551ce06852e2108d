/** Checks rendered pages: the text of each, and that it fits any terminal. */

import t from 'tap';
import type { Page } from '../../../agent/console/text/page.ts';
import { plain } from '../../../agent/console/text/plain-text.ts';
import { msg } from '../../../agent/core/message.ts';
import { AT_MS, TIMEZONE } from './fake-clock.ts';

export const page: Page = { widthCols: 80, colour: false, atMs: AT_MS, timezone: TIMEZONE };

/** The value with all its texts in ASCII, as on a terminal without other letters: see `plain`. */
export const same = <T>(value: T): T => plain(value) as T;

/** Each page as a text, and patterns of what it must contain. */
export type Sheets = readonly (readonly [story: string, text: string, patterns: readonly RegExp[]])[];

/** Registers one test for each page: it matches its patterns, is ASCII of at most 80 columns, and contains no `undefined`, `null` or `NaN`. */
export function checkSheets(sheets: Sheets): void {
  for (const [story, text, patterns] of sheets) {
    t.test(story, async (t) => {
      for (const pattern of patterns) t.match(text, pattern);
      t.notMatch(text, /undefined|null|NaN/);
      t.match(text, /^[\x20-\x7e\n]+$/, 'printable ASCII');
      t.notMatch(text, /[^\n]{81}/, 'no line wider than 80 columns');
      t.notMatch(text, / $/m, 'no blanks at a line end');
    });
  }
}

/** The text of a lamp's fault, for pages that show faults. */
export const FAULT = msg`L03.status: the lamp is broken`;
