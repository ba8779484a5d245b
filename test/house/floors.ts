import type { Source } from './source.ts'

/** What stands on each floor of src. A file imports its own folder, its own floor or a lower one. */
const FLOORS: readonly (readonly string[])[] = [
  ['errors.ts', 'lib'],
  ['model'],
  ['events.ts', 'keys', 'store', 'pages'],
  ['revocations', 'sessions', 'throttle', 'guard', 'users', 'clients'],
  ['issuance'],
  ['grants', 'personal-tokens'],
  ['config'],
  ['endpoints', 'jobs', 'audit.ts'],
  ['assembly.ts', 'administration.ts', 'server.ts', 'index.ts'],
  ['adapters'],
  ['cli', 'testing'],
]

/** The SDK for browsers stands beside the house: it imports only this, and nothing imports it. */
const BESIDE = { folder: 'browser', imports: 'lib' }

/** What the guard must never come to, by whatever way: it runs in other people's services, with no database at hand. */
const FORBIDDEN_TO_GUARD = new Set(['store', 'grants', 'pages'])

/** Imports that climb, as `src/a.ts → src/b.ts`, and files that stand on no floor. */
export function climbs(sources: readonly Source[]): readonly string[] {
  const homeless = sources.filter(({ path }) => floorOf(path) === undefined && homeOf(path) !== BESIDE.folder)
  return [
    ...homeless.map(({ path }) => `${path} stands on no floor`),
    ...edges(sources)
      .filter(([from, to]) => !isAllowed(from, to))
      .map(arrow),
  ]
}

/** Circles of imports, type-only ones included, each once: `a → b → a`. */
export function circles(sources: readonly Source[]): readonly string[] {
  const graph = graphOf(sources)
  const found = new Map<string, string>()
  for (const start of graph.keys()) {
    const way = wayBetween(graph, start, (path) => path === start)
    const members = way?.slice(1).toSorted().join(' ')
    if (way && members && !found.has(members)) found.set(members, arrow(way))
  }
  return [...found.values()]
}

/** The shortest ways from a file of the guard to what it must never reach, type-only imports included. */
export function strayings(sources: readonly Source[]): readonly string[] {
  const graph = graphOf(sources)
  const starts = [...graph.keys()].filter((path) => homeOf(path) === 'guard')
  return starts.flatMap((start) => {
    const way = wayBetween(graph, start, (path) => FORBIDDEN_TO_GUARD.has(homeOf(path)))
    return way ? [arrow(way)] : []
  })
}

/** Examples that reach into src instead of importing the package as its users do. */
export const shortcuts = (examples: readonly Source[]): readonly string[] =>
  examples.flatMap(({ path, imports }) =>
    imports.filter((to) => to.startsWith('src/')).map((to) => arrow([path, to])),
  )

type Graph = ReadonlyMap<string, readonly string[]>

/** The folder right below src, or the file that lies there. */
const homeOf = (path: string): string => path.split('/')[1] ?? ''

const floorOf = (path: string): number | undefined => {
  const floor = FLOORS.findIndex((homes) => path.startsWith('src/') && homes.includes(homeOf(path)))
  return floor === -1 ? undefined : floor
}

function isAllowed(from: string, to: string): boolean {
  if (homeOf(from) === homeOf(to)) return true
  if (homeOf(from) === BESIDE.folder) return homeOf(to) === BESIDE.imports
  const [own, other] = [floorOf(from), floorOf(to)]
  return own === undefined || (other !== undefined && other <= own)
}

/** Imports of our own files; going out of src, or in again by the package's name, counts as one. */
const edges = (sources: readonly Source[]): readonly (readonly [string, string])[] =>
  sources.flatMap(({ path, imports }) => imports.filter(isOurs).map((to) => [path, to] as const))

const isOurs = (specifier: string): boolean =>
  /^(src|test|bench|examples|bin)\//.test(specifier) || /^(\.\.|consulate)(\/|$)/.test(specifier)

const graphOf = (sources: readonly Source[]): Graph =>
  new Map(sources.map(({ path, imports }) => [path, imports.filter(isOurs)]))

/** Breadth first, so the way is a shortest one; `start` itself counts only when it is come back to. */
function wayBetween(
  graph: Graph,
  start: string,
  isGoal: (path: string) => boolean,
): readonly string[] | undefined {
  const ways: (readonly string[])[] = [[start]]
  const seen = new Set<string>()
  for (const way of ways) {
    for (const next of graph.get(way.at(-1) ?? start) ?? []) {
      if (isGoal(next)) return [...way, next]
      if (!seen.has(next)) ways.push([...way, next])
      seen.add(next)
    }
  }
  return undefined
}

const arrow = (way: readonly string[]): string => way.join(' → ')
