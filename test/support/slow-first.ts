import { readFileSync } from 'node:fs'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Signs in the source of a file that it takes long, those of the slowest files first. */
const SIGNS = [
  // It repeats what depends on chance.
  /\bdose\(|\breadSettings\(/,
  // It builds or installs something, or does more with `CI=true`.
  /support\/packed\.ts'|\bisThorough\b/,
  // It starts browsers, nodes or databases.
  /support\/(?:chromium|cluster|process|databases)\.ts'/,
]

/**
 * Starts slow files first. Otherwise one of them may run alone in the end. Vitest remembers how long each file took, but a
 * fresh checkout has nothing to remember: then the source of the files tells, and then their size.
 */
export class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const known = files.filter((file) => this.ctx.cache.getTestSpecificationResult(file) !== undefined)
    if (known.length > files.length / 2) return sorted
    const ranks = new Map(files.map(({ moduleId }) => [moduleId, rankOf(moduleId)]))
    const rank = ({ moduleId }: TestSpecification): number => ranks.get(moduleId) ?? SIGNS.length
    return sorted.toSorted((left, right) => rank(left) - rank(right))
  }
}

function rankOf(path: string): number {
  const source = readFileSync(path, 'utf8')
  const index = SIGNS.findIndex((sign) => sign.test(source))
  return index < 0 ? SIGNS.length : index
}
