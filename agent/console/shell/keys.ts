/**
 * Decodes bytes from a terminal to keys: three kinds of line end, two of backspace, escape sequences, text in ASCII or UTF-8.
 *
 * Pure state machine.
 */

import { isOneColumn } from '../text/plain-text.ts';

/**
 * A key other than text, named after the key itself or after what it does in the line editor. `literal`: a `?` typed next is text. `abort`
 * ends a search of the history. `eof`, Ctrl-D, deletes the character under the cursor unless the line is empty.
 */
export type ControlKey =
  | 'enter'
  | 'backspace'
  | 'delete'
  | 'tab'
  | 'home'
  | 'end'
  | 'left'
  | 'right'
  | 'word-left'
  | 'word-right'
  | 'up'
  | 'down'
  | 'interrupt'
  | 'eof'
  | 'kill-end'
  | 'kill-start'
  | 'kill-word'
  | 'yank'
  | 'search'
  | 'abort'
  | 'redraw'
  | 'literal';

/** One key, or a report of the terminal: `flow` is XOFF (`isStop`) or XON. `pasted`: part of a text that the terminal marks as pasted. */
export type Key =
  | { readonly kind: 'text'; readonly text: string; readonly pasted: boolean }
  | { readonly kind: 'control'; readonly name: ControlKey; readonly pasted: boolean }
  /** The terminal's report of its cursor position. */
  | { readonly kind: 'report'; readonly row: number; readonly col: number }
  | { readonly kind: 'flow'; readonly isStop: boolean }
  /** Input without meaning here. */
  | { readonly kind: 'noise' };

/** Source: the emacs keys of GNU readline, also used by Cisco IOS and Junos; XON and XOFF are DC1 and DC3 of ASCII. */
const CONTROLS: Readonly<Record<number, ControlKey>> = {
  1: 'home',
  2: 'left',
  3: 'interrupt',
  4: 'eof',
  5: 'end',
  6: 'right',
  7: 'abort',
  8: 'backspace',
  9: 'tab',
  11: 'kill-end',
  12: 'redraw',
  14: 'down',
  16: 'up',
  18: 'search',
  21: 'kill-start',
  22: 'literal',
  23: 'kill-word',
  25: 'yank',
  127: 'backspace',
};
const [NUL, LF, CR, XON, XOFF, ESC] = [0, 10, 13, 17, 19, 27];
const NOISE: Key = { kind: 'noise' };
/** Source: ECMA-48 §5.4, and the private keys of xterm and VT220. */
const FINALS: Readonly<Record<string, ControlKey>> = { A: 'up', B: 'down', C: 'right', D: 'left', H: 'home', F: 'end' };
const TILDES: Readonly<Record<string, ControlKey>> = { 1: 'home', 3: 'delete', 4: 'end', 7: 'home', 8: 'end' };
const METAS: Readonly<Record<string, ControlKey>> = { b: 'word-left', f: 'word-right' };
/**
 * A longer sequence is noise. Source: assumed; the longest valid one, a cursor report, has 12. Confirmed by: sequences of the terminal
 * programs in use.
 */
const MAX_SEQUENCE = 24;

/**
 * Decodes the bytes of a terminal to keys, one byte at a time.
 *
 * Shape: a state for each place within an escape sequence. A control character ends the sequence and is decoded itself.
 *
 *     plain --ESC--> escape --[--> csi --final byte, or too long--> plain
 *                    escape --O--> ss3 --other--------------------> plain
 *                    escape --other-------------------------------> plain
 */
export class KeyDecoder {
  #mode: 'plain' | 'escape' | 'csi' | 'ss3' = 'plain';
  #sequence = '';
  #isAfterCr = false;
  #isPasted = false;
  /** Bytes of an incomplete UTF-8 character. */
  #letter: number[] = [];

  /** Returns the keys of one more byte; empty if it completes none. A character beyond ASCII that is not `isOneColumn` becomes `_`. */
  feed(byte: number): readonly Key[] {
    return this.#mode === 'plain' ? this.#plain(byte) : this.#inSequence(byte);
  }

  #plain(byte: number): readonly Key[] {
    const wasAfterCr = this.#isAfterCr;
    this.#isAfterCr = byte === CR;
    if (byte >= 32 && byte !== 127) return this.#text(byte);
    this.#letter = [];
    // CR LF and CR NUL are one line end each. Source: RFC 854, the network virtual terminal.
    if (byte === NUL || (byte === LF && wasAfterCr)) return [];
    if (byte === CR || byte === LF) return this.#control('enter');
    if (byte === XON || byte === XOFF) return [{ kind: 'flow', isStop: byte === XOFF }];
    if (byte === ESC) {
      this.#mode = 'escape';
      return [];
    }
    const name = CONTROLS[byte];
    return name === undefined ? [NOISE] : this.#control(name);
  }

  #inSequence(byte: number): readonly Key[] {
    const mode = this.#mode;
    this.#mode = 'plain';
    if (byte < 32 || byte === 127) return this.#plain(byte);
    const char = String.fromCharCode(byte);
    if (mode === 'escape') {
      this.#sequence = '';
      if (char === '[' || char === 'O') this.#mode = char === '[' ? 'csi' : 'ss3';
      return this.#mode === 'plain' ? this.#control(METAS[char]) : [];
    }
    if (mode === 'ss3') return this.#control(FINALS[char]);
    if ((byte >= 64 && byte <= 126) || this.#sequence.length >= MAX_SEQUENCE) return this.#csi(char);
    this.#mode = 'csi';
    this.#sequence += char;
    return [];
  }

  #csi(final: string): readonly Key[] {
    const [first = '', second = ''] = this.#sequence.split(';');
    if (final === 'R' && /^\d{1,4}$/.test(first) && /^\d{1,4}$/.test(second)) {
      return [{ kind: 'report', row: Number(first), col: Number(second) }];
    }
    if (final !== '~') return this.#control(FINALS[final]);
    if (first === '200' || first === '201') this.#isPasted = first === '200';
    return this.#control(TILDES[first]);
  }

  #control(name: ControlKey | undefined): readonly Key[] {
    return name === undefined ? [] : [{ kind: 'control', name, pasted: this.#isPasted }];
  }

  #text(byte: number): readonly Key[] {
    if (byte < 128) return [{ kind: 'text', text: String.fromCharCode(byte), pasted: this.#isPasted }];
    if (byte >= 0xc0) this.#letter = [byte];
    else if (this.#letter.length > 0) this.#letter.push(byte);
    else return [NOISE];
    const [lead = 0] = this.#letter;
    const needed = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (this.#letter.length < needed) return [];
    const char = Buffer.from(this.#letter).toString('utf8');
    this.#letter = [];
    // A letter that no terminal shows in one column is seen as a `_`, for `?` is a key: what a person typed does not vanish.
    return char === '\ufffd' ? [NOISE] : [{ kind: 'text', text: isOneColumn(char) ? char : '_', pasted: this.#isPasted }];
  }
}
