/** The indicators of EN 13201-5 from areas and periods. */
import t from 'tap';
import { energyConsumptionWhPerM2, operatingPeriods, powerDensityWPerLxM2 } from '../../../agent/diagnosis/energy-indicators.ts';
import { figures } from '../../../agent/diagnosis/energy-rows.ts';
import { emptyZone } from '../../../agent/diagnosis/energy-tally.ts';

const HOUR_MS = 3_600_000;
/** A carriageway and two pavements. */
const AREAS = [
  { areaM2: 2_100, illuminanceLux: 15 },
  { areaM2: 600, illuminanceLux: 7.5 },
  { areaM2: 600, illuminanceLux: 7.5 },
];
const near = (value: number | null, wanted: number): boolean => value !== null && Math.abs(value - wanted) < 1e-12 * Math.max(1, wanted);

t.test('power density counts each area with its own illuminance', async (t) => {
  t.ok(near(powerDensityWPerLxM2(720, AREAS), 720 / (2_100 * 15 + 1_200 * 7.5)), 'about 18 mW/(lx·m²), usual for LED');
  t.ok(near(powerDensityWPerLxM2(720, [{ areaM2: 1, illuminanceLux: 1 }]), 720));
  t.equal(powerDensityWPerLxM2(720, []), null);
  t.equal(powerDensityWPerLxM2(0, AREAS), 0);
});

t.test('energy per square metre is the sum over the periods, and nothing is scaled to a year', async (t) => {
  const periods = [
    { powerW: 720, hours: 1_600 },
    { powerW: 252, hours: 2_500 },
    { powerW: 6, hours: 4_660 },
  ];
  t.ok(near(energyConsumptionWhPerM2(periods, AREAS), (720 * 1_600 + 252 * 2_500 + 6 * 4_660) / 3_300));
  t.equal(energyConsumptionWhPerM2([], AREAS), 0);
  t.equal(energyConsumptionWhPerM2(periods, []), null);
});

t.test('the counted periods of a zone give back the counted energy', async (t) => {
  const lamps = 12;
  const fullPowerW = 720;
  const lampHours = (hours: number): number => hours * lamps * HOUR_MS;
  const fullWh = (hours: number): number => fullPowerW * hours;
  const tally = {
    ...emptyZone(lamps),
    nights: 1,
    lampNights: lamps,
    periods: {
      100: { ms: lampHours(5), wh: fullWh(5), fullWh: fullWh(5), boostedMs: 0, boostedWh: 0, boostedFullWh: 0 },
      30: {
        ms: lampHours(8),
        wh: 0.33 * fullWh(8),
        fullWh: fullWh(8),
        boostedMs: lampHours(1),
        boostedWh: 0.81 * fullWh(1),
        boostedFullWh: fullWh(1),
      },
      // Only raised: it has no power without presence.
      20: { ms: 0, wh: 0, fullWh: 0, boostedMs: lampHours(2), boostedWh: fullWh(2), boostedFullWh: fullWh(2) },
    },
  };
  const periods = operatingPeriods(fullPowerW, figures(tally).periods);
  const wh = periods.reduce((sum, { powerW, hours }) => sum + powerW * hours, 0);
  t.ok(near(wh, fullPowerW * (5 + 0.33 * 8 + 0.81 + 2)), `${wh} Wh`);
});
