import type { Store } from '../../store/contract.ts'

/** The functions of a test runner. Those of Vitest, Jest and Bun fit. */
export interface TestFunctions {
  describe(name: string, body: () => void): unknown
  test(name: string, body: () => Promise<void>): unknown
  expect(actual: unknown): { toBe(expected: unknown): unknown; toEqual(expected: unknown): unknown }
}

/** The functions of a test runner, where `test` passes a new store to each test. */
export interface Suite extends Pick<TestFunctions, 'describe' | 'expect'> {
  readonly test: (name: string, body: (store: Store) => Promise<void>) => void
}

export const createSuite = (functions: TestFunctions, openStore: () => Promise<Store>): Suite => ({
  describe: (name, body) => functions.describe(name, body),
  expect: (actual) => functions.expect(actual),
  test: (name, body) => {
    functions.test(name, async () => {
      const store = await openStore()
      try {
        await body(store)
      } finally {
        await store.close()
      }
    })
  },
})
