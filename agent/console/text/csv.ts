/** One line of CSV, without its end. Source: RFC 4180 §2, quotes where a comma, a quote or a line end stands. Null is empty. */
export function csvLine(fields: readonly (string | number | boolean | null)[]): string {
  return fields
    .map((field) => {
      const text = field === null ? '' : String(field);
      return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    })
    .join(',');
}
