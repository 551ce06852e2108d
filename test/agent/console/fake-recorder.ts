/** A flight recorder and a sniffer for the console that answer from fixed facts. */
import type { LineSniffer } from '../../../agent/core/line-sniffer.ts';
import { msg } from '../../../agent/core/message.ts';
import type { RecorderTools, RecordingHead, RecordingSummary } from '../../../agent/core/recorder-tools.ts';

const AT_MS = Date.parse('2026-12-01T21:41:07.045Z');

/** The head of a recording that an alarm of a line caused. */
export function recordingHead(changes: Partial<RecordingHead> = {}): RecordingHead {
  return {
    version: '0.1.0',
    cabinetId: 'c1',
    timezone: 'Europe/Paris',
    revision: 3,
    lines: [
      {
        id: 'street',
        kind: 'modbus',
        port: '/dev/ttyS1',
        serial: { baud: 9600, parity: 'none', stopBits: 1, dataBits: 8 },
        devices: [{ id: 'L01', unit: 1, profile: 'wirenboard-wb-led' }],
      },
    ],
    cause: 'alarm',
    by: '',
    alarms: [{ code: 'line-down', source: 'street', text: msg`the line ${'street'} is down`, atMs: AT_MS }],
    moreAlarms: 0,
    parts: [{ atMs: AT_MS, atMono: 5_000, clockQuality: 'synced', channels: [], packedBytes: 0 }],
    ...changes,
  };
}

/** Lists one recording, number 1; any other number does not exist. */
export function createFakeRecorder(asked: unknown[]): RecorderTools {
  const summary = (id: number, isPinned = false): RecordingSummary => ({ id, isPinned, bytes: 40_000, head: recordingHead() });
  return {
    list: async () => [summary(1)],
    freeze: async (by) => {
      asked.push({ freeze: by });
      return summary(2);
    },
    keep: async (by) => {
      asked.push({ keep: by });
      return summary(3);
    },
    pin: async (id, isPinned) => (id === 1 ? summary(1, isPinned) : undefined),
    read: async () => undefined,
    reach: () => [{ line: 'street', reachMs: 240_000, memoryBytes: 336_000 }],
  };
}

/** A line without traffic. */
export function createFakeSniffer(): LineSniffer {
  return {
    lineOf: () => ({ protocol: 'rtu', serial: null, isNetwork: true }),
    observe: () => () => {},
    hush: () => () => {},
    listen: async () => async () => {},
  };
}
