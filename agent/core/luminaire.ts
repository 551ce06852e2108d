/**
 * What an inventory states about the luminaire of a lamp, in the terms of the CNIG standard EclExt and of the French arrêté on light pollution.
 *
 * Source: the codes and the names in comments are attributes of the class PointLumineux of EclExt v1.1, as quoted by Osmose, the checker of
 * OpenStreetMap (Analyser_merge_Eclext_FR), and by a public summary of the specification; cnig_eclext_v1_1.pdf itself was not at hand.
 */

/**
 * Codes of EclExt for the kind of light source (`typeSource`). In this order: fluorescent, halogen, metal halide, incandescent, induction,
 * LED, low-pressure sodium, high-pressure sodium, mercury, xenon, other.
 */
export const SOURCE_TYPES = ['FLUO', 'HAL', 'IM', 'INC', 'IND', 'LED', 'SBP', 'SHP', 'VM', 'XEN', 'AU'] as const;
/** Codes of EclExt for the form of a luminaire (`structure`). `AU`: other. */
export const STRUCTURES = ['APP', 'BOR', 'BL', 'COL', 'EN', 'LANT', 'PROJ', 'REGL', 'TUBE', 'VASQ', 'AU'] as const;
/** Codes of EclExt for what a luminaire is fixed to (`support`). `AU`: other. */
export const SUPPORTS = ['BUS', 'CAT', 'ENS', 'MAT', 'MUR', 'OUV', 'PAN', 'POT', 'SOL', 'AU'] as const;
/** Codes of EclExt for the category of use (`usage`). `AU`: other. */
export const USAGES = ['A', 'B1', 'B2', 'B3', 'B4', 'C', 'D', 'E', 'F', 'G', 'PU', 'IN', 'AU'] as const;

/**
 * Inventory data of one luminaire. Its power is not here: it is `ratedPowerW` of its lamp. An absent value is unknown.
 * Units: shares in %, colour temperature in K, flux in lm, height in m.
 */
export interface Luminaire {
  /** Share of its light that goes above the horizontal (ULR): nominal, and as installed. */
  readonly ulrNominalPct?: number;
  readonly ulrInstalledPct?: number;
  /** CIE flux code No. 3: of the light below the horizontal, the share within 75.5° of the vertical. */
  readonly fluxCode3Pct?: number;
  /** Nominal colour temperature of the source. */
  readonly colourTemperatureK?: number;
  /** Nominal flux of the source at full power. */
  readonly sourceFluxLm?: number;
  /** When the head was installed, as a day, a month or a year: `2019-06-14`, `2019-06`, `2019`. */
  readonly headInstalledOn?: string;
  readonly sourceType?: (typeof SOURCE_TYPES)[number];
  readonly structure?: (typeof STRUCTURES)[number];
  readonly support?: (typeof SUPPORTS)[number];
  readonly usage?: (typeof USAGES)[number];
  readonly manufacturer?: string;
  readonly model?: string;
  /** Height of the light source above the ground. */
  readonly lightHeightM?: number;
}

/** The keys of `Luminaire`, which are keys of a lamp in `cabinet.yaml`. */
export const LUMINAIRE_KEYS = [
  'ulrNominalPct',
  'ulrInstalledPct',
  'fluxCode3Pct',
  'colourTemperatureK',
  'sourceFluxLm',
  'headInstalledOn',
  'sourceType',
  'structure',
  'support',
  'usage',
  'manufacturer',
  'model',
  'lightHeightM',
] as const satisfies readonly (keyof Luminaire)[];
