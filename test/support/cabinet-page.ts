/**
 * docs/cabinet.md from the schema of the cabinet: every key, what it is, what is allowed, its default.
 *
 * Pure. A test checks that the page matches the schema.
 */
import { allowedInWords, type JsonSchema, withoutNull } from '../../agent/core/json-schema.ts';

const INTRODUCTION = `# Every key of cabinet.yaml

After this page you can look up each key of a cabinet file: what it sets, what is allowed, and its default. It is for the integrator.

Begin with a copy of [config/example-street.yaml](../config/example-street.yaml). Editors complete and check the file with
\`config/cabinet.schema.json\`. \`luciole check FILE\` lists all errors with line and column.

- The last letters of a key are its unit: Deg degrees, M metres, W watts, S seconds, Ms milliseconds, Pct percent of full light.
- \`x[].y\` is the key \`y\` of each entry of the list \`x\`.
- An id has 1 to 32 letters from a to z, digits, ".", "_" or "-". The first is a letter or digit.
- Under "default", a dash means that the key is required; "none" means that it may be left out.
`;

/** The text of docs/cabinet.md: a table for each top key of the schema. */
export function cabinetPage(schema: JsonSchema): string {
  const sections = Object.entries(schema.properties ?? {}).map(([key, part]) => {
    const heading = `## ${key}\n\n${part.description ?? ''}${schema.required?.includes(key) ? '' : ' May be left out.'}`;
    const rows = rowsOf(key, part);
    const plain = rows.length > 0 ? rows : [rowOf(key, part, false)];
    return `${heading}\n\n| key | what it is | allowed | default |\n| --- | --- | --- | --- |\n${plain.join('\n')}\n`;
  });
  return [INTRODUCTION, ...sections].join('\n');
}

function rowsOf(path: string, schema: JsonSchema): string[] {
  const whole = withoutNull(schema);
  const items = Array.isArray(whole.items) ? undefined : (whole.items as JsonSchema | undefined);
  if (items?.properties !== undefined) return rowsOf(`${path}[]`, items);
  return Object.entries(whole.properties ?? {}).flatMap(([key, part]) => {
    const at = `${path}.${key}`;
    const inner = rowsOf(at, part);
    return [rowOf(at, part, whole.required?.includes(key) === true), ...inner];
  });
}

function rowOf(path: string, schema: JsonSchema, isRequired: boolean): string {
  const usual = schema.default === undefined ? (isRequired ? '-' : 'none') : shownDefault(schema.default);
  const cells = [`\`${path}\``, schema.description ?? '', allowed(schema), usual];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

/** Sections and lists of them have rows of their own. */
function allowed(schema: JsonSchema): string {
  const whole = withoutNull(schema);
  if (whole.properties !== undefined) return 'a section';
  const words = String(allowedInWords(schema));
  return words.startsWith('1 to 32 letters') ? 'an id' : words;
}

function shownDefault(value: unknown): string {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? 'those below' : `\`${String(value)}\``;
}
