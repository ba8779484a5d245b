import { DatabaseSync } from 'node:sqlite'
import { type } from 'arktype'
import * as v from 'valibot'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { clientCredentials, ConfigError, type FieldsSchema } from '../../src/index.ts'
import { configProblems } from '../support/config.ts'
import { requestToken } from '../support/oauth-client.ts'
import { startServer, type ServerOptions, type TestServer } from '../support/server.ts'

const SCHEMA = z.object({
  plan: z.enum(['free', 'pro']).default('free'),
  seats: z.number().int().positive().optional(),
  since: z.iso
    .date()
    .transform((text) => new Date(text))
    .optional(),
})

/** Types of single fields are tested elsewhere. */
const withSchema = (clientFields: FieldsSchema, options: object = {}): ServerOptions =>
  ({ grants: [clientCredentials()], clientFields, ...options }) as ServerOptions

let server: TestServer
beforeAll(async () => {
  server = await startServer(withSchema(SCHEMA, { tokenClaims: ({ client }: never) => client }))
})
afterAll(async () => server.close())

const NAME = { name: 'App', grantTypes: ['client_credentials'] as const }
const create = async (fields?: object) =>
  (await server.server.clients.create({ ...NAME, ...(fields && { fields }) })).client

const problemsOf = async (work: Promise<unknown>): Promise<readonly string[]> => {
  const error: unknown = await work.catch((reason: unknown) => reason)
  return error instanceof ConfigError ? error.problems.map(({ path }) => path) : ['no problem']
}

describe('the fields of a client', () => {
  test('are read as the schema returns them, with its defaults', async () => {
    const { id, fields } = await create({ seats: 5, since: '2026-01-31' })
    const expected = { plan: 'free', seats: 5, since: new Date('2026-01-31') }
    expect(fields).toEqual(expected)
    expect((await server.server.clients.find(id))?.fields).toEqual(expected)
    expect((await server.server.clients.list()).find((client) => client.id === id)?.fields).toEqual(expected)
    expect((await create()).fields).toEqual({ plan: 'free' })
  })

  test('change one by one, and null removes one', async () => {
    const { id } = await create({ plan: 'pro', seats: 5 })
    const update = async (fields: object) => (await server.server.clients.update(id, { fields }))?.fields
    expect(await update({ seats: 6 })).toEqual({ plan: 'pro', seats: 6 })
    expect(await update({ plan: null, seats: undefined })).toEqual({ plan: 'free', seats: 6 })
    expect((await server.server.clients.update(id, { name: 'Again' }))?.fields).toEqual({
      plan: 'free',
      seats: 6,
    })
    expect((await server.store.clients.find(id))?.fields).toEqual({ seats: 6 })
  })

  test('are the same after a rotated secret and in the list of an owner', async () => {
    const { client } = await server.server.clients.create({
      name: 'App',
      redirectUris: ['https://app.example'],
      ownerId: 'ada',
      fields: { plan: 'pro' },
    })
    expect((await server.server.clients.rotateSecret(client.id))?.client.fields).toEqual({ plan: 'pro' })
    const [listed] = await server.server.clients.list({ ownerId: 'ada' })
    expect(listed?.fields).toEqual({ plan: 'pro' })
  })

  test.each<[string, unknown, readonly string[]]>([
    ['a value that the schema refuses', { plan: 'gold', seats: -1 }, ['fields.plan', 'fields.seats']],
    ['an unknown name', { plna: 'pro' }, ['fields.plna']],
    ['what is not JSON', { seats: 5n }, ['fields']],
    ['a date instead of its text', { since: new Date() }, ['fields']],
    ['a prototype', JSON.parse('{"__proto__":{"plan":"pro"}}'), ['fields']],
    ['a list', ['pro'], ['fields']],
    ['a text', 'pro', ['fields']],
    ['null', null, ['fields']],
    ['too many bytes', { plan: 'x'.repeat(8192) }, ['fields']],
  ])('must not be %s', async (_what, fields, paths) => {
    const invalid = { fields: fields as object }
    const { id } = await create({ seats: 1 })
    expect(await problemsOf(server.server.clients.create({ ...NAME, ...invalid }))).toEqual(paths)
    expect(await problemsOf(server.server.clients.update(id, invalid))).toEqual(paths)
    expect((await server.server.clients.find(id))?.fields).toEqual({ plan: 'free', seats: 1 })
  })

  test('need a schema', async () => {
    await using without = await startServer()
    const { create: createWithout } = without.server.clients
    expect(await problemsOf(createWithout({ ...NAME, fields: { plan: 'pro' } }))).toEqual(['fields'])
    expect((await createWithout({ ...NAME, fields: {} })).client.fields).toEqual({})
  })

  test('reach tokenClaims and declared clients, whose changes are applied at the next start', async () => {
    const declare = (plan: string) =>
      withSchema(SCHEMA, {
        clients: [{ ...NAME, id: 'worker', scopes: ['orders:read'], secret: SECRET, fields: { plan } }],
        tokenClaims: ({ client }: { client: { fields: object } }) => client.fields,
      })
    await using first = await startServer(declare('free'))
    await using second = await startServer({ ...declare('pro'), file: first.file, issuer: first.issuer })
    second.knownSecrets.add('client secret', SECRET)
    const worker = { id: 'worker', secret: SECRET, redirectUri: '' }
    const { body } = await requestToken(second, worker, { grant_type: 'client_credentials' })
    const [, payload = ''] = String(body['access_token']).split('.')
    expect(JSON.parse(Buffer.from(payload, 'base64url').toString())).toMatchObject({ plan: 'pro' })
    expect(
      configProblems({ clientFields: SCHEMA, clients: [{ ...NAME, id: 'a', fields: { plan: 'x' } }] }),
    ).toEqual([expect.stringMatching(/^clients\[0\]\.fields\.plan: /) as string])
  })
})

