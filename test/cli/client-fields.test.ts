import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createSharedProcess, emptyDirectory, variables, type Outcome } from './run.ts'

const module = (path: string): string => JSON.stringify(resolve(path))
const root = emptyDirectory(afterAll)
const data = join(root, 'data')

const CONFIG = `
import { z } from ${module('node_modules/zod/index.js')}
import { builtInUsers, clientCredentials, secretsFromDirectory } from ${module('src/index.ts')}
import { sqlite } from ${module('src/store/sqlite.ts')}

export default {
  issuer: 'http://127.0.0.1',
  secrets: secretsFromDirectory(${JSON.stringify(join(data, 'secrets'))}),
  store: sqlite(${JSON.stringify(join(data, 'data.db'))}),
  users: builtInUsers(),
  scopes: {},
  grants: [clientCredentials()],
  clientFields: z.object({
    plan: z.enum(['free', 'pro']).default('free'),
    seats: z.number().optional(),
    postcode: z.string().optional(),
  }),
}
`

const shared = createSharedProcess('src/cli/main.ts')

/** Each command has a configuration file of its own, because a process loads a file only once, and closes its store. */
async function consulate(...args: readonly string[]): Promise<Outcome> {
  const cwd = mkdtempSync(join(root, 'project-'))
  writeFileSync(join(cwd, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(cwd, 'consulate.config.ts'), CONFIG)
  return shared.run({ cwd, args: [...args], env: variables({}) })
}

beforeAll(async () => {
  mkdirSync(data)
  expect((await consulate('install')).code).toBe(0)
})

test('sets, shows and removes fields, each with the type that the schema wants', async () => {
  const fields = ['--field=plan=pro', '--field=seats=5', '--field', 'postcode=12345']
  const created = await consulate(
    'client',
    'create',
    '--machine',
    '--name=App',
    '--scope=*',
    ...fields,
    '--json',
  )
  const { client_id: id, fields: written } = JSON.parse(created.stdout) as Record<string, unknown>
  expect(written).toEqual({ plan: 'pro', seats: 5, postcode: '12345' })
  const updated = await consulate(
    'client',
    'update',
    String(id),
    '--field=plan=',
    '--field=seats=6',
    '--json',
  )
  expect(JSON.parse(updated.stdout)).toMatchObject({ fields: { plan: 'free', seats: 6, postcode: '12345' } })
  expect((await consulate('client', 'show', String(id))).stdout).toMatch(/postcode +12345/)
})

test.each([
  ['plan=gold', /^--field plan: Invalid option/],
  ['plna=pro', /^--field plna: is not a field of the schema/],
  ['plan', /^--field plan: must be name=value, or name= to remove it/],
])('refuses %s, and registers nothing', async (field, message) => {
  const { code, stderr } = await consulate('client', 'create', '--machine', '--name=Wrong', '--field', field)
  expect(code).toBe(2)
  expect(stderr).toMatch(message)
  expect((await consulate('client', 'list')).stdout).not.toContain('Wrong')
})
