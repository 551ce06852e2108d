/**
 * Holds the uplink in use, so that it can be replaced while the agent runs.
 *
 * Keeps the last value of each metric and the silent devices, and passes them to the next uplink. The counts of earlier uplinks since the
 * start are added, so that a changed configuration does not look like a loss.
 */

import type { Clock } from '../core/clock.ts';
import { msg } from '../core/message.ts';
import type { RelayedDetection, Uplink, UplinkStatus, UplinkValue } from '../core/ports.ts';
import type { AgentEvent, Outcome } from '../core/words.ts';

/** Holds the uplink in use, if there is one, and passes calls to it. It can be exchanged while the agent runs; see `createUplinkSlot`. */
export type UplinkSlot = ReturnType<typeof createUplinkSlot>;

type Counts = Pick<
  UplinkStatus,
  'readingsPublished' | 'readingsHistorical' | 'readingsAcked' | 'messagesSent' | 'bytesSent' | 'commandsReceived' | 'commandsRefused'
>;

const NOTHING_COUNTED: Counts = {
  readingsPublished: 0,
  readingsHistorical: 0,
  readingsAcked: 0,
  messagesSent: 0,
  bytesSent: 0,
  commandsReceived: 0,
  commandsRefused: 0,
};

/**
 * Creates the holder of the uplink in use, at first without one. Calls go to the current uplink; without one most have no effect. The last
 * value of each metric and the silent devices are kept, and `exchange` passes them to the next uplink.
 */
export function createUplinkSlot(clock: Pick<Clock, 'wallMs'>) {
  const updates: Known['updates'] = new Map();
  const silent: Known['silent'] = new Set();
  let counted = NOTHING_COUNTED;
  let current: Uplink | null = null;
  let isRunning = false;
  /** Outcomes that arrive during an exchange; null at other times. */
  let held: Outcome[] | null = null;

  return {
    /** Null if there is no uplink at present. */
    get current(): Uplink | null {
      return current;
    },
    /** State `off` if there is none. */
    status: (): UplinkStatus => withCounts(current?.status() ?? uplinkOff(clock.wallMs()), counted),
    /** Sets the first uplink, before the start. It does not receive earlier values. */
    put(first: Uplink | null): void {
      current = first;
    },
    /** Sets a metric. `exchange` passes its last value to the next uplink. */
    update(deviceId: string, metric: string, value: UplinkValue): void {
      updates.set(`${deviceId}\n${metric}`, { deviceId, metric, value });
      current?.update(deviceId, metric, value);
    },
    /** Records whether a device responds. `exchange` reports a silent one to the next uplink too. */
    deviceAlive(deviceId: string, alive: boolean): void {
      if (alive) silent.delete(deviceId);
      else silent.add(deviceId);
      current?.deviceAlive(deviceId, alive);
    },
    /** Passes on the state of a command; during an exchange it waits for the next uplink. Without an uplink it has no effect. */
    outcome(outcome: Outcome): void {
      if (held === null) current?.outcome(outcome);
      else held.push(outcome);
    },
    /** Passes on an event; without an uplink it has no effect. */
    event: (event: AgentEvent): void => current?.event(event),
    /** Whether a state of this command arrived during an exchange and was not passed on yet. */
    isHeld: (commandId: string): boolean => held?.some((outcome) => outcome.commandId === commandId) === true,
    relay: (relay: RelayedDetection): void => current?.relay(relay),
    async start(): Promise<void> {
      isRunning = true;
      await current?.start();
    },
    async stop(): Promise<void> {
      isRunning = false;
      await current?.stop();
    },
    /**
     * Stops the current uplink, then sets the next one, and starts it if `start` was called and `stop` was not. Shape: `hasDevice` is true
     * for the devices of the next one, and for the empty id, the node.
     */
    async exchange(next: () => Uplink | null, hasDevice: (deviceId: string) => boolean): Promise<void> {
      const previous = current;
      [held, current] = [[], null];
      const before = counted;
      if (previous !== null) {
        // Also while it stops its counts are not missing.
        counted = withCounts(previous.status(), before);
        await previous.stop();
        counted = withCounts(previous.status(), before);
      }
      current = next();
      passOn(current, { updates, silent }, hasDevice);
      if (isRunning) await current?.start();
      const late = held;
      held = null;
      for (const outcome of late) current?.outcome(outcome);
    },
  };
}

interface Known {
  readonly updates: Map<string, { readonly deviceId: string; readonly metric: string; readonly value: UplinkValue }>;
  readonly silent: Set<string>;
}

/** Passes what is known of the devices that the next uplink has, and forgets the others. */
function passOn(next: Uplink | null, { updates, silent }: Known, hasDevice: (deviceId: string) => boolean): void {
  for (const [key, { deviceId, metric, value }] of updates) {
    if (hasDevice(deviceId)) next?.update(deviceId, metric, value);
    else updates.delete(key);
  }
  for (const deviceId of silent) {
    if (hasDevice(deviceId)) next?.deviceAlive(deviceId, false);
    else silent.delete(deviceId);
  }
}

function uplinkOff(sinceMs: number): UplinkStatus {
  return {
    state: 'off',
    broker: '',
    reason: msg`no uplink is configured`,
    sinceMs,
    bdSeq: 0,
    ...NOTHING_COUNTED,
  };
}

/** The status, including what earlier uplinks counted. */
function withCounts(status: UplinkStatus, before: Counts): UplinkStatus {
  const keys = Object.keys(NOTHING_COUNTED) as (keyof Counts)[];
  return { ...status, ...Object.fromEntries(keys.map((key) => [key, status[key] + before[key]])) };
}