const SECRET = '5e2f9a1c7b3d4e6f8a0b1c2d3e4f5a6b7c8d9e0f'

describe('after the schema has changed', () => {
  test('what it no longer accepts is left out, and the rest and its defaults are read', async () => {
    await using before = await startServer(
      withSchema(
        z.object({ plan: z.string().optional(), seats: z.number().optional(), old: z.string().optional() }),
      ),
    )
    const { client } = await before.server.clients.create({
      ...NAME,
      fields: { plan: 'gold', seats: 5, old: 'x' },
    })
    await using after = await startServer({ ...withSchema(SCHEMA), file: before.file, issuer: before.issuer })
    expect((await after.server.clients.find(client.id))?.fields).toEqual({ plan: 'free', seats: 5 })
    await after.server.clients.update(client.id, { name: 'Again' })
    expect((await after.store.clients.find(client.id))?.fields).toEqual({ plan: 'gold', seats: 5, old: 'x' })
    const updated = await after.server.clients.update(client.id, { fields: { seats: 6 } })
    expect(updated?.fields).toEqual({ plan: 'free', seats: 6 })
    expect((await after.store.clients.find(client.id))?.fields).toEqual({ seats: 6 })
  })

  test('clients from before the column was added have the defaults', async () => {
    const { id } = await create({ plan: 'pro' })
    const database = new DatabaseSync(server.file)
    database.exec(`update consulate_clients set fields = null where id = '${id}'`)
    database.close()
    expect((await server.server.clients.find(id))?.fields).toEqual({ plan: 'free' })
  })
})

/** The same schema in each library, with a typed default and an optional number. */
const LIBRARIES: Readonly<Record<string, FieldsSchema>> = {
  Zod: z.object({ plan: z.enum(['free', 'pro']).default('free'), seats: z.number().optional() }),
  Valibot: v.object({ plan: v.optional(v.picklist(['free', 'pro']), 'free'), seats: v.optional(v.number()) }),
  ArkType: type({ plan: "'free'|'pro' = 'free'", 'seats?': 'number' }),
}

describe('a schema', () => {
  test.each(Object.entries(LIBRARIES))('can be one of %s', async (_library, schema) => {
    await using own = await startServer(withSchema(schema))
    const { client } = await own.server.clients.create({ ...NAME, fields: { seats: 5 } })
    expect(client.fields).toEqual({ plan: 'free', seats: 5 })
    const wrong = own.server.clients.update(client.id, { fields: { plan: 'gold' } })
    expect(await problemsOf(wrong)).toEqual(['fields.plan'])
  })

  test.each<[string, unknown, RegExp]>([
    [
      'with a required field',
      z.object({ plan: z.string() }),
      /^clientFields: must accept \{\}: .*Not so: plan$/,
    ],
    ['of no library', { plan: 'string' }, /^clientFields: must be a schema of Zod, Valibot, ArkType/],
    [
      'that validates asynchronously',
      z.object({}).refine(async () => true),
      /^clientFields: cannot be used: /,
    ],
  ])('cannot be one %s', (_what, clientFields, problem) => {
    expect(configProblems({ clientFields })).toEqual([expect.stringMatching(problem) as string])
  })
})
