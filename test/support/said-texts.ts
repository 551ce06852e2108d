/**
 * The texts that stand in source files, as the program might say them.
 *
 * Owns the reading of them: string literals and the fixed parts of templates, but for what no person is told: imports and types,
 * examples to type, errors of programming.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** A literal with its fixed parts: `['revision ', ' is kept']`. */
export interface SaidText {
  readonly file: string;
  readonly line: number;
  readonly parts: readonly string[];
}

/** Paths of all TypeScript files below, sorted. */
export function sourceFiles(dir: string): readonly string[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(dir, name))
    .sort();
}

export function saidTexts(file: string): readonly SaidText[] {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  const found: SaidText[] = [];
  const visit = (node: ts.Node): void => {
    if (isUnsaid(node)) return;
    const parts = partsOf(node);
    if (parts !== null) found.push({ file, line: source.getLineAndCharacterOfPosition(node.getStart()).line + 1, parts });
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function partsOf(node: ts.Node): readonly string[] | null {
  if (ts.isStringLiteralLike(node)) return [node.text];
  return ts.isTemplateExpression(node) ? [node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)] : null;
}

function isUnsaid(node: ts.Node): boolean {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node) || ts.isTypeNode(node) || ts.isImportTypeNode(node)) return true;
  if (ts.isPropertyAssignment(node) && ['examples', 'name'].includes(node.name.getText())) return true;
  return ts.isThrowStatement(node) && ts.isNewExpression(node.expression) && node.expression.expression.getText() === 'TypeError';
}
