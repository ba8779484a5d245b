import { expect, test } from 'vitest'
import { packedProject, runIn } from '../support/packed.ts'

test('the packed package runs in an empty project', async () => {
  const cwd = await packedProject({
    'package.json': '{ "type": "module" }',
    'app.js': "import { defineConfig } from 'consulate'\nconsole.log(typeof defineConfig)",
  })
  expect(await runIn(cwd, 'node', 'app.js')).toEqual({ code: 0, output: 'function\n' })
  expect(await runIn(cwd, 'consulate', '--version')).toEqual({ code: 0, output: '0.1.0\n' })
})
