import { apiOf } from './api.ts'
import type { AppTemplate } from './app-template.ts'
import { signInImport, whenAppSession } from './app-session.ts'
import { homeTemplate } from './home-template.ts'

export const hono: AppTemplate = {
  packages: ['@hono/node-server', 'hono'],
  requests: 'fetch',
  files: (choices, extension) => {
    const { guard, comment, path, caller } = apiOf(choices)
    return {
      [`app.${extension}`]: `import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { createAuthorizationServer } from 'consulate'
import { toHono } from 'consulate/hono'
import { serve } from 'consulate/node'
import config from './consulate.config.${extension}'
import { home } from './home.${extension}'
${signInImport(choices, extension)}
const server = createAuthorizationServer(config)
const auth = toHono(server)
${whenAppSession(choices, `const signIn = createSignIn(server.sessions.isReturnTo)\n`)}const app = new Hono()

app.use(auth.routes())

app.get('/', (c) => c.html(home))

${whenAppSession(
  choices,
  `app.all('/sign-in', (c) => signIn(c.req.raw))

`,
)}${comment}
app.get('${path}', auth.${guard}, (c) => {
  const { auth } = c.var
  const caller = ${caller}
  return c.json({ caller, scopes: auth.scopes })
})

// Listens until SIGINT or SIGTERM, then finishes open requests and closes the server.
await serve(server, getRequestListener(app.fetch), {
  port: Number(process.env.PORT ?? 3000),
  host: process.env.HOST ?? '127.0.0.1',
})
console.log(\`Listening on \${config.issuer}\`)
`,
      [`home.${extension}`]: homeTemplate(choices),
    }
  },
}
