/**
 * Rows on datatypes, properties, data sets and templates. Source: Sparkplug 3.0.0 chapter 6.
 */
import type { WireMetric, WireProperty } from '../wire-reader.ts';
import { type Evidence, metricsOf } from './evidence.ts';
import { eachReported, labelOf, type ReportedValues, reportedIn } from './lives.ts';
import { type ConformanceRow, each, mergedFindings, type RowFinding, rows } from './row.ts';
import { where } from './rows-topics.ts';

/** Source: Sparkplug 3.0.0 §6.4.16: types run from 1 to 34; basic ones to 14, sets of properties are 20 and 21. */
const LAST_TYPE = 34;
const LAST_BASIC = 14;
const PROPERTY_SETS = [20, 21];
const DATA_SET = { type: 16, field: 17 };
const TEMPLATE = { type: 19, field: 18 };
const INT32 = 3;
const QUALITIES = [0, 192, 500];
const UINT32_MAX = 2 ** 32 - 1;

const BIRTHS = ['NBIRTH', 'DBIRTH'];
const DATA = ['NDATA', 'DDATA'];

const typed = (faultOf: (datatype: number) => string | false) => (evidence: Evidence) =>
  mergedFindings(
    each(
      reportedIn(evidence.lives, ...BIRTHS, ...DATA).filter(({ metric }) => metric.datatype !== undefined),
      (reported) => {
        const fault = faultOf(reported.metric.datatype ?? 0);
        return fault && `${labelOf(reported)} ${fault}`;
      },
    ),
  );

/** Commands carry no datatype either. */
function untyped(evidence: Evidence): RowFinding {
  return mergedFindings(
    eachReported(DATA, ({ metric }) => metric.datatype !== undefined && `has datatype ${metric.datatype}`)(evidence),
    each(
      evidence.commands.filter(({ payload }) => payload !== null),
      (command) => metricsOf(command).some(({ datatype }) => datatype !== undefined) && `a datatype in ${where(command)}`,
    ),
  );
}

function isUint32(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= UINT32_MAX;
}

const eachSet = (faultOf: (reported: ReportedValues & { readonly set: NonNullable<WireMetric['propertySet']> }) => string | false) => {
  return ({ lives }: Evidence): RowFinding =>
    each(
      reportedIn(lives, ...BIRTHS, ...DATA).flatMap((reported) =>
        reported.metric.propertySet === undefined ? [] : [{ ...reported, set: reported.metric.propertySet }],
      ),
      (reported) => {
        const fault = faultOf(reported);
        return fault && `${labelOf(reported)} ${fault}`;
      },
    );
};

const eachProperty = (
  faultOf: (property: WireProperty, reported: ReportedValues, key: string) => string | false,
  picks = (_key: string, _reported: ReportedValues) => true,
) => {
  return ({ lives }: Evidence): RowFinding =>
    each(
      reportedIn(lives, ...BIRTHS, ...DATA).flatMap((reported) =>
        (reported.metric.propertySet?.values ?? [])
          .map((property, i) => ({ reported, property, key: reported.metric.propertySet?.keys[i] ?? '' }))
          .filter(({ key }) => picks(key, reported)),
      ),
      ({ reported, property, key }) => {
        const fault = faultOf(property, reported, key);
        return fault && `${labelOf(reported)}: property ${key} ${fault}`;
      },
    );
};

const isQuality = (key: string): boolean => key === 'Quality';

/** Types without rows must not be sent: rows must be added before a type is used. */
function unused({ type, field }: { readonly type: number; readonly field: number }): (evidence: Evidence) => RowFinding {
  return ({ lives }) => {
    const used = reportedIn(lives, ...BIRTHS, ...DATA).filter(({ metric }) => metric.datatype === type || metric.valueField === field);
    return each(used, (reported) => `${labelOf(reported)} is used, and this table does not judge it yet`);
  };
}

