/** What the examples in the docs use of Jest, which only test/package/tools installs. */
interface Jest {
  mock(path: string, factory: () => unknown): void
  unstable_mockModule(path: string, factory: () => unknown): void
}

type JestTest = (name: string, run: () => Promise<void>) => void
type JestExpect = (value: unknown) => { toBe(expected: unknown): void }

declare const jest: Jest
declare const test: JestTest
declare const expect: JestExpect

declare module '@jest/globals' {
  export const jest: Jest
  export const test: JestTest
  export const expect: JestExpect
}
