/**
 * The interface that validation libraries share (https://standardschema.dev): Zod, Valibot, ArkType and others have it.
 * `Input` is what their users write, `Output` what validation returns.
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
  }
}

/** The result of a validation: a value, or what is wrong. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] }

/** Something that is wrong with a value, and where. */
export interface SchemaIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

type Types<Schema extends StandardSchema> = NonNullable<Schema['~standard']['types']>

/** What validation returns. */
export type SchemaOutput<Schema extends StandardSchema> = Types<Schema>['output']

/** What the schema accepts. */
export type SchemaInput<Schema extends StandardSchema> = Types<Schema>['input']

/** Returns whether a value has the interface. Schemas of ArkType are functions. */
export function isStandardSchema(value: unknown): value is StandardSchema {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false
  const { '~standard': standard } = value as Partial<StandardSchema>
  return typeof standard === 'object' && typeof standard.validate === 'function'
}

/**
 * Validates a value.
 *
 * @throws TypeError if the schema validates asynchronously; whatever the schema throws
 */
export function validateWith<Output>(
  schema: StandardSchema<unknown, Output>,
  value: unknown,
): SchemaResult<Output> {
  const result = schema['~standard'].validate(value)
  if (!(result instanceof Promise)) return result
  result.catch(() => {})
  throw new TypeError('The schema validates asynchronously')
}

/** Returns the first key of an issue's path, if it has one. */
export function firstKeyOf({ path: [first] = [] }: SchemaIssue): string | undefined {
  if (first === undefined) return undefined
  return String(typeof first === 'object' ? first.key : first)
}
