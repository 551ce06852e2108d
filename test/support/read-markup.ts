/** A strict reader of the HTML that reports consist of: every element is closed, every attribute quoted, every entity known. */

/** An element with its attributes and content, in order. */
export interface MarkupElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: (MarkupElement | string)[];
}

const VOID = new Set(['meta', 'link']);
/** Their content has no elements. */
const RAW = new Set(['script', 'style']);
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };
const TOKEN = /<!doctype html>|<(\/?)([a-z][A-Za-z0-9]*)((?: [a-zA-Z:-]+(?:="[^"<>]*")?)*)(\/?)>|[^<]+/y;

/** Returns the root element. Errors: throws a SyntaxError where the text is not strict. */
export function readMarkup(text: string): MarkupElement {
  const root: MarkupElement = { name: '', attributes: {}, children: [] };
  const open: MarkupElement[] = [root];
  const top = (): MarkupElement => open.at(-1) ?? root;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex;
    const found = TOKEN.exec(text);
    if (found === null) throw new SyntaxError(`not strict: ${JSON.stringify(text.slice(at, at + 60))}`);
    const [token, slash, name, attributes = '', end] = found;
    if (name === undefined) {
      if (!token.startsWith('<!')) top().children.push(textOf(token));
    } else if (slash === '/') {
      if (open.pop()?.name !== name || open.length === 0) throw new SyntaxError(`${token} closes another element at ${at}`);
    } else {
      const element = { name, attributes: attributesOf(attributes), children: [] };
      top().children.push(element);
      if (RAW.has(name)) {
        const close = text.indexOf(`</${name}`, TOKEN.lastIndex);
        element.children.push(text.slice(TOKEN.lastIndex, close) as never);
        TOKEN.lastIndex = close + name.length + 3;
      } else if (end !== '/' && !VOID.has(name)) open.push(element);
    }
  }
  if (open.length > 1) throw new SyntaxError(`not closed: ${top().name}`);
  return root;
}

function attributesOf(text: string): Readonly<Record<string, string>> {
  const pairs = [...text.matchAll(/ ([a-zA-Z:-]+)(?:="([^"]*)")?/g)].map(([, name = '', value = '']) => [name, textOf(value)] as const);
  if (new Set(pairs.map(([name]) => name)).size < pairs.length) throw new SyntaxError(`twice:${text}`);
  return Object.fromEntries(pairs);
}

function textOf(text: string): string {
  return text.replace(/&([^;&]*);?/g, (found, name: string) => {
    const letter = ENTITIES[name];
    if (letter === undefined || !found.endsWith(';')) throw new SyntaxError(`not an entity: ${found}`);
    return letter;
  });
}

/** Returns all elements below this one, in order; only those with this name if it is given. */
export function elementsOf(element: MarkupElement, name?: string): readonly MarkupElement[] {
  const below = element.children.flatMap((child) => (typeof child === 'string' ? [] : [child, ...elementsOf(child)]));
  return name === undefined ? below : below.filter((each) => each.name === name);
}

/** Returns the text of an element and of those below it. */
export function markupText(element: MarkupElement): string {
  return element.children.map((child) => (typeof child === 'string' ? child : markupText(child))).join('');
}
