import { writeFileSync } from 'node:fs'
import { relative } from 'node:path'
import type { SerializedError } from 'vitest'
import { DefaultReporter, type TestModule, type TestSuite } from 'vitest/node'

/** A test, a hook or a file that failed, or an error outside of them. */
export interface Failure {
  /** The file, and the titles of the test. */
  readonly name: string
  /** The first line of the first error. */
  readonly error: string
}

/** The result of a run, as it is written to the file in the variable `RESULTS_FILE`. */
export interface Results {
  readonly passed: number
  readonly failures: readonly Failure[]
}

/** Formats failures, each in two lines. */
export const formatFailures = (failures: readonly Failure[]): string =>
  failures.map(({ name, error }) => `  ${name}\n      ${error}\n`).join('')

/** The default reporter, which also lists all failures right before its summary, in the last lines of a log. */
export class FailuresLast extends DefaultReporter {
  override reportTestSummary(
    ...[files, errors, leaks]: Parameters<DefaultReporter['reportTestSummary']>
  ): void {
    const modules = this.ctx.state.getTestModules()
    const failures = [
      ...modules.flatMap((module) => [...failuresIn(module, fileOf(module))]),
      ...(errors as readonly SerializedError[]).map((error) => ({
        name: 'Outside of tests',
        error: firstLine([error]),
      })),
    ]
    if (failures.length > 0) this.log(`\nFailed:\n${formatFailures(failures)}`)
    super.reportTestSummary(files, errors, leaks)
    const file = process.env['RESULTS_FILE']
    if (file !== undefined) writeFileSync(file, JSON.stringify({ passed: countPassed(modules), failures }))
  }
}

function* failuresIn(suite: TestModule | TestSuite, name: string): Generator<Failure> {
  const skipped = [...suite.children.allTests('skipped')].length
  const errors = suite.errors()
  if (errors.length > 0)
    yield { name, error: firstLine(errors) + (skipped > 0 ? ` (${skipped} skipped)` : '') }
  for (const child of suite.children) {
    const path = `${name} > ${child.name}`
    if (child.type === 'suite') yield* failuresIn(child, path)
    else if (child.result().state === 'failed')
      yield { name: path, error: firstLine(child.result().errors ?? []) }
  }
}

const fileOf = ({ moduleId, project }: TestModule): string => relative(project.config.root, moduleId)

/** With the next line, if the first one only introduces it. */
const firstLine = ([error]: readonly { readonly message: string }[]): string =>
  /^(?:.*:\n)?.*/.exec(error?.message ?? '')?.[0].replace(/\s*\n\s*/, ' ') || 'No message'

const countPassed = (modules: readonly TestModule[]): number =>
  modules.flatMap(({ children }) => [...children.allTests('passed')]).length
