/** Builds the reports of a run. Values of the configuration are read at each use, because it may change. */
import { recordedLevels } from '../control/record/recorded-levels.ts';
import type { ReportTools } from '../core/report.ts';
import { REPORT_EVIDENCE } from '../core/report-seal.ts';
import type { Joined } from './parts.ts';
import { signerFor } from './signer.ts';

/** Returns the functions that make, render and sign reports. The code that makes a report is loaded when one is requested. */
export function reportsFor(joined: Joined): ReportTools {
  const { parts, clock, store, field, state, savings, acceptance } = joined;
  const sign = signerFor(joined);
  return {
    async make(query, signal) {
      const { createReports } = await import('../diagnosis/reports/reports.ts');
      const make = createReports({
        ...{ clock, store, acceptance, version: parts.version, savings: savings.tools() },
        cabinet: () => state.site.cabinet,
        profiles: () => state.site.profiles,
        points: () => state.rooms.points,
        energy: () => state.rooms.energy,
        devices: () => field.devices(),
        feederLamps: () => feederLamps(state.rooms.watch.plan),
        levels: (period, onUnread) => {
          state.rooms.control.flushRecord();
          return recordedLevels(store, period, onUnread);
        },
      });
      return make(query, signal);
    },
    render: async (...request) => (await import('../console/report/render-in-child.ts')).renderInChild(...request),
    sign: (digest) => sign(REPORT_EVIDENCE, digest),
  };
}

function feederLamps({ feeders, lamps }: Joined['state']['rooms']['watch']['plan']): ReadonlyMap<string, readonly string[]> {
  return new Map(feeders.map((feeder) => [feeder.id, feeder.lamps.flatMap((index) => lamps[index]?.id ?? [])]));
}
