import { describe, expect, test, vi } from 'vitest'
import { completePolicy } from '../../src/pages/own-headers.ts'
import type { ViewProps } from '../../src/pages/props.ts'
import { createPages } from '../../src/pages/render.ts'
import type { ViewResult } from '../../src/pages/view.ts'
import { SAMPLES } from '../support/page-samples.ts'
import type { Sample } from '../support/page-samples.ts'

/** One sample of each view. */
const VIEWS = [...new Map(Object.values<Sample>(SAMPLES).map((sample) => [sample[0], sample])).values()]

const request = new Request('https://id.example.com/login')
const user = { id: 7, name: 'Ada' }
const viewContext = async () => ({ request, original: 'the request of the framework', user })
const context = { status: 200, language: 'vi', formTargets: ['https:'], viewContext }

/** Returns the pages of a server with one page of its own, whatever its name. */
const pagesWith = (name: keyof ViewProps, view: (props: object) => ViewResult | Promise<ViewResult>) =>
  createPages({ name: 'Orchard', views: { [name]: view } })

test('every view has a sample', () => {
  expect(VIEWS.length).toBeGreaterThanOrEqual(29)
})

test.each(VIEWS)('%s can be replaced: it receives its props and the context', async (name, props) => {
  const calls: object[] = []
  const pages = pagesWith(name, (given) => {
    calls.push(given)
    return '<h1>Own'
  })
  const { body, status } = await pages.render(name, props, context)
  expect([status, body]).toEqual([200, '<h1>Own'])
  expect(calls).toEqual([
    {
      ...props,
      ...(await viewContext()),
      language: 'vi',
      formTargets: ['https:'],
      nonce: expect.stringMatching(/^[\w-]{22}$/) as string,
    },
  ])
  const [otherName, otherProps] = SAMPLES[name === 'signedOut' ? 'sign-in' : 'signed out']
  expect((await pages.render(otherName, otherProps)).body).toMatch(/^<!doctype html>/)
})

test('the props of no page have the name of one in the context', () => {
  const names = ['request', 'original', 'user', 'language', 'nonce', 'formTargets']
  const clashes = VIEWS.filter(([, props]) => names.some((name) => name in props))
  expect(clashes).toEqual([])
})

describe('a page of your own that takes too long fails after 10 seconds', () => {
  const never = (): Promise<never> => Promise.withResolvers<never>().promise
  const hanging: readonly (readonly [string, () => ViewResult | Promise<ViewResult>])[] = [
    ['by itself', never],
    ['with its body', () => new Response(new ReadableStream({ pull: never }))],
  ]
  test.each(hanging)('%s', async (_, view) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const [name, props] = SAMPLES['sign-in']
      const failure = pagesWith(name, view).render(name, props, context).catch(String)
      await vi.advanceTimersByTimeAsync(9999)
      await vi.advanceTimersByTimeAsync(1)
      expect(await failure).toContain('pages.views.signIn did not return within 10 seconds')
    } finally {
      vi.useRealTimers()
    }
  })
})

describe('a policy of your own', () => {
  test.each([
    ['', ''],
    [';;', ''],
    ['default-src', "default-src; form-action 'self' https:; frame-ancestors 'none'; base-uri 'none'"],
    [
      "FORM-ACTION 'NONE'; form-action *; base-uri 'self'",
      "form-action 'self' https:; base-uri 'self'; frame-ancestors 'none'",
    ],
    [
      "form-action https: 'self'; frame-ancestors *; base-uri *",
      "form-action https: 'self'; frame-ancestors *; base-uri *",
    ],
    [
      "script-src 'self', form-action 'none'",
      "script-src 'self'; form-action 'self' https:; frame-ancestors 'none'; base-uri 'none', form-action 'self' https:; frame-ancestors 'none'; base-uri 'none'",
    ],
  ])('%s gets what the page needs', (given, expected) => {
    expect(completePolicy(given, ['https:'])).toBe(expected)
  })
})
