/**
 * The texts in source files that the program may show.
 *
 * These are string literals and the fixed parts of templates, without what a session never shows: imports and types, examples to type,
 * fields of the log, programming errors, hidden commands, and commands that take the whole process.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { OUTSIDE } from '../../agent/console/shell/as-typed.ts';

/** A literal with its fixed parts: `['revision ', ' is kept']`. */
export interface ShownText {
  readonly file: string;
  readonly line: number;
  readonly parts: readonly string[];
}

/** Paths of all TypeScript files there, sorted; a file is its own. */
export function sourceFiles(place: string): readonly string[] {
  if (statSync(place).isFile()) return [place];
  return readdirSync(place, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(place, name))
    .sort();
}

export function shownTexts(file: string): readonly ShownText[] {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  const found: ShownText[] = [];
  const visit = (node: ts.Node): void => {
    if (isNotShown(node)) return;
    const parts = partsOf(node);
    if (parts !== null) found.push({ file, line: source.getLineAndCharacterOfPosition(node.getStart()).line + 1, parts });
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** A long sentence may stand in two pieces with a plus. */
function partsOf(node: ts.Node): readonly string[] | null {
  if (ts.isStringLiteralLike(node)) return isSum(node.parent) ? null : [node.text];
  if (isSum(node) && ts.isStringLiteralLike(node.left) && ts.isStringLiteralLike(node.right))
    return [`${node.left.text}${node.right.text}`];
  return ts.isTemplateExpression(node) ? [node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)] : null;
}

function isSum(node: ts.Node): node is ts.BinaryExpression {
  return ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken;
}

function isNotShown(node: ts.Node): boolean {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node) || ts.isTypeNode(node) || ts.isImportTypeNode(node)) return true;
  if (ts.isPropertyAssignment(node)) {
    const key = node.name.getText();
    return ['examples', 'check'].includes(key) || (['summary', 'arguments', 'options'].includes(key) && isHiddenCommand(node.parent));
  }
  return ts.isThrowStatement(node) && ts.isNewExpression(node.expression) && node.expression.expression.getText() === 'TypeError';
}

/** The row of a command that only the program itself uses, or that does not exist in a session. */
function isHiddenCommand(row: ts.ObjectLiteralExpression): boolean {
  return row.properties.some((each) => {
    if (!ts.isPropertyAssignment(each)) return false;
    const value = each.initializer;
    return each.name.getText() === 'isHidden' || (each.name.getText() === 'name' && ts.isStringLiteral(value) && OUTSIDE.has(value.text));
  });
}
