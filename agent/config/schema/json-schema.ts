/**
 * The cabinet's schema as JSON Schema: for editors (config/cabinet.schema.json), for docs/cabinet.md and for messages. Pure.
 */
import * as z from 'zod';
import type { JsonSchema } from '../../core/json-schema.ts';
import { cabinetSchema } from './schema.ts';

/** What config/cabinet.schema.json holds. */
export function cabinetJsonSchema(): JsonSchema {
  return { title: 'Luciole cabinet', ...(z.toJSONSchema(cabinetSchema, { io: 'input', target: 'draft-7' }) as JsonSchema) } as JsonSchema;
}
