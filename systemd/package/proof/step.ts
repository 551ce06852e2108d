/**
 * One step of the proof.
 */

/** One claim and whether it held. */
export interface ProofStep {
  readonly step: string;
  readonly ok: boolean;
  readonly detail?: unknown;
}

export type ReportStep = (step: string, ok: boolean, detail?: unknown) => void;
