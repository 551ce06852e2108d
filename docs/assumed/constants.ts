/** Finds the constants whose docstring has `Source: assumed`, and writes the page about them. */
import ts from 'typescript';

const ASSUMED = /\bSource: assumed\b/;
/** What the page shows of a longer value. Units: characters. Source: assumed; as wide as a column can be read. */
const MOST_VALUE = 60;

/** Shape: `value` as written, empty for what is no constant; `unit` and `confirmedBy` empty where the docstring does not contain them. */
export interface AssumedConstant {
  readonly file: string;
  readonly name: string;
  readonly value: string;
  readonly unit: string;
  readonly confirmedBy: string;
}

/**
 * The constants of a text whose docstring has `Source: assumed`, in its order; empty if there are none. `file` is only copied.
 *
 * A docstring of the file itself is listed as `(file)`.
 */
export function assumedConstantsIn(file: string, text: string): AssumedConstant[] {
  if (!/Source:[\s*]+assumed/.test(text)) return [];
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found = new Map<number, AssumedConstant>();
  const visit = (node: ts.Node, names: readonly string[]): void => {
    const declared = ts.isVariableStatement(node) ? node.declarationList.declarations[0] : node;
    const named = declared as { readonly name?: ts.Node } | undefined;
    const own = named?.name === undefined ? [] : [named.name.getText(source)];
    const comments = ts.getLeadingCommentRanges(text, node.getFullStart()) ?? [];
    for (const [index, { pos, end }] of comments.entries()) {
      const docstring = text
        .slice(pos, end)
        .replace(/\s+\*\s+|\s+/g, ' ')
        .replace(/ ?\*\/$/, '');
      if (!ASSUMED.test(docstring) || found.has(pos)) continue;
      const isOfFile = own.length === 0 || index < comments.length - 1;
      found.set(pos, {
        file,
        name: isOfFile ? '(file)' : [...names, ...own].join('.'),
        value: isOfFile ? '' : writtenValue(declared),
        unit: /\bUnits: (.+?)(?=[.;] |[.;]?$)/.exec(docstring)?.[1] ?? '',
        confirmedBy: /\bConfirmed by: (.+?)(?=\. [A-Z]\w+: |\.?$)/.exec(docstring)?.[1] ?? '',
      });
    }
    ts.forEachChild(node, (child) => visit(child, ts.isVariableStatement(node) ? names : [...names, ...own]));
  };
  visit(source, []);
  return [...found].sort(([a], [b]) => a - b).map(([, constant]) => constant);
}

function writtenValue(node: ts.Node | undefined): string {
  const value = node !== undefined && 'initializer' in node ? (node.initializer as ts.Node | undefined)?.getText() : undefined;
  const line = value?.replace(/\s+/g, ' ') ?? '';
  return line.length > MOST_VALUE ? `${line.slice(0, MOST_VALUE)}…` : line;
}

/** The text of docs/assumed.md, with a table for each top folder of the constants. */
export function assumedPage(constants: readonly AssumedConstant[]): string {
  const folders = [...new Set(constants.map(({ file }) => file.split('/')[0] ?? ''))];
  const without = constants.filter(({ confirmedBy }) => confirmedBy === '').length;
  return [
    '# Assumed constants',
    '',
    'Use this page to find the constants that no measurement, standard or data sheet supports, and to plan what to measure.',
    '`npm run -s assumed` writes it from the docstrings with `Source: assumed`. The reason for each value is in its docstring.',
    'The last column is what follows `Confirmed by:` there; `-` means that the docstring does not contain it.',
    '',
    `${constants.length} constants; ${without} of them without a way to confirm them.`,
    ...folders.flatMap((folder) => ['', `## ${folder}`, '', ...tableOf(constants.filter(({ file }) => file.startsWith(`${folder}/`)))]),
    '',
  ].join('\n');
}

function tableOf(constants: readonly AssumedConstant[]): string[] {
  const code = (text: string): string => (text === '' ? '-' : `\`${text.replaceAll('|', '\\|').replaceAll('`', "'")}\``);
  const words = (text: string): string => (text === '' ? '-' : text.replaceAll('|', '\\|'));
  return [
    '| file | name | value | unit | what would confirm it |',
    '| --- | --- | --- | --- | --- |',
    ...constants.map(
      ({ file, name, value, unit, confirmedBy }) =>
        `| ${code(file.slice(file.indexOf('/') + 1))} | ${code(name)} | ${code(value)} | ${words(unit)} | ${words(confirmedBy)} |`,
    ),
  ];
}
