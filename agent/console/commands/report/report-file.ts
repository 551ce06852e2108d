/** The types of a report as a file, and of a request for one. */
import type { Message } from '../../../core/message.ts';
import type { ReportKind } from '../../../core/report.ts';
import type { SavingsDate } from '../../../core/savings-view.ts';

/** First and last night, both included, by the dates of their evenings. */
export interface ReportPeriod {
  readonly from: SavingsDate;
  readonly to: SavingsDate;
}

/**
 * A rendered report, and whether it is signed. `text`: states that too, and contains the signature if there is one. `whyNot`: why it is
 * not; null if it is. `node`: the node that signed; empty if none did.
 */
export interface SealedPage {
  readonly text: string;
  readonly isSigned: boolean;
  readonly whyNot: Message | null;
  readonly node: string;
}

/**
 * The text of a report file, with what the command prints about it. `cabinet`: its id. `from`, `to`: first and last night, both included;
 * null if it is not about nights.
 */
export interface ReportFile extends SealedPage {
  readonly kind: ReportKind;
  readonly cabinet: string;
  readonly from: SavingsDate | null;
  readonly to: SavingsDate | null;
}
