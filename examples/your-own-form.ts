/** Your app's own sign-in form, with a code from an email: `npm run example examples/your-own-form.ts` */
import { generateKeyPairSync, randomBytes, randomInt } from 'node:crypto'
import { serve } from '@hono/node-server'
import { getConnInfo } from '@hono/node-server/conninfo'
import { authorizationCode, createAuthorizationServer } from 'consulate'
import { toHono } from 'consulate/hono'
import { sqlite } from 'consulate/sqlite'
import { type Context, Hono } from 'hono'
import { csrf } from 'hono/csrf'
import { html } from 'hono/html'

const port = Number(process.env['PORT'] ?? 3000)
const ada = { id: '1', email: 'ada@example.com', plan: 'gold' }
const server = createAuthorizationServer({
  issuer: `http://127.0.0.1:${port}`,
  // Lost when the process exits. In production, use secretsFromDirectory('./data/secrets').
  secrets: {
    signingKeys: [{ privateKey: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey }],
    secrets: [{ value: randomBytes(32).toString('base64url') }],
  },
  store: sqlite(':memory:'),
  users: { find: async (id) => (id === ada.id ? ada : undefined), appSession: { signInUrl: '/sign-in' } },
  scopes: { 'orders:read': 'See your orders' },
  grants: [authorizationCode()],
})
/** Codes by email. In production, store them in a table, let them expire, and limit how often one is sent. */
const codes = new Map<string, string>()
const auth = toHono(server)
const form = (c: Context, path: string, fields: unknown) =>
  html`<form method="post" action="${path}${new URL(c.req.url).search}">${fields}</form>`
// Without csrf(), another site could sign users in to an attacker's account.
const app = new Hono().use(auth.routes()).use(csrf())
app.get('/', async (c) => {
  const user = await auth.currentUser(c)
  if (!user) return c.redirect('/sign-in')
  return c.html(html`Plan: ${user.plan} ${form(c, '/sign-out', html`<button>Sign out</button>`)}`)
})
app.get('/sign-in', (c) =>
  c.html(form(c, '/code', html`<input name="email" type="email" /><button>Send code</button>`)),
)
app.post('/code', async (c) => {
  const { email } = await c.req.parseBody<{ email: string }>()
  if (email === ada.email) codes.set(email, String(randomInt(100_000, 999_999)))
  if (codes.has(email)) console.log(`Mail to ${email}: your code is ${codes.get(email)}`)
  const input = html`<input type="hidden" name="email" value="${email}" /><input name="code" />`
  return c.html(form(c, '/sign-in', html`${input}<button>Sign in</button>`))
})
app.post('/sign-in', async (c) => {
  const { email, code } = await c.req.parseBody<{ email: string; code: string }>()
  const returnTo = c.req.query('return_to')
  const request = { headers: c.req.raw.headers, peer: getConnInfo(c).remote.address ?? '' }
  const check = async () => codes.has(email) && codes.get(email) === code
  if (!(await server.attempt({ request, account: `code:${email}` }, check)))
    return c.html('Invalid code. <a href="/sign-in">Try again</a>', 403)
  codes.delete(ada.email)
  await auth.startSession(c, ada, { methods: ['otp'] })
  return c.redirect(server.sessions.isReturnTo(returnTo) ? returnTo : '/', 303)
})
app.post('/sign-out', (c) => auth.endSession(c).then(() => c.redirect('/', 303)))
serve({ fetch: app.fetch, port, hostname: '127.0.0.1' }, () => console.log(`Open ${server.issuer}`))
