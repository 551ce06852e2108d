/** A value of the configuration as the cabinet file writes it, on one line. Pure. */

/** Read by YAML as the text that it is. */
const PLAIN = /^[A-Za-z/][\w./@+-]*(:[\w./@+-]+|:\/\/[\w./@+:-]+)*$/;
const OTHER_MEANING = /^(true|false|null|yes|no|on|off|y|n)$/i;

/** From JSON: `{ id: L13, unit: 7, pole: P13 }`, without keys that are left out. A text that is no JSON, as one that was cut, stays as it is. */
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

/** Null and an empty section mean what a missing key means. */
function isLeftOut(value: unknown): boolean {
  return value === null || (typeof value === 'object' && !Array.isArray(value) && Object.values(value).every(isLeftOut));
}
