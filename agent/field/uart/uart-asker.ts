/**
 * What is said to a device on a raw UART: the words that set it going, then the question for its values.
 *
 * Owns their order and rhythm. Never reads.
 */
import { type Clock, every, type Timer } from '../../core/clock.ts';
import type { BytePort, UartDriver } from '../../core/driver.ts';
import { BusError } from '../../core/errors.ts';

/** Between two words, for the device to take in the first. Units: ms. Source: assumed. */
const WORD_GAP_MS = 100;

export interface UartAsker {
  readonly polls: number;
  /** Polls that were followed by the next without a frame between. */
  readonly unanswered: number;
  /** From the first word; again when the device has to be met anew. */
  begin(): void;
  answered(): void;
  end(): void;
}

/** A device that needs no word costs nothing: there is no timer then. */
export function createUartAsker({
  driver,
  port,
  clock,
}: {
  readonly driver: Pick<UartDriver, 'init' | 'poll'>;
  readonly port: Pick<BytePort, 'write'>;
  readonly clock: Clock;
}): UartAsker {
  let polls = 0;
  let unanswered = 0;
  let waits = false;
  let timer: Timer | undefined;

  const send = (bytes: Uint8Array): void => {
    try {
      port.write(bytes);
    } catch (error) {
      // The port has gone; it says so itself through `onLost`, which ends this asker.
      if (!(error instanceof BusError)) throw error;
    }
  };
  const ask = (bytes: Uint8Array): void => {
    if (waits) unanswered++;
    waits = true;
    polls++;
    send(bytes);
  };
  const say = (words: readonly Uint8Array[]): void => {
    const [word, ...others] = words;
    const { poll } = driver;
    if (word !== undefined) {
      timer = clock.after(WORD_GAP_MS, () => say(others));
      send(word);
    } else if (poll !== null) {
      timer = every(clock, poll.everyMs, () => ask(poll.bytes));
      ask(poll.bytes);
    }
  };
  const end = (): void => {
    timer?.cancel();
    waits = false;
  };
  return {
    get polls() {
      return polls;
    },
    get unanswered() {
      return unanswered;
    },
    begin() {
      end();
      say(driver.init);
    },
    answered() {
      waits = false;
    },
    end,
  };
}