const keysMatch = eachSet(
  ({ set }) => set.keys.length !== set.values.length && `has ${set.keys.length} keys and ${set.values.length} values`,
);

const withoutDataSets = (ids: string): ConformanceRow[] =>
  rows(ids, 'rules of DataSet', unused(DATA_SET), { unless: 'the node has no metric of type DataSet' });
const withoutTemplates = (ids: string, level: 'must' | 'may' = 'must'): ConformanceRow[] =>
  rows(ids, 'rules of Template', unused(TEMPLATE), { level, unless: 'the node has no metric of type Template' });

export const TYPE_ROWS: readonly ConformanceRow[] = [
  ...rows(
    'payloads-metric-datatype-value-type',
    'datatype is uint32',
    typed((type) => !isUint32(type) && `has datatype ${type}`),
  ),
  ...rows(
    'payloads-metric-datatype-value',
    'datatype is 1 to 34',
    typed((type) => (type < 1 || type > LAST_TYPE) && `has datatype ${type}`),
  ),
  ...rows(
    'payloads-metric-datatype-req',
    'every metric in births has a datatype',
    eachReported(BIRTHS, ({ metric }) => metric.datatype === undefined && 'has no datatype'),
  ),
  ...rows('payloads-metric-datatype-not-req', 'no datatype in DATA and commands', untyped, { level: 'should' }),
  ...rows('payloads-propertyset-keys-array-size payloads-propertyset-values-array-size', 'as many keys as values', keysMatch),
  ...rows(
    'payloads-metric-propertyvalue-type-type',
    'property type is uint32',
    eachProperty(({ type }) => type !== undefined && !isUint32(type) && `has type ${type}`),
  ),
  ...rows(
    'payloads-metric-propertyvalue-type-value',
    'property type is a basic or property type',
    eachProperty(
      ({ type }) => type !== undefined && !(type >= 1 && type <= LAST_BASIC) && !PROPERTY_SETS.includes(type) && `has type ${type}`,
    ),
  ),
  ...rows(
    'payloads-metric-propertyvalue-type-req',
    'properties in births have a type',
    eachProperty(
      ({ type }) => type === undefined && 'has no type',
      (_key, { message }) => BIRTHS.includes(message.verb),
    ),
  ),
  ...rows(
    'payloads-propertyset-quality-value-type',
    'Quality is Int32',
    eachProperty(({ type }) => type !== INT32 && `has type ${type}`, isQuality),
  ),
  ...rows(
    'payloads-propertyset-quality-value-value',
    'Quality is 0, 192 or 500 in int_value',
    eachProperty(
      ({ value, valueField }) => (valueField !== 3 || !QUALITIES.includes(Number(value))) && `is ${value} in field ${valueField}`,
      isQuality,
    ),
  ),
  ...withoutDataSets(
    'payloads-dataset-column-size payloads-dataset-column-num-headers payloads-dataset-types-def payloads-dataset-types-num payloads-dataset-types-type payloads-dataset-types-value payloads-dataset-parameter-type-req',
  ),
  ...withoutTemplates(
    'topics-nbirth-templates payloads-template-dataset-value payloads-template-definition-nbirth-only payloads-template-definition-nbirth payloads-template-definition-is-definition payloads-template-is-definition-definition payloads-template-definition-ref payloads-template-ref-definition payloads-template-definition-members payloads-template-definition-parameters payloads-template-instance-is-definition payloads-template-is-definition-instance payloads-template-instance-ref payloads-template-ref-instance payloads-template-instance-members payloads-template-instance-members-birth payloads-template-version payloads-template-is-definition payloads-template-parameter-name-required payloads-template-parameter-name-type payloads-template-parameter-value-type payloads-template-parameter-type-value payloads-template-parameter-type-req payloads-template-parameter-value',
  ),
  ...withoutTemplates(
    'payloads-template-definition-parameters-default payloads-template-instance-members-data payloads-template-instance-parameters',
    'may',
  ),
];
