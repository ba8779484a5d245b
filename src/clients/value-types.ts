import type { ConfigProblem } from '../errors.ts'
import type { ClientRegistration } from './registration.ts'

interface ValueType {
  readonly message: string
  is(value: unknown): boolean
}

const TEXT: ValueType = { is: (value) => typeof value === 'string', message: 'must be a text' }
const FLAG: ValueType = { is: (value) => typeof value === 'boolean', message: 'must be true or false' }
const TEXTS: ValueType = {
  is: (value) => Array.isArray(value) && value.every(TEXT.is),
  message: 'must be a list of texts',
}
const TYPE: ValueType = {
  is: (value) => value === 'confidential' || value === 'public',
  message: 'must be confidential or public',
}

const TYPES: { readonly [Name in keyof Omit<Required<ClientRegistration>, 'graceWindow'>]: ValueType } = {
  name: TEXT,
  type: TYPE,
  redirectUris: TEXTS,
  grantTypes: TEXTS,
  scopes: TEXTS,
  id: TEXT,
  ownerId: TEXT,
  provider: TEXT,
  requiresPkce: FLAG,
  skipsConsent: FLAG,
  endsWithSession: FLAG,
  followsRevocations: FLAG,
}

/**
 * What is of another type than it must be. Registrations come from forms and JSON too: `"false"` would be taken for true,
 * and a type that is neither for neither.
 */
export function typeProblemsOf(registration: ClientRegistration): readonly ConfigProblem[] {
  const given: Readonly<Record<string, unknown>> = { ...registration }
  return Object.entries(TYPES)
    .filter(([path, { is }]) => (given[path] !== undefined || path === 'name') && !is(given[path]))
    .map(([path, { message }]) => ({ path, message }))
}
