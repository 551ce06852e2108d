/**
 * Bytes from a terminal, made into keys.
 *
 * Owns what a byte means: line ends of three kinds, two kinds of backspace, escape sequences, text in ASCII or UTF-8.
 * Pure state. Noise never gets further than here as more than a `noise` key.
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

export type Key =
  | { readonly kind: 'text'; readonly text: string; readonly pasted: boolean }
  | { readonly kind: 'control'; readonly name: ControlKey; readonly pasted: boolean }
  /** The terminal's answer to a question about its cursor. */
  | { readonly kind: 'report'; readonly row: number; readonly col: number }
  | { readonly kind: 'flow'; readonly isStop: boolean }
  /** A byte that means nothing here. */
  | { readonly kind: 'noise' };

export interface KeyDecoder {
  /** Keys of one more byte: none, one or, after a broken sequence, two. */
  feed(byte: number): readonly Key[];
  /** Bytes above 127 are text in UTF-8; else they are noise. */
  setUtf8(on: boolean): void;
}

/** Source: the emacs keys of GNU readline, which Cisco IOS and Junos share; XON and XOFF are DC1 and DC3 of ASCII. */
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
/** Source: ECMA-48 §5.4, and xterm's and the VT220's own keys. */
const FINALS: Readonly<Record<string, ControlKey>> = { A: 'up', B: 'down', C: 'right', D: 'left', H: 'home', F: 'end' };
const TILDES: Readonly<Record<string, ControlKey>> = { 1: 'home', 3: 'delete', 4: 'end', 7: 'home', 8: 'end' };
const METAS: Readonly<Record<string, ControlKey>> = { b: 'word-left', f: 'word-right' };
/** A longer sequence is noise. Source: assumed; the longest honest one, a cursor report, has 12. */
const MAX_SEQUENCE = 24;

type Mode = 'plain' | 'escape' | 'csi' | 'ss3';

export function createKeyDecoder(): KeyDecoder {
  let mode: Mode = 'plain';
  let sequence = '';
  let afterCr = false;
  let pasted = false;
  let isUtf8 = false;
  let letter: number[] = [];

  const control = (name: ControlKey): Key => ({ kind: 'control', name, pasted });

  const inSequence = (byte: number): readonly Key[] => {
    // A control byte breaks a sequence off and means what it always means.
    if (byte < 32 || byte === 127) {
      mode = 'plain';
      return plain(byte);
    }
    const char = String.fromCharCode(byte);
    if (mode === 'escape') {
      mode = char === '[' ? 'csi' : char === 'O' ? 'ss3' : 'plain';
      sequence = '';
      const meta = METAS[char];
      return mode === 'plain' && meta !== undefined ? [control(meta)] : [];
    }
    if (mode === 'csi' && (byte < 64 || byte > 126) && sequence.length < MAX_SEQUENCE) {
      sequence += char;
      return [];
    }
    const isCsi = mode === 'csi';
    mode = 'plain';
    return isCsi ? csi(sequence, char) : named(FINALS[char]);
  };

  const named = (name: ControlKey | undefined): readonly Key[] => (name === undefined ? [] : [control(name)]);

  const csi = (parameters: string, final: string): readonly Key[] => {
    const [first = '', second = ''] = parameters.split(';');
    if (final === 'R' && /^\d{1,4}$/.test(first) && /^\d{1,4}$/.test(second)) {
      return [{ kind: 'report', row: Number(first), col: Number(second) }];
    }
    if (final !== '~') return named(FINALS[final]);
    if (first === '200' || first === '201') pasted = first === '200';
    return named(TILDES[first]);
  };

  const text = (byte: number): readonly Key[] => {
    if (byte < 128) return [{ kind: 'text', text: String.fromCharCode(byte), pasted }];
    if (!isUtf8) return [{ kind: 'noise' }];
    return utf8(byte);
  };

  const utf8 = (byte: number): readonly Key[] => {
    if (byte >= 0xc0) letter = [byte];
    else if (letter.length > 0) letter.push(byte);
    else return [{ kind: 'noise' }];
    const [lead = 0] = letter;
    const wanted = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (letter.length < wanted) return [];
    const whole = Buffer.from(letter).toString('utf8');
    letter = [];
    // What takes no column or two would put every later column wrong.
    return whole.length === 1 && /^[\p{L}\p{N}\p{P}\p{S}]$/u.test(whole) && whole < '\u1100' && whole !== '\ufffd'
      ? [{ kind: 'text', text: whole, pasted }]
      : [{ kind: 'noise' }];
  };

  const plain = (byte: number): readonly Key[] => {
    const wasAfterCr = afterCr;
    afterCr = byte === CR;
    if (byte >= 32 && byte !== 127) return text(byte);
    letter = [];
    // CR LF and CR NUL are one line end each. Source: RFC 854, the network virtual terminal.
    if (byte === NUL || (byte === LF && wasAfterCr)) return [];
    if (byte === CR || byte === LF) return [control('enter')];
    if (byte === XON || byte === XOFF) return [{ kind: 'flow', isStop: byte === XOFF }];
    if (byte === ESC) {
      mode = 'escape';
      return [];
    }
    const name = CONTROLS[byte];
    return name === undefined ? [{ kind: 'noise' }] : [control(name)];
  };

  return {
    feed: (byte) => (mode === 'plain' ? plain(byte) : inSequence(byte)),
    setUtf8: (on) => {
      isUtf8 = on;
      letter = [];
    },
  };
}
