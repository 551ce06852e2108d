/**
 * What is sent to a device on a raw UART: the commands that start it, then the request for its values.
 */
import { type Clock, every, type Timer } from '../../core/clock.ts';
import type { BytePort, UartDriver } from '../../core/driver.ts';
import { sendIfOpen } from './send-if-open.ts';

/**
 * Pause between two commands, so that the device can process the first. Units: ms. Source: assumed. Confirmed by: the data sheets of the UART sensors.
 */
const COMMAND_GAP_MS = 100;

/** Sends the start commands and the polls to one device on a raw UART; see `createUartRequester`. */
export type UartRequester = ReturnType<typeof createUartRequester>;

/**
 * Creates the sender of requests to a device on a raw UART. After `start` it sends the start commands of the driver, then polls, if there
 * are any.
 */
export function createUartRequester({
  driver,
  port,
  clock,
  isHeld = () => false,
}: {
  readonly driver: Pick<UartDriver, 'init' | 'poll'>;
  readonly port: Pick<BytePort, 'write'>;
  readonly clock: Clock;
  /** No poll is sent while this returns true, because a write is under way. Default: always false. */
  readonly isHeld?: () => boolean;
}) {
  let polls = 0;
  let unanswered = 0;
  let isWaiting = false;
  let timer: Timer | undefined;

  const poll = ({ bytes, others = [] }: NonNullable<UartDriver['poll']>): void => {
    if (isHeld()) return;
    if (isWaiting) unanswered++;
    isWaiting = true;
    const turns = [bytes, ...others];
    sendIfOpen(port, turns[polls % turns.length] ?? bytes);
    polls++;
  };
  const sendInit = (commands: readonly Uint8Array[]): void => {
    const [command, ...others] = commands;
    const cyclic = driver.poll;
    if (command !== undefined) {
      timer = clock.after(COMMAND_GAP_MS, () => sendInit(others));
      sendIfOpen(port, command);
    } else if (cyclic !== null) {
      timer = every(clock, cyclic.everyMs, () => poll(cyclic));
      poll(cyclic);
    }
  };
  const stop = (): void => {
    timer?.cancel();
    isWaiting = false;
  };
  return {
    get polls(): number {
      return polls;
    },
    /** Number of polls after which no frame came before the next poll. The last poll before `start` or `stop` is not counted. */
    get unanswered(): number {
      return unanswered;
    },
    /** Waits `quietMs`, then sends the start commands from the first on, then polls. Units: ms. */
    start(quietMs = 0): void {
      stop();
      if (quietMs === 0) sendInit(driver.init);
      else timer = clock.after(quietMs, () => sendInit(driver.init));
    },
    /** Call it when a frame has arrived: the last poll is answered. */
    answered(): void {
      isWaiting = false;
    },
    stop,
  };
}
