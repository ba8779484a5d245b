import {
  createClientFields,
  NO_CLIENT_FIELDS,
  schemaProblem,
  type ClientFields,
  type FieldsSchema,
} from '../clients/fields.ts'
import { isStandardSchema } from '../lib/standard-schema.ts'
import type { Validator } from '../lib/validator.ts'

/** Returns the checks of the fields of clients. */
export function resolveClientFields(given: FieldsSchema | undefined, validator: Validator): ClientFields {
  if (given === undefined) return NO_CLIENT_FIELDS
  const problem = isStandardSchema(given)
    ? schemaProblem(given)
    : 'must be a schema of Zod, Valibot, ArkType or another library with the Standard Schema interface'
  if (problem === undefined) return createClientFields(given)
  validator.problem('clientFields', problem)
  return NO_CLIENT_FIELDS
}
