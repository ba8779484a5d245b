import type { RunOptions } from 'axe-core'
import type { Locator, Page } from 'playwright-core'
import { expect } from 'vitest'
import { runAxe } from '../support/axe.ts'

/** Checks only the contrast. */
export const CONTRAST: RunOptions = { runOnly: ['color-contrast'] }

/** Returns the rules that a page violates, with the elements. */
export async function violationsOf(page: Page, options?: RunOptions): Promise<unknown[]> {
  const { violations, passes } = await runAxe(page, options)
  expect(passes.map(({ id }) => id)).toContain('color-contrast')
  return violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])
}

export const styleOf = (element: Locator, property: string): Promise<string> =>
  element.evaluate(
    (node, name) => node.ownerDocument.defaultView.getComputedStyle(node).getPropertyValue(name),
    property,
  )

/** Returns the elements outside of the card, and the width of the page if it scrolls sideways. */
export const overflowOf = (page: Page): Promise<string[]> =>
  page.locator('main').evaluate((main) => {
    const card = main.getBoundingClientRect()
    const isOutside = (element: typeof main): boolean => {
      const { left, right, width } = element.getBoundingClientRect()
      return width > 0 && (left < card.left || right > card.right)
    }
    const parts = [...main.querySelectorAll('*')].filter(isOutside).map((element) => element.outerHTML)
    const root = main.ownerDocument.documentElement
    return root.scrollWidth > root.clientWidth ? [...parts, `${root.scrollWidth} pixels wide`] : parts
  })
