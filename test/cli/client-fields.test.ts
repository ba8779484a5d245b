import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { consulate as run, emptyDirectory, linkPackage, type Outcome } from './run.ts'

const cwd = emptyDirectory(afterAll)

const CONFIG = `
import { z } from ${JSON.stringify(resolve('node_modules/zod/index.js'))}
import { builtInUsers, clientCredentials, secretsFromDirectory } from 'consulate'
import { sqlite } from 'consulate/sqlite'

export default {
  issuer: 'http://127.0.0.1',
  secrets: secretsFromDirectory('secrets'),
  store: sqlite('data.db'),
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

const consulate = (...args: readonly string[]): Promise<Outcome> => run(cwd, args)

beforeAll(async () => {
  await linkPackage(cwd)
  writeFileSync(join(cwd, 'consulate.config.mts'), CONFIG)
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
