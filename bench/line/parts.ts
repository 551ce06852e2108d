/**
 * Starts the processes of the line bench. The caller stops what it starts.
 */
import type { BusAnswer, BusQuestion } from '../bus-process.ts';
import { type Child, startChild } from '../child.ts';
import type { FieldAnswer, FieldQuestion } from '../field-process.ts';
import type { PeerAnswer, PeerQuestion } from '../peer-process.ts';

export type Bus = Child<BusQuestion, BusAnswer>;
export type Engine = Child<FieldQuestion, FieldAnswer>;
export type LinePeer = Child<PeerQuestion, PeerAnswer>;

export function startBus(): Bus {
  return startChild('bus-process.ts');
}

export function startEngine(): Engine {
  return startChild('field-process.ts');
}

export function startPeer(name: 'modbus-serial' | 'jsmodbus'): LinePeer {
  return startChild('peer-process.ts', [name]);
}

/** Resolves after this time, in which the line runs on. Units: ms. */
export function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
