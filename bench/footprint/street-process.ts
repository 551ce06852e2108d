/**
 * The simulated street of the footprint in a process of its own, with a broker: agent and peer are measured on it.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadSite } from '../../agent/config/load/load-site.ts';
import { createSystemClock } from '../../agent/core/system-clock.ts';
import { createTestBroker } from '../../test/platform/broker.ts';
import { createPtyCable } from '../../test/street/pty.ts';
import { createStreet } from '../../test/street/street.ts';
import { answerParent, sharedMonoMs } from '../child.ts';
import { footprintCabinet } from './footprint-street.ts';

export type FootprintStreetQuestion =
  | { readonly ask: 'build'; readonly dir: string }
  | { readonly ask: 'report' }
  | { readonly ask: 'forget' };

export interface FootprintStreetAnswer {
  readonly configFile: string;
  /** By line. */
  readonly ports: Readonly<Record<string, string>>;
  readonly broker: string;
  /** When the first bytes came on any line since the last `forget`, by the machine's clock. Units: ms. */
  readonly firstMono: number | null;
  /** Bytes that came since then. */
  readonly bytes: number;
}

/** A lively street. Source: as the demo. */
const PER_HOUR = { walker: 120, cyclist: 60, car: 40 };
/** A winter night, an hour in which steps and presence work. */
const NIGHT_MS = Date.parse('2026-12-15T22:50:00+01:00');

let places: Pick<FootprintStreetAnswer, 'configFile' | 'ports' | 'broker'> = { configFile: '', ports: {}, broker: '' };
let firstMono: number | null = null;
let bytes = 0;

answerParent<FootprintStreetQuestion, FootprintStreetAnswer>(async (question) => {
  if (question.ask === 'build') await build(question.dir);
  if (question.ask === 'forget') [firstMono, bytes] = [null, 0];
  return { ...places, firstMono, bytes };
});

async function build(dir: string): Promise<void> {
  const configFile = join(dir, 'cabinet.yaml');
  const broker = createTestBroker();
  await broker.start();
  const write = (ports: Readonly<Record<string, string>>): void =>
    writeFileSync(configFile, footprintCabinet({ ports, broker: broker.url, dataDir: join(dir, 'data') }));
  write({});
  const clock = createSystemClock({ quality: () => 'synced', wallOffsetMs: NIGHT_MS - Date.now() });
  const street = createStreet({ cabinet: loadSite(configFile).cabinet, clock, seed: 1, perHour: PER_HOUR });
  const ports: Record<string, string> = {};
  for (const [id, line] of street.lines) {
    const cable = createPtyCable(
      (chunk) => {
        firstMono ??= sharedMonoMs();
        bytes += chunk.length;
        line.receive(chunk);
      },
      join(dir, `tty-${id}`),
    );
    line.end = cable.end;
    ports[id] = cable.path;
  }
  street.start();
  write(ports);
  places = { configFile, ports, broker: broker.url };
}
