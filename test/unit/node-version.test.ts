import { execFile, spawnSync } from 'node:child_process'
import { delimiter, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test } from 'vitest'
import { nodeVersionProblem } from '../../src/lib/node-version.ts'
import { isAvailable } from '../support/available.ts'
import { packedProject } from '../support/packed.ts'
import manifest from '../../package.json' with { type: 'json' }

const run = promisify(execFile)

test.each(['18.20.8', '20.20.2', '22.21.0', '23.11.1', '24.0.0', '24.10.9'])(
  'Node %s is too old',
  (version) => {
    expect(nodeVersionProblem(version)).toBe(`Consulate needs Node 24.11 or later; this is Node ${version}.`)
  },
)

test.each(['24.11.0', '24.11.0-nightly', '24.21.0', '25.0.0', '30.1.2'])(
  'Node %s is new enough',
  (version) => {
    expect(nodeVersionProblem(version)).toBeUndefined()
  },
)

test('the minimum is that of package.json', () => {
  expect(manifest.engines.node).toBe('>=24.11.0')
})

/** The entry points of the package, from its manifest. The browser client does not need Node. */
const ENTRIES = Object.entries(manifest.exports).flatMap(([name, target]) =>
  typeof target === 'string' || name === './browser' ? [] : [target.default],
)

/** The first Node on the PATH that is older than ours. Those in `node_modules` belong to npm scripts. */
function findOldNode(): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '' && !folder.includes('node_modules'))
    .map((folder) => join(folder, 'node'))
    .find((path) => {
      const { stdout, status } = spawnSync(path, ['--version'], { encoding: 'utf8' })
      return status === 0 && nodeVersionProblem(stdout.trim().replace('v', '')) !== undefined
    })
}

const oldNode = findOldNode()
const hasOldNode = isAvailable(
  oldNode !== undefined,
  'No Node older than 24.11 on the PATH: the entry points are tried with a simulated version only.',
)

describe('each entry point fails with one sentence', () => {
  let folder: string
  beforeAll(async () => {
    const project = await packedProject({}, Object.keys(manifest.peerDependencies))
    folder = join(project, 'node_modules/consulate')
  })

  /** Loads every entry point, and returns their errors. */
  async function load(node: string, versions?: object): Promise<readonly string[]> {
    const urls = ENTRIES.map((entry) => pathToFileURL(join(folder, entry)).href)
    const script = `
      const versions = ${JSON.stringify(versions)}
      if (versions) Object.defineProperty(process, 'versions', { value: versions })
      for (const url of ${JSON.stringify(urls)})
        import(url).then(() => console.log('loaded'), (error) => console.log(String(error)))`
    return (await run(node, ['-e', script])).stdout.trim().split('\n')
  }

  const each = (line: string): string[] => ENTRIES.map(() => line)

  test('on a simulated Node 24.10', async () => {
    expect(await load(process.execPath, { node: '24.10.0' })).toEqual(
      each('Error: Consulate needs Node 24.11 or later; this is Node 24.10.0.'),
    )
  })

  test('but not on this Node, nor on Bun, which reports the Node that it imitates', async () => {
    expect(await load(process.execPath)).toEqual(each('loaded'))
    expect(await load(process.execPath, { node: '24.3.0', bun: '1.3.0' })).toEqual(each('loaded'))
  })

  test.runIf(hasOldNode)('on a real old Node', async () => {
    const { stdout } = await run(oldNode ?? '', ['-p', 'process.versions.node'])
    expect(await load(oldNode ?? '')).toEqual(
      each(`Error: Consulate needs Node 24.11 or later; this is Node ${stdout.trim()}.`),
    )
  })
})
