/** The period at which the tests read an energy counter. Units: s. */
export const POLL_S = 30;

export const KWH = { semantic: 'energy', unit: 'kWh', type: 'u32', scale: 0.001, decimals: 3 } as const;
