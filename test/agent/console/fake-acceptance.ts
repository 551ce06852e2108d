/** The results of a commissioning that never began, on a cabinet of two lamps, for tests of everything else. */
import type { AcceptanceLamp, AcceptanceReport, AcceptanceTools } from '../../../agent/core/acceptance.ts';
import { AT_MS } from './fake-clock.ts';

function lamp(id: string, pole: string): AcceptanceLamp {
  const points = { level: null, power: null, powerFactor: null };
  return { id, line: 'street', device: id, pole, zone: 'bressigny', ratedPowerW: 50, settleMs: 6_000, ...points };
}

const REPORT: AcceptanceReport = {
  cabinet: { id: 'ANG-0421', name: 'Rue Bressigny' },
  ...{ atMs: AT_MS, isTimeTrusted: true, startedMs: null, lastMs: null, people: [], result: 'open' },
  ...{ lines: [{ line: 'street', scan: null }], lamps: [], sensors: [], hasMeter: false, open: [] },
};

/** Nothing is stored. */
export function fakeAcceptance(): AcceptanceTools {
  return {
    lamps: () => [lamp('L07', 'P08'), lamp('L08', 'P07')],
    report: async () => REPORT,
    note: async () => true,
    restart: async () => true,
  };
}
