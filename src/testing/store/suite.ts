import type { Store } from '../../store/contract.ts'

/** What the suite needs of a test runner. Vitest, Jest and Bun fit as they are. */
export interface TestFunctions {
  describe(name: string, body: () => void): unknown
  test(name: string, body: () => Promise<void>): unknown
  expect(actual: unknown): { toBe(expected: unknown): unknown; toEqual(expected: unknown): unknown }
}

/** The test functions, with a `test` that gets a store of its own. */
export interface Suite extends Pick<TestFunctions, 'describe' | 'expect'> {
  readonly test: (name: string, body: (store: Store) => Promise<void>) => void
}

/** Makes each test open a store and close it. */
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
