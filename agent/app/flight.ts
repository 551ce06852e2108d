/** Builds the flight recorder of a run. Values of the configuration are read at each use, because it may change. */
import { RECORDER_DEFAULTS, type RecorderConfig } from '../core/cabinet.ts';
import { serialOf } from '../core/line-port.ts';
import type { RecordingFacts } from '../core/recorder-tools.ts';
import { withoutUrlPasswords } from '../core/secrets.ts';
import { FlightMemory } from '../diagnosis/flight/flight-memory.ts';
import { FlightRecorder } from '../diagnosis/flight/flight-recorder.ts';
import { RecordingFolder, recordingLimitsOf } from '../diagnosis/flight/recording-folder.ts';
import type { Building, Joined } from './parts.ts';

/**
 * Returns the flight recorder, and its memory of traffic on the lines, decisions and events. Neither has to be started. In mode `bare` no
 * recording is stored.
 */
export function flightFor(made: Building): Joined['flight'] {
  const { parts, clock, state, store } = made;
  const { dir } = parts.cabinet.store;
  const settings = (): RecorderConfig => state.site.cabinet.recorder ?? RECORDER_DEFAULTS;
  const memory = new FlightMemory({ clock, sizeKilobytes: () => settings().memoryKilobytes });
  const recorder = new FlightRecorder({
    clock,
    log: parts.log,
    memory,
    folder: parts.guard?.mode === 'bare' ? null : new RecordingFolder(dir, () => recordingLimitsOf(settings())),
    mayWrite: () => (store.pulse().refusal ?? null) === null,
    facts: () => factsOf(made),
    onEvent: (event) => made.ongoing.onEvent(event),
  });
  return { memory, recorder };
}

function factsOf({ parts, state, revisions }: Building): RecordingFacts {
  const { id: cabinetId, timezone, lines } = state.site.cabinet;
  return {
    version: parts.version,
    cabinetId,
    timezone,
    revision: revisions?.view('').running.number ?? null,
    lines: lines.map((line) => ({
      id: line.id,
      kind: line.kind,
      port: withoutUrlPasswords(line.port),
      serial: serialOf(line),
      devices: line.devices.map(({ id, unit, profile }) => ({ id, unit, profile })),
    })),
  };
}
