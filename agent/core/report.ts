/**
 * A report as data: figures, tables and plots with their texts as messages. It is rendered in a language where it is read, as text, HTML,
 * JSON or CSV.
 */
import type { AcceptanceReport } from './acceptance.ts';
import type { WallMs } from './clock.ts';
import type { SigningAnswer } from './evidence-signature.ts';
import type { Message, Said } from './message.ts';
import type { SavingsDate, SavingsRefusal, SavingsResult } from './savings-view.ts';
import type { Language } from './words.ts';

/**
 * The kinds of reports. `night`: of one night; of several nights it has the content of `month`. `month`: of a range of nights. `savings`:
 * the saving against the baseline. `commission`: the acceptance of the installation.
 */
export const REPORT_KINDS = ['night', 'month', 'savings', 'commission'] as const;
/** The kind of a report, which determines its content: `night`, `month`, `savings` or `commission`. */
export type ReportKind = (typeof REPORT_KINDS)[number];

/** A value in a table: a number in the unit of its column, a text, or null for a value that is not known. */
export type ReportCell = number | Said | null;

/**
 * One column. `decimals`: digits after the decimal point with which text and HTML show its numbers. Shape: `unit` as it is shown, such as
 * `kWh`, `%` or `EUR`; empty for none.
 */
export interface ReportColumn {
  readonly id: string;
  readonly title: Said;
  readonly unit: string;
  readonly decimals: number;
}

/** A table. `total`: a last row for all others, not each cell of it a sum; null for none. Shape: each row has one cell for each column. */
export interface ReportTable {
  readonly kind: 'table';
  readonly title: Message;
  readonly columns: readonly ReportColumn[];
  readonly rows: readonly (readonly ReportCell[])[];
  readonly total: readonly ReportCell[] | null;
}

/**
 * One series of a plot. `isUnknown`: it counts what is not known; only stacked areas in SVG show it as such. Shape: one value for each
 * place on the axis; null where there is none.
 */
export interface ReportSeries {
  readonly isUnknown?: true;
  readonly title: Said;
  readonly values: readonly (number | null)[];
}

/**
 * Bars side by side, one group for each label. `line`: a series drawn as a line over them. `half`: half of the 90 % interval of the first
 * series, by label; null for none.
 */
export interface ReportBars {
  readonly kind: 'bars';
  readonly title: Message;
  readonly unit: string;
  readonly labels: readonly Said[];
  readonly series: readonly ReportSeries[];
  readonly line: ReportSeries | null;
  readonly half: readonly (number | null)[] | null;
}

/**
 * Stacked areas over time; each value holds until the next instant. A value at the last instant is not drawn and may be absent. Units:
 * `instants` in ms of wall time.
 */
export interface ReportBands {
  readonly kind: 'bands';
  readonly title: Message;
  readonly unit: string;
  readonly instants: readonly WallMs[];
  readonly series: readonly ReportSeries[];
}

/**
 * A heat map: `values[row][column]`; null where nothing is known. `rows`, `columns`: their names, top row and left column first. `unit`: of
 * the values.
 */
export interface ReportHeat {
  readonly kind: 'heat';
  readonly title: Message;
  readonly unit: string;
  readonly rows: readonly Said[];
  readonly columns: readonly Said[];
  readonly values: readonly (readonly (number | null)[])[];
}

/**
 * One pole of a street map. `atM`: place along its street. `lamps`: ids. `value`: of these lamps together; null if not known. `mark`: at
 * least one of its lamps failed; false also if that is not known. Units: `atM` in m; `value` in the unit of the map.
 */
export interface ReportPole {
  readonly id: string;
  readonly street: string;
  readonly atM: number;
  readonly lamps: readonly string[];
  readonly value: number | null;
  readonly mark: boolean;
}

/** A map of the streets, drawn from the places of the poles along them. `unit`: of the poles' values. */
export interface ReportMap {
  readonly kind: 'map';
  readonly title: Message;
  readonly unit: string;
  readonly poles: readonly ReportPole[];
}

