import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { blocksOf } from '../house/blocks.ts'
import { ROOT } from '../house/repository.ts'
import { hasApache, startApache } from '../support/apache.ts'
import { hasAuthlib, runPython } from '../support/authlib.ts'
import { openBrowser } from '../support/browser.ts'
import { getCodeFlowTokens, getTokens, revokeToken } from '../support/oauth-client.ts'
import { startServer } from '../support/server.ts'

const server = await startServer()
const [user, web] = [await server.addUser(), await server.addClient()]
const api = await server.addClient({ redirectUris: [], introspects: true })
const machine = await server.addClient({ grantTypes: ['client_credentials'], scopes: ['orders:read'] })
afterAll(server.close)

const browser = openBrowser(server)
const tokensOf = (scope: string) => getCodeFlowTokens({ server, browser, client: web, user }, { scope })

const PAGE = 'docs/guides/other-languages.md'
const blocks = blocksOf({ [PAGE]: readFileSync(join(ROOT, PAGE), 'utf8') })

/** Returns the block of the guide in a language. */
function blockIn(language: string): string {
  const block = blocks.find((one) => one.language === language)
  if (!block) throw new Error(`No ${language} in ${PAGE}`)
  return block.text
}

describe.runIf(hasAuthlib)('Authlib', () => {
  const environment = {
    ISSUER: server.issuer,
    CLIENT_ID: api.id,
    CLIENT_SECRET: api.secret ?? '',
    WEB_ID: web.id,
    WEB_SECRET: web.secret ?? '',
  }

  test('introspects and revokes tokens, with the program of the guide', async () => {
    const { access_token: access, refresh_token: refresh } = await tokensOf('orders:read')
    const program = `${blockIn('python')}
client = OAuth2Session(os.environ["WEB_ID"], os.environ["WEB_SECRET"])
print(check(os.environ["ACCESS"], "orders:read")["sub"])
print(check(os.environ["ACCESS"], "orders:create"))
print(client.revoke_token(f"{ISSUER}/oauth/revoke", token=os.environ["REFRESH"], token_type_hint="refresh_token").status_code)
print(check(os.environ["ACCESS"], "orders:read"))
print(client.introspect_token(f"{ISSUER}/oauth/introspect", token=os.environ["ACCESS"]).status_code)
`
    const lines = await runPython(program, { ...environment, ACCESS: access, REFRESH: refresh })
    expect(lines).toEqual([user.id, 'None', '200', 'None', '403'])
  })
})

describe.runIf(hasApache)('Apache with mod_auth_openidc', () => {
  const configuration = blockIn('apache')
    .replace('https://id.example.com', server.issuer)
    .replace('CLIENT_ID', api.id)
    .replace('CLIENT_SECRET', api.secret ?? '')

  test('protects an API, and rejects a revoked token from the next request on', async () => {
    const apache = await startApache(configuration)
    const call = async (token: string) => {
      const headers = { authorization: `Bearer ${token}` }
      const response = await fetch(`${apache.origin}/orders`, { headers })
      return [response.status, response.headers.get('x-remote-user')]
    }
    const { access_token: token } = await tokensOf('orders:read')
    expect(await call(token)).toEqual([200, user.id])
    expect(await call(`${token}x`)).toEqual([401, ''])
    expect((await call((await tokensOf('profile')).access_token))[0]).toBe(401)
    const own = await getTokens(server, machine, { grant_type: 'client_credentials' })
    expect((await call(own.access_token))[0]).toBe(401)
    expect(await call(token)).toEqual([200, user.id])
    await revokeToken(server, web, token)
    expect((await call(token))[0]).toBe(401)
    await apache.stop()
  })
})
