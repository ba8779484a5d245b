import type { ConfigProblem } from '../errors.ts'

const MAX_METHODS = 10
const METHOD = /^[!-~]{1,50}$/

/** Checks the methods of a sign-in: `amr` values (RFC 8176). From JavaScript, they can be anything. */
export function methodProblems(methods: unknown): readonly ConfigProblem[] {
  if (methods === undefined) return []
  const isValid =
    Array.isArray(methods) &&
    methods.length <= MAX_METHODS &&
    methods.every((method: unknown) => typeof method === 'string' && METHOD.test(method))
  if (isValid) return []
  const message = `must be a list of at most ${MAX_METHODS} names of RFC 8176, such as ['otp']`
  return [{ path: 'methods', message }]
}
