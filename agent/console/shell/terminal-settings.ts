/** The terminal settings of a session and their limits. Pure. */
import { msg } from '../../core/message.ts';
import type { Language } from '../../core/words.ts';
import { ConsoleError } from '../console-error.ts';
import { learn } from '../text/translate.ts';

/** The properties of the terminal and the preferences of the person in one session. */
export interface TerminalSettings {
  /** `vt100`: live views may move the cursor. */
  type: 'dumb' | 'vt100';
  widthCols: number;
  /** 0: no stop after a page. */
  rows: number;
  /** Call `Dialog.apply` after a change, so that the output follows. */
  charset: 'ascii' | 'utf-8';
  colour: boolean;
  /** Set it with `speak`, which loads the translations. */
  language: Language;
  /** Prints a status line for scripts after each command. */
  status: boolean;
}

/**
 * Returns new default settings of a session: 80 columns, 24 rows, `dumb`, ASCII, English, no colours and no status line. Source: the size
 * of a VT100.
 */
export function usualSettings(): TerminalSettings {
  return { type: 'dumb', widthCols: 80, rows: 24, charset: 'ascii', colour: false, language: 'en', status: false };
}

/**
 * Loads the translations of this language, then sets it in `settings`. Errors: rejects with the system's error if their file is missing;
 * the language is then unchanged.
 */
export async function speak(settings: TerminalSettings, language: Language): Promise<void> {
  await learn(language);
  settings.language = language;
}

const WIDTH = { min: 40, max: 250 };
const ROWS = { min: 8, max: 200 };

/** Returns the typed width. Units: columns. Errors: throws ConsoleError 'usage' unless it is a whole number from 40 to 250. */
export function readWidth(text: string): number {
  return within('width', text, WIDTH);
}

/** Returns the typed number of rows, or 0 for no stop after a page. Errors: throws ConsoleError 'usage' unless it is 0 or from 8 to 200. */
export function parseRows(text: string): number {
  return text === '0' ? 0 : within('length', text, ROWS);
}

/** Returns true if a size reported by the terminal is within the limits: 8 to 200 rows, and 40 to 250 columns. */
export function isSize(rows: number, cols: number): boolean {
  return rows >= ROWS.min && rows <= ROWS.max && cols >= WIDTH.min && cols <= WIDTH.max;
}

function within(name: string, text: string, { min, max }: { min: number; max: number }): number {
  const value = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new ConsoleError('usage', msg`bad ${name} "${text}": write a whole number from ${min} to ${max}`);
}