/** A plot as data: bars, stacked areas over time, a heat map, or a map of the streets. */
export type ReportPlot = ReportBars | ReportBands | ReportHeat | ReportMap;

/**
 * One key figure of the first page. `half`: half of its 90 % interval; null if it has none. `value`: null if it is not known. Both are in
 * `unit` and rounded to `decimals`.
 */
export interface ReportFigure {
  readonly id: string;
  readonly label: Message;
  readonly value: number | null;
  readonly half: number | null;
  readonly unit: string;
  readonly decimals: number;
  readonly note: Message | null;
}

/** A part of a report under one heading: `notes` are sentences below the heading, and the tables and plots follow them. */
export interface ReportSection {
  /** Name of the section for programs: lines of CSV begin with it. */
  readonly id: string;
  readonly title: Message;
  readonly notes: readonly Message[];
  readonly parts: readonly (ReportTable | ReportPlot)[];
}

/** The raw values behind a report, for programs; null where the report has none. */
export interface ReportSource {
  readonly savings: SavingsResult | null;
  readonly acceptance: AcceptanceReport | null;
}

/**
 * A report. `from`, `to`: first and last night, both included; null if it is not about nights. `by`: the user who requested it, as
 * `console:anna`. `figures` and `summary` are the one-page summary.
 */
export interface Report {
  readonly form: 'luciole-report-1';
  readonly kind: ReportKind;
  readonly cabinet: { readonly id: string; readonly name: string };
  /** Edge node of the uplink; empty without one. */
  readonly node: string;
  readonly timezone: string;
  /** The version of the agent. */
  readonly version: string;
  readonly madeMs: WallMs;
  /** The clock was trusted at `madeMs`. */
  readonly isTimeTrusted: boolean;
  readonly by: string;
  readonly title: Message;
  readonly from: SavingsDate | null;
  readonly to: SavingsDate | null;
  readonly figures: readonly ReportFigure[];
  readonly summary: readonly Message[];
  readonly sections: readonly ReportSection[];
  readonly source: ReportSource;
}

/** The forms in which a report is rendered. */
export const REPORT_FORMATS = ['text', 'html', 'json', 'csv'] as const;
/** The form in which a report is rendered: `text`, `html`, `json` or `csv`. */
export type ReportFormat = (typeof REPORT_FORMATS)[number];

/**
 * How a report is rendered. `hasSemicolons`: CSV has semicolons and decimal commas; in French it has them also if this is false.
 * `widthCols`: width of the text form. Units: columns.
 */
export interface ReportLayout {
  readonly format: ReportFormat;
  readonly language: Language;
  readonly hasSemicolons: boolean;
  readonly widthCols: number;
}

/**
 * Requests a report. `from`, `to`: first and last night, both included; not used for `commission`. `by`: the user who requests it, as
 * `console:anna`.
 */
export interface ReportQuery {
  readonly kind: ReportKind;
  readonly from: SavingsDate;
  readonly to: SavingsDate;
  readonly by: string;
}

/** A report, or why there is none. `no-data`: none of these nights was counted. `aborted`: the signal ended it. */
export type ReportAnswer =
  | { readonly ok: true; readonly report: Report }
  | { readonly ok: false; readonly why: SavingsRefusal | 'no-data' | 'aborted' };

/** Makes, renders and signs reports about what the agent has stored. */
export interface ReportTools {
  /**
   * Yields to other work between its steps. Does not reject because of missing data: they are null or left out in the report, or the answer
   * has why there is no report.
   */
  make(query: ReportQuery, signal: AbortSignal): Promise<ReportAnswer>;
  /**
   * Renders a report, outside of the process that controls the light. Aborting `signal` stops it. Errors: rejects with Refusal if it fails
   * or is stopped.
   */
  render(report: Report, layout: ReportLayout, signal: AbortSignal): Promise<string>;
  /** Signs a digest as evidence of kind `report` with the cabinet's key, or resolves with why it cannot. */
  sign(digest: string): Promise<SigningAnswer>;
}
