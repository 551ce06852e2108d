import t from 'tap';
import { parse } from 'yaml';
import { wantedAt } from '../../../../agent/config/edit/wanted-value.ts';
import { cabinetJsonSchema } from '../../../../agent/config/schema/schema.ts';
import { readCatalogue } from '../../../../agent/console/catalogue.ts';
import { splitLine } from '../../../../agent/console/shell/typed-words.ts';
import { wantedRows } from '../../../../agent/console/shell/typing-help.ts';
import { type JsonSchema, withoutNull } from '../../../../agent/core/json-schema.ts';
import { type Argument, Message } from '../../../../agent/core/message.ts';
import { withTexts } from '../../../../agent/core/message-wire.ts';

/** All places that a person may write at, with their part of the schema. */
function places(schema: JsonSchema, path: string): (readonly [string, JsonSchema])[] {
  const whole = withoutNull(schema);
  const { properties = {}, items, additionalProperties } = whole;
  const parts = (Array.isArray(items) ? items : items === undefined ? [] : [items]) as readonly JsonSchema[];
  const free = typeof additionalProperties === 'object' ? [['name', additionalProperties] as const] : [];
  return [
    [path, schema],
    ...[...Object.entries(properties), ...free].flatMap(([key, part]) => places(part, path === '' ? key : `${path}.${key}`)),
    ...parts.flatMap((part, index) => places(part, `${path}[${index}]`)),
  ];
}

/** The schema's objections to a value, for the keywords that our schemas use. */
function against(value: unknown, schema: JsonSchema & { readonly pattern?: string }): string[] {
  const { type, minimum, exclusiveMinimum, maximum, pattern, minLength, maxLength, minItems, required, properties, items, anyOf } = schema;
  if (anyOf !== undefined) return anyOf.some((each) => against(value, each).length === 0) ? [] : ['none of anyOf'];
  const found = Array.isArray(value)
    ? 'array'
    : value === null
      ? 'null'
      : typeof value === 'number' && Number.isInteger(value)
        ? 'integer'
        : typeof value;
  const problems: [boolean, string][] = [
    [type !== undefined && found !== type && !(type === 'number' && found === 'integer'), `${found}, not ${type}`],
    [schema.enum !== undefined && !schema.enum.includes(value), 'none of the choices'],
    [Number(value) < (minimum ?? Number(value)) || Number(value) <= (exclusiveMinimum ?? Number.NEGATIVE_INFINITY), 'too small'],
    [Number(value) > (maximum ?? Number(value)), 'too large'],
    [pattern !== undefined && !new RegExp(pattern).test(String(value)), `not as ${pattern}`],
    [String(value).length < (minLength ?? 0) || String(value).length > (maxLength ?? 9_999), 'length'],
    [Array.isArray(value) && value.length < (minItems ?? 0), 'too few'],
  ];
  const own = problems.flatMap(([isSo, what]) => (isSo ? [what] : []));
  if (Array.isArray(value)) {
    const parts = value.map((each, index) => against(each, (Array.isArray(items) ? items[index] : items) as JsonSchema));
    return [...own, ...parts.flat()];
  }
  if (typeof value !== 'object' || value === null) return own;
  const missing = (required ?? []).filter((key) => !Object.hasOwn(value, key));
  return [...own, ...missing, ...Object.entries(value).flatMap(([key, each]) => (properties?.[key] ? against(each, properties[key]) : []))];
}

const ALL = places(cabinetJsonSchema(), '').filter(([path]) => path !== '');

t.test('every place of the schema has an example that the schema takes, typed as shown', async (t) => {
  t.ok(ALL.length > 190, `${ALL.length} places`);
  for (const [path, schema] of ALL) {
    const wanted = wantedAt(path);
    if ('problem' in wanted) {
      t.fail(`${path}: ${wanted.problem}`);
      continue;
    }
    const line = wantedRows('<value>', path, wanted).at(-1)?.summary.toString().replace('example: ', '') ?? '';
    const words = splitLine(line).stages[0]?.map(({ text }) => text) ?? [];
    t.strictSame(words.slice(0, 3), ['config', 'set', path]);
    t.equal(words.length, 4, line);
    t.strictSame(against(parse(words[3] ?? ''), schema), [], line);
  }
});

t.test('purpose, limits, unit and default of a key are shown in French too', async (t) => {
  const french = readCatalogue('fr');
  const isEnglish = (id: string): boolean => /[a-z]/i.test(id.replaceAll(/\{\d+\}/g, '')) && french.template(id) === undefined;
  const texts = (said: Argument): readonly string[] => {
    if (said instanceof Message) return [...(isEnglish(said.id) ? [said.id] : []), ...said.args.flatMap(texts)];
    return Array.isArray(said) ? said.flatMap(texts) : [];
  };
  for (const [path] of ALL) {
    const wanted = wantedAt(path);
    const rows = 'problem' in wanted ? [] : wantedRows('<value>', path, wanted);
    t.strictSame(
      rows.flatMap(({ summary }) => texts(summary)),
      [],
      path,
    );
  }
});

const EXPECTED: [path: string, expected: object][] = [
  ['zones[rue].minPct', { allowed: 'a whole number from 0 to 100', unit: 'percent', usual: '10', mustBeThere: false }],
  ['zones[+].lamps', { allowed: 'a list with at least 1 entry', mustBeThere: true, usual: null, example: '[L13]' }],
  ['lines[0].serial.baud', { unit: '', usual: '9600', example: '19200' }],
  ['zones[rue].kind', { choices: ['path', 'street', 'road', 'leisure'], usual: 'street', example: 'road' }],
  ['lines[0].broadcast', { allowed: 'true or false', choices: ['true', 'false'], usual: 'true', example: 'false' }],
  ['lamps[+]', { example: '{ id: L13, ratedPowerW: 60 }' }],
  ['zones[rue].mnPct', { problem: 'unknown key "mnPct"; did you mean "minPct"?' }],
  ['zones.minPct', { problem: 'zones is a list: name an item, as zones[0], zones[ID] or zones[+]' }],
  ['zones[rue].minPct[0]', { problem: 'minPct is not a list' }],
  ['zones[rue].minPct.x', { problem: 'minPct holds no keys' }],
  ['zones[', { problem: /^bad path "zones\["/ }],
];
for (const [path, expected] of EXPECTED) t.test(`help on a value: ${path}`, async (t) => t.match(withTexts(wantedAt(path)), expected));
