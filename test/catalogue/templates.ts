/** Finds every template of a message: in the syntax tree of the source, and the flags of the shipped device types. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';
import { readPlacedYaml } from '../../agent/config/load/places.ts';
import { flagText } from '../../agent/core/profile.ts';
import { readProfiles } from '../../drivers/registry.ts';

const ROOT = join(import.meta.dirname, '../..');
const FOLDERS = ['agent', 'drivers'];
/** What makes a message of a template literal. */
const TAG = 'msg';
/** A template of values alone is the same in every language, unless it has a sign with its own blanks. */
const NEEDS_LANGUAGE = /[\p{L}:;?!]/u;

/** A template, what stands for its arguments in the source, and the files that have it. */
export interface FoundTemplate {
  readonly id: string;
  readonly args: readonly string[];
  readonly files: readonly string[];
}

/** All templates that a translation needs, in the order of the files. */
export function foundTemplates(): readonly FoundTemplate[] {
  const found = new Map<string, FoundTemplate>();
  const add = (id: string, args: readonly string[], file: string): void => {
    if (!NEEDS_LANGUAGE.test(id.replace(/\{\d+\}/g, ''))) return;
    const before = found.get(id);
    found.set(id, { id, args: before?.args ?? args, files: [...new Set([...(before?.files ?? []), file])] });
  };
  for (const file of FOLDERS.flatMap(sourceFilesIn)) for (const { id, args } of templatesIn(file)) add(id, args, file);
  for (const { points } of readProfiles([], readPlacedYaml).profiles.values())
    for (const flag of points.flatMap(({ flags }) => flags)) add(flagText(flag).id, [], 'drivers/profiles');
  return [...found.values()];
}

function sourceFilesIn(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .sort()
    .map((name) => join(folder, name));
}

/** The templates of one file, in its order. Shape: `id` as `msg` makes it. */
export function templatesIn(file: string, text = readFileSync(join(ROOT, file), 'utf8')): readonly Omit<FoundTemplate, 'files'>[] {
  const source = ts.createSourceFile(relative(ROOT, join(ROOT, file)), text, ts.ScriptTarget.Latest, true);
  const found: Omit<FoundTemplate, 'files'>[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isTaggedTemplateExpression(node) && node.tag.getText() === TAG) found.push(templateOf(node.template));
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function templateOf(template: ts.TemplateLiteral): Omit<FoundTemplate, 'files'> {
  const [first, ...rest] = ts.isNoSubstitutionTemplateLiteral(template)
    ? [template.text]
    : [template.head.text, ...template.templateSpans.map(({ literal }) => literal.text)];
  const args = ts.isNoSubstitutionTemplateLiteral(template) ? [] : template.templateSpans.map(({ expression }) => expression.getText());
  return { id: rest.reduce((id, part, index) => `${id}{${index}}${escaped(part)}`, escaped(first ?? '')), args };
}

function escaped(part: string): string {
  return part.replace(/[{}]/g, '$&$&');
}

/** The places of a template or a translation, sorted: `0,1`. */
export function placesIn(text: string): string {
  return [...text.replace(/\{\{|\}\}/g, '').matchAll(/\{(\d+)\}/g)]
    .map(([, place]) => place)
    .sort()
    .join();
}
