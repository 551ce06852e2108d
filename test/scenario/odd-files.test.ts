/** Pipes, devices, folders, links in a circle, sockets and huge files in the places of the files that a start reads. */
import { once } from 'node:events';
import { cpSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { managerMissing } from '../support/fake-service-manager.ts';
import { ODD_KINDS, type OddKind, placeOdd } from '../support/odd-files.ts';
import { createWatchedStreet, DIMMED_PCT, WATCHED_LAMPS } from '../support/watched-street.ts';

/** Below the folder of the service, which is the runtime folder too. `named`: the start reports them by their path. */
const PLACES = {
  state: {
    named: ['data/starts.json', 'starts.json', 'held-time.json', 'data/config/book.json', 'data/releases/current', 'data/releases/failed'],
    others: [
      ...[
        'data/releases/trial',
        'data/releases/trial.json',
        'data/releases/incoming',
        'data/users.json',
        'data/ballast',
        'data/ballast.new',
      ],
      ...['data/agent.lock', 'data/restore', 'data/state.db.bak', 'data/state.db.bak.1', 'data/config/.book.json.1', 'release-request'],
    ],
  },
  'revision and readings': {
    named: ['data/config/r1/cabinet.yaml', 'data/config/site/cabinet.yaml', 'data/state.db', 'data/telemetry.db'],
    others: ['data/config/r1/profiles/own.yaml', 'data/config/r1/note.json', 'data/state.db.aside', 'data/quarantine/state.db'],
  },
  journals: {
    named: [],
    others: ['data/state.db-wal', 'data/telemetry.db-wal', 'data/state.db-shm', 'data/telemetry.db-shm', 'data/state.db.new'],
  },
} as const;
/** Log lines that report that a step of the start was given up. */
const GIVEN_UP = /start-without-disk|without revisions|agent-crashed|"event":"safe-mode"|agent-hangs/;

t.test(
  'a start among odd files lights the street as usual, waits for none of them and names those that it needed',
  { timeout: 200_000, skip: managerMissing },
  async (t) => {
    const { folder, manager, until, newest, status } = await createWatchedStreet(t);
    const kept = join(folder, 'kept');
    await stopped();
    cpSync(join(folder, 'data'), kept, { recursive: true });

    async function stopped(): Promise<void> {
      const { child } = newest();
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    }

    /** As the drivers have confirmed to this run. */
    async function isDimmed(): Promise<boolean> {
      const lamps = (await status())?.zones.flatMap((zone) => zone.lamps) ?? [];
      return (
        lamps.length >= WATCHED_LAMPS && lamps.every(({ wantedPct, measuredPct }) => wantedPct === DIMMED_PCT && measuredPct === DIMMED_PCT)
      );
    }

    /** Resolves with what the run has logged, once each driver has confirmed its level. */
    async function startAmong(kind: OddKind, paths: readonly string[]): Promise<string> {
      await stopped();
      rmSync(join(folder, 'data'), { recursive: true, force: true });
      cpSync(kept, join(folder, 'data'), { recursive: true });
      for (const path of paths) placeOdd(kind, join(folder, path));
      const [before, run] = [readFileSync(manager.logFile, 'utf8').length, manager.runs.length];
      await until(`${kind}: started`, () => manager.runs.length > run && newest().isReady, 60_000);
      await until(`${kind}: dimmed as the programme says`, isDimmed);
      t.equal(manager.runs.length, run + 1, `${kind}: one start was enough`);
      for (const path of paths) rmSync(join(folder, path), { recursive: true, force: true });
      return readFileSync(manager.logFile, 'utf8').slice(before);
    }

    await until('started again', () => manager.runs.length === 2 && newest().isReady, 60_000);
    for (const kind of ODD_KINDS) {
      for (const [what, { named, others }] of Object.entries(PLACES)) {
        const log = await startAmong(kind, [...named, ...others]);
        t.notMatch(log, GIVEN_UP, `${kind}: ${what}`);
        for (const path of named) t.ok(log.includes(join(folder, path)), `${kind}: ${path} is named`);
      }
    }
  },
);
