/** Prompts at the terminal, one line each. The terminal itself echoes and edits the line, so any terminal works. */

import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { msg } from '../../core/message.ts';
import { ConsoleError } from '../console-error.ts';

/** Asks a person for lines of text at a terminal. */
export interface LineAsker {
  /**
   * Writes the prompt and resolves with the next line, without its line end. One call at a time. Errors: rejects with ConsoleError 'failed'
   * if no line is waiting and the input has ended, is closed, or was aborted.
   */
  ask(prompt: string): Promise<string>;
  /** Stops reading the input; a prompt that waits for a line rejects. */
  close(): void;
}

/**
 * Creates an asker that reads `input` until `close`. Lines that arrive before their prompt answer the next prompts in order. Once `signal`
 * is aborted, a prompt without such a line rejects.
 */
export function createLineAsker(input: Readable, write: (text: string) => void, signal: AbortSignal): LineAsker {
  const waiting: string[] = [];
  let isOver = signal.aborted;
  let take: (() => void) | null = null;
  const lines = createInterface({ input, terminal: false });
  const over = (): void => {
    isOver = true;
    take?.();
  };
  lines.on('line', (line) => {
    waiting.push(line);
    take?.();
  });
  lines.on('close', over);
  signal.addEventListener('abort', over, { once: true });
  return {
    async ask(prompt) {
      write(prompt);
      while (waiting.length === 0) {
        if (isOver) throw new ConsoleError('failed', msg`ended before all was answered; nothing was written`);
        await new Promise<void>((resolve) => {
          take = resolve;
        });
      }
      return waiting.shift() ?? '';
    },
    close: () => lines.close(),
  };
}
