/**
 * The place of the uplink: one can be put in it, taken out or exchanged while all others go on.
 *
 * Owns what was last said of each metric and device, so that a new session begins where the one before ended.
 */
import type { Clock } from '../core/clock.ts';
import type { RelayedDetection, Uplink, UplinkStatus, UplinkValue } from '../core/ports.ts';
import type { Outcome } from '../core/words.ts';

export interface UplinkSlot {
  /** Null where no uplink is configured. */
  readonly current: Uplink | null;
  /** Off where there is none. */
  status(): UplinkStatus;
  /** The first one, before the start. */
  put(first: Uplink | null): void;
  update(deviceId: string, metric: string, value: UplinkValue): void;
  deviceAlive(deviceId: string, alive: boolean): void;
  outcome(outcome: Outcome): void;
  /** Its end was told while one uplink was exchanged for another, and is still to be handed on. */
  isHeld(commandId: string): boolean;
  relay(relay: RelayedDetection): void;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** The old one says goodbye first. Shape: `knows` tells which devices the next one has. */
  exchange(next: () => Uplink | null, knows: (deviceId: string) => boolean): Promise<void>;
}

interface Said {
  readonly deviceId: string;
  readonly metric: string;
  readonly value: UplinkValue;
}

/** An empty place. */
export function createUplinkSlot(clock: Pick<Clock, 'wallMs'>): UplinkSlot {
  const said = new Map<string, Said>();
  const silent = new Set<string>();
  let current: Uplink | null = null;
  let isRunning = false;
  /** Outcomes of a time without an uplink between two. */
  let held: Outcome[] | null = null;

  return {
    get current() {
      return current;
    },
    status: () => current?.status() ?? uplinkOff(clock.wallMs()),
    put(first) {
      current = first;
    },
    update(deviceId, metric, value) {
      said.set(`${deviceId}\n${metric}`, { deviceId, metric, value });
      current?.update(deviceId, metric, value);
    },
    deviceAlive(deviceId, alive) {
      if (alive) silent.delete(deviceId);
      else silent.add(deviceId);
      current?.deviceAlive(deviceId, alive);
    },
    outcome(outcome) {
      if (held === null) current?.outcome(outcome);
      else held.push(outcome);
    },
    isHeld: (commandId) => held?.some((outcome) => outcome.commandId === commandId) === true,
    relay: (relay) => current?.relay(relay),
    async start() {
      isRunning = true;
      await current?.start();
    },
    async stop() {
      isRunning = false;
      await current?.stop();
    },
    async exchange(next, knows) {
      const leaving = current;
      held = [];
      current = null;
      await leaving?.stop();
      current = next();
      for (const [key, { deviceId, metric, value }] of said) {
        if (knows(deviceId)) current?.update(deviceId, metric, value);
        else said.delete(key);
      }
      for (const deviceId of silent) {
        if (knows(deviceId)) current?.deviceAlive(deviceId, false);
        else silent.delete(deviceId);
      }
      if (isRunning) await current?.start();
      const late = held;
      held = null;
      for (const outcome of late) current?.outcome(outcome);
    },
  };
}

function uplinkOff(sinceMs: number): UplinkStatus {
  return {
    state: 'off',
    broker: '',
    reason: 'no uplink is configured',
    sinceMs,
    bdSeq: 0,
    readingsPublished: 0,
    readingsHistorical: 0,
    readingsAcked: 0,
    messagesSent: 0,
    bytesSent: 0,
    commandsReceived: 0,
    commandsRefused: 0,
  };
}
