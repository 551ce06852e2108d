/** The forms in which a report is rendered, without the code that renders them. */
export const REPORT_FORMATS = ['text', 'html', 'json', 'csv'] as const;
/** A form in which a report is rendered. */
export type ReportFormat = (typeof REPORT_FORMATS)[number];
