import { type Message, msg } from '../../core/message.ts';
import { type CabinetDraft, placed } from './draft.ts';
import type { Finding, Path } from './finding.ts';

/**
 * Returns what is wrong with the section `energy`: a day that does not exist, or two values from the same day on. Prices of two tariffs may
 * begin on one day. Empty if nothing is found.
 */
export function checkEnergy({ energy }: CabinetDraft): Finding[] {
  const prices = placed(energy?.prices, ['energy', 'prices']).map(({ value, path }) => ({
    path,
    from: value.from,
    tariff: value.tariff ?? '',
  }));
  const factors = placed(energy?.co2Factors, ['energy', 'co2Factors']).map(({ value, path }) => ({ path, from: value.from, tariff: '' }));
  return [
    ...dated(prices, (day) => msg`there are two prices from ${day} on`),
    ...dated(factors, (day) => msg`there are two factors from ${day} on`),
  ];
}

interface DatedPlace {
  readonly path: Path;
  readonly from: string | undefined;
  readonly tariff: string;
}

function dated(values: readonly DatedPlace[], twice: (day: string) => Message): Finding[] {
  const seen = new Map<string, Path>();
  return values.flatMap(({ path, from, tariff }) => {
    if (from === undefined) return [];
    const place = [...path, 'from'];
    if (!isDay(from)) return [{ path: place, message: msg`there is no day ${from}` }];
    const first = seen.get(`${from} ${tariff}`);
    if (first !== undefined) return [{ path: place, message: twice(from), first }];
    seen.set(`${from} ${tariff}`, place);
    return [];
  });
}

function isDay(day: string): boolean {
  return new Date(`${day}T00:00:00Z`).toJSON()?.slice(0, 10) === day;
}
