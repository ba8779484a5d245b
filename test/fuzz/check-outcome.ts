import type { Auth } from '../../src/index.ts'
import { problemsOf, problemsOfHeaders, problemsOfJson, type Problems } from './response-problems.ts'
import type { Credentials } from './credentials.ts'
import { grantedBy, isAuthorized } from './granted.ts'
import { headerOf, type Message } from './request.ts'
import type { Outcome } from './send.ts'
import type { Results } from './results.ts'
import type { TargetName } from './targets.ts'
import type { Fixture } from './fixture.ts'

export interface Case {
  readonly fixture: Fixture
  readonly credentials: Credentials
  readonly results: Results
  readonly target: TargetName
  readonly index: number
}

/** Counts the response and records everything that is wrong with it. */
export function checkOutcome(fuzzCase: Case, { message, response }: Outcome): void {
  const { fixture, results, target, index } = fuzzCase
  const fail = (problems: Problems): void => {
    for (const problem of problems) results.fail(`${target} ${index}`, problem, message)
  }
  const route = routeOf(fixture, message.path)
  if (response === undefined) {
    results.countStatus('none')
    return fail(route ? ['no response from a route'] : [])
  }
  if ('accepted' in response) {
    results.countStatus('accepted')
    return fail(problemsOfAcceptance(fuzzCase, message, response.accepted))
  }
  results.countStatus(String(response.status))
  if (isGuard(target)) return fail(problemsOfRefusal(response))
  if (!route) return fail(['a response from a path of no route'])
  // The pages of each user provider follow the same rules.
  const endpoint = route.name.replace(' (customers)', '')
  fail(problemsOf(fixture, endpoint, message, response))
  const granted = grantedBy(endpoint, response, message)
  if (granted === undefined) return
  results.countGranted(granted)
  if (!isAuthorized(granted, { ...fuzzCase, message }))
    fail([`granted without valid credentials: ${granted}`])
}

/** Returns the route of a path. The last or second-last segment can be an ID. */
const routeOf = ({ server }: Fixture, path: string) =>
  server.server.routes.find((route) => route.path === path) ??
  server.server.routes.find((route) => route.path === path.replace(/[^/]*$/, '{id}')) ??
  server.server.routes.find((route) => route.path === path.replace(/[^/]*(?=\/[^/]*$)/, '{id}'))

const isGuard = (target: TargetName): boolean => ['user', 'machine', 'anyone'].includes(target)

/** A guard may accept only tokens that this run obtained, unchanged and of the kind it requires. */
function problemsOfAcceptance({ credentials, target }: Case, message: Message, { kind }: Auth): Problems {
  const header = headerOf(message, 'authorization') ?? ''
  const isOurs = credentials.has(kind, header.replace(/^bearer +/i, '').trim())
  const isWanted = target === 'anyone' || target === kind
  return isOurs && isWanted ? [] : [`accepted an invalid ${kind} token`]
}

function problemsOfRefusal(response: Parameters<typeof problemsOfJson>[0]): Problems {
  const { status, headers } = response
  const hasChallenge = 'WWW-Authenticate' in headers || 'www-authenticate' in headers
  return [
    ...problemsOfHeaders(response),
    ...problemsOfJson(response),
    ...((status === 401 || status === 403) && hasChallenge
      ? []
      : [`status ${status}, or no WWW-Authenticate`]),
  ]
}
