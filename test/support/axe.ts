import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { AxeResults, RunOptions } from 'axe-core'
import type { Page } from 'playwright-core'

/** The script of axe. A page can also have it from the start, with `addInitScript`, which is cheaper. */
export const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** What axe finds on a page. It does not check frames. Our pages have none. */
export async function runAxe(
  page: Page,
  options: RunOptions = {},
): Promise<Pick<AxeResults, 'violations' | 'passes'>> {
  if (!(await page.evaluate('"axe" in window'))) await page.evaluate(AXE)
  const run = `axe.run(${JSON.stringify({ resultTypes: ['violations'], ...options })})`
  return page.evaluate(`${run}.then(({ violations, passes }) => ({ violations, passes }))`)
}
