export { storeSuite } from './store-suite.ts'
export type { TestFunctions } from './store/kit.ts'
