import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { isAvailable } from '../support/available.ts'
import { binFile, consulate, emptyDirectory, installed, run, shell } from './run.ts'

const hasFullDevice = isAvailable(
  existsSync('/dev/full'),
  'A test of output that cannot be written is skipped: it needs /dev/full, as on Linux.',
)

/** Records a migration that this version does not have and must not run beside. */
function changeByLaterVersion(cwd: string): void {
  using database = new DatabaseSync(join(cwd, 'data/consulate.db'))
  database.exec("insert into consulate_migrations values ('0999-breaking-later', '2099-01-01T00:00:00.000Z')")
}

describe('a command that fails prints one line with the cause', () => {
  test.each([
    ['install', /^ENOTDIR: not a directory, mkdir '.*secrets'\n$/],
    ['keys', /^ENOTDIR: not a directory, mkdir '.*secrets'\n$/],
    ['migrate', /^The database cannot be used: .*data is not a directory\n$/],
  ])('consulate %s, if the data directory is a file', async (command, line) => {
    const cwd = emptyDirectory()
    writeFileSync(join(cwd, 'data'), '')
    expect(await consulate(cwd, [command])).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(line) as string,
    })
  })

  test('consulate migrate, on a full disk', async () => {
    const line = `trap '' XFSZ; ulimit -f 100; exec "${process.execPath}" "${await binFile()}" migrate`
    const { code, stderr } = await shell(emptyDirectory(), line)
    expect(code).toBe(1)
    expect(stderr).toMatch(/^The database cannot be used: .*disk.*\n$/)
  })

  test.each(['migrate', 'migrate --dry-run', 'install', 'serve', 'client list', 'purge'])(
    'consulate %s, on a database of a later version',
    async (command) => {
      const cwd = await installed()
      changeByLaterVersion(cwd)
      const env = { CONSULATE_ISSUER: 'http://127.0.0.1:4999', PORT: '4999' }
      const { code, stderr } = await consulate(cwd, command.split(' '), { env })
      expect(code).toBe(1)
      expect(stderr).toMatch(/^.*\n {2}store: was migrated by a later version \(0999-breaking-later\).*\n$/)
    },
  )
})

test('a command that finds neither settings nor a database names the ways to pass settings', async () => {
  const cwd = emptyDirectory()
  const found = await consulate(cwd, ['client', 'list'])
  expect(found).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('no consulate.config.ts') as string,
  })
  expect(found.stderr).toContain('--config')
  const named = await consulate(cwd, ['client', 'list'], { env: { CONSULATE_DATA: join(cwd, 'shop') } })
  expect(named.stderr).toBe('shop/consulate.db does not exist. Run `consulate install`.\n')
  expect(existsSync(join(cwd, 'data'))).toBe(false)
})

test('error messages contain no control characters of what was entered', async () => {
  const { code, stderr } = await consulate(await installed(), ['client', 'show', '\u001B[2Jshop\u202E'])
  expect([code, stderr]).toEqual([1, 'No client with the ID "\uFFFD[2Jshop\uFFFD".\n'])
})

describe('a command exits with 1', () => {
  test('if the configuration file awaits what never happens', async () => {
    const cwd = emptyDirectory()
    writeFileSync(join(cwd, 'consulate.config.mjs'), 'await new Promise(() => {})')
    const { code, stderr } = await run(await binFile(), cwd, ['migrate'])
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining('an await in the configuration file never settles'),
    ])
  })

  test.runIf(hasFullDevice)('if its output cannot be written', async () => {
    const command = `"${process.execPath}" "${await binFile()}" client list --json`
    const { code, stderr } = await shell(await installed(), `${command} > /dev/full`)
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^Cannot write the output: ENOSPC.*\n$/)])
    const piped = await shell(await installed(), `(${command}; echo $? >&2) | true`)
    expect(piped.stderr).toBe('1\n')
  })
})

test('commands run without HOME and with input that they do not read', async () => {
  const env = `-i PATH="$PATH" CONSULATE_ISSUER=https://auth.example.com`
  const command = `"${process.execPath}" "${await binFile()}"`
  const line = `yes | env ${env} ${command} install && yes | env ${env} ${command} routes`
  const { code, stdout, stderr } = await shell(emptyDirectory(), line)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toContain('/oauth/token')
})
