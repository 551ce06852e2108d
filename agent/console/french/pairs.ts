/** English as it stands in the code, and what a French technician reads instead. */
export type Pairs = readonly (readonly [english: string, french: string])[];
