import { apiOf } from './api.ts'
import type { AppTemplate } from './app-template.ts'
import { signInImport, whenAppSession } from './app-session.ts'
import { homeTemplate } from './home-template.ts'

export const fastify: AppTemplate = {
  packages: ['fastify'],
  files: (choices, extension) => {
    const { guard, comment, path, caller } = apiOf(choices)
    return {
      [`app.${extension}`]: `import fastify from 'fastify'
import { createAuthorizationServer } from 'consulate'
import { toFastify } from 'consulate/fastify'
import { serve } from 'consulate/node'
import config from './consulate.config.${extension}'
import { home } from './home.${extension}'
${signInImport(choices, extension)}
const server = createAuthorizationServer(config)
const auth = toFastify(server)
${whenAppSession(choices, `const signIn = createSignIn(server.sessions.isReturnTo)\n`)}const app = fastify()

await app.register(auth.routes())

app.get('/', (_request, reply) => reply.type('text/html').send(home))

${whenAppSession(
  choices,
  `// The page reads its form itself.
app.addContentTypeParser('application/x-www-form-urlencoded', (_request, _form, done) => done(null))
app.all('/sign-in', (request, reply) => {
  reply.hijack()
  return signIn(request.raw, reply.raw)
})

`,
)}${comment}
app.get(
  '${path}',
  auth.${guard}((request) => {
    const { auth } = request
    const caller = ${caller}
    return { caller, scopes: auth.scopes }
  }),
)

await app.ready()
// Listens until SIGINT or SIGTERM, then finishes open requests and closes the server.
await serve(server, app.server, {
  port: Number(process.env.PORT ?? 3000),
  host: process.env.HOST ?? '127.0.0.1',
  close: () => app.close(),
})
console.log(\`Listening on \${config.issuer}\`)
`,
      [`home.${extension}`]: homeTemplate(choices),
    }
  },
}
