/** Finds the exported declarations of the agent and its drivers that have no docstring. */
import ts from 'typescript';

const FOLDERS = /^(?:agent|drivers|platform)\/.*(?<!\.d)\.ts$/;

/** Returns where each exported declaration without a docstring starts. Re-exports, and the further signatures of a function, need none. */
export function undocumentedIn(file: string, text: string): number[] {
  if (!FOLDERS.test(file)) return [];
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const exported = namesExported(source);
  const documented = new Set<string>();
  return source.statements.flatMap((statement) => {
    const names = namesOf(statement);
    const isOwn = ts.canHaveModifiers(statement) && ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
    if (isOwn !== true && !names.some((name) => exported.has(name)) && !ts.isExportAssignment(statement)) return [];
    if (hasDocstring(statement, text)) for (const name of names) documented.add(name);
    else if (!ts.isFunctionDeclaration(statement) || !names.some((name) => documented.has(name))) return [statement.getStart(source)];
    return [];
  });
}

/** The local names in `export { … }`; a list with `from` exports declarations of another file. */
function namesExported(source: ts.SourceFile): ReadonlySet<string> {
  const lists = source.statements.filter(ts.isExportDeclaration).filter(({ moduleSpecifier }) => moduleSpecifier === undefined);
  const elements = lists.flatMap(({ exportClause }) =>
    exportClause !== undefined && ts.isNamedExports(exportClause) ? [...exportClause.elements] : [],
  );
  return new Set(elements.map(({ name, propertyName = name }) => propertyName.text));
}

function namesOf(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement)) return statement.declarationList.declarations.map(({ name }) => name.getText());
  const { name } = statement as { readonly name?: ts.Node };
  return name !== undefined && ts.isIdentifier(name) ? [name.text] : [];
}

/** A comment with a blank line after it is the description of the file. */
function hasDocstring(statement: ts.Statement, text: string): boolean {
  const comments = ts.getLeadingCommentRanges(text, statement.pos) ?? [];
  const docstring = comments.findLast(({ pos }) => text.startsWith('/**', pos));
  return docstring !== undefined && !/\n[ \t]*\n/.test(text.slice(docstring.end, statement.getStart()));
}
