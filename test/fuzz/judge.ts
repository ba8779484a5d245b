import type { Auth } from '../../src/index.ts'
import { problemsOf, problemsOfHeaders, problemsOfJson, type Problems } from './answers.ts'
import type { Credentials } from './credentials.ts'
import { givenBy, isProven } from './proofs.ts'
import { headerOf, type Message } from './request.ts'
import type { Outcome } from './send.ts'
import type { Tally } from './tally.ts'
import type { TargetName } from './targets.ts'
import type { World } from './world.ts'

/** A case that is judged. */
export interface Case {
  readonly world: World
  readonly credentials: Credentials
  readonly tally: Tally
  readonly target: TargetName
  readonly index: number
}

/** Looks at what came of a case, counts it, and writes down whatever must not be. */
export function judge(theCase: Case, { message, answer }: Outcome): void {
  const { world, tally, target, index } = theCase
  const fail = (problems: Problems): void => {
    for (const problem of problems) tally.fail(`${target} ${index}`, problem, message)
  }
  const route = routeOf(world, message.path)
  if (answer === undefined) {
    tally.answered('none')
    return fail(route ? ['no answer at a path of the server'] : [])
  }
  if ('granted' in answer) {
    tally.answered('granted')
    return fail(problemsOfGrant(theCase, message, answer.granted))
  }
  tally.answered(String(answer.status))
  if (isGuard(target)) return fail(problemsOfRefusal(answer))
  if (!route) return fail(["an answer at a path that is not the server's"])
  // What people of another provider are shown is held to the same.
  const endpoint = route.name.replace(' (customers)', '')
  fail(problemsOf(world, endpoint, message, answer))
  const given = givenBy(endpoint, answer, message)
  if (given === undefined) return
  tally.gave(given)
  if (!isProven(given, { ...theCase, message })) fail([`gave a ${given} without proof`])
}

/** The route of a path; those of single things end in whatever is the id. */
const routeOf = ({ server }: World, path: string) =>
  server.server.routes.find((route) => route.path === path) ??
  server.server.routes.find((route) => route.path === path.replace(/[^/]*$/, '{id}'))

const isGuard = (target: TargetName): boolean => ['user', 'machine', 'anyone'].includes(target)

/** Whoever gets in holds a token as it was issued, and of the kind that the guard is for. */
function problemsOfGrant({ credentials, target }: Case, message: Message, { kind }: Auth): Problems {
  const header = headerOf(message, 'authorization') ?? ''
  const isOurs = credentials.has(kind, header.replace(/^bearer +/i, '').trim())
  const isWanted = target === 'anyone' || target === kind
  return isOurs && isWanted ? [] : [`let in a ${kind} without proof`]
}

function problemsOfRefusal(answer: Parameters<typeof problemsOfJson>[0]): Problems {
  const { status, headers } = answer
  const hasChallenge = 'WWW-Authenticate' in headers || 'www-authenticate' in headers
  return [
    ...problemsOfHeaders(answer),
    ...problemsOfJson(answer),
    ...((status === 401 || status === 403) && hasChallenge ? [] : [`status ${status}, or no challenge`]),
  ]
}
