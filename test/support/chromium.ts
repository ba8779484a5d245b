import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { chromium as playwright } from 'playwright-core'
import type { Browser } from 'playwright-core'

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/**
 * Where Chromium is: `CHROMIUM`, else /usr/bin/chromium, else the first `chromium` in `PATH`. Where there is none, says
 * how to get it and gives undefined; throws with `CI=true`, so that no test vanishes unseen.
 */
export function findChromium(): string | undefined {
  const paths = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'chromium'))
  const found = process.env['CHROMIUM'] || ['/usr/bin/chromium', ...paths].find(isExecutable)
  if (found !== undefined) return found
  const reason = 'No Chromium: `apt-get install chromium`, or set CHROMIUM to the path of one.'
  if (process.env['CI'] === 'true') throw new Error(reason)
  console.warn(`${reason} The tests in a browser are left out.`)
  return undefined
}

/** The path of Chromium, for `describe.skipIf(!chromium)`. */
export const chromium = findChromium()

/** Starts Chromium; close it with `close()`. Throws where there is none. */
export async function openBrowser(): Promise<Browser> {
  if (chromium === undefined) throw new Error('There is no Chromium to open.')
  return playwright.launch({ executablePath: chromium, args: FLAGS })
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
