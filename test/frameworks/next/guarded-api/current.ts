import type { AsyncLocalStorage } from 'node:async_hooks'
import type { NextAdapter } from '../../../../src/adapters/next.ts'
import type { TestScope } from '../../../support/config.ts'

/** The server that a request of a test is for. The build of this app does not contain the adapter. */
export const auth = (): NextAdapter<TestScope> => {
  const key = Symbol.for('consulate.test.next')
  const current = (globalThis as Record<symbol, AsyncLocalStorage<NextAdapter<TestScope>> | undefined>)[key]
  const adapter = current?.getStore()
  if (!adapter) throw new Error('No server for this request')
  return adapter
}
