import { apiOf } from './api.ts'
import type { AppTemplate } from './app-template.ts'
import { signInImport, whenAppSession } from './app-session.ts'
import { homeTemplate } from './home-template.ts'

export const koa: AppTemplate = {
  packages: ['koa'],
  tools: { typescript: ['@types/koa'] },
  files: (choices, extension) => {
    const { guard, comment, path, caller } = apiOf(choices)
    return {
      [`app.${extension}`]: `import Koa from 'koa'
import { createAuthorizationServer } from 'consulate'
import { toKoa } from 'consulate/koa'
import { serve } from 'consulate/node'
import config from './consulate.config.${extension}'
import { home } from './home.${extension}'
${signInImport(choices, extension)}
const server = createAuthorizationServer(config)
const auth = toKoa(server)
${whenAppSession(choices, `const signIn = createSignIn(server.sessions.isReturnTo)\n`)}const app = new Koa()

app.use(auth.routes())

${whenAppSession(
  choices,
  `app.use(async (ctx, next) => {
  if (ctx.path !== '/sign-in') return next()
  ctx.respond = false
  return signIn(ctx.req, ctx.res)
})

`,
)}app.use(async (ctx, next) => {
  if (ctx.path === '/') ctx.body = home
  if (ctx.path.startsWith('/api/')) await next()
})

${comment}
app.use(auth.${guard}).use((ctx) => {
  const { auth } = ctx.state
  const caller = ${caller}
  if (ctx.path === '${path}') ctx.body = { caller, scopes: auth.scopes }
})

// Listens until SIGINT or SIGTERM, then finishes open requests and closes the server.
await serve(server, app.callback(), {
  port: Number(process.env.PORT ?? 3000),
  host: process.env.HOST ?? '127.0.0.1',
})
console.log(\`Listening on \${config.issuer}\`)
`,
      [`home.${extension}`]: homeTemplate(choices),
    }
  },
}
