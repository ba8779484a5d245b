import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chromium } from '../support/chromium.ts'
import { eventually } from '../support/cluster.ts'
import { openChromium, openProgram } from '../support/token-client.ts'
import { startWebApp } from '../support/web-app.ts'
import type { WebApp } from '../support/web-app.ts'

let app: WebApp
beforeAll(async () => {
  app = await startWebApp()
})
afterAll(() => app.close())

describe.skipIf(!chromium)('in Chromium', () => testTokenClient('Chromium'))
describe('in Node', () => testTokenClient('Node'))

function testTokenClient(platform: 'Chromium' | 'Node'): void {
  /** Opens tabs of which the first has signed in. */
  async function signIn(count: number) {
    const user = await app.server.addUser()
    const device = platform === 'Chromium' ? openChromium(app) : openProgram(app)
    const [first, ...others] = await device.openTabs(count)
    if (!first) throw new Error('No tab was opened')
    await first.signIn(user)
    return { user, first, others, before: app.refreshes() }
  }

  const orders = (): string => `${app.origin}/orders`
  const expire = (): void => app.server.clock.advance('16m')

  test('100 parallel calls with an expired token refresh once, and all succeed', async () => {
    const { first, before } = await signIn(1)
    expire()
    expect(new Set(await first.call(orders(), 100))).toEqual(new Set([200]))
    expect(app.refreshes() - before).toBe(1)
    expect(await first.reasons()).toEqual([])
  })

  test('two tabs with an expired token refresh once', async () => {
    const { first, others, before } = await signIn(2)
    expire()
    const held = app.network.hold('/auth/refresh')
    const call = first.call(orders(), 50)
    const release = await held
    const otherCalls = others.map((tab) => tab.call(orders(), 50))
    expect(await eventually(() => first.isLockAwaited())).toBe(true)
    release()
    const results = await Promise.all([call, ...otherCalls])
    expect(new Set(results.flat())).toEqual(new Set([200]))
    expect(app.refreshes() - before).toBe(1)
  })

  test('a refresh whose response got lost succeeds when it is repeated', async () => {
    const { first, before } = await signIn(1)
    expire()
    app.network.loseResponse('/auth/refresh')
    expect(await first.call(orders(), 3)).toEqual([200, 200, 200])
    expect(app.refreshes() - before).toBe(2)
    expire()
    expect(await first.call(orders())).toEqual([200])
  })

  test('a server that restarts signs no user out', async () => {
    const { first } = await signIn(1)
    expire()
    await app.restart(async () => {
      expect(await first.call(orders())).toEqual(['network_error'])
      expect(await first.isSignedIn()).toBe(true)
    })
    expire()
    expect(await first.call(orders())).toEqual([200])
    expect(await first.reasons()).toEqual([])
  })

  test('sign-out in one tab signs the other out, and revokes the tokens', async () => {
    const { first, others } = await signIn(2)
    const [second] = others
    const token = await second?.accessToken()
    await first.signOut()
    expect(await eventually(async () => !(await second?.isSignedIn()))).toBe(true)
    expect(await second?.call(orders())).toEqual([401])
    const response = await fetch(orders(), { headers: { authorization: `Bearer ${token}` } })
    expect(response.status).toBe(401)
    expect(await first.reasons()).toEqual(['signed_out'])
    const expected = platform === 'Chromium' ? ['signed_out', 'missing'] : ['missing']
    expect(await second?.reasons()).toEqual(expected)
  })

  test('a device that is signed out elsewhere must sign in, and every tab learns it', async () => {
    const { user, first, others } = await signIn(2)
    await app.server.server.users.signOutEverywhere(user.id)
    expect(await first.call(orders(), 10)).toEqual(Array.from({ length: 10 }, () => 401))
    expect(await first.reasons()).toEqual(['revoked'])
    expect(await others[0]?.isSignedIn()).toBe(false)
    if (platform === 'Chromium')
      expect(await eventually(async () => (await others[0]?.reasons())?.[0] === 'revoked')).toBe(true)
  })
}
