import { join } from 'node:path'
import { rolldown } from 'rolldown'
import { ROOT } from '../house/repository.ts'

/** Bundles and minifies `consulate/browser`, as an app does. Throws if it imports anything that a browser doesn't have. */
export async function bundleForBrowsers(): Promise<string> {
  const bundle = await rolldown({ input: join(ROOT, 'src/browser/index.ts'), platform: 'browser' })
  const { output } = await bundle.generate({ format: 'esm', minify: true, comments: false })
  await bundle.close()
  const [{ code, imports }] = output
  if (output.length > 1 || imports.length > 0) throw new Error(`Imports ${imports.join(', ')}`)
  return code
}
