import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { writeFiles } from '../../src/cli/init/write.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'consulate-'))
})
afterEach(() => rm(folder, { recursive: true }))

test('does not overwrite a file that appeared in the meantime, and leaves no temporary files', async () => {
  await writeFile(join(folder, 'app.ts'), 'mine')
  const files = [{ path: 'app.ts', text: 'ours', overwrite: false }]
  await expect(writeFiles(folder, files)).rejects.toMatchObject({ code: 'EEXIST' })
  expect(await readFile(join(folder, 'app.ts'), 'utf8')).toBe('mine')
  expect(await readdir(folder)).toEqual(['app.ts'])
})
