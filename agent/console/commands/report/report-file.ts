/** The types of a report as a file, and of a request for one. */
import type { Message } from '../../../core/message.ts';
import type { ReportKind } from '../../../core/report.ts';
import type { SavingsDate } from '../../../core/savings-view.ts';
import type { Language } from '../../../core/words.ts';
import type { ReportFormat } from '../../report/report-formats.ts';

/** First and last night, both included. */
export interface ReportPeriod {
  readonly from: SavingsDate;
  readonly to: SavingsDate;
}

/** How a report is rendered. `hasSemicolons`: CSV with semicolons, in every language. */
export interface ReportLayout {
  readonly format: ReportFormat;
  readonly language: Language;
  readonly hasSemicolons: boolean;
  readonly widthCols: number;
}

/** A rendered report, and whether it is signed. `whyNot`: why it is not; null if it is. `node`: that signed; empty without a signature. */
export interface SealedPage {
  readonly text: string;
  readonly isSigned: boolean;
  readonly whyNot: Message | null;
  readonly node: string;
}

/** A report as a file, with what a person is told about it. `from`, `to`: null if it is not about nights. */
export interface ReportFile extends SealedPage {
  readonly kind: ReportKind;
  readonly cabinet: string;
  readonly from: SavingsDate | null;
  readonly to: SavingsDate | null;
}
