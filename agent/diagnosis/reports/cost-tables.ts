/** The tables of cost, emissions and the indicators of EN 13201-5. Pure. */
import { msg, type Said } from '../../core/message.ts';
import type { ReportSection, ReportTable } from '../../core/report.ts';
import { roundedParts } from '../../core/rounded-parts.ts';
import { type EnergyCost, type EnergyEmissions, energyCost, energyEmissions } from '../energy-accounts.ts';
import { energyConsumptionWhPerM2, operatingPeriods, powerDensityWPerLxM2 } from '../energy-indicators.ts';
import { kwhDecimals, type NightFacts, zoneRows } from './report-facts.ts';
import { isMonthPeriod } from './report-nights.ts';
import { numberColumn, numbersSum, reportTable, shown, sumColumn, textColumn } from './report-table.ts';
import { energyParts } from './used-energy.ts';

/** Nights of a year, for which the indicator of EN 13201-5 is annual. */
const YEAR_NIGHTS = 365;

/**
 * Returns the cost of the used energy that has a price; null if the configuration has no prices. The energy of a night in `byTariff` is
 * that of the meter of the invoice.
 */
export function costOf({ cabinet, used, byTariff }: Pick<NightFacts, 'cabinet' | 'used' | 'byTariff'>): EnergyCost | null {
  const { energy } = cabinet;
  return energy === undefined || energy.prices.length === 0 ? null : energyCost(energyParts(used, byTariff), energy);
}

/** Returns the emissions of the used energy that has a factor, and how much has none; null if the configuration has no factors. */
export function emissionsOf({ cabinet, used }: Pick<NightFacts, 'cabinet' | 'used'>): EnergyEmissions | null {
  const { energy } = cabinet;
  return energy === undefined || energy.co2Factors.length === 0 ? null : energyEmissions(energyParts(used, new Map()), energy);
}

/** Returns the section about cost and emissions. Without prices, or without factors, it has a note in place of that table. */
export function costSection(facts: NightFacts): ReportSection {
  const [cost, emissions] = [costOf(facts), emissionsOf(facts)];
  const hasMonths = facts.nights.kept.some(({ period }) => isMonthPeriod(period));
  return {
    id: 'cost',
    title: msg`Cost and emissions`,
    notes: [
      ...(cost === null ? [msg`No prices are entered: energy.prices of cabinet.yaml`] : costNotes(facts, cost)),
      ...(emissions === null ? [msg`No emission factor is entered: energy.co2Factors of cabinet.yaml`] : []),
      ...(hasMonths ? [msg`Months that are kept as one sum have the price and the factor of their first day`] : []),
    ],
    parts: [...(cost === null ? [] : [costTable(cost)]), ...(emissions === null ? [] : [emissionTable(emissions)])],
  };
}

function costNotes({ used, byTariff }: NightFacts, { unpricedKwh }: EnergyCost): ReportSection['notes'] {
  const split = used.filter(({ period }) => byTariff.has(period)).length;
  return [
    ...(split > 0 ? [msg`By tariff period: the meter of the invoice, in ${split} of ${used.length} nights or months`] : []),
    ...(unpricedKwh > 0 ? [msg`${shown(unpricedKwh, 1)} kWh have no price and are not in the cost`] : []),
  ];
}

function costTable({ currency, byTariff }: EnergyCost): ReportTable {
  const decimals = kwhDecimals(numbersSum(byTariff.map(({ kwh }) => kwh)));
  return reportTable(
    msg`Cost by tariff period`,
    [
      textColumn('tariff', msg`Tariff period`),
      sumColumn('used', msg`Used`, 'kWh', decimals),
      sumColumn('unpriced', msg`Without a price`, 'kWh', decimals),
      sumColumn('cost', msg`Cost`, currency, 2),
    ],
    byTariff.map(({ tariff, kwh, unpricedKwh, cost }) => [tariff ?? msg`no period known`, kwh, unpricedKwh, cost]),
  );
}

function emissionTable({ factors, withoutFactorKwh, kgCo2e }: EnergyEmissions): ReportTable {
  const all = [
    ...factors.map(({ from, source, gramsPerKwh, kwh }) => ({ from: from as Said, source, gramsPerKwh, kwh })),
    ...(withoutFactorKwh > 0 ? [{ from: msg`no factor` as Said, source: '', gramsPerKwh: null, kwh: withoutFactorKwh }] : []),
  ];
  const decimals = kwhDecimals(numbersSum(all.map(({ kwh }) => kwh)));
  return reportTable(
    msg`Emissions`,
    [
      textColumn('from', msg`Factor from`),
      textColumn('source', msg`Source`),
      numberColumn('factor', msg`Factor`, 'g/kWh', 1),
      sumColumn('used', msg`Used`, 'kWh', decimals),
      sumColumn('emitted', msg`CO2 equivalent`, 'kg', kwhDecimals(kgCo2e)),
    ],
    all.map(({ from, source, gramsPerKwh, kwh }) => [
      from,
      source,
      gramsPerKwh,
      kwh,
      gramsPerKwh === null ? null : (kwh * gramsPerKwh) / 1_000,
    ]),
  );
}

/** Returns the section with the indicators of EN 13201-5, for the zones of the configuration that were counted. */
export function standardSection(facts: NightFacts): ReportSection {
  const rows = zoneRows(facts).flatMap((row) => {
    const zone = facts.cabinet.zones.find(({ id }) => id === row.zone);
    return zone === undefined ? [] : [{ row, zone }];
  });
  const wattsOf = new Map(facts.cabinet.lamps.map(({ id, ratedPowerW }) => [id, ratedPowerW]));
  const lacking = rows.filter(({ zone }) => (zone.litAreas ?? []).length === 0).map(({ zone }) => zone.id);
  return {
    id: 'en-13201-5',
    title: msg`EN 13201-5`,
    notes: [
      msg`DP: power at full light by lit area and illuminance. DE: energy while lit, by lit area, in the counted nights`,
      ...(facts.nights.counted < YEAR_NIGHTS ? [msg`DE is that of ${facts.nights.counted} nights; the standard asks for a year`] : []),
      ...(lacking.length > 0 ? [msg`No lit areas are entered for ${lacking}: zones[].litAreas of cabinet.yaml`] : []),
    ],
    parts: [
      reportTable(
        msg`Indicators by zone`,
        [
          textColumn('zone', msg`Zone`),
          sumColumn('area', msg`Lit area`, 'm²', 0),
          sumColumn('power', msg`Power at full light`, 'W', 0),
          numberColumn('dp', msg`DP`, 'mW/(lx·m²)', 1),
          numberColumn('de', msg`DE`, 'Wh/m²', 0),
        ],
        rows.map(({ row, zone }) => {
          const { id, lamps, litAreas = [] } = zone;
          const fullW = numbersSum(lamps.map((lamp) => wattsOf.get(lamp) ?? 0));
          const areaM2 = litAreas.length === 0 ? null : numbersSum(litAreas.map((area) => area.areaM2));
          const density = powerDensityWPerLxM2(fullW, litAreas);
          return [
            ...[id, areaM2, fullW, density === null ? null : density * 1_000],
            energyConsumptionWhPerM2(operatingPeriods(fullW, row.periods), litAreas),
          ];
        }),
      ),
    ],
  };
}

/** Returns the cost rounded to two decimals, equal to the total of its rounded parts in the table. Units: the currency of the cost. */
export function roundedCost({ byTariff }: EnergyCost): number {
  return shown(
    numbersSum(
      roundedParts(
        byTariff.map(({ cost }) => cost),
        2,
      ),
    ),
    2,
  );
}
