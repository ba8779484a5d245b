import { createValidator, type OptionNames, type Validator } from '../lib/validator.ts'
import { canonicalLanguage, createLocalizedTexts, type LocalizedTexts } from '../lib/language.ts'
import { EVERY_SCOPE, OPENID_SCOPE, coversScope, isScopeToken, type ScopeRules } from '../model/scope.ts'

/** A scope with options. */
export interface ScopeConfig {
  /**
   * The sentence that users read on the consent page, or one for each language: `{ en: 'See your orders', vi: 'Xem đơn hàng của bạn' }`.
   * The keys are language tags (BCP 47). Users of other languages read the English one, or else the first.
   */
  readonly description: string | Readonly<Record<string, string>>
  /**
   * Only first-party clients can have the scope. Third-party clients that request it get `invalid_scope`. Default: false.
   */
  readonly firstPartyOnly?: boolean
  /** With `partialConsent`, users cannot uncheck the scope. Default: false. */
  readonly required?: boolean
}

interface Given {
  readonly scopes?: Readonly<Record<string, string | ScopeConfig>>
  readonly defaultScopes?: readonly string[]
  readonly scopeInheritance?: boolean
}

export interface ScopeSettings {
  readonly scopes: ScopeRules
  readonly scopeDescriptions: ReadonlyMap<string, LocalizedTexts>
}

export function resolveScopeSettings(
  { scopes = {}, defaultScopes = [], scopeInheritance = false }: Given,
  validator: Validator,
): ScopeSettings {
  const entries = Object.entries(scopes)
  const scopeDescriptions = new Map(
    entries.map(([scope, given]) => [scope, resolveDescription(scope, given, validator)]),
  )
  const withOption = (name: 'firstPartyOnly' | 'required'): ReadonlySet<string> =>
    new Set(entries.filter(([, given]) => optionsOf(given)[name] === true).map(([scope]) => scope))
  const rules: ScopeRules = {
    defined: new Set(scopeDescriptions.keys()),
    defaults: defaultScopes,
    isInherited: validator.boolean('scopeInheritance', scopeInheritance),
    firstPartyOnly: withOption('firstPartyOnly'),
    required: withOption('required'),
    allowsEvery: true,
  }
  for (const [index, scope] of defaultScopes.entries()) {
    if (!rules.defined.has(scope)) validator.problem(`defaultScopes[${index}]`, 'is not defined in scopes')
  }
  rejectOpenParents(rules, validator)
  return { scopes: rules, scopeDescriptions }
}

/** A third party with the parent would have the scope as well. */
function rejectOpenParents(rules: ScopeRules, validator: Validator): void {
  const { defined, firstPartyOnly } = rules
  const open = [...defined].filter((scope) => !firstPartyOnly.has(scope))
  for (const scope of firstPartyOnly) {
    const parent = open.find((candidate) => coversScope(rules, [candidate], scope))
    if (parent !== undefined)
      validator.problem(
        `${pathOf(scope)}.firstPartyOnly`,
        `has no effect with scopeInheritance, because ${parent} covers the scope. Make ${parent} firstPartyOnly too`,
      )
  }
}

const pathOf = (scope: string): string => `scopes[${JSON.stringify(scope)}]`

/** Without a compiler, it can be anything. */
const optionsOf = (given: unknown): Readonly<Record<string, unknown>> =>
  typeof given === 'object' && given !== null && !Array.isArray(given) ? { ...given } : {}

function resolveDescription(scope: string, given: unknown, validator: Validator): LocalizedTexts {
  const path = pathOf(scope)
  const nameProblem = scopeNameProblem(scope)
  if (nameProblem !== undefined) validator.problem(path, nameProblem)
  if (typeof given !== 'object' || given === null) {
    if (!isText(given)) validator.problem(path, NEEDS_TEXT)
    return textOf(given)
  }
  validator.knownOptions(path, given, SCOPE)
  const { description, firstPartyOnly = false, required = false } = optionsOf(given)
  validator.boolean(`${path}.firstPartyOnly`, firstPartyOnly)
  validator.boolean(`${path}.required`, required)
  return resolveTexts(`${path}.description`, description, validator)
}

function resolveTexts(path: string, given: unknown, validator: Validator): LocalizedTexts {
  const byLanguage = Object.entries(optionsOf(given))
  if (byLanguage.length === 0) {
    if (!isText(given)) validator.problem(path, `${NEEDS_TEXT}, or one for each language`)
    return textOf(given)
  }
  const entries = byLanguage.map(([tag, text]): readonly [string, string] => {
    const textPath = `${path}[${JSON.stringify(tag)}]`
    const lang = canonicalLanguage(tag)
    if (lang === undefined) validator.problem(textPath, 'is not a language tag, such as en or zh-Hant')
    if (!isText(text)) validator.problem(textPath, NEEDS_TEXT)
    return [lang ?? 'en', String(text)]
  })
  for (const [index, [lang]] of entries.entries()) {
    if (entries.findIndex(([earlier]) => earlier === lang) < index)
      validator.problem(path, `has the language ${lang} twice`)
  }
  return createLocalizedTexts(entries)
}

const NEEDS_TEXT = 'must be a sentence for the consent page'

const isText = (value: unknown): value is string => typeof value === 'string' && value.trim() !== ''

const textOf = (given: unknown): LocalizedTexts => ({
  fallback: { text: String(given) },
  byLanguage: new Map(),
})

/** Returns the description of a valid scope in English, or else in its first language. */
export const describeInEnglish = (given: string | ScopeConfig): string =>
  resolveDescription('', given, createValidator()).fallback.text

const SCOPE: OptionNames<ScopeConfig> = { description: true, firstPartyOnly: true, required: true }

/** Returns what is wrong with a scope and its description, or undefined. */
export const scopeProblem = (scope: string, description: string): string | undefined =>
  scopeNameProblem(scope) ?? (isText(description) ? undefined : NEEDS_TEXT)

function scopeNameProblem(scope: string): string | undefined {
  if (scope === EVERY_SCOPE) return 'cannot be defined: it stands for every scope'
  if (scope === OPENID_SCOPE)
    return 'cannot be defined: the server issues no ID tokens, which OpenID Connect clients expect for it'
  return isScopeToken(scope)
    ? undefined
    : 'must consist of visible ASCII characters, without spaces, quotes and backslashes'
}
