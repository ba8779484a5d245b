import { brotliCompressSync, gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { bundleForBrowsers } from '../support/browser-bundle.ts'

test('consulate/browser imports nothing and is below 4 kB compressed', async () => {
  const code = await bundleForBrowsers()
  expect(brotliCompressSync(code).length).toBeLessThan(4_000)
  expect(gzipSync(code, { level: 9 }).length).toBeLessThan(4_000)
})
