/** Writes a configuration value as in the cabinet file, on one line. Pure. */

/** Texts that YAML reads as the same text without quotes. */
const PLAIN = /^[A-Za-z/][\w./@+-]*(:[\w./@+-]+|:\/\/[\w./@+:-]+)*$/;
const OTHER_MEANING = /^(true|false|null|yes|no|on|off|y|n)$/i;

/**
 * Converts JSON to one line of YAML: `{ id: L13, unit: 7, pole: P13 }`. A key is left out if its value is null, or an object of which
 * nothing remains. A text that is not JSON is returned unchanged.
 */
export function asFileText(json: string): string {
  try {
    return inYaml(JSON.parse(json));
  } catch (error) {
    if (error instanceof SyntaxError) return json;
    throw error;
  }
}

function inYaml(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? '[]' : `[${value.map(inYaml).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const keys = Object.entries(value).filter(([, each]) => !isLeftOut(each));
    return keys.length === 0 ? '{}' : `{ ${keys.map(([key, each]) => `${key}: ${inYaml(each)}`).join(', ')} }`;
  }
  if (typeof value !== 'string') return String(value);
  return PLAIN.test(value) && !OTHER_MEANING.test(value) ? value : JSON.stringify(value);
}

/** Null and an empty section mean the same as a missing key. */
function isLeftOut(value: unknown): boolean {
  return value === null || (typeof value === 'object' && !Array.isArray(value) && Object.values(value).every(isLeftOut));
}
