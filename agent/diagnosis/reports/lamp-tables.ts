/** The energy of each lamp, and the map of the street. Pure. */
import type { Cabinet, Pole } from '../../core/cabinet.ts';
import { msg } from '../../core/message.ts';
import type { ReportMap, ReportPole, ReportSection } from '../../core/report.ts';
import { areFailuresUnknown } from './failure-tables.ts';
import { kwhDecimals, type NightFacts } from './report-facts.ts';
import { numberColumn, numbersSum, reportTable, shown, sumColumn, textColumn } from './report-table.ts';

/** Smaller energies of no known lamp are rounding. Units: share of all. Source: each lamp is rounded to 0.1 Wh a night. */
const ROUNDING_SHARE = 0.001;

/** Returns the section with the computed energy by lamp, summed over the nights, and the map of the poles. */
export function lampSection(facts: NightFacts): ReportSection {
  const { cabinet, nights, failures } = facts;
  const { lampWh, zones } = nights.sum;
  const allKwh = numbersSum(Object.values(zones).map(({ wh }) => wh / 1_000));
  const knownKwh = numbersSum(Object.values(lampWh).map((wh) => wh / 1_000));
  const restKwh = allKwh - knownKwh;
  const hasRest = restKwh > ROUNDING_SHARE * allKwh;
  const byId = new Map(cabinet.lamps.map((lamp) => [lamp.id, lamp]));
  const zoneOf = new Map(cabinet.zones.flatMap(({ id, lamps }) => lamps.map((lamp) => [lamp, id] as const)));
  const failuresOf = new Map(failures.lamps.map(({ lamp, failures: own }) => [lamp.id, own.length]));
  const ids = [...new Set([...byId.keys(), ...Object.keys(lampWh)])];
  const decimals = Math.max(1, kwhDecimals(allKwh));
  return {
    id: 'lamps',
    title: msg`Lamp by lamp`,
    notes: [
      msg`Energy by lamp is computed from its levels`,
      ...(hasRest ? [msg`${shown(restKwh, decimals)} kWh were counted before the energy by lamp was kept`] : []),
    ],
    parts: [
      poleMap(facts),
      reportTable(
        msg`Energy by lamp`,
        [
          textColumn('lamp', msg`Lamp`),
          textColumn('pole', msg`Pole`),
          textColumn('zone', msg`Zone`),
          numberColumn('rated', msg`Rated power`, 'W', 0),
          sumColumn('computed', msg`Computed`, 'kWh', decimals),
          sumColumn('failures', msg`Failures`, '', 0),
        ],
        [
          ...ids.map((id) => {
            const wh = lampWh[id];
            const lamp = byId.get(id);
            return [
              ...[id, lamp?.pole ?? null, zoneOf.get(id) ?? null, lamp?.ratedPowerW ?? null, wh === undefined ? null : wh / 1_000],
              failuresOf.get(id) ?? (areFailuresUnknown(facts) ? null : 0),
            ];
          }),
          ...(hasRest ? [[msg`not known by lamp`, '', '', '', restKwh, '']] : []),
        ],
      ),
    ],
  };
}

function poleMap({ cabinet, nights, failures }: NightFacts): ReportMap {
  const { lampWh } = nights.sum;
  const failed = new Set(failures.lamps.map(({ lamp }) => lamp.id));
  return {
    ...{ kind: 'map', title: msg`Energy by pole; marked: a failure`, unit: 'kWh' },
    poles: mappedPoles(cabinet, (lamps) => ({
      value: lamps.every((id) => lampWh[id] === undefined) ? null : shown(numbersSum(lamps.map((id) => (lampWh[id] ?? 0) / 1_000)), 2),
      mark: lamps.some((id) => failed.has(id)),
    })),
  };
}

/**
 * Returns the poles that have lamps, in the order of the configuration. The street is the id of the branch; without one, it is the name of
 * the cabinet. `stateOf`: returns value and mark of a pole from the ids of its lamps.
 */
export function mappedPoles(
  { poles, lamps, name }: Pick<Cabinet, 'poles' | 'lamps' | 'name'>,
  stateOf: (lamps: readonly string[], pole: Pole) => Pick<ReportPole, 'value' | 'mark'>,
): readonly ReportPole[] {
  const byPole = Map.groupBy(lamps, ({ pole }) => pole);
  return poles.flatMap((pole): ReportPole[] => {
    const own = (byPole.get(pole.id) ?? []).map(({ id }) => id);
    return own.length === 0 ? [] : [{ id: pole.id, street: pole.branch ?? name, atM: pole.atM, lamps: own, ...stateOf(own, pole) }];
  });
}
