/** Compares the inventory of a cabinet with the French arrêté of 27 December 2018 on light pollution, article 5. Pure. */
import type { Luminaire } from '../../core/cabinet.ts';
import { type Message, msg } from '../../core/message.ts';
import type { LawGap } from '../../core/run-options.ts';
import type { LoadedCabinet } from '../load/load.ts';

/** One of the data that the manager keeps for inspectors. One of its keys is enough. */
interface RequiredDatum {
  readonly keys: readonly (keyof Luminaire)[];
  readonly name: Message;
}

/**
 * The technical data of each light point. The power in watts is always known: `ratedPowerW` is required.
 *
 * Source: arrêté du 27 décembre 2018, article 5, in force since 30 June 2019 (Légifrance LEGIARTI000038748391): share of light above the
 * horizontal, CIE flux code No. 3, colour temperature, power and flux at full power, date of installation of the head. It does not say
 * whether the first is nominal or as installed: one of them is enough here.
 */
const REQUIRED: readonly RequiredDatum[] = [
  { keys: ['ulrNominalPct', 'ulrInstalledPct'], name: msg`share of light above the horizontal (ulrNominalPct or ulrInstalledPct)` },
  { keys: ['fluxCode3Pct'], name: msg`CIE flux code 3 (fluxCode3Pct)` },
  { keys: ['colourTemperatureK'], name: msg`colour temperature (colourTemperatureK)` },
  { keys: ['sourceFluxLm'], name: msg`flux of the source (sourceFluxLm)` },
  { keys: ['headInstalledOn'], name: msg`installation date of the head (headInstalledOn)` },
];

/** Returns the light points that lack data required by the French arrêté on light pollution, in file order, each with its lamp's place. */
export function lawGaps({ cabinet, file, named }: LoadedCabinet): LawGap[] {
  return cabinet.lamps.flatMap((lamp, i) => {
    const missing = REQUIRED.filter(({ keys }) => keys.every((key) => lamp.luminaire?.[key] === undefined));
    if (missing.length === 0) return [];
    const names = missing.map(({ name }) => name);
    return [
      {
        file,
        ...named(['lamps', i]),
        message: msg`light point ${lamp.id} lacks what article 5 requires: ${names}`,
        lamp: lamp.id,
        missing: missing.flatMap(({ keys }) => keys.slice(0, 1)),
      },
    ];
  });
}
