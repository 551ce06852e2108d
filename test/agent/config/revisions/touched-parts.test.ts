import t from 'tap';
import { cabinetIn } from '../../../../agent/config/load/load.ts';
import { type CabinetAndProfiles, type TouchedRooms, touchedRooms } from '../../../../agent/config/revisions/touched-parts.ts';
import { changed, SMALL_STREET } from '../small-street.ts';

function site(...changes: readonly (readonly [string, string])[]): CabinetAndProfiles {
  const cabinet = cabinetIn(changed(SMALL_STREET, changes));
  if (cabinet === undefined) throw new Error('no cabinet');
  return { cabinet, profiles: new Map() };
}

const UNTOUCHED: TouchedRooms = { lines: [], light: false, uplink: false, store: false, clock: false, console: false, atRestart: [] };

t.test('inventory data of luminaires, lit areas and prices affect nothing that runs', async (t) => {
  const { cabinet, profiles } = site();
  const inventory = { colourTemperatureK: 2_200, headInstalledOn: '2026', model: 'Ampera' };
  const lamps = cabinet.lamps.map((lamp) => ({ ...lamp, luminaire: inventory }));
  const zones = cabinet.zones.map((zone) => ({ ...zone, litAreas: [{ areaM2: 2_100, illuminanceLux: 10 }] }));
  const energy = { currency: 'EUR', prices: [{ from: '2026-02-01', tariff: null, perKwh: 0.2 }], co2Factors: [] };
  t.strictSame(touchedRooms(site(), { cabinet: { ...cabinet, lamps, zones, energy }, profiles }), UNTOUCHED);
  const brighter = lamps.map((lamp) => ({ ...lamp, ratedPowerW: lamp.ratedPowerW + 1 }));
  t.match(touchedRooms(site(), { cabinet: { ...cabinet, lamps: brighter }, profiles }), { light: true });
});

t.test('another name of the cabinet affects nothing that runs; another place or id changes the lighting', async (t) => {
  t.strictSame(touchedRooms(site(), site(['name: Test street', 'name: Quai des Lucioles'])), UNTOUCHED);
  t.match(touchedRooms(site(), site(['latitudeDeg: 47.4736', 'latitudeDeg: 47.5'])), { light: true });
  t.match(touchedRooms(site(), site(['id: test', 'id: other'])), { light: true });
});
