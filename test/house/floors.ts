import type { Source } from './source.ts'

/** The layers of `src`, lowest first. A file imports from its own folder, its own floor or a lower one. */
const FLOORS: readonly (readonly string[])[] = [
  ['errors.ts', 'lib'],
  ['model'],
  ['event-map.ts', 'events.ts', 'keys', 'store', 'pages', 'broadcast'],
  ['revocations', 'sessions', 'throttle', 'guard', 'users', 'clients', 'passport'],
  ['issuance'],
  ['grants', 'personal-tokens', 'sign-in', 'user-apps'],
  ['config'],
  ['endpoints', 'jobs', 'webhooks', 'audit', 'telemetry'],
  [
    'api-cookies.ts',
    'app-sessions.ts',
    'assembly.ts',
    'client-services.ts',
    'foundation.ts',
    'grant-context.ts',
    'node-messages.ts',
    'administration',
    'password-resets.ts',
    'server-guard.ts',
    'signers.ts',
    'user-directory.ts',
    'wait-for-start.ts',
    'server.ts',
    'index.ts',
  ],
  ['adapters'],
  ['cli', 'testing'],
]

/** The browser SDK is not on a floor. It imports only `lib`, and nothing imports it. */
const BROWSER = { folder: 'browser', imports: 'lib' }

/** Folders that the guard must not import, even indirectly. It also runs in services that have no database. */
const FORBIDDEN_TO_GUARD = new Set(['store', 'grants', 'pages'])

/** Imports of a higher floor, as `src/a.ts → src/b.ts`, and files that are on no floor. */
export function upwardImports(sources: readonly Source[]): readonly string[] {
  const unplaced = sources.filter(
    ({ path }) => floorOf(path) === undefined && topLevelOf(path) !== BROWSER.folder,
  )
  return [
    ...unplaced.map(({ path }) => `${path} is on no floor`),
    ...edges(sources)
      .filter(([from, to]) => !isAllowed(from, to))
      .map(arrow),
  ]
}

/** Import cycles, type-only imports included, each reported once: `a → b → a`. */
export function cycles(sources: readonly Source[]): readonly string[] {
  const graph = graphOf(sources)
  const found = new Map<string, string>()
  for (const start of graph.keys()) {
    const path = shortestPath(graph, start, (node) => node === start)
    const members = path?.slice(1).toSorted().join(' ')
    if (path && members && !found.has(members)) found.set(members, arrow(path))
  }
  return [...found.values()]
}

/** The shortest import paths from the guard to a forbidden folder, type-only imports included. */
export function forbiddenPaths(sources: readonly Source[]): readonly string[] {
  const graph = graphOf(sources)
  const starts = [...graph.keys()].filter((path) => topLevelOf(path) === 'guard')
  return starts.flatMap((start) => {
    const path = shortestPath(graph, start, (node) => FORBIDDEN_TO_GUARD.has(topLevelOf(node)))
    return path ? [arrow(path)] : []
  })
}

/** Examples that import from `src` instead of the package. */
export const sourceImports = (examples: readonly Source[]): readonly string[] =>
  examples.flatMap(({ path, imports }) =>
    imports.filter((to) => to.startsWith('src/')).map((to) => arrow([path, to])),
  )

type Graph = ReadonlyMap<string, readonly string[]>

/** The folder or file directly below `src`. */
const topLevelOf = (path: string): string => path.split('/')[1] ?? ''

const floorOf = (path: string): number | undefined => {
  const floor = FLOORS.findIndex((entries) => path.startsWith('src/') && entries.includes(topLevelOf(path)))
  return floor === -1 ? undefined : floor
}

function isAllowed(from: string, to: string): boolean {
  if (topLevelOf(from) === topLevelOf(to)) return true
  if (topLevelOf(from) === BROWSER.folder) return topLevelOf(to) === BROWSER.imports
  const [own, other] = [floorOf(from), floorOf(to)]
  return own === undefined || (other !== undefined && other <= own)
}

/** Imports of project files, including those outside `src` and those by package name. */
const edges = (sources: readonly Source[]): readonly (readonly [string, string])[] =>
  sources.flatMap(({ path, imports }) => imports.filter(isInternal).map((to) => [path, to] as const))

const isInternal = (specifier: string): boolean =>
  /^(src|test|bench|examples|bin)\//.test(specifier) || /^(\.\.|consulate)(\/|$)/.test(specifier)

const graphOf = (sources: readonly Source[]): Graph =>
  new Map(sources.map(({ path, imports }) => [path, imports.filter(isInternal)]))

/** Breadth-first search for a shortest path. `start` matches only if a cycle returns to it. */
function shortestPath(
  graph: Graph,
  start: string,
  isGoal: (path: string) => boolean,
): readonly string[] | undefined {
  const paths: (readonly string[])[] = [[start]]
  const seen = new Set<string>()
  for (const path of paths) {
    for (const next of graph.get(path.at(-1) ?? start) ?? []) {
      if (isGoal(next)) return [...path, next]
      if (!seen.has(next)) paths.push([...path, next])
      seen.add(next)
    }
  }
  return undefined
}

const arrow = (path: readonly string[]): string => path.join(' → ')
